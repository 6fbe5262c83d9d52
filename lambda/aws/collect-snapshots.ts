import type { Defect, Problem } from '../core/snapshot/snapshot';
import type { SnapshotRecord } from '../core/snapshot/snapshot-record';

/** The snapshots of one scope as they are listed, each once. */
export interface SnapshotCollection {
  /**
   * Adds a page. Its snapshots that were listed before with the same content are dropped; with different content, the
   * first stays with a defect.
   */
  add(rows: readonly SnapshotRecord[]): void;
  /**
   * Adds the snapshots of another reading whose ARNs are not listed yet; without an ARN it cannot be told which these
   * are.
   */
  addMissing(rows: readonly SnapshotRecord[]): void;
  /**
   * Ends the listing: the snapshots, and what a person must look at (incomplete records, rows that contradict each
   * other).
   */
  finish(): { readonly snapshots: readonly SnapshotRecord[]; readonly problems: readonly Problem[] };
}

/** Makes an empty collection. */
export function makeSnapshotCollection(): SnapshotCollection {
  const snapshots: SnapshotRecord[] = [];
  const indexOf = new Map<string, number>();

  const addAgain = (index: number, row: SnapshotRecord): void => {
    const first = snapshots[index];
    if (first === undefined || first.hasContentOf(row)) return;
    const conflict: Defect = { code: 'snapshot.conflict', message: 'it was listed twice with different content' };
    if (first.defects?.some(({ message }) => message === conflict.message)) return;
    snapshots[index] = first.withDefect(conflict);
  };

  return {
    addMissing(rows) {
      for (const row of rows) {
        if (row.arn === null || indexOf.has(row.arn)) continue;
        indexOf.set(row.arn, snapshots.length);
        snapshots.push(row);
      }
    },
    add(rows) {
      for (const row of rows) {
        const index = row.arn === null ? undefined : indexOf.get(row.arn);
        if (index !== undefined) {
          addAgain(index, row);
          continue;
        }
        if (row.arn !== null) indexOf.set(row.arn, snapshots.length);
        snapshots.push(row);
      }
    },
    finish() {
      indexOf.clear();
      const problems = snapshots.flatMap(({ kind, region, arn, name, defects }) =>
        (defects ?? []).map(({ code, message }) => ({
          code,
          arn,
          message: `${kind} snapshot ${name ?? arn ?? '(no name)'} in ${region} is kept: ${message}`,
        })),
      );
      return { snapshots, problems };
    },
  };
}
