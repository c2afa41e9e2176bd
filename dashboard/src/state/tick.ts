/* Seconds that pass, but only for as long as somebody shows a countdown. */
import { onUnmounted, ref, watch, type Ref } from "vue";

const tick = ref(0);
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function use(): void {
  users += 1;
  timer ??= setInterval(() => (tick.value = performance.now()), 1000);
}

function leave(): void {
  users -= 1;
  if (users > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** performance.now() of the last second while `running`, else 0. */
export function useTick(running: () => boolean): Ref<number> {
  let mine = false;
  watch(
    running,
    (wanted) => {
      if (wanted === mine) return;
      mine = wanted;
      if (wanted) use();
      else leave();
    },
    { immediate: true },
  );
  onUnmounted(() => mine && leave());
  return tick;
}
