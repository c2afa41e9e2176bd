/* What is shown before the server has said it. Its last word is kept beside it: if it never speaks of it again, because
 * somebody else changed it back before it told anybody, that word is shown again. */
import { apply, read, type Frame } from "./house";

const CYCLES = 2; // the first cycle's frame may have been under way before the change was answered

interface Foreseen {
  said: unknown;
  shown: unknown;
  /** Changes that are not answered yet. */
  asked: number;
  /** Cycles heard since all are. */
  cycles: number;
}
const waiting = new Map<string, Foreseen>();

/** Show what will be. */
export function foresee(shown: Frame): void {
  for (const [key, value] of Object.entries(shown)) {
    const before = waiting.get(key);
    waiting.set(key, { said: before ? before.said : read(key), shown: value, asked: (before?.asked ?? 0) + 1, cycles: 0 });
  }
  apply(shown);
}

/** The change was answered; what was refused and is still shown is taken back. */
export function answered(shown: Frame, taken: boolean): void {
  for (const [key, value] of Object.entries(shown)) {
    const entry = waiting.get(key);
    if (!entry) continue; // the server has spoken of it meanwhile
    entry.asked -= 1;
    if (!taken && entry.shown === value) takeBack(key, entry);
  }
}

/** A frame of the server: what it speaks of is so; what it does not speak of for two cycles is as it was. */
export function heard(frame: Frame): void {
  for (const key of Object.keys(frame)) waiting.delete(key);
  if ("cycle" in frame) quiet();
}

/** Nothing has changed, says the server. */
export function quiet(): void {
  for (const [key, entry] of waiting) {
    if (entry.asked === 0 && ++entry.cycles >= CYCLES) takeBack(key, entry);
  }
}

/** A whole state says everything. */
export function forget(): void {
  waiting.clear();
}

function takeBack(key: string, entry: Foreseen): void {
  waiting.delete(key);
  apply({ [key]: entry.said });
}
