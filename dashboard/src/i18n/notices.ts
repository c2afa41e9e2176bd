/* What is told at the side, a line of the server's log and the issues of the state, in words and by weight. */
import type { Issue, Reason } from "../api/schema";
import type { Notice } from "../state/house";
import { found, told } from "./index";
import { sentence } from "./reasons";

/** `loadpoint 1: does_not_obey (command disable, repeated 1)`: a decision's reason, as the log tells it. */
const REASON = /^(?:loadpoint (\d+)|site): ([a-z0-9_]+)(?: \((.*)\))?$/s;

interface Spoken {
  /** Counted from 1; undefined where it concerns the house. */
  lp: number | undefined;
  reason: Reason;
}

const value = (text: string): string | number => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);

/** The reason that a line of the log tells; undefined where it tells something else. */
export function reasonOf(message: string): Spoken | undefined {
  const match = REASON.exec(message);
  if (!match || found(`reason.${match[2]}`) === undefined) return undefined;
  const facts = (match[3] ?? "").split(/, (?=[a-z_]+ )/).filter(Boolean).map((each) => each.split(/ (.*)/s) as [string, string]);
  return { lp: match[1] ? Number(match[1]) : undefined, reason: { code: match[2]!, ...Object.fromEntries(facts.map(([name, text]) => [name, value(text)])) } };
}

const LOADPOINT = /^loadpoint (\d+): (.*)$/s;

/** A notice as a sentence, the charging point by its title. */
export function noticed(notice: Notice, titles: readonly string[]): string {
  const spoken = reasonOf(notice.message);
  const plain = LOADPOINT.exec(notice.message);
  const lp = notice.lp ?? spoken?.lp ?? (plain ? Number(plain[1]) : undefined);
  const said = spoken ? sentence(spoken.reason) : told(plain ? plain[2]! : notice.message);
  return lp ? `${titles[lp - 1] || lp}: ${said}` : said;
}

/** What only advises; all else is about something that does not work. The fail-safe's come last. */
const HINTS = [/'s own file and stays as it is/, /^belongs to no circuit/, /is not used/, /notices a restart or a reload/, /has no fail-safe/];

/** Devices that are lost and errors before hints; else in the order of the server. */
export const byWeight = (issues: readonly Issue[]): Issue[] => {
  const weight = (issue: Issue): number => HINTS.findIndex((each) => each.test(issue.message));
  return [...issues].sort((a, b) => weight(a) - weight(b));
};
