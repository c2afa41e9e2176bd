/* Whose figures are known: a meter that never answered stands in the state with 0 W and without a time. A house whose
 * clock is not set tells no times; there every figure is believed. */
import type { Site } from "./state/house";

interface Told {
  updated?: string;
}

type House = Partial<Site>;

export const answered = (site: House, updated: string | undefined): boolean => Boolean(updated) || !site.decidedAt;
const some = (site: House, list: readonly Told[] | undefined): boolean => !list?.length || list.some((each) => answered(site, each.updated));

export const gridKnown = (site: House): boolean => !site.gridConfigured || Boolean(site.grid);
export const sunKnown = (site: House): boolean => some(site, site.pv);
export const batteryKnown = (site: House): boolean => some(site, site.battery);

/** Silent for longer than this is worth a word; ms. */
const SILENT_MS = 60_000;

export type Heard = { kind: "never" } | { kind: "silent"; at: string } | { kind: "ago"; seconds: number };

/** When something answered last. */
export function heard(updated: string | null | undefined, now: Date, error: string): Heard {
  if (!updated) return { kind: "never" };
  const age = Math.max(0, now.getTime() - Date.parse(updated));
  return error || age > SILENT_MS ? { kind: "silent", at: updated } : { kind: "ago", seconds: Math.round(age / 1000) };
}
