import { describe, expect, it } from "vitest";
import type { Session, Span } from "../src/api/schema";
import { bars, placed, sums } from "../src/energy";
import { moved, parsed, periodAt, pieces, query, spelled } from "../src/period";
import { layers, total, years } from "../src/sessions";
import { stacked } from "../src/stack";

const noon = new Date(2026, 5, 21, 12);
const at = (hour: number): string => new Date(2026, 5, 21, hour).toISOString();

describe("a span of time", () => {
  it("is kept in the address and found again", () => {
    const period = periodAt("month", noon);
    expect(spelled(period)).toBe("month/2026-06-01");
    expect(parsed(spelled(period), noon, "day")).toEqual(period);
  });

  it("is the usual one now where the address says nothing that can be read", () => {
    expect(spelled(parsed("", noon, "day"))).toBe("day/2026-06-21");
    expect(spelled(parsed("month/2026-99-99", noon, "day"))).toBe("month/2026-06-01");
  });

  it("moves over the end of a year", () => {
    expect(spelled(moved(periodAt("month", new Date(2026, 11, 5)), 1))).toBe("month/2027-01-01");
    expect(spelled(moved(periodAt("day", new Date(2026, 0, 1)), -1))).toBe("day/2025-12-31");
  });

  it("asks for what it holds", () => {
    expect(query(periodAt("day", noon))).toBe("history?resolution=hour&from=2026-06-21&to=2026-06-22");
    expect(query(periodAt("all", noon))).toBe("history?resolution=year");
    expect(pieces(periodAt("month", noon))).toHaveLength(30);
    expect(pieces(periodAt("day", noon))).toHaveLength(24);
  });
});

describe("energy", () => {
  const spans: Span[] = [
    { start: at(10), end: at(11), pv: 6, gridExport: 1, batteryCharge: 2, gridImport: 0, home: 1, loadpoints: [{ energy: 2 }], importCost: 0, exportRevenue: 0.08 },
    { start: at(20), end: at(21), pv: 0, gridImport: 1, batteryDischarge: 1, home: 2, importCost: 0.3 },
  ];

  it("adds up", () => {
    const all = sums(spans);
    expect([all.sun, all.home, all.cars, all.bought, all.sold]).toEqual([6, 3, 2, 1, 1]);
    expect([all.paid, all.earned]).toEqual([0.3, 0.08]);
    expect(all.own).toBeCloseTo(0.8);
  });

  it("does not know what no tariff told", () => {
    expect(sums([{ home: 1 }]).paid).toBeNull();
  });

  it("stands in the piece in which it began", () => {
    const found = placed(spans, pieces(periodAt("day", noon)));
    expect(found.flatMap((each, hour) => (each ? [hour] : []))).toEqual([10, 20]);
  });

  it("is used by source above the line, and stored and sold below it", () => {
    const names = { sun: "s", battery: "b", grid: "g", charged: "c", sold: "e" };
    const { up, down } = bars(spans, names);
    expect(up.map((each) => each.values)).toEqual([[3, 0], [0, 1], [0, 1]]);
    expect(stacked(down, -1).map((each) => each.values)).toEqual([[-3, 0], [-2, 0]]);
  });
});

describe("sessions", () => {
  const sessions: Session[] = [
    { id: 1, created: at(9), vehicle: "Ioniq", loadpoint: "Carport", chargedEnergy: 10, solarPercentage: 80, price: 1 },
    { id: 2, created: at(12), loadpoint: "Garage", chargedEnergy: 5, solarPercentage: null, price: null },
  ];
  const words = { sun: "Sun", grid: "Grid", guest: "Guest" };

  it("are summed by what is known of them", () => {
    expect(total(sessions)).toEqual({ count: 2, kwh: 15, solar: 0.8, price: 1 });
  });

  it("are cut by source, car or charging point", () => {
    const days = pieces(periodAt("month", noon));
    const on = (cut: "source" | "vehicle"): [string, number][] => layers(sessions, days, cut, words).map((each) => [each.name, each.values[20]!]);
    expect(on("source")).toEqual([["Sun", 8], ["Grid", 7]]);
    expect(on("vehicle")).toEqual([["Guest", 5], ["Ioniq", 10]]);
  });

  it("span the years from the first to the last", () => {
    expect(years([{ created: "2023-05-01T00:00:00Z" }, ...sessions] as Session[])).toHaveLength(4);
  });
});
