/* Charging sessions as they are counted and cut. */
import type { Session } from "./api/schema";
import type { Stack } from "./stack";

export const CUTS = ["source", "vehicle", "loadpoint"] as const;
export type Cut = (typeof CUTS)[number];

const ROLES = ["accent", "battery", "grid", "sun", "control"];

export interface Words {
  sun: string;
  grid: string;
  guest: string;
}

export interface Total {
  count: number;
  kwh: number;
  /** Share of sun and home battery, 0 to 1; null where nobody knows. */
  solar: number | null;
  price: number | null;
}

const kwhOf = (each: Session): number => each.chargedEnergy ?? 0;

export function total(sessions: readonly Session[]): Total {
  const kwh = sessions.reduce((sum, each) => sum + kwhOf(each), 0);
  const known = sessions.filter((each) => each.solarPercentage != null);
  const priced = sessions.filter((each) => each.price != null);
  const knownKwh = known.reduce((sum, each) => sum + kwhOf(each), 0);
  return {
    count: sessions.length,
    kwh,
    solar: knownKwh > 0 ? known.reduce((sum, each) => sum + (kwhOf(each) * each.solarPercentage!) / 100, 0) / knownKwh : null,
    price: priced.length ? priced.reduce((sum, each) => sum + each.price!, 0) : null,
  };
}

/** In which piece a session began; -1 for none. */
function pieceOf(session: Session, pieces: readonly Date[]): number {
  const at = Date.parse(session.created ?? "");
  let found = -1;
  pieces.forEach((start, index) => {
    if (start.getTime() <= at) found = index;
  });
  return found;
}

/** Layers of kWh by piece: sun and grid, or one for each car or charging point. */
export function layers(sessions: readonly Session[], pieces: readonly Date[], cut: Cut, words: Words): Stack[] {
  const parts = (each: Session): [string, number][] => {
    const solar = (kwhOf(each) * (each.solarPercentage ?? 0)) / 100;
    if (cut === "source") return [[words.sun, solar], [words.grid, kwhOf(each) - solar]];
    return [[(cut === "vehicle" ? each.vehicle : each.loadpoint) || words.guest, kwhOf(each)]];
  };
  const names = cut === "source" ? [words.sun, words.grid] : [...new Set(sessions.flatMap((each) => parts(each).map(([name]) => name)))].sort();
  const role = (index: number): string => (cut === "source" ? ["sun", "grid"][index]! : ROLES[index % ROLES.length]!);
  const made = names.map((name, index) => ({ name, role: role(index), values: pieces.map(() => 0) }));
  for (const session of sessions) {
    const piece = pieceOf(session, pieces);
    if (piece < 0) continue;
    for (const [name, kwh] of parts(session)) made.find((each) => each.name === name)!.values[piece]! += kwh;
  }
  return made;
}

/** Years from the first session to the last; for everything, pieces are years. */
export function years(sessions: readonly Session[]): Date[] {
  const all = sessions.map((each) => new Date(each.created ?? "").getFullYear()).filter((each) => each > 1);
  if (!all.length) return [];
  const [first, last] = [Math.min(...all), Math.max(...all)];
  return Array.from({ length: last - first + 1 }, (_, index) => new Date(first + index, 0, 1));
}

/** A session that has not ended is told with a time before all others. */
export const isOpen = (session: Session): boolean => (session.finished ?? "").startsWith("0001");
