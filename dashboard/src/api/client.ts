/* Speaks to the REST API: one function, one kind of failure. */

export class Refused extends Error {
  /** status 0: no answer at all. `message` is the server's own sentence. */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The answer out of its envelope. Throws Refused. */
export async function call<T = unknown>(method: Method, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, signal: AbortSignal.timeout(15_000), cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await fetch(`api/${path}`, init);
  } catch {
    throw new Refused(0, "");
  }
  const text = await answer.text();
  const parsed = (answer.headers.get("Content-Type") ?? "").includes("json") && text ? (JSON.parse(text) as unknown) : text;
  if (!answer.ok) throw new Refused(answer.status, sentence(parsed));
  return (isObject(parsed) && "result" in parsed ? parsed["result"] : parsed) as T;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function sentence(parsed: unknown): string {
  if (isObject(parsed) && typeof parsed["error"] === "string") return parsed["error"];
  return typeof parsed === "string" ? parsed.trim() : "";
}
