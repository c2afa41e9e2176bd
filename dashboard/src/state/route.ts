/* Which page: the part after the hash; and what the address asked for (`?loadpoint=1&view=simple`). */
import { ref } from "vue";

export const PAGES = ["now", "energy", "sessions", "devices", "settings"] as const;
export type Page = (typeof PAGES)[number];

function here(): { page: Page; rest: string } {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return { page: PAGES.find((each) => each === name) ?? "now", rest: rest.join("/") };
}

export const page = ref<Page>(here().page);
export const rest = ref(here().rest);

const query = new URLSearchParams(location.search);
/** One card for a wall; counted from 0. */
export const simple = query.get("view") === "simple";
export const onlyLoadpoint = query.has("loadpoint") ? Number(query.get("loadpoint")) - 1 : null;

export const link = (to: Page, more = ""): string => `#/${to === "now" ? "" : to}${more ? `/${more}` : ""}`;

window.addEventListener("hashchange", () => {
  page.value = here().page;
  rest.value = here().rest;
  window.scrollTo(0, 0);
});
