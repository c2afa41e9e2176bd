/* Who the visitor is to the server, and the one place that asks for the password. */
import { ref } from "vue";
import { call, Refused } from "../api/client";

export type Login = "unknown" | "in" | "out" | "unset" | "demo";

export const login = ref<Login>("unknown");
export const loginAsked = ref(false);

export function askLogin(): void {
  if (login.value !== "demo") loginAsked.value = true;
}

export async function lookAtLogin(): Promise<void> {
  try {
    login.value = (await call<boolean>("GET", "auth/status")) ? "in" : "out";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 501) login.value = "unset";
    if (error.status === 403) login.value = "demo";
  }
}
