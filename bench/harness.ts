/** How often each variant is measured; they take turns, so that a noisy machine disturbs all of them alike. */
export const ROUNDS = 9;

/** Milliseconds on the wall clock, and of all processors. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Measured {
  readonly wall: Spread;
  readonly cpu: Spread;
}

export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
  };
};

/** Costs of work in this process. */
export async function processorCost(work: () => unknown): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1_000 };
}

/** Measures variants in turns, after a warm-up of each; each says itself what it cost. */
export async function inTurns<Name extends string>(
  variants: Readonly<Record<Name, () => Promise<Cost>>>,
  rounds: number = ROUNDS,
): Promise<Readonly<Record<Name, Measured>>> {
  const names = Object.keys(variants) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<Name, Cost[]>;
  for (const name of names) await variants[name]();
  for (let round = 0; round < rounds; round += 1) for (const name of names) costs[name].push(await variants[name]());
  const measured = (name: Name): Measured => ({
    wall: spreadOf(costs[name].map(({ wall }) => wall)),
    cpu: spreadOf(costs[name].map(({ cpu }) => cpu)),
  });
  return Object.fromEntries(names.map((name) => [name, measured(name)])) as Record<Name, Measured>;
}

/** Measures work in this process, in turns. */
export const measure = <Name extends string>(
  variants: Readonly<Record<Name, () => unknown>>,
  rounds: number = ROUNDS,
): Promise<Readonly<Record<Name, Measured>>> =>
  inTurns(
    Object.fromEntries(
      Object.entries(variants).map(([name, work]) => [name, () => processorCost(work as () => unknown)]),
    ) as Record<Name, () => Promise<Cost>>,
    rounds,
  );

const milliseconds = ({ median, least, most }: Spread): string =>
  `${median.toFixed(1)} ms (${least.toFixed(1)}–${most.toFixed(1)})`;

/** One line of the table: what was measured, against what, the ratio of the medians, and the target. */
export interface Ratio {
  readonly what: string;
  readonly measured: Measured;
  readonly against: string;
  readonly base: Measured;
  readonly target: { readonly atMost: number } | { readonly atLeast: number } | null;
}

function verdict(ratio: number, target: Ratio['target']): string {
  if (target === null) return '';
  const [holds, text] =
    'atMost' in target
      ? [ratio <= target.atMost, `≤ ${target.atMost}`]
      : [ratio >= target.atLeast, `≥ ${target.atLeast}`];
  return `, target ${text}: ${holds ? 'met' : 'MISSED'}`;
}

/**
 * Prints a section of ratios from one run. Where a target is "at least", the base is so many times as slow as what was
 * measured.
 */
export function printRatios(title: string, ratios: readonly Ratio[], out: NodeJS.WritableStream): void {
  out.write(`\n${title}\n`);
  for (const { what, measured, against, base, target } of ratios) {
    const ratioOf = (of: 'wall' | 'cpu'): number => {
      const ratio = measured[of].median / base[of].median;
      return target !== null && 'atLeast' in target ? 1 / ratio : ratio;
    };
    out.write(
      `  ${what} / ${against}: ${ratioOf('wall').toFixed(2)}${verdict(ratioOf('wall'), target)}; CPU ${ratioOf('cpu').toFixed(2)}\n`,
    );
    out.write(`    ${milliseconds(measured.wall)}, CPU ${milliseconds(measured.cpu)}\n`);
    out.write(`    ${milliseconds(base.wall)}, CPU ${milliseconds(base.cpu)}\n`);
  }
}
