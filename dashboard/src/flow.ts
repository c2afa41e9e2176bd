/* Which source feeds which use: the sun first where people are, then the battery, the grid for the rest. */
import type { Loadpoint } from "./api/schema";
import type { Site } from "./state/house";

export const SOURCES = ["sun", "battery", "grid"] as const;
export const USES = ["home", "cars", "charge", "export"] as const;
export type Source = (typeof SOURCES)[number];
export type Use = (typeof USES)[number];

export interface Stream {
  from: Source;
  to: Use;
  watts: number;
}

export interface Flow {
  sources: Record<Source, number>;
  uses: Record<Use, number>;
  streams: Stream[];
  total: number;
}

const SMALL_W = 10; // what a meter shows when nothing flows

const over = (watts: number | null | undefined): number => ((watts ?? 0) > SMALL_W ? (watts ?? 0) : 0);

export function flow(site: Partial<Site>, points: readonly Loadpoint[]): Flow {
  const grid = site.gridPower ?? site.grid?.power ?? 0;
  const sources = { sun: over(site.pvPower), battery: over(site.batteryPower), grid: over(grid) };
  const uses = {
    home: over(site.homePower),
    cars: over(points.reduce((sum, each) => sum + (each.chargePower ?? 0), 0)),
    charge: over(-(site.batteryPower ?? 0)),
    export: over(-grid),
  };
  const streams: Stream[] = [];
  const left = { ...sources };
  const open = { ...uses };
  for (const from of SOURCES) {
    for (const to of USES) {
      // What the battery gives is not what it takes, and the grid does not feed itself.
      if ((from === "battery" && to === "charge") || (from === "grid" && to === "export")) continue;
      const watts = Math.min(left[from], open[to]);
      if (watts <= 0) continue;
      streams.push({ from, to, watts });
      left[from] -= watts;
      open[to] -= watts;
    }
  }
  const sum = (record: Record<string, number>): number => Object.values(record).reduce((a, b) => a + b, 0);
  return { sources, uses, streams, total: Math.max(sum(sources), sum(uses)) };
}
