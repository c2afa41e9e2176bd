import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Change, Issue } from "../src/api/schema";
import { load } from "../src/i18n";
import { journaled } from "../src/i18n/journal";
import { byWeight, noticed } from "../src/i18n/notices";
import { answered, gridKnown, heard, sunKnown } from "../src/silence";
import { notice, replace } from "../src/state/house";
import { isOver } from "../src/state/notice";
import { preferences } from "../src/state/preferences";

const said = (message: string) => ({ message, level: "warn" });

describe.each([
  ["de", "Carport: Die Wallbox gehorcht nicht[;] noch einmal gesagt.", "Carport · Modus", "Aus → Sonne", "schnell, nur dieses eine Mal: +20 kWh"],
  ["en", "Carport: The wallbox does not obey[;] told once more.", "Carport · mode", "Off → Solar", "fast, just this once: +20 kWh"],
] as const)("what is told at the side (%s)", (language, obeys, mode, change, fast) => {
  beforeAll(async () => {
    vi.stubGlobal("document", { documentElement: {} });
    preferences.language = language;
    await load();
  });
  beforeEach(() => replace({ siteTitle: "Home", loadpoints: [{ title: "Carport" }, { title: "Garage" }] }));

  it("is a reason in words, with the title of its charging point", () => {
    expect(noticed(said("loadpoint 1: does_not_obey (command disable, repeated 1)"), ["Carport"])).toMatch(new RegExp(obeys));
  });

  it("is a change of a setting in words, and never a program's notation", () => {
    const entry = { key: "lp1.mode", old: "off", new: "pv" } as unknown as Change;
    expect(journaled(entry)).toEqual({ what: mode, how: change });
    const once = { key: "lp1.fast", old: null, new: { until: "20kwh", kind: "energy", energy: 20, from: 0.1, ends: null } } as unknown as Change;
    expect(journaled(once).how).toBe(fast);
    const plan = { key: "vehicle.ioniq.plan", old: null, new: { soc: 80, time: "2026-05-05T06:00:00.123456+02:00", precondition: 0 } } as unknown as Change;
    expect(journaled(plan).how).not.toMatch(/[{}"]|123456/);
  });
});

describe("a notice is over", () => {
  it("as soon as its reason is none any more", () => {
    const told = said("loadpoint 1: does_not_obey (command disable, repeated 1)");
    replace({ siteTitle: "Home", loadpoints: [{ title: "Carport", reasons: [{ code: "does_not_obey" }] }] });
    expect(isOver(told)).toBe(false);
    replace({ siteTitle: "Home", loadpoints: [{ title: "Carport", reasons: [{ code: "mode_off" }] }] });
    expect(isOver(told)).toBe(true);
    expect(notice.value).toBeNull();
  });

  it("by time alone, if it tells no reason", () => {
    expect(isOver(said("meter 'grid' is lost: no answer"))).toBe(false);
  });
});

describe("notes", () => {
  it("stand by weight: what is lost before hints, the fail-safe's last", () => {
    const issue = (message: string) => ({ message }) as Issue;
    const all = ["wallbox 'a' has no fail-safe: …", "evcc.db is evcc's own file and stays as it is.", "'grid' has not answered yet: no answer"].map(issue);
    expect(byWeight(all).map((each) => all.indexOf(each))).toEqual([2, 1, 0]);
  });
});

describe("what nobody has told", () => {
  const decidedAt = "2026-06-21T12:00:00Z";

  it("is not known, and 0 W that was told is", () => {
    expect(gridKnown({ decidedAt, gridConfigured: true })).toBe(false);
    expect(sunKnown({ decidedAt, pv: [{ power: 0 }] })).toBe(false);
    expect(sunKnown({ decidedAt, pv: [{ power: 0, updated: decidedAt }] })).toBe(true);
  });

  it("cannot be told apart in a house without a clock", () => {
    expect(answered({}, undefined)).toBe(true);
  });

  it("has an age, or is silent", () => {
    const now = new Date("2026-06-21T12:00:12Z");
    expect(heard(decidedAt, now, "")).toEqual({ kind: "ago", seconds: 12 });
    expect(heard(decidedAt, now, "no answer")).toEqual({ kind: "silent", at: decidedAt });
    expect(heard(undefined, now, "")).toEqual({ kind: "never" });
  });
});
