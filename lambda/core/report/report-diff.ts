import { decodeIndex, type IndexBlock, type IndexEntry, type IndexMark } from '../snapshot/snapshot-index';
import type { Changes, EvaluatedSnapshot, ListName, ListRead, Scope } from './report-model';

/** What the next report needs to know of this one besides its snapshots. */
export interface ReportHead {
  readonly schemaVersion: 1;
  readonly reportId: string;
  readonly evaluatedAt: string;
  readonly complete: boolean;
  /** The lists that were read to their ends. Earlier versions did not write how many snapshots were on them. */
  readonly lists: readonly (ListName & Partial<ListRead>)[];
  /** Source ARNs that this report, or one before it, confirmed as gone. Earlier versions did not write them. */
  readonly gone?: readonly string[];
}

/** What the next report needs to know of this one: little enough to keep, enough to say what is new. */
export interface ReportState extends ReportHead {
  readonly snapshots: Iterable<IndexBlock>;
}

/** The report before this one: its snapshots come in blocks that are never held all at once. */
export interface PreviousReport extends ReportHead {
  readonly snapshots: Iterable<IndexBlock> | AsyncIterable<IndexBlock>;
}

/** How a snapshot is remembered. */
export const indexMark = ({ verdict, status }: EvaluatedSnapshot): IndexMark =>
  verdict === 'expire' ? 'e' : status === 'held' ? 'h' : 'k';

/** The snapshots of a report as the next one remembers them; one without ARN cannot be followed. */
export function* indexEntries(items: readonly EvaluatedSnapshot[]): Generator<IndexEntry> {
  for (const item of items) {
    const { region, kind, arn, name } = item.snapshot;
    if (arn !== null) yield [region, kind, arn, name, indexMark(item)];
  }
}

/** The lists that were read to their ends. */
export const listsRead = (scopes: readonly Scope[]): readonly ListRead[] =>
  scopes.filter(({ status }) => status === 'read').map(({ region, kind, snapshots }) => ({ region, kind, snapshots }));

const listKey = ({ region, kind }: ListName): string => `${region} ${kind}`;

/** A comparison with the previous report, which is met block by block. */
export interface Comparison {
  add(block: IndexBlock): void;
  changes(): Changes;
}

/**
 * Begins to say what changed since the previous report: by ARN, never by name, and only in lists that both reports read to their ends. A snapshot
 * without ARN cannot be followed and is left out.
 */
export function compareWith(
  previous: ReportHead,
  items: readonly EvaluatedSnapshot[],
  scopes: readonly Scope[],
): Comparison {
  const [then, now] = [previous.lists, listsRead(scopes)];
  const [keysThen, keysNow] = [new Set(then.map(listKey)), new Set(now.map(listKey))];
  const inBoth = (list: ListName): boolean => keysThen.has(listKey(list)) && keysNow.has(listKey(list));
  const indexes = new Map<string, number>();
  for (const [index, { snapshot }] of items.entries())
    if (snapshot.arn !== null && inBoth(snapshot)) indexes.set(snapshot.arn, index);
  const before: (IndexMark | undefined)[] = new Array(items.length).fill(undefined);
  const gone: { readonly arn: string; readonly name: string | null }[] = [];
  const compared = (holds: (was: IndexMark | undefined, is: IndexMark) => boolean): readonly EvaluatedSnapshot[] =>
    items.filter(
      (item, index) => indexes.get(item.snapshot.arn ?? '') === index && holds(before[index], indexMark(item)),
    );
  return {
    add(block) {
      for (const [region, kind, arn, name, mark] of decodeIndex([block])) {
        const index = indexes.get(arn);
        if (index !== undefined) before[index] = mark;
        else if (inBoth({ region, kind })) gone.push({ arn, name });
      }
    },
    changes: () => ({
      previousReportId: previous.reportId,
      previousAt: Date.parse(previous.evaluatedAt),
      uncompared: [...now, ...then].filter((list) => !inBoth(list)).map(({ region, kind }) => ({ region, kind })),
      added: compared((was) => was === undefined),
      gone,
      newlyExpiring: compared((was, is) => is === 'e' && was !== 'e'),
      noLongerExpiring: compared((was, is) => was === 'e' && is !== 'e'),
      newlyHeld: compared((was, is) => is === 'h' && was !== 'h'),
      noLongerHeld: compared((was, is) => was === 'h' && is !== 'h'),
    }),
  };
}

/** Whether anything is otherwise than it was, or could not be compared. */
export const hasChanges = ({ previousReportId: _, previousAt: __, ...lists }: Changes): boolean =>
  Object.values(lists).some(({ length }) => length > 0);
