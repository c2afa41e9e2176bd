/* The published state of the server, by its own keys; the one place that every component reads. */
import { computed, reactive, shallowReactive, shallowRef } from "vue";
import type { Loadpoint, State } from "../api/schema";

export type Site = Omit<State, "loadpoints">;
export type Frame = Record<string, unknown>;

/** Everything but the loadpoints; empty until the first frame. Values are replaced whole, never changed inside. */
export const site = shallowReactive<Partial<Site>>({});
/** By position; each one lives as long as its place, so that a card is not made anew with every frame. */
export const loadpoints = shallowRef<Loadpoint[]>([]);
/** When a key arrived, in milliseconds of performance.now(): what a countdown counts from. */
export const arrived = new Map<string, number>();
export const known = shallowRef(false);

/** What the server said at the side: a line of its log. */
export interface Notice {
  message: string;
  level: string;
  lp?: number;
}
export const notice = shallowRef<Notice | null>(null);

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));

function put(target: Record<string, unknown>, key: string, value: unknown, full: string): void {
  arrived.set(full, performance.now());
  if (!same(target[key], value)) target[key] = value;
}

/** A copy of `whole` in which the value at `path` is another one. */
function replaced(whole: unknown, path: string[], value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  const copy = Array.isArray(whole) ? [...whole] : { ...(whole as object | undefined) };
  const inside = copy as Record<string, unknown>;
  inside[head] = replaced(inside[head], rest, value);
  return copy;
}

function loadpointAt(index: number): Record<string, unknown> {
  const list = loadpoints.value;
  if (index >= list.length) {
    const more = Array.from({ length: index + 1 - list.length }, () => shallowReactive({}) as Loadpoint);
    loadpoints.value = [...list, ...more];
  }
  return loadpoints.value[index] as unknown as Record<string, unknown>;
}

function assign(path: string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]];
  if (head === "log") {
    notice.value = value as typeof notice.value;
  } else if (head === "loadpoints" && rest.length === 0) {
    const list = value as Frame[];
    list.forEach((each, index) => Object.entries(each).forEach(([key, inner]) => assign([head, String(index), key], inner)));
    if (loadpoints.value.length > list.length) loadpoints.value = loadpoints.value.slice(0, list.length);
  } else if (head === "loadpoints") {
    const [index, key, ...inner] = rest as [string, string, ...string[]];
    const target = loadpointAt(Number(index));
    put(target, key, inner.length ? replaced(target[key], inner, value) : value, `${head}.${index}.${key}`);
  } else {
    const target = site as Record<string, unknown>;
    put(target, head, rest.length ? replaced(target[head], rest, value) : value, head);
  }
}

/** Take a frame of flat keys (`loadpoints.0.mode`), counted from 0. */
export function apply(frame: Frame): void {
  for (const [key, value] of Object.entries(frame)) assign(key.split("."), value);
  if (loadpoints.value.length || "loadpoints" in frame || "siteTitle" in frame) known.value = true;
}

/** Take a whole state: what is not in it any more goes. */
export function replace(state: Frame): void {
  const tops = new Set(Object.keys(state).map((key) => key.split(".")[0]));
  for (const key of Object.keys(site)) if (!tops.has(key)) delete (site as Record<string, unknown>)[key];
  const flat = Object.keys(state).filter((key) => key.startsWith("loadpoints."));
  const count = flat.length ? 1 + Math.max(...flat.map((key) => Number(key.split(".")[1]))) : undefined;
  apply(state);
  if (count !== undefined && loadpoints.value.length > count) loadpoints.value = loadpoints.value.slice(0, count);
}

/** The value at a flat key. */
export function read(key: string): unknown {
  const [head, index, name] = key.split(".");
  if (head === "loadpoints") return (loadpoints.value[Number(index)] as Record<string, unknown> | undefined)?.[name ?? ""];
  return (site as Record<string, unknown>)[key];
}

/** The house's idea of now: a demo lives on another day than the browser. */
export const houseNow = computed(() => (site.decidedAt ? new Date(site.decidedAt) : new Date()));

/** What the page knows of its server. */
export const connection = reactive<{ state: "connecting" | "live" | "polling" | "lost"; since: number }>({
  state: "connecting",
  since: Date.now(),
});
