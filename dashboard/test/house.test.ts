import { beforeEach, describe, expect, it } from "vitest";
import { apply, loadpoints, read, replace, site } from "../src/state/house";

beforeEach(() => replace({ siteTitle: "Home", "loadpoints.0.mode": "off", "loadpoints.1.mode": "pv" }));

describe("the store", () => {
  it("takes flat keys, counted from 0", () => {
    expect(loadpoints.value.map((each) => each.mode)).toEqual(["off", "pv"]);
    apply({ homePower: 512, "loadpoints.1.mode": "now" });
    expect(site.homePower).toBe(512);
    expect(loadpoints.value[1]!.mode).toBe("now");
  });

  it("takes the whole state of the REST API, too", () => {
    replace({ siteTitle: "Home", loadpoints: [{ mode: "now" }] });
    expect(loadpoints.value.map((each) => each.mode)).toEqual(["now"]);
  });

  it("forgets what a new welcome does not tell", () => {
    apply({ fatal: { error: "broken" } });
    replace({ siteTitle: "Home", "loadpoints.0.mode": "off" });
    expect(site.fatal).toBeUndefined();
    expect(loadpoints.value).toHaveLength(1);
  });

  it("keeps the card of a loadpoint when only its figures change", () => {
    const before = loadpoints.value[0];
    apply({ "loadpoints.0.chargePower": 4200 });
    expect(loadpoints.value[0]).toBe(before);
  });

  it("replaces one part of a forecast and leaves the others", () => {
    apply({ forecast: { grid: [1], co2: [2] } });
    apply({ "forecast.grid": [3] });
    expect(site.forecast).toEqual({ grid: [3], co2: [2] });
  });

  it("reads what it has by the same keys", () => {
    expect(read("loadpoints.1.mode")).toBe("pv");
    expect(read("siteTitle")).toBe("Home");
  });
});
