import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import de from "../src/i18n/de";
import en, { type Key } from "../src/i18n/en";

const SOURCE = join(import.meta.dirname, "../src");
const sources = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|vue)$/.test(name) && !/i18n.(de|en)\.ts$/.test(name))
  .map((name) => readFileSync(join(SOURCE, name), "utf8"))
  .join("\n");

/** Beginnings of keys that are put together at run time: t(`nav.${each}`), and codes of the server. */
const made = [...sources.matchAll(/[`"]([a-zA-Z.]+\.)\$\{/g)].map((match) => match[1]!);
const keys = Object.keys(en) as Key[];
const figures = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1]!))].sort();

describe("the catalogues", () => {
  it("have the same keys in both languages", () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
  });

  it("tell the same figures in both languages", () => {
    expect(keys.filter((key) => figures(en[key]).join() !== figures(de[key]).join())).toEqual([]);
  });

  it("have no key that nobody uses", () => {
    const unused = keys.filter((key) => !sources.includes(`"${key}"`) && !sources.includes(`'${key}'`) && !made.some((begin) => key.startsWith(begin)));
    expect(unused).toEqual([]);
  });

  it("leave nothing untranslated", () => {
    const same = keys.filter((key) => en[key] === de[key] && /[a-z]{4}/.test(en[key].replace(/\{[^}]*\}/g, "")));
    expect(same).toEqual([]);
  });
});
