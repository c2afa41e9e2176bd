import { describe, expect, it } from "vitest";
import type { Loadpoint } from "../src/api/schema";
import { flow } from "../src/flow";

const car = (chargePower: number): Loadpoint => ({ chargePower }) as Loadpoint;
const streams = (site: object, cars: Loadpoint[] = []): Record<string, number> =>
  Object.fromEntries(flow(site, cars).streams.map((each) => [`${each.from} to ${each.to}`, each.watts]));

describe("the flow", () => {
  it("gives the sun to people first, then to the battery, and sells the rest", () => {
    const site = { pvPower: 8000, homePower: 500, batteryPower: -2000, gridPower: -1500 };
    expect(streams(site, [car(4000)])).toEqual({ "sun to home": 500, "sun to cars": 4000, "sun to charge": 2000, "sun to export": 1500 });
  });

  it("takes from the battery before it buys", () => {
    expect(streams({ pvPower: 200, homePower: 1200, batteryPower: 600, gridPower: 400 })).toEqual({
      "sun to home": 200,
      "battery to home": 600,
      "grid to home": 400,
    });
  });

  it("shows a battery that is filled from the grid", () => {
    expect(streams({ pvPower: 0, homePower: 300, batteryPower: -2000, gridPower: 2300 })).toEqual({ "grid to home": 300, "grid to charge": 2000 });
  });

  it("takes the flutter of a meter for nothing", () => {
    expect(flow({ pvPower: 3, homePower: 4, gridPower: -7, batteryPower: 2 }, []).total).toBe(0);
  });
});
