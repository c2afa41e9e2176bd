import { describe, expect, it } from "vitest";
import { begin, decisionAt, pieces, stretches, type Decided } from "../src/curve";

const at = (time: string): number => Date.parse(`2026-06-21T${time}:00Z`);
const decided = (since: string, connected: boolean, charging: boolean, code: string): Decided => ({
  since: `2026-06-21T${since}:00Z`,
  until: `2026-06-21T${since}:00Z`,
  connected,
  charging,
  reasons: [{ code }],
});
const DECIDED = [decided("12:00", true, true, "charges_from_sun"), decided("11:00", true, false, "starts_soon"), decided("10:00", true, false, "waits_for_sun")];

describe("the power curve", () => {
  it("tells the mean power of the time that was watched", () => {
    const spans = [{ start: "2026-06-21T10:00:00Z", end: "2026-06-21T10:15:00Z", seconds: 450, pv: 1, loadpoints: [{ title: "Carport", energy: 0.5, solar: 0.25 }, { title: "Garage", energy: 9 }] }];
    expect(pieces(spans, "Carport")).toEqual([{ from: at("10:00"), to: at("10:15"), own_w: 2000, all_w: 4000, roof_w: 8000 }]);
  });

  it("leaves out what nobody watched", () => {
    expect(pieces([{ start: "2026-06-21T10:00:00Z", end: "2026-06-21T10:15:00Z", seconds: 0 }], "Carport")).toEqual([]);
  });

  it("knows the decision that held, also between two", () => {
    expect(decisionAt(DECIDED, at("11:30"))).toBe(DECIDED[1]);
    expect(decisionAt(DECIDED, at("09:59"))).toBeUndefined();
  });

  it("joins what looks alike, up to now", () => {
    expect(stretches(DECIDED, at("10:30"), at("13:00"))).toEqual([
      { from: at("10:30"), to: at("12:00"), kind: "waiting" },
      { from: at("12:00"), to: at("13:00"), kind: "charging" },
    ]);
  });

  it("shows three hours at least, and a day at most", () => {
    expect(begin(at("12:30"), [], DECIDED.slice(0, 1))).toBe(at("09:30"));
    expect(begin(at("20:00"), [], DECIDED)).toBe(at("10:00"));
    expect(begin(at("20:00") + 86_400_000, [], DECIDED)).toBe(at("20:00"));
  });
});
