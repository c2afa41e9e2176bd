/* The tab of the browser: its title and icon say whether a car charges. */
import type { Loadpoint } from "./api/schema";
import { power } from "./i18n";

const CHARGING = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#f2b632"/><path d="M36 8 16 37h14l-2 19 20-29H34z" fill="#17324a"/></svg>',
)}`;

export function showInTab(title: string, points: readonly Loadpoint[]): void {
  const watts = points.reduce((sum, each) => sum + (each.charging ? each.chargePower : 0), 0);
  const charging = points.some((each) => each.charging);
  const name = title || "evcc-flask";
  document.title = charging ? `${power(watts)} · ${name}` : name;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const wanted = charging ? CHARGING : "./icon.svg";
  if (icon && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}
