/* Sentences with figures. In a template:
 *   {name}              a figure, formatted by the unit at the end of its name (missing_w, remaining_s, soc_percent)
 *   [only with {name}]  left out when a figure in it is missing, or a counted one is 0
 *   {n?one|other}       by the plural of the language; # stands for the number
 */
import { format } from "./format";

export type Facts = Record<string, string | number | boolean | null | undefined>;

const OPTIONAL = /\[([^[\]]*)\]/g;
const FIGURE = /\{(\w+)(?:\?([^|{}]*)\|([^|{}]*))?\}/g;

/** Nothing to say: no value, no word, or none of what is counted. */
function missing(facts: Facts, [, name, counted]: RegExpMatchArray): boolean {
  const value = facts[name!];
  return value === undefined || value === null || value === "" || (counted !== undefined && Number(value) === 0);
}

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
    [...part.matchAll(FIGURE)].some((match) => missing(facts, match)) ? "" : part,
  );
  return figures(kept, facts, locale);
}
