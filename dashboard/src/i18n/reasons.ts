/* A reason of the server as a sentence. */
import type { Reason } from "../api/schema";
import { found, type Facts } from "./index";

/** `passed_s`: seconds since it was told, for what counts down. */
export function sentence(reason: Reason, passed_s = 0): string {
  const facts: Facts = {};
  for (const [name, value] of Object.entries(reason) as [string, Facts[string]][]) {
    const left = name === "remaining_s" && typeof value === "number" ? Math.max(0, value - passed_s) : value;
    facts[name] = (typeof value === "string" && found(`fact.${name}.${value}`)) || left;
  }
  return found(`reason.${reason.code}`, facts) ?? `${reason.code.replaceAll("_", " ")}.`;
}

export const countsDown = (reasons: readonly Reason[]): boolean => reasons.some((each) => typeof each["remaining_s"] === "number");
