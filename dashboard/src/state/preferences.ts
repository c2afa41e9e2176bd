/* What this browser prefers; survives a reload. */
import { reactive, watch } from "vue";

export type Theme = "system" | "light" | "dark";
export type Language = "de" | "en";

interface Preferences {
  theme: Theme;
  language: Language | "system";
}

const KEY = "evcc-flask";
const USUAL: Preferences = { theme: "system", language: "system" };

function stored(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
  } catch {
    return {}; // a browser that keeps nothing, or something odd kept by an older page
  }
}

export const preferences = reactive<Preferences>({ ...USUAL, ...stored() });

/** The browser's first language that we speak, unless one was chosen. */
export function language(): Language {
  if (preferences.language !== "system") return preferences.language;
  const first = navigator.languages.find((each) => /^(de|en)\b/.test(each));
  return first?.startsWith("de") ? "de" : "en";
}

function show(): void {
  if (preferences.theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = preferences.theme;
}

/** Keep what is chosen, and show it. */
export function start(): void {
  show();
  watch(preferences, () => {
    show();
    try {
      localStorage.setItem(KEY, JSON.stringify(preferences));
    } catch {
      // a browser that keeps nothing: the choice counts until the page is left
    }
  });
}
