/* A day, a month, a year or everything: where it begins and ends, and how it is cut. */

export const KINDS = ["day", "month", "year", "all"] as const;
export type Kind = (typeof KINDS)[number];

export interface Period {
  kind: Kind;
  /** Any moment inside; the first one of it. */
  start: Date;
}

export const RESOLUTION: Record<Kind, string> = { day: "hour", month: "day", year: "month", all: "year" };

export function periodAt(kind: Kind, inside: Date): Period {
  const [year, month, day] = [inside.getFullYear(), inside.getMonth(), inside.getDate()];
  if (kind === "day") return { kind, start: new Date(year, month, day) };
  if (kind === "month") return { kind, start: new Date(year, month, 1) };
  return { kind, start: new Date(kind === "year" ? year : 2000, 0, 1) };
}

/** The one before (-1) or after (1). */
export function moved({ kind, start }: Period, by: number): Period {
  const [year, month, day] = [start.getFullYear(), start.getMonth(), start.getDate()];
  if (kind === "day") return { kind, start: new Date(year, month, day + by) };
  if (kind === "month") return { kind, start: new Date(year, month + by, 1) };
  return kind === "year" ? { kind, start: new Date(year + by, 0, 1) } : { kind, start };
}

const two = (value: number): string => String(value).padStart(2, "0");
const date = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/** As the address of the page keeps it, and back. */
export const spelled = ({ kind, start }: Period): string => (kind === "all" ? kind : `${kind}/${date(start)}`);
export function parsed(text: string, now: Date, usual: Kind): Period {
  const [word, day = ""] = text.split("/");
  const kind = KINDS.find((each) => each === word) ?? usual;
  const at = /^\d{4}-\d\d-\d\d$/.test(day) ? new Date(`${day}T12:00`) : now;
  return periodAt(kind, Number.isNaN(at.getTime()) ? now : at);
}

/** The query of the history. */
export function query(period: Period): string {
  const ends = period.kind === "all" ? "" : `&from=${date(period.start)}&to=${date(moved(period, 1).start)}`;
  return `history?resolution=${RESOLUTION[period.kind]}${ends}`;
}

/** The beginnings of all its pieces, known or not; empty for everything. */
export function pieces(period: Period): Date[] {
  if (period.kind === "all") return [];
  const end = moved(period, 1).start;
  const made: Date[] = [];
  for (let at = new Date(period.start); at < end; ) {
    made.push(new Date(at));
    if (period.kind === "day") at = new Date(at.getTime() + 3_600_000);
    else if (period.kind === "month") at.setDate(at.getDate() + 1);
    else at.setMonth(at.getMonth() + 1);
  }
  return made;
}

/** What it is called. */
export function title({ kind, start }: Period, locale: string): string {
  const parts: Record<Kind, Intl.DateTimeFormatOptions> = {
    day: { weekday: "short", day: "numeric", month: "long", year: "numeric" },
    month: { month: "long", year: "numeric" },
    year: { year: "numeric" },
    all: {},
  };
  return kind === "all" ? "" : new Intl.DateTimeFormat(locale, parts[kind]).format(start);
}

/** What a piece of it is called on the axis. */
export function pieceName(kind: Kind, at: Date, locale: string): string {
  const parts: Record<Kind, Intl.DateTimeFormatOptions> = { day: { hour: "2-digit" }, month: { day: "numeric" }, year: { month: "short" }, all: { year: "numeric" } };
  return new Intl.DateTimeFormat(locale, parts[kind]).format(at);
}
