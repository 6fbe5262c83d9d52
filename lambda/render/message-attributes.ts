import type { Report } from '../core/report/report-model';

export type ReportOutcome = 'incomplete' | 'expiring' | 'problems' | 'nothing';

/** What a report comes to, the first that holds: `incomplete`, `expiring`, `problems`, `nothing`. */
export function reportOutcome({ complete, totals, problems }: Report): ReportOutcome {
  if (!complete) return 'incomplete';
  if (totals.expire > 0) return 'expiring';
  return problems.length > 0 ? 'problems' : 'nothing';
}

/** Message attributes by which subscribers filter. */
export function messageAttributes(
  report: Report,
): Readonly<Record<'outcome' | 'expiring' | 'complete' | 'problems', string | number>> {
  return {
    outcome: reportOutcome(report),
    expiring: report.totals.expire,
    complete: String(report.complete),
    problems: report.problems.length,
  };
}
