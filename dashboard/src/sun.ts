/* The expected sun between the points of its forecast. */
import type { SolarPoint } from "./api/schema";

/** Power in W at a time in ms; 0 outside of what is foretold. */
export function sunAt(points: readonly SolarPoint[] | undefined): (at: number) => number {
  const known = (points ?? []).map((each) => [Date.parse(each.ts), each.val] as const);
  return (at) => {
    const next = known.findIndex(([ts]) => ts > at);
    if (next <= 0) return 0;
    const [[before, low], [after, high]] = [known[next - 1]!, known[next]!];
    return low + ((high - low) * (at - before)) / (after - before);
  };
}
