import type { Report } from '../../core/report/report-model';
import { unreadScopes } from '../report-sections';
import type { PageContext } from './page-context';

/** A day of an automatic deletion, with its number of snapshots. */
export interface DeletionDay {
  /** `2026-12-07`. */
  readonly day: string;
  readonly count: number;
}

/** What a report means for its reader; each has its own first screen. */
export type Situation =
  | { readonly kind: 'countdown'; readonly days: readonly DeletionDay[] }
  /** Automatic deletion is on, and the days are not known. */
  | { readonly kind: 'undated' }
  | { readonly kind: 'candidates' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'incomplete'; readonly regions: readonly string[] }
  | { readonly kind: 'nothing-read' }
  | { readonly kind: 'clean' }
  | { readonly kind: 'empty' };

/** The days of the deletions, the nearest first. */
function deletionDays(report: Report, due: ReadonlyMap<string, string>): readonly DeletionDay[] {
  const counts = new Map<string, number>();
  for (const { verdict, snapshot } of report.items) {
    const day = verdict === 'expire' ? due.get(snapshot.arn ?? '') : undefined;
    if (day !== undefined) counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return [...counts].map(([day, count]) => ({ day, count })).sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** What a report means for its reader. */
export function situationOf(report: Report, { deletionMode, due }: PageContext): Situation {
  const { complete, totals, plan, scopes } = report;
  if (!complete) {
    if (totals.snapshots === 0 && !scopes.some(({ status }) => status === 'read')) return { kind: 'nothing-read' };
    return { kind: 'incomplete', regions: [...new Set(unreadScopes(report).map(({ region }) => region))] };
  }
  if (totals.snapshots === 0) return { kind: 'empty' };
  if (totals.expire === 0) return { kind: 'clean' };
  if (plan.blocked?.code.startsWith('cap.')) return { kind: 'blocked' };
  if (deletionMode !== 'automatic' || plan.blocked !== null) return { kind: 'candidates' };
  const days = deletionDays(report, due ?? new Map());
  return days.length === 0 ? { kind: 'undated' } : { kind: 'countdown', days };
}
