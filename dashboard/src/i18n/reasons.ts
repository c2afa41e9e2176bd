/* A reason of the server as a sentence. */
import type { Reason } from "../api/schema";
import { site } from "../state/house";
import { found, told, type Facts } from "./index";

/** Facts whose values are words of a battery's mode. */
const MODES = new Set(["mode", "told", "shows"]);

/** Where the tariff tells emissions, `price` and `limit` are g/kWh. */
function byEmission(facts: Facts): Facts {
  return { ...facts, price_g: facts["price"], limit_g: facts["limit"] };
}

/** `passed_s`: seconds since it was told, for what counts down. */
export function sentence(reason: Reason, passed_s = 0): string {
  const facts: Facts = {};
  for (const [name, value] of Object.entries(reason) as [string, Facts[string]][]) {
    const left = name === "remaining_s" && typeof value === "number" ? Math.max(0, value - passed_s) : value;
    const word = typeof value === "string" ? (found(`fact.${MODES.has(name) ? "mode" : name}.${value}`) ?? (name === "error" ? told(value) : undefined)) : undefined;
    facts[name] = word ?? left;
  }
  const clean = site.smartCostType === "co2" ? found(`reason.${reason.code}.co2`, byEmission(facts)) : undefined;
  const said = clean ?? found(`reason.${reason.code}`, facts) ?? `${reason.code.replaceAll("_", " ")}.`;
  return said.replace(/([.?!])\.$/, "$1"); // an error that ends as a sentence of its own
}

export const countsDown = (reasons: readonly Reason[]): boolean => reasons.some((each) => typeof each["remaining_s"] === "number");
