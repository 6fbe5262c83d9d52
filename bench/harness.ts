/** How often each variant is measured; they take turns, so that a noisy machine disturbs all of them alike. */
export const ROUNDS = 9;

export interface Measured {
  /** Milliseconds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

const summary = (times: readonly number[]): Measured => {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
};

/** Measures variants in turns, one warm-up each. */
export async function measure<Name extends string>(
  variants: Readonly<Record<Name, () => unknown>>,
  rounds: number = ROUNDS,
): Promise<Readonly<Record<Name, Measured>>> {
  const names = Object.keys(variants) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (const name of names) await variants[name]();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const start = performance.now();
      await variants[name]();
      times[name].push(performance.now() - start);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summary(times[name])])) as Record<Name, Measured>;
}

const milliseconds = ({ median, least, most }: Measured): string => `${median.toFixed(1)} ms (${least.toFixed(1)}–${most.toFixed(1)})`;

/** One line of the table: what was measured, against what, the ratio of the medians, and the target. */
export interface Ratio {
  readonly what: string;
  readonly measured: Measured;
  readonly against: string;
  readonly base: Measured;
  readonly target: number | null;
}

/** Prints a section of ratios from one run. */
export function printRatios(title: string, ratios: readonly Ratio[], out: NodeJS.WritableStream): void {
  out.write(`\n${title}\n`);
  for (const { what, measured, against, base, target } of ratios) {
    const ratio = measured.median / base.median;
    const verdict = target === null ? '' : ratio <= target ? `, target ${target}: met` : `, target ${target}: MISSED`;
    out.write(`  ${what}: ${milliseconds(measured)} / ${against}: ${milliseconds(base)} = ${ratio.toFixed(2)}${verdict}\n`);
  }
}
