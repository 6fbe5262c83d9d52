import type { Report } from '../core/report/report-model';
import type { RollUp } from '../core/report/roll-up';

export type ReportOutcome = 'incomplete' | 'expiring' | 'problems' | 'nothing';

/** The outcome of a report, the first that applies. */
export function reportOutcome({ complete, totals, problems }: Report): ReportOutcome {
  if (!complete) return 'incomplete';
  if (totals.expire > 0) return 'expiring';
  return problems.length > 0 ? 'problems' : 'nothing';
}

/** Message attributes of the message about an organization. */
export function rollUpAttributes({
  complete,
  totals,
  accounts,
}: RollUp): Readonly<Record<'outcome' | 'expiring' | 'complete' | 'problems' | 'unread', string | number>> {
  const unread = accounts.filter(({ status }) => status !== 'read').length;
  const other = totals.problems > 0 ? 'problems' : 'nothing';
  const read: ReportOutcome = totals.expire > 0 ? 'expiring' : other;
  return {
    outcome: complete ? read : 'incomplete',
    expiring: totals.expire,
    complete: String(complete),
    problems: totals.problems,
    unread,
  };
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
