import type { Report } from '../core/report/report-model';
import { shortDayText } from './day-text';
import { emailMatters } from './email-attention';
import { emailSubject } from './email-layout';
import { exceedsCaps } from './first-clean-up';
import { attentionCountText } from './matters';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { expiringSizes, mayStillDelete, nothingRead } from './report-header';
import { type SizeTotals, unknownSizeText } from './totals';
import { unreadSubjects } from './unread-text';

/** The surroundings of a report that its subject names. */
export interface SubjectContext {
  /** By ARN, the day of the automatic deletion of a snapshot that stays on the list. */
  readonly due?: ReadonlyMap<string, string>;
  /** Whether a deletion of earlier reports may still run; null: not known. */
  readonly isDeleting?: boolean | null;
  /** Whether no report was made before this one. */
  readonly isFirstReport?: boolean;
}

/** The announced deletions. */
export interface Announced {
  readonly count: number;
  /** Each day with its number of snapshots, the nearest first. */
  readonly days: readonly (readonly [day: string, count: number])[];
}

/** Counts the announced deletions by day. */
export function announcedDeletions(due: ReadonlyMap<string, string> = new Map()): Announced {
  const days = new Map<string, number>();
  for (const day of due.values()) days.set(day, (days.get(day) ?? 0) + 1);
  return { count: due.size, days: [...days].sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** `up to $7.20/month and 1 of unknown size`; null: the cost is not known. */
export function costCeilingText(sizes: SizeTotals, per: '/month' | ' a month'): string | null {
  if (sizes.snapshots === 0 || sizes.unknown === sizes.snapshots) return null;
  return `up to ${formatDollars(sizes.ceiling)}${per}${unknownSizeText(sizes)}`;
}

/** What happens though the report announces nothing. */
const meanwhile = (context: SubjectContext): string =>
  mayStillDelete(context) ? '. A deletion may still run' : '. Nothing will be deleted';

function incompleteSubjects(report: Report, context: SubjectContext): readonly string[] {
  const subjects = unreadSubjects(report);
  const none = report.plan.blocked?.code === 'report.not-stored' ? '' : meanwhile(context);
  if (nothingRead(report)) return [`INCOMPLETE: nothing could be read${none}`];
  if (subjects.length === 0) return [`INCOMPLETE: not everything could be read${none}`];
  return [...subjects, 'some lists'].map((text) => `INCOMPLETE: ${text} could not be read${none}`);
}

function countdownSubjects({ totals }: Report, { count, days }: Announced): readonly string[] {
  const [first = ['', 0] as const] = days;
  const what = `${formatCount(count, 'snapshot')} will be deleted`;
  const when =
    days.length === 1
      ? ` on ${shortDayText(first[0])}`
      : `, the first ${first[1] === 1 ? '' : `${formatNumber(first[1])} `}on ${shortDayText(first[0])},`;
  return [`${what}${when} unless held (${formatNumber(totals.snapshots)} checked)`, `${what}${when} unless held`];
}

/** `26 of 173 snapshots can be deleted`. */
export const canBeDeletedText = ({ totals }: Report): string =>
  `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} can be deleted`;

function deletableSubjects(report: Report): readonly string[] {
  const cost = costCeilingText(expiringSizes(report), '/month');
  const text = canBeDeletedText(report);
  return [...(cost === null ? [] : [`${text}, ${cost}`]), text];
}

function nothingSubjects(report: Report): readonly string[] {
  const { snapshots, unmanaged } = report.totals;
  const matters = emailMatters(report);
  if (matters.length > 0)
    return [`Nothing to delete (${formatNumber(snapshots)} checked), but ${attentionCountText(matters)}`];
  if (snapshots === 0) return ['Nothing to do: there are no snapshots'];
  const which = snapshots === 1 ? 'the one snapshot is' : `all ${formatNumber(snapshots)} snapshots are`;
  return [`Nothing to do: ${which} ${unmanaged === 0 ? 'within policy' : 'kept'}`];
}

const lowerFirst = (text: string): string => `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;

/** The outcome in at most 99 printable ASCII characters: what will happen, and when. */
export function reportSubject(report: Report, context: SubjectContext = {}): string {
  const { due, isFirstReport = false } = context;
  const announced = announcedDeletions(due);
  const { totals, plan } = report;
  if (!report.complete) return emailSubject(incompleteSubjects(report, context));
  if (announced.count > 0) return emailSubject(countdownSubjects(report, announced));
  if (plan.blocked?.code === 'report.not-stored')
    return emailSubject([`NOT STORED: ${totals.expire > 0 ? canBeDeletedText(report) : 'nothing to delete'}`]);
  if (exceedsCaps(report))
    return emailSubject([
      `BLOCKED: ${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} exceed your limits${meanwhile(context)}`,
      `BLOCKED: the plan exceeds your limits${meanwhile(context)}`,
    ]);
  const onlyReads = totals.expire > 0 && report.config.origin === 'built-in' ? ', nothing is deleted' : '';
  const subjects = totals.expire > 0 ? deletableSubjects(report) : nothingSubjects(report);
  return emailSubject([
    ...(isFirstReport ? subjects.map((text) => `First report${onlyReads}: ${lowerFirst(text)}`) : []),
    ...subjects,
  ]);
}
