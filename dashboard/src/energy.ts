/* Sums of the history as they are shown. Energies in kWh. */
import type { Span } from "./api/schema";
import type { Stack } from "./stack";

export interface Sums {
  sun: number;
  bought: number;
  sold: number;
  charged: number;
  given: number;
  home: number;
  cars: number;
  /** Currency; null where no tariff told a price. */
  paid: number | null;
  earned: number | null;
  /** 0 to 1; null while nothing was used. */
  own: number | null;
  seconds: number;
}

export const carsOf = (span: Span): number => (span.loadpoints ?? []).reduce((sum, each) => sum + (each.energy ?? 0), 0);

const total = (spans: readonly Span[], of: (span: Span) => number | null | undefined): number => spans.reduce((sum, each) => sum + (of(each) ?? 0), 0);

/** Null if none of the spans tells it. */
function known(spans: readonly Span[], of: (span: Span) => number | null | undefined): number | null {
  return spans.some((each) => of(each) != null) ? total(spans, of) : null;
}

export function sums(spans: readonly Span[]): Sums {
  const home = total(spans, (each) => each.home);
  const cars = total(spans, carsOf);
  const bought = total(spans, (each) => each.gridImport);
  const used = home + cars;
  return {
    sun: total(spans, (each) => each.pv),
    bought,
    sold: total(spans, (each) => each.gridExport),
    charged: total(spans, (each) => each.batteryCharge),
    given: total(spans, (each) => each.batteryDischarge),
    home,
    cars,
    paid: known(spans, (each) => each.importCost),
    earned: known(spans, (each) => each.exportRevenue),
    own: used > 0.05 ? Math.min(1, Math.max(0, 1 - bought / used)) : null,
    seconds: total(spans, (each) => each.seconds),
  };
}

/** The span that begins in each piece of a period; undefined where nothing is known. */
export function placed(spans: readonly Span[], pieces: readonly Date[]): (Span | undefined)[] {
  return pieces.map((start, index) => {
    const end = pieces[index + 1]?.getTime() ?? Infinity;
    return spans.find((each) => {
      const at = Date.parse(each.start ?? "");
      return start.getTime() <= at && at < end;
    });
  });
}

type Names = Record<"sun" | "battery" | "grid" | "charged" | "sold", string>;

/** Above the line what was used, by where it came from; below it what was stored and sold. */
export function bars(spans: readonly (Span | undefined)[], names: Names): { up: Stack[]; down: Stack[] } {
  const of = (value: (span: Span) => number | undefined): number[] => spans.map((each) => (each && value(each)) || 0);
  const straight = (each: Span): number => Math.max(0, (each.pv ?? 0) - (each.gridExport ?? 0) - (each.batteryCharge ?? 0));
  return {
    up: [
      { name: names.sun, role: "sun", values: of(straight) },
      { name: names.battery, role: "battery", values: of((each) => each.batteryDischarge) },
      { name: names.grid, role: "grid", values: of((each) => each.gridImport) },
    ],
    down: [
      { name: names.charged, role: "battery", values: of((each) => each.batteryCharge) },
      { name: names.sold, role: "sold", values: of((each) => each.gridExport) },
    ],
  };
}
