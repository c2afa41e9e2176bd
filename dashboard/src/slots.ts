/* Hours to come as pieces of a chart: price or emission of each, whether it is under a limit, planned, sunny. */
import type { StateRate } from "./api/schema";

export interface Slot {
  start: Date;
  end: Date;
  /** Currency per kWh, or g/kWh; null where no price is known. */
  value: number | null;
  planned: boolean;
  /** Expected power of the sun in W. */
  sun: number;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;

interface Span {
  start: string;
  end: string;
}

const covers = (span: Span, at: number): boolean => Date.parse(span.start) <= at && at < Date.parse(span.end);

/** The value of the slot at a time; null where none is known. */
export function valueAt(rates: readonly StateRate[], at: number): number | null {
  return rates.find((rate) => covers(rate, at))?.value ?? null;
}

/** Quarters from the one of `from` to `until`; `sun` by time in W. */
export function slots(rates: readonly StateRate[], plan: readonly Span[], from: Date, until: Date, sun: (at: number) => number = () => 0): Slot[] {
  const made: Slot[] = [];
  const first = Math.floor(from.getTime() / QUARTER_MS) * QUARTER_MS;
  for (let at = first; at < until.getTime(); at += QUARTER_MS) {
    const middle = at + QUARTER_MS / 2;
    made.push({
      start: new Date(at),
      end: new Date(at + QUARTER_MS),
      value: valueAt(rates, middle),
      planned: plan.some((span) => Date.parse(span.start) < at + QUARTER_MS && at < Date.parse(span.end)),
      sun: sun(middle),
    });
  }
  return made;
}

/** Slots in a row with equal value and equal plan as one, for a table that a person reads. */
export function joined(all: readonly Slot[]): Slot[] {
  const made: Slot[] = [];
  for (const slot of all) {
    const last = made[made.length - 1];
    if (last && last.value === slot.value && last.planned === slot.planned) made[made.length - 1] = { ...last, end: slot.end };
    else made.push(slot);
  }
  return made;
}

/** Where to stop: the end of what is known or planned, at least twelve hours, at most three days. */
export function horizon(rates: readonly StateRate[], plan: readonly Span[], from: Date, target?: Date): Date {
  const ends = [...rates, ...plan].map((each) => Date.parse(each.end));
  const latest = Math.max(from.getTime() + 12 * HOUR_MS, target?.getTime() ?? 0, ...(target ? [] : ends));
  return new Date(Math.min(latest, from.getTime() + 72 * HOUR_MS));
}
