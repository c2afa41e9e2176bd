import { describe, expect, it } from "vitest";
import type { Loadpoint } from "../src/api/schema";
import { drawn, dropped } from "../src/battery";
import { costOf } from "../src/cost";
import { distance, money, moment, price } from "../src/i18n/format";
import { costOf as planCost, nextMorning } from "../src/plan";
import { horizon, joined, slots } from "../src/slots";
import { decimals, roomy } from "../src/stack";
import { sunAt } from "../src/sun";

const box = { chargePower: 0, effectiveMinCurrent: 6, effectiveMaxCurrent: 16, phasesConfigured: 3, phasesActive: 3 } as Loadpoint;

describe("what a mode costs now", () => {
  it("is nothing from the grid while the sun gives all of it", () => {
    expect(costOf("minpv", box, { gridPower: -5000 })).toEqual({ key: "minpv.sun", facts: { min_w: 4140 } });
  });

  it("is the price of what the grid has to give", () => {
    const { key, facts } = costOf("now", box, { gridPower: -1040, tariffGrid: 0.3 });
    expect([key, facts["grid_w"]]).toEqual(["now.grid", 10000]);
    expect(facts["cost_money"]).toBeCloseTo(3);
  });
});

describe("the marks of the home battery", () => {
  const marks = { priority: 20, buffer: 60, start: 80 };

  it("keep their order", () => {
    expect(dropped("priority", 75, marks)).toBe(60);
    expect(dropped("buffer", 10, marks)).toBe(20);
    expect(dropped("start", 50, marks)).toBe(60);
  });

  it("are off at the end of the picture", () => {
    expect(dropped("start", 100, marks)).toBe(0);
    expect(drawn("buffer", 0)).toBe(100);
  });
});

describe("the hours to come", () => {
  const at = (hour: number): string => new Date(2026, 5, 21, hour).toISOString();
  const rates = [
    { start: at(10), end: at(11), value: 0.3 },
    { start: at(11), end: at(12), value: 0.1 },
  ];

  it("are quarters with their price, and none where it is not known", () => {
    const made = slots(rates, [], new Date(2026, 5, 21, 10, 50), new Date(2026, 5, 21, 12, 15));
    expect(made.map((each) => each.value)).toEqual([0.3, 0.1, 0.1, 0.1, 0.1, null]);
  });

  it("know what is planned, and are joined for reading", () => {
    const made = slots(rates, [{ start: at(11), end: at(12) }], new Date(2026, 5, 21, 10), new Date(2026, 5, 21, 12));
    expect(joined(made).map((each) => [each.start.getHours(), each.planned])).toEqual([
      [10, false],
      [11, true],
    ]);
  });

  it("end with what is known, but not before twelve hours", () => {
    expect(horizon(rates, [], new Date(2026, 5, 21, 10)).getHours()).toBe(22);
  });

  it("have the sun between the points of its forecast", () => {
    const sun = sunAt([
      { ts: at(10), val: 1000 },
      { ts: at(12), val: 3000 },
    ]);
    expect(sun(Date.parse(at(11)))).toBe(2000);
    expect(sun(Date.parse(at(13)))).toBe(0);
  });

  it("cost what their slots cost", () => {
    const plan = { planTime: at(12), duration: 7200, power: 10000, plan: rates };
    expect(planCost(plan)).toBeCloseTo(4);
    expect(planCost({ ...plan, plan: [{ ...rates[0]!, value: null as unknown as number }] })).toBeUndefined();
  });
});

describe("a plan begins with", () => {
  it("the next morning that is at least six hours ahead", () => {
    expect(nextMorning(new Date(2026, 5, 21, 22, 30)).getDate()).toBe(22);
    expect(nextMorning(new Date(2026, 5, 21, 3, 0)).getDate()).toBe(22);
  });
});

describe("formats", () => {
  it("tell prices in hundredths and money in the currency", () => {
    expect(price(0.3012, "EUR", "de")).toBe("30,1\u00a0ct/kWh");
    expect(money(1.5, "CHF", "de-CH")).toMatch(/CHF.1\.50/);
  });

  it("tell a moment by its time, and its day if it is another one", () => {
    const now = new Date(2026, 5, 21, 9, 0);
    expect(moment(new Date(2026, 5, 21, 14, 5), now, "de")).toBe("14:05");
    expect(moment(new Date(2026, 5, 22, 7, 0), now, "de")).toMatch(/^Mo.* 07:00$/);
  });
});

describe("an axis", () => {
  it("tells its marks apart with as few decimals as that needs", () => {
    expect([5, 0.5, 0.25, 0.02, 0.005].map(decimals)).toEqual([0, 1, 2, 2, 3]);
  });

  it("is not filled by next to nothing", () => {
    expect(roomy(0, 0.0004, 0.1)).toEqual([0, 0.1]);
    expect(roomy(-2, 7, 0.1)).toEqual([-2, 7]);
  });
});

describe("a distance", () => {
  it("is told in miles where roads are", () => {
    expect(distance(100, "en-GB")).toBe("62\u00a0mi");
    expect(distance(100, "de-DE")).toBe("100\u00a0km");
  });
});
