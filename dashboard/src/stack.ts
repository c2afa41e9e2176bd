/* Layers of stacked bars: each drawn from the line to its top, the tallest first, so that the lower ones cover it. */

export interface Stack {
  name: string;
  /** A colour role without its dashes. */
  role: string;
  values: number[];
}

/** Running sums, the outermost first; `sign` -1 for what hangs below the line. */
export function stacked(layers: readonly Stack[], sign: 1 | -1 = 1): Stack[] {
  const made: Stack[] = [];
  let below: number[] = [];
  for (const layer of layers) {
    below = layer.values.map((value, index) => (below[index] ?? 0) + sign * Math.max(0, value));
    made.unshift({ ...layer, values: below });
  }
  return made;
}

/** Decimals that tell two neighbouring marks of an axis apart. */
export function decimals(step: number): number {
  const fits = (digits: number): boolean => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * 10 ** digits;
  return [0, 1, 2].find(fits) ?? 3;
}

/** The span of an axis: never so narrow that next to nothing fills it. */
export const roomy = (low: number, high: number, least: number): [number, number] => [Math.min(0, low), high - low < least ? Math.max(0, low + least) : high];
