/* Sentences with figures. In a template:
 *   {name}              a figure, formatted by the unit at the end of its name (missing_w, remaining_s, soc_percent)
 *   [only with {name}]  left out when a figure in it is missing
 *   {n?one|other}       by the plural of the language; # stands for the number
 */
import { format } from "./format";

export type Facts = Record<string, string | number | boolean | null | undefined>;

const OPTIONAL = /\[([^[\]]*)\]/g;
const FIGURE = /\{(\w+)(?:\?([^|{}]*)\|([^|{}]*))?\}/g;

const missing = (facts: Facts, name: string): boolean => facts[name] === undefined || facts[name] === null || facts[name] === "";

function figures(text: string, facts: Facts, locale: string): string {
  return text.replace(FIGURE, (_, name: string, one?: string, other?: string) => {
    const value = facts[name];
    if (one === undefined || other === undefined) return format(name, value, locale);
    const chosen = new Intl.PluralRules(locale).select(Number(value)) === "one" ? one : other;
    return chosen.replace("#", new Intl.NumberFormat(locale).format(Number(value)));
  });
}

/** The sentence in which every figure has its value. */
export function filled(template: string, facts: Facts, locale: string): string {
  const kept = template.replace(OPTIONAL, (_, part: string) =>
    [...part.matchAll(FIGURE)].some((match) => missing(facts, match[1]!)) ? "" : part,
  );
  return figures(kept, facts, locale);
}
