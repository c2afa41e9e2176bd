/* Keeps the state fresh: the live connection, or asking again where a proxy does not let it through. */
import { forget, heard, quiet } from "./foreseen";
import { apply, connection, replace, site, type Frame } from "./house";

const SILENCE_MS = 50_000; // the server says something at least every 30 s
const LOOK_MS = 10_000;
const POLL_MS = 3_000;
const RETRIES_MS = [300, 1_000, 2_000, 4_000, 8_000];
const LIVE_AGAIN_MS = 60_000;

let socket: WebSocket | undefined;
let failures = 0;
let spoken = 0; // when the server last said something
let etag = "";
let next: ReturnType<typeof setTimeout> | undefined;
let liveAt = 0; // when a polling page tries the live connection again
let watch: ReturnType<typeof setInterval> | undefined;

function become(state: typeof connection.state): void {
  if (connection.state === state) return;
  connection.state = state;
  connection.since = Date.now();
}

/** Another program answers than the one this page came from: take its page. */
function reloadOnUpdate(before: string | undefined): void {
  if (before && site.softwareVersion && site.softwareVersion !== before) location.reload();
}

function take(state: Frame): void {
  const before = site.softwareVersion;
  forget();
  replace(state);
  reloadOnUpdate(before);
}

function news(frame: Frame): void {
  heard(frame);
  apply(frame);
}

export function address(path: string): string {
  const url = new URL(path, document.baseURI);
  url.hash = "";
  url.search = "";
  return url.href.replace(/^http/, "ws");
}

function open(): void {
  clearTimeout(next);
  const live = new WebSocket(address("ws"));
  socket = live;
  let welcomed = false;
  live.onmessage = (event: MessageEvent<string>) => {
    spoken = performance.now();
    const frame = JSON.parse(event.data) as Frame;
    if (welcomed) return news(frame);
    welcomed = true;
    failures = 0;
    take(frame);
    become("live");
  };
  live.onclose = () => {
    if (socket !== live) return;
    socket = undefined;
    if (welcomed) return again(RETRIES_MS[0]!);
    failures += 1;
    void poll();
  };
}

function again(delay: number): void {
  clearTimeout(next);
  next = setTimeout(open, delay);
}

/** One look at the state; says whether there is a server at all. */
async function look(): Promise<boolean> {
  try {
    const headers: Record<string, string> = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch("api/state", { headers, cache: "no-store", signal: AbortSignal.timeout(LOOK_MS) });
    if (answer.status === 304) {
      quiet();
      return true;
    }
    if (!answer.ok) return false;
    etag = answer.headers.get("ETag") ?? "";
    const body = (await answer.json()) as Frame;
    take((body["result"] as Frame | undefined) ?? body);
    return true;
  } catch {
    return false; // no answer is what we came to find out
  }
}

/** Ask until the live connection is back. */
async function poll(): Promise<void> {
  const answered = await look();
  if (socket) return;
  become(answered ? "polling" : "lost");
  const now = performance.now();
  const tryLive = !answered || (failures > 0 && now >= liveAt);
  if (tryLive) liveAt = now + LIVE_AGAIN_MS;
  clearTimeout(next);
  next = setTimeout(tryLive ? open : poll, answered ? POLL_MS : RETRIES_MS[Math.min(failures, RETRIES_MS.length - 1)]);
}

function lookAfter(): void {
  if (socket && connection.state === "live" && performance.now() - spoken > SILENCE_MS) socket.close();
}

/** Begin; the page is fed until it is closed. */
export function start(): void {
  open();
  watch ??= setInterval(lookAfter, SILENCE_MS / 2);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !socket) open();
  });
  window.addEventListener("online", () => socket ?? open());
}
