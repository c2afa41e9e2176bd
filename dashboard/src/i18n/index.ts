/* The language of the page: one catalogue of sentences by key, fetched alone. */
import { computed, shallowRef } from "vue";
import { houseNow, site } from "../state/house";
import { language, type Language } from "../state/preferences";
import type { Catalogue, Key } from "./en";
import * as formats from "./format";
import { retold, type Said } from "./said";
import { filled, type Facts } from "./template";

export type { Facts, Key };

/** `said`: how the server's English is told; none in English. */
const CATALOGUES: Record<Language, () => Promise<{ default: Catalogue; said?: readonly Said[] }>> = { de: () => import("./de"), en: () => import("./en") };

const catalogue = shallowRef<Partial<Catalogue>>({});
const said = shallowRef<readonly Said[]>([]);
/** With the region of the browser, where it speaks the same language. */
export const locale = computed(() => navigator.languages.find((each) => each.startsWith(language())) ?? language());

formats.context(
  () => site.currency ?? "EUR",
  () => houseNow.value,
);

/** Fetch the sentences of the language that is chosen. */
export async function load(): Promise<void> {
  const chosen = language();
  const words = await CATALOGUES[chosen]();
  catalogue.value = words.default;
  said.value = words.said ?? [];
  document.documentElement.lang = chosen;
}

/** The sentence of a key with its figures. */
export function t(key: Key, facts: Facts = {}): string {
  return filled(catalogue.value[key] ?? key, facts, locale.value);
}

/** The sentence of a key that is made at run time; undefined where the catalogue has none. */
export function found(key: string, facts: Facts = {}): string | undefined {
  const template = (catalogue.value as Record<string, string | undefined>)[key];
  return template === undefined ? undefined : filled(template, facts, locale.value);
}

/** A sentence of the server in the language of the page, where it is known there. */
export const told = (sentence: string): string => retold(sentence, said.value);

export const power = (watts: number | null | undefined): string => (watts == null ? "–" : formats.power(watts, locale.value));
export const energy = (wh: number | null | undefined): string => (wh == null ? "–" : formats.energy(wh, locale.value));
export const duration = (seconds: number): string => formats.duration(seconds);
export const percent = (value: number): string => formats.format("percent", value, locale.value);
export const current = (amperes: number): string => formats.format("a", amperes, locale.value);
export const price = (perKwh: number): string => formats.price(perKwh, site.currency ?? "EUR", locale.value);
export const priceUnit = (): string => formats.priceUnit(site.currency ?? "EUR").unit;
export const priceScale = (): number => formats.priceUnit(site.currency ?? "EUR").scale;
export const money = (amount: number): string => formats.money(amount, site.currency ?? "EUR", locale.value);
export const moment = (at: string | Date): string => formats.moment(at, houseNow.value, locale.value);
export const distance = (km: number): string => formats.distance(km, locale.value);
export const number = (value: number, digits = 0): string => formats.number(value, digits, locale.value);
