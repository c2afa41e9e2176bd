/* A change of a setting in words: whose setting, which, from what and to what. Keys and values: docs/database.rst. */
import type { Change } from "../api/schema";
import { loadpoints, site } from "../state/house";
import { current, duration, energy, found, moment, number, percent, power, price, t } from "./index";

export interface Told {
  what: string;
  /** "from → to", or a sentence. */
  how: string;
}

const KEY = /^(?:lp(\d+)|vehicle\.(.+)|site)\.(\w+)$/;

/** A figure by the end of its setting's name. */
const FIGURES: [RegExp, (value: number) => string][] = [
  [/Soc$/, percent],
  [/Current$/, current],
  [/Energy$/, (kwh) => energy(kwh * 1000)],
  [/Delay$/, duration],
  [/(Threshold|Power)$/, power],
  [/Limit$/, (limit) => (site.smartCostType === "co2" ? `${number(limit)} g/kWh` : price(limit))],
];

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value);

/** A plan, a state of charge by hand: its figures, without what only a program needs. */
function summary(value: Plain): string {
  const { soc, energy: kwh, time } = value;
  const parts = [typeof soc === "number" ? percent(soc) : "", typeof kwh === "number" ? energy(kwh * 1000) : "", typeof time === "string" ? moment(time) : ""];
  return parts.filter(Boolean).join(" · ") || "…";
}

function worded(name: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return t(value ? "journal.yes" : "journal.no");
  if (name === "mode") return found(`mode.${String(value)}`) ?? String(value);
  if (name === "vehicle") return site.vehicles?.[String(value)]?.title || String(value);
  if (name === "phases") return value ? String(value) : t("set.phasesAuto");
  if (typeof value === "number") return (FIGURES.find(([ending]) => ending.test(name))?.[1] ?? ((plain: number) => number(plain, Number.isInteger(plain) ? 0 : 1)))(value);
  if (Array.isArray(value)) return t("journal.plans", { count_n: value.length });
  return isPlain(value) ? summary(value) : String(value);
}

/** "Fast, just this once" began or ended. */
function once(value: unknown): string {
  if (!isPlain(value)) return t("journal.fastEnded");
  const until = String(value["until"]);
  return t("journal.fast", { until: found(`once.${until}`, { range_km: 100 }) ?? until });
}

export function journaled(entry: Change): Told {
  const match = KEY.exec(entry.key ?? "");
  const [, lp, car, name = ""] = match ?? [];
  const setting = found(`setting.${name}`) ?? (name || (entry.key ?? ""));
  const owner = lp ? loadpoints.value[Number(lp) - 1]?.title || lp : car ? site.vehicles?.[car]?.title || car : "";
  if (name === "fast") return { what: owner, how: once(entry.new) };
  return { what: [owner, setting].filter(Boolean).join(" · "), how: `${worded(name, entry.old)} → ${worded(name, entry.new)}` };
}
