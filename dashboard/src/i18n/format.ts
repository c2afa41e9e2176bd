/* Numbers with their units, as people of the language write them. */

const SPACE = "\u00a0"; // a figure and its unit stay in one line
const cache = new Map<string, Intl.NumberFormat>();

export function number(value: number, digits: number, locale: string): string {
  const key = `${locale}${digits}`;
  const made = cache.get(key) ?? new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  cache.set(key, made);
  return made.format(Object.is(Math.round(value * 10 ** digits), -0) ? 0 : value);
}

/** W up to 1 kW, then kW with one decimal; without its sign where `size` is asked. */
export function power(watts: number, locale: string): string {
  if (Math.abs(watts) < 999.5) return `${number(watts, 0, locale)}${SPACE}W`;
  return `${number(watts / 1000, 1, locale)}${SPACE}kW`;
}

export function energy(wattHours: number, locale: string): string {
  const kwh = wattHours / 1000;
  return `${number(kwh, Math.abs(kwh) >= 100 ? 0 : 1, locale)}${SPACE}kWh`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Below an hour minutes and seconds (`0:42`), above it hours and minutes (`2:15 h`). */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}${SPACE}min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}${SPACE}h`;
}

const HUNDREDTHS: Record<string, string> = { EUR: "ct", CHF: "rp", USD: "¢", GBP: "p", DKK: "øre", SEK: "öre", NOK: "øre" };

/** Of what prices per kWh are told, and how many of it the currency has. */
export const priceUnit = (currency: string): { unit: string; scale: number } =>
  HUNDREDTHS[currency] ? { unit: `${HUNDREDTHS[currency]}/kWh`, scale: 100 } : { unit: `${currency}/kWh`, scale: 1 };

/** Hundredths of the currency per kWh, as tariffs are told. */
export function price(perKwh: number, currency: string, locale: string): string {
  const { unit, scale } = priceUnit(currency);
  if (scale > 1) return `${number(perKwh * scale, 1, locale)}${SPACE}${unit}`;
  return `${money(perKwh, currency, locale)}/kWh`;
}

export function money(amount: number, currency: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "currency", currency: currency || "EUR" }).format(amount);
}

/** Time of day; with the weekday when it is not the day of `now`. */
export function moment(value: string | Date, now: Date, locale: string): string {
  const at = new Date(value);
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(at);
  if (at.toDateString() === now.toDateString()) return time;
  const near = Math.abs(at.getTime() - now.getTime()) < 6 * 86_400_000;
  const day = new Intl.DateTimeFormat(locale, near ? { weekday: "short" } : { day: "numeric", month: "short" }).format(at);
  return `${day} ${time}`;
}

/** Kilometres, or miles where roads are told in them. */
export function distance(km: number, locale: string): string {
  if (/-(GB|US)\b/.test(locale)) return `${number(km / 1.609344, 0, locale)}${SPACE}mi`;
  return `${number(km, 0, locale)}${SPACE}km`;
}

let currency = (): string => "EUR";
let now = (): Date => new Date();

/** Where sentences find the house's currency and clock. */
export function context(houseCurrency: () => string, houseNow: () => Date): void {
  currency = houseCurrency;
  now = houseNow;
}

const UNITS: Record<string, (value: number, locale: string) => string> = {
  w: power,
  wh: energy,
  kwh: (value, locale) => energy(value * 1000, locale),
  a: (value, locale) => `${number(value, Number.isInteger(value) ? 0 : 1, locale)}${SPACE}A`,
  s: duration,
  percent: (value, locale) => `${number(value, 0, locale)}${SPACE}%`,
  price: (value, locale) => price(value, currency(), locale),
  limit: (value, locale) => price(value, currency(), locale),
  money: (value, locale) => money(value, currency(), locale),
  cost: (value, locale) => money(value, currency(), locale),
  g: (value, locale) => `${number(value, 0, locale)}${SPACE}g/kWh`,
  km: distance,
};
const MOMENTS = new Set(["finish", "start", "end", "until", "at", "time", "target", "latest"]);

/** A figure by the end of its name: `missing_w` in W or kW, `remaining_s` as a duration. */
export function format(name: string, value: unknown, locale: string): string {
  const unit = name.slice(name.lastIndexOf("_") + 1);
  if (typeof value === "number") return (UNITS[unit] ?? ((plain) => number(plain, Number.isInteger(plain) ? 0 : 1, locale)))(value, locale);
  if (typeof value === "string" && MOMENTS.has(unit) && /^\d{4}-\d\d-\d\dT/.test(value)) return moment(value, now(), locale);
  return value === undefined || value === null ? "–" : String(value);
}
