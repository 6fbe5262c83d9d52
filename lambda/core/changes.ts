import { type Block, type Mark, type Remembered, recall } from './remember';
import type { Changes, Judged } from './report-model';

/** What the next report needs to know of this one: little enough to keep, enough to say what is new. */
export interface ReportState {
  readonly schemaVersion: 1;
  readonly reportId: string;
  readonly evaluatedAt: string;
  readonly complete: boolean;
  /** Regions of which at least one scope was read. */
  readonly regions: readonly string[];
  readonly snapshots: Iterable<Block>;
}

/** How a snapshot is remembered. */
export const markOf = ({ verdict, status }: Judged): Mark => (verdict === 'expire' ? 'e' : status === 'held' ? 'h' : 'k');

/** The snapshots of a report as the next one remembers them; one without ARN cannot be followed. */
export function* marksOf(items: readonly Judged[]): Generator<Remembered> {
  for (const item of items) if (item.snapshot.arn !== null) yield [item.snapshot.arn, item.snapshot.name, markOf(item)];
}

/**
 * What changed since the previous report: by ARN, never by name. A snapshot without ARN cannot be followed and is left out; nothing counts
 * as gone while the inventory is incomplete.
 */
export function changesSince(previous: ReportState, items: readonly Judged[], complete: boolean): Changes {
  const indexes = new Map<string, number>();
  for (const [index, { snapshot }] of items.entries()) if (snapshot.arn !== null) indexes.set(snapshot.arn, index);
  const before: (Mark | undefined)[] = new Array(items.length).fill(undefined);
  const gone: { readonly arn: string; readonly name: string | null }[] = [];
  for (const [arn, name, mark] of recall(previous.snapshots)) {
    const index = indexes.get(arn);
    if (index !== undefined) before[index] = mark;
    else if (complete) gone.push({ arn, name });
  }
  const became = (mark: Mark): Judged[] =>
    items.filter((item, index) => item.snapshot.arn !== null && markOf(item) === mark && before[index] !== mark);
  return {
    previousReportId: previous.reportId,
    previousAt: Date.parse(previous.evaluatedAt),
    added: items.filter(({ snapshot }, index) => snapshot.arn !== null && before[index] === undefined),
    gone,
    newlyExpiring: became('e'),
    newlyHeld: became('h'),
  };
}
