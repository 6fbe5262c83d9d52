import { decodeIndex, type IndexBlock, type IndexEntry, type IndexMark } from '../snapshot/snapshot-index';
import type { Changes, EvaluatedSnapshot, ListName, ListRead, Scope } from './report-model';

/** The state of a report for the next one, without its snapshots. */
export interface ReportHead {
  readonly schemaVersion: 1;
  readonly reportId: string;
  readonly evaluatedAt: string;
  readonly complete: boolean;
  /** The completely read lists. Earlier versions did not write their number of snapshots. */
  readonly lists: readonly (ListName & Partial<ListRead>)[];
  /** Source ARNs that this or an earlier report confirmed as gone. Earlier versions did not write them. */
  readonly gone?: readonly string[];
}

/** The state of a report for the next one. */
export interface ReportState extends ReportHead {
  readonly snapshots: Iterable<IndexBlock>;
}

/** The state of the previous report, whose blocks are read one at a time. */
export interface PreviousReport extends ReportHead {
  readonly snapshots: Iterable<IndexBlock> | AsyncIterable<IndexBlock>;
}

/** The mark of a snapshot in the index. */
export function indexMark({ verdict, status }: EvaluatedSnapshot): IndexMark {
  if (verdict === 'expire') return 'e';
  return status === 'held' ? 'h' : 'k';
}

/** The index entries of the snapshots of a report; a snapshot without ARN has none. */
export function* indexEntries(items: readonly EvaluatedSnapshot[]): Generator<IndexEntry> {
  for (const item of items) {
    const { region, kind, arn, name } = item.snapshot;
    if (arn !== null) yield [region, kind, arn, name, indexMark(item)];
  }
}

/** The completely read lists. */
export const listsRead = (scopes: readonly Scope[]): readonly ListRead[] =>
  scopes.filter(({ status }) => status === 'read').map(({ region, kind, snapshots }) => ({ region, kind, snapshots }));

const listKey = ({ region, kind }: ListName): string => `${region} ${kind}`;

/** A comparison with the previous report, to which its blocks are added one at a time. */
export interface Comparison {
  add(block: IndexBlock): void;
  changes(): Changes;
}

/** Starts a comparison with the previous report: by ARN, and only in lists that both reports read completely. */
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

/** Whether anything changed or could not be compared. */
export const hasChanges = ({ previousReportId: _, previousAt: __, ...lists }: Changes): boolean =>
  Object.values(lists).some(({ length }) => length > 0);
