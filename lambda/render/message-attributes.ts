import type { Report } from '../core/report/report-model';

export type ReportOutcome = 'incomplete' | 'expiring' | 'problems' | 'nothing';

/** The outcome of a report, the first that applies. */
export function reportOutcome({ complete, totals, problems }: Report): ReportOutcome {
  if (!complete) return 'incomplete';
  if (totals.expire > 0) return 'expiring';
  return problems.length > 0 ? 'problems' : 'nothing';
}

/** Message attributes for subscription filters. */
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
