import type { Problem, Snapshot } from '../core/snapshot/snapshot';
import type { SnapshotRecord } from '../core/snapshot/snapshot-record';
import type { CallOptions, Page } from '../ports/snapshot-kind';
import { makeSnapshotCollection, type SnapshotCollection } from './collect-snapshots';
import type { Deadline } from './deadline';
import { absentList } from './inventory-errors';
import { walkPages } from './walk-pages';

/** How one snapshot list is asked for. */
export interface SnapshotListRequest {
  readonly operation: string;
  readonly ask: (token: string | null, options: CallOptions) => Promise<Page<SnapshotRecord>>;
  readonly deadline: Deadline;
  readonly maxPages: number;
  /** Meets each page of the first reading; may throw, which ends the reading. `null`: an answer without its list. */
  readonly onPage: (rows: readonly SnapshotRecord[] | null) => void;
  /** Called for each page of a further reading. */
  readonly onPageAgain: (rows: readonly SnapshotRecord[] | null) => void;
}

/** A snapshot list as it was read. `error` is null when it was read to its end. */
export interface SnapshotList {
  readonly pages: number;
  readonly error: unknown;
  readonly snapshots: readonly Snapshot[];
  readonly problems: readonly Problem[];
  /** Its rows moved up during each of the readings, so that one can be missing. */
  readonly changing: boolean;
}

/** How often a list is read again because its rows moved up. */
const MAX_READINGS_AGAIN = 2;

/**
 * Whether rows moved up between two readings of a first page, so that one can have moved from a page that was not yet
 * read to one that was: a row that was not on it follows one that was, a row vanished before one that stayed, or none
 * stayed. New rows at the front push rows down: no reason.
 */
export function movedUp(before: readonly string[], now: readonly string[]): boolean {
  const [then, present] = [new Set(before), new Set(now)];
  const firstKnown = now.findIndex((arn) => then.has(arn));
  if (firstKnown < 0) return before.length > 0 && now.length > 0;
  const lastStaying = before.findLastIndex((arn) => present.has(arn));
  return (
    now.slice(firstKnown).some((arn) => !then.has(arn)) || before.slice(0, lastStaying).some((arn) => !present.has(arn))
  );
}

const listedArns = (rows: readonly SnapshotRecord[]): readonly string[] => rows.flatMap(({ arn }) => arn ?? []);

const vanished = (operation: string): Error =>
  absentList(`${operation} answered without its list when its first page was read again`);

/** Reads a list once, and where it has several pages the first of them once more at the end. */
async function readOnce(
  { operation, ask, deadline, maxPages }: SnapshotListRequest,
  onPage: SnapshotListRequest['onPage'],
): Promise<{
  readonly collection: SnapshotCollection;
  readonly pages: number;
  readonly error: unknown;
  readonly moved: boolean;
}> {
  const collection = makeSnapshotCollection();
  // An empty page tells nothing of what follows it: the first is the first that has rows.
  let first: readonly string[] = [];
  const { pages, error } = await walkPages(
    operation,
    ask,
    (rows) => {
      onPage(rows);
      if (first.length === 0) first = listedArns(rows ?? []);
      collection.add(rows ?? []);
    },
    deadline,
    maxPages,
  );
  if (error !== null || pages < 2) return { collection, pages, error, moved: false };
  let now: readonly string[] = [];
  const again = await walkPages(
    operation,
    async (token, options) => {
      const page = await ask(token, options);
      return page.rows?.length === 0 ? page : { ...page, next: null };
    },
    (rows) => {
      if (rows === null) throw vanished(operation);
      now = listedArns(rows);
    },
    deadline,
    maxPages,
  );
  return { collection, pages, error: again.error, moved: again.error === null && movedUp(first, now) };
}

/**
 * Reads a snapshot list to its end, and again where its rows moved up meanwhile: a row that moves to a page that was
 * read already is on none. A list that still moves is the union of its readings. Never rejects; what was read before a
 * failure stays.
 */
export async function readSnapshotList(request: SnapshotListRequest): Promise<SnapshotList> {
  const earlier: SnapshotCollection[] = [];
  for (;;) {
    const again = earlier.length > 0;
    const { collection, pages, error, moved } = await readOnce(request, again ? request.onPageAgain : request.onPage);
    if (!moved || earlier.length === MAX_READINGS_AGAIN) {
      if (moved || error !== null) for (const before of earlier) collection.addMissing(before.finish().snapshots);
      return { pages, error, changing: moved, ...collection.finish() };
    }
    earlier.push(collection);
  }
}
