/* What the server said at the side goes when it is over, is old, or nobody knows any more. */
import { watch } from "vue";
import { reasonOf } from "../i18n/notices";
import { connection, loadpoints, notice, site, type Notice } from "./house";

const SHOWN_MS = 30_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether the trouble that a notice told is none of the reasons any more; what tells no reason is over by time alone. */
export function isOver(told: Notice): boolean {
  const spoken = reasonOf(told.message);
  if (!spoken) return false;
  const now = spoken.lp ? (loadpoints.value[spoken.lp - 1]?.reasons ?? []) : [...(site.reasons ?? []), ...(site.batteryReasons ?? [])];
  return !now.some((each) => each.code === spoken.reason.code);
}

watch(notice, (told) => {
  clearTimeout(timer);
  if (told) timer = setTimeout(() => (notice.value = null), SHOWN_MS);
});
// A notice is told just before the cycle's state: from the next frame on, the reasons are those it came with, or later ones.
watch(
  () => site.cycle,
  () => {
    if (notice.value && isOver(notice.value)) notice.value = null;
  },
);
watch(
  () => connection.state,
  (state) => {
    if (state === "lost") notice.value = null;
  },
);
