/* "Fast, just this once", as the state tells it. */
import type { Loadpoint } from "./api/schema";
import { duration, energy, found } from "./i18n";

export const UNTILS = ["full", "20kwh", "100km", "2h", "unplugged"] as const;

/** Until when, or what is left of it, in words, and the mode that returns; undefined while nobody asked for it. */
export function onceUntil(point: Loadpoint): { until: string; left: string; mode: string } | undefined {
  const fast = point.fast;
  if (!fast?.until) return undefined;
  const left = fast.remainingDuration != null ? duration(fast.remainingDuration) : fast.remainingEnergy != null ? energy(fast.remainingEnergy) : "";
  const until = found(`once.until.${fast.until}`);
  return { until: until ?? fast.until, left: until ? "" : left, mode: point.mode };
}
