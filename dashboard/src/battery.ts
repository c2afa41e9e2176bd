/* The three marks of the home battery: in order, and what dragging one of them means. 0 stands for off, drawn at 100. */

export interface Marks {
  priority: number;
  buffer: number;
  start: number;
}
export type Mark = keyof Marks;

export const OPERATION: Record<Mark, string> = { priority: "prioritysoc", buffer: "buffersoc", start: "bufferstartsoc" };
export const KEY: Record<Mark, string> = { priority: "prioritySoc", buffer: "bufferSoc", start: "bufferStartSoc" };

/** Where a mark stands on the picture. */
export const drawn = (mark: Mark, value: number): number => (mark === "priority" ? value : value || 100);

/** A place on the picture as the server takes it, kept between its neighbours. */
export function dropped(mark: Mark, place: number, marks: Marks): number {
  const buffer = drawn("buffer", marks.buffer);
  if (mark === "priority") return Math.min(place, buffer);
  if (mark === "buffer") {
    const kept = Math.min(Math.max(place, marks.priority), drawn("start", marks.start));
    return kept >= 100 ? 0 : kept;
  }
  const kept = Math.max(place, buffer);
  return kept >= 100 ? 0 : kept;
}
