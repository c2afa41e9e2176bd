/* Plans as the dialog handles them: in the browser's local time, asked of the server before they count. */
import { call } from "./api/client";
import type { Loadpoint, PlanRates, StateRepeatingPlan } from "./api/schema";

/** A time as an `<input type="datetime-local">` holds it. */
export function localTime(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The next time it is `hour` o'clock, at least six hours ahead. */
export function nextMorning(now: Date, hour = 7): Date {
  const at = new Date(now.getTime() + 6 * 3_600_000);
  if (at.getHours() >= hour) at.setDate(at.getDate() + 1);
  at.setHours(hour, 0, 0, 0);
  return at;
}

/** As the API takes it: seconds, with the offset. */
export const rfc3339 = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, "Z");

/** Whether plans of this loadpoint are told in percent: a car whose state of charge and capacity are known. */
export const bySoc = (point: Loadpoint, capacity: number | undefined): boolean => Boolean(point.vehicleName && capacity && point.vehicleSoc > 0);

export interface Goal {
  kind: "soc" | "energy";
  amount: number;
  at: Date;
  precondition_s: number;
  /** In one piece, however the prices are. */
  whole: boolean;
}

/** What is asked of the server beside the goal. */
export const manner = (precondition_s: number, whole: boolean): string => `precondition=${precondition_s}${whole ? "&continuous=true" : ""}`;

export const preview = (id: number, goal: Goal): Promise<PlanRates> =>
  call("GET", `loadpoints/${id}/plan/static/preview/${goal.kind}/${goal.amount}/${rfc3339(goal.at)}?${manner(goal.precondition_s, goal.whole)}`);

export const repeatingPreview = (id: number, plan: StateRepeatingPlan): Promise<PlanRates> =>
  call("GET", `loadpoints/${id}/plan/repeating/preview/${plan.soc}/${plan.weekdays.join(",")}/${plan.time}/${encodeURIComponent(plan.tz)}?${manner(plan.precondition, plan.continuous ?? false)}`);

/** What a plan draws, at the price of each of its slots; undefined where a price is missing. Currency. */
export function costOf(plan: PlanRates): number | undefined {
  let sum = 0;
  for (const slot of plan.plan ?? []) {
    if (slot.value == null || !slot.start || !slot.end) return undefined;
    sum += (slot.value * (plan.power ?? 0) * (Date.parse(slot.end) - Date.parse(slot.start))) / 3.6e9;
  }
  return sum;
}
