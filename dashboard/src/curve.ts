/* The power of a charging point over the last day, and which decision held when. */
import type { Explanations, Span } from "./api/schema";

export type Decided = NonNullable<Explanations["decisions"]>[number];

/** A quarter of an hour; powers are its means in W. */
export interface Piece {
  from: number;
  to: number;
  /** From sun and home battery. */
  own_w: number;
  /** All of it. */
  all_w: number;
  /** Of the sun on the roof, whoever used it. */
  roof_w: number;
}

/** A time from which on a decision held. */
export interface Stretch {
  from: number;
  to: number;
  kind: "charging" | "waiting" | "away";
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEAST_MS = 3 * HOUR_MS;

/** What happened at the charging point of that title, oldest first. */
export function pieces(spans: readonly Span[], title: string): Piece[] {
  return spans.flatMap((span) => {
    const [from, to] = [Date.parse(span.start ?? ""), Date.parse(span.end ?? "")];
    if (!span.seconds || !(from < to)) return [];
    const watts = (kwh: number | undefined): number => Math.max(0, ((kwh ?? 0) * 3.6e6) / span.seconds!);
    const mine = (span.loadpoints ?? []).filter((each) => each.title === title);
    const sum = (of: "energy" | "solar"): number => mine.reduce((kwh, each) => kwh + (each[of] ?? 0), 0);
    return [{ from, to, own_w: watts(Math.min(sum("solar"), sum("energy"))), all_w: watts(sum("energy")), roof_w: watts(span.pv) }];
  });
}

/** From when on to show: a day, or since there is something, but at least three hours. */
export function begin(now: number, drawn: readonly Piece[], decided: readonly Decided[]): number {
  const first = Math.min(drawn[0]?.from ?? now, ...decided.map((each) => Date.parse(each.since ?? "") || now));
  return Math.max(now - DAY_MS, Math.min(first, now - LEAST_MS));
}

/** The decision that held at a time; undefined where none is known. `decided` is newest first. */
export const decisionAt = (decided: readonly Decided[], at: number): Decided | undefined => decided.find((each) => each.since && Date.parse(each.since) <= at);

export const pieceAt = (drawn: readonly Piece[], at: number): Piece | undefined => drawn.find((each) => each.from <= at && at < each.to);

/** The decisions as stretches of what the car did, oldest first; each ends where the next begins, the last one at `now`. */
export function stretches(decided: readonly Decided[], from: number, now: number): Stretch[] {
  let end = now;
  const made: Stretch[] = [];
  for (const each of decided) {
    if (!each.since || end <= from) continue;
    const start = Math.max(from, Date.parse(each.since));
    const kind = each.charging ? "charging" : each.connected ? "waiting" : "away";
    const later = made[0];
    if (later?.kind === kind) later.from = start;
    else made.unshift({ from: start, to: end, kind });
    end = start;
  }
  return made;
}
