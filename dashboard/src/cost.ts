/* What a mode costs now: where its power would come from, and at which price. */
import type { Loadpoint, Mode } from "./api/schema";
import type { Facts } from "./i18n";
import type { Site } from "./state/house";

const VOLTS = 230;

/** Watts that a loadpoint could have without drawing from the grid: what is left over, and what it takes already. */
export function freeFor(point: Loadpoint, site: Partial<Site>): number {
  return Math.max(0, (point.chargePower ?? 0) - (site.gridPower ?? 0));
}

const phases = (point: Loadpoint): number => (point.chargerSinglePhase ? 1 : point.phasesConfigured || point.phasesActive || 1);

export const leastWatts = (point: Loadpoint): number =>
  point.effectiveMinCurrent * VOLTS * (point.chargerPhases1p3p && point.phasesConfigured === 0 ? 1 : phases(point));

export const mostWatts = (point: Loadpoint): number =>
  point.effectiveMaxCurrent * VOLTS * (point.chargerPhases1p3p && point.phasesConfigured === 0 ? 3 : phases(point));

/** Which sentence of the catalogue (`mode.cost.…`), and its figures. */
export function costOf(mode: Mode, point: Loadpoint, site: Partial<Site>): { key: string; facts: Facts } {
  const free = freeFor(point, site);
  if (mode === "off") return { key: "off", facts: {} };
  if (mode === "pv") return { key: "pv", facts: { free_w: free, feed_price: site.tariffFeedIn } };
  const wanted = mode === "now" ? mostWatts(point) : leastWatts(point);
  const name = mode === "now" ? "max_w" : "min_w";
  const grid = Math.max(0, wanted - free);
  if (grid < 50) return { key: `${mode}.sun`, facts: { [name]: wanted } };
  const price = site.tariffGrid ?? undefined;
  return {
    key: `${mode}.grid`,
    facts: { [name]: wanted, grid_w: grid, grid_price: price, cost_money: price === undefined ? undefined : (price * grid) / 1000 },
  };
}
