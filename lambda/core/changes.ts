import type { Changes, Judged } from './report-model';

/** What the next report needs to know of this one: little enough to keep, enough to say what is new. */
export interface ReportState {
  readonly schemaVersion: 1;
  readonly reportId: string;
  readonly evaluatedAt: string;
  readonly complete: boolean;
  /** Regions of which at least one scope was read. */
  readonly regions: readonly string[];
  /** `[arn, name, mark]`: `e` expiring, `h` held, `k` kept otherwise. */
  readonly snapshots: readonly (readonly [string, string | null, Mark])[];
}

type Mark = 'e' | 'h' | 'k';

/** How a snapshot is remembered. */
export const markOf = ({ verdict, status }: Judged): Mark => (verdict === 'expire' ? 'e' : status === 'held' ? 'h' : 'k');

/**
 * What changed since the previous report: by ARN, never by name. A snapshot without ARN cannot be followed and is left out; nothing counts
 * as gone while the inventory is incomplete.
 */
export function changesSince(previous: ReportState, items: readonly Judged[], complete: boolean): Changes {
  const before = new Map(previous.snapshots.map(([arn, , mark]) => [arn, mark] as const));
  const now = new Set(items.map(({ snapshot }) => snapshot.arn));
  const became = (mark: Mark): Judged[] =>
    items.filter((item) => item.snapshot.arn !== null && markOf(item) === mark && before.get(item.snapshot.arn) !== mark);
  return {
    previousReportId: previous.reportId,
    previousAt: Date.parse(previous.evaluatedAt),
    added: items.filter(({ snapshot }) => snapshot.arn !== null && !before.has(snapshot.arn)),
    gone: (complete ? previous.snapshots : []).filter(([arn]) => !now.has(arn)).map(([arn, name]) => ({ arn, name })),
    newlyExpiring: became('e'),
    newlyHeld: became('h'),
  };
}
