/* A change of a setting: shown at once, taken back with the server's sentence if it is refused. */
import { getCurrentInstance, onMounted, onUnmounted, ref, watch, type Ref } from "vue";
import { call, Refused, type Method } from "../api/client";
import { answered, foresee } from "./foreseen";
import type { Frame } from "./house";
import { askLogin, login } from "./login";
import { t, told } from "../i18n";

export interface Change {
  busy: Ref<boolean>;
  /** What did not happen and why; empty if all is well. */
  problem: Ref<string>;
  /** `shown`: flat keys as they will be. True when the server took it. */
  run: (method: Method, path: string, shown?: Frame, body?: unknown) => Promise<boolean>;
}

/** Why a request failed, as a sentence for whoever asked for it. */
export function why(error: unknown): string {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 0) return t("refused.noAnswer");
  if (error.status === 401) return t("refused.login");
  if (error.status === 429) return sentence(told(error.message));
  if (error.status >= 500) return t("refused.fault", { status: error.status });
  return t("refused.because", { why: told(error.message).replace(/[.]$/, "") || String(error.status) });
}

/** As a sentence of its own. */
const sentence = (said: string): string => `${said.slice(0, 1).toUpperCase()}${said.slice(1).replace(/[.]$/, "")}.`;

/** What was refused is past when something else is entered, or when who had to log in has done so. */
function forgetting(problem: Ref<string>): void {
  const forget = (): void => {
    problem.value = "";
  };
  onMounted(() => document.addEventListener("input", forget, true));
  onUnmounted(() => document.removeEventListener("input", forget, true));
  watch(login, (now) => now === "in" && forget());
}

export function useChange(): Change {
  const busy = ref(false);
  const problem = ref("");
  if (getCurrentInstance()) forgetting(problem);

  async function run(method: Method, path: string, shown: Frame = {}, body?: unknown): Promise<boolean> {
    foresee(shown);
    busy.value = true;
    problem.value = "";
    try {
      await call(method, path, body);
      answered(shown, true);
      return true;
    } catch (error) {
      answered(shown, false);
      problem.value = why(error);
      if (error instanceof Refused && error.status === 401) askLogin();
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { busy, problem, run };
}
