import type { HistoryEnd } from './history';
import { KNOWN_FAULTS } from './known-faults';
import { VIOLATIONS, type ViolationCode } from './oracle';

/** What many histories came to. */
export interface Tally {
  histories: number;
  deletes: number;
  readonly counts: Map<string, number>;
  /** By code, how many histories broke it, and the first that did. */
  readonly violations: Map<ViolationCode, { histories: number; readonly first: string; readonly story: string }>;
}

export const newTally = (): Tally => ({ histories: 0, deletes: 0, counts: new Map(), violations: new Map() });

/** Adds one history. `command` repeats it. */
export function addTo(tally: Tally, end: HistoryEnd, command: string): void {
  tally.histories += 1;
  tally.deletes += end.deletes;
  for (const [what, count] of end.counts) tally.counts.set(what, (tally.counts.get(what) ?? 0) + count);
  for (const code of new Set(end.violations.map((violation) => violation.code))) {
    const known = tally.violations.get(code);
    if (known !== undefined) known.histories += 1;
    else tally.violations.set(code, { histories: 1, first: command, story: end.log.join('\n') });
  }
}

/**
 * The violations that no known fault explains, as a text for people: what was broken, how to repeat it, and the whole
 * history. Empty: none.
 */
export function unexplained({ violations }: Tally, known: ReadonlySet<ViolationCode> = KNOWN_FAULTS): string {
  return [...violations]
    .filter(([code]) => !known.has(code))
    .map(
      ([code, { histories, first, story }]) =>
        `${code} (${VIOLATIONS[code]}) in ${histories} histories\nrepeat it: ${first}\n${story}\n`,
    )
    .join('\n');
}

/** A table of what happened, for people. */
export function summary({ histories, deletes, counts, violations }: Tally): string {
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `  ${what}: ${count}`);
  const broken = [...violations].map(
    ([code, { histories: count, first }]) => `  VIOLATED ${code}: ${count} (${first})`,
  );
  return [`${histories} histories, ${deletes} deletes sent`, ...rows, ...broken].join('\n');
}
