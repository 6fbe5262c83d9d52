import { DELETION_START_TEXT } from '../core/plan/deletion-start';
import type { Report } from '../core/report/report-model';
import { fullDayText, shortDayText, weekdayName } from './day-text';
import { STARTER_TEXT, warningLinesOf } from './email-attention';
import { type EmailBlock, foreignText, MAX_LINE_CHARACTERS } from './email-layout';
import { announcedDeletions, canBeDeletedText, costCeilingText } from './email-subject';
import { exceedsCaps, limitsText } from './first-clean-up';
import { noRecentText } from './matters';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { allSizes, expiringSizes, mayStillDelete, nothingRead, type TextContext } from './report-header';

/** What the report means for its readers. */
export type EmailState = 'incomplete' | 'countdown' | 'blocked' | 'deletable' | 'nothing';

/** The state of a report, the first that applies. */
export function emailState(report: Report, { due }: TextContext): EmailState {
  if (!report.complete) return 'incomplete';
  if ((due?.size ?? 0) > 0) return 'countdown';
  if (exceedsCaps(report)) return 'blocked';
  return report.totals.expire > 0 ? 'deletable' : 'nothing';
}

/** Whether the report has no files. */
export const isNotStored = ({ plan }: Report): boolean => plan.blocked?.code === 'report.not-stored';

/** `They cost up to $78.60 of $570.80 a month.` */
function costsText(report: Report): string {
  const [some, all] = [expiringSizes(report), allSizes(report)];
  const cost = costCeilingText(some, ' a month');
  if (cost === null) return 'Their size and cost are not known.';
  if (some.unknown === 0 && all.unknown === 0)
    return `They cost up to ${formatDollars(some.ceiling)} of ${formatDollars(all.ceiling)} a month.`;
  return `They cost ${cost}; all together ${costCeilingText(all, ' a month')}.`;
}

/** `The other 147 stay (7 held by a tag, 3 without a policy).` */
function staysText({ totals }: Report, stay = totals.keep): string {
  const parts = [
    totals.held > 0 ? `${formatNumber(totals.held)} held by a tag` : '',
    totals.unmanaged > 0 ? `${formatNumber(totals.unmanaged)} without a policy` : '',
  ].filter((part) => part !== '');
  const ofThese = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  if (stay === 0) return 'No other snapshot exists.';
  return totals.keep === 1 ? `The other one stays${ofThese}.` : `The other ${formatNumber(stay)} stay${ofThese}.`;
}

/** A line, and how many have no recent snapshot, in as many words as leave it whole. */
function withMissing(line: string, report: Report): string {
  const count = formatNumber(report.stale.length);
  const ends =
    report.stale.length === 0 ? [] : [`${count} ${noRecentText(report)}.`, `${count} have no recent snapshot.`];
  const end = ends.find((each) => line.length + each.length < MAX_LINE_CHARACTERS);
  return end === undefined ? line : `${line} ${end}`;
}

/** The key of the hold tag. */
export const holdTagOf = ({ tagPrefix = 'retention' }: TextContext): string => `${foreignText(tagPrefix)}:hold`;

/** How a person keeps a snapshot, without a full stop. */
export const holdAdvice = (context: TextContext): string =>
  `To keep a snapshot, add the tag ${holdTagOf(context)} (no value) to it, or to its instance, disk or database`;

const MAX_NAMED_DAYS = 3;

/** `9 on Wed 2 Dec, 7 on Mon 7 Dec, 12 on Wed 9 Dec`; of more days the first, the last and their number. */
export function dayCountsText(days: readonly (readonly [day: string, count: number])[]): string {
  const texts = days.map(
    ([day, count]) => `${formatNumber(count)} on ${weekdayName(day).slice(0, 3)} ${shortDayText(day)}`,
  );
  if (texts.length <= MAX_NAMED_DAYS) return texts.join(', ');
  return `on ${formatNumber(days.length)} days, the first ${texts[0]}, the last ${texts.at(-1)}`;
}

function countdownLines(report: Report, context: TextContext): EmailBlock {
  const { count, days } = announcedDeletions(context.due);
  const [first = ['', 0] as const] = days;
  const what = `${formatCount(count, 'snapshot')} will be deleted`;
  const from = `from ${DELETION_START_TEXT} (${foreignText(report.zone.name, 40)})`;
  const when =
    days.length === 1 ? ` on ${fullDayText(first[0])}, ${from}` : `, each time ${from}: ${dayCountsText(days)}`;
  const before = days.length === 1 ? 'then' : `${DELETION_START_TEXT} of its day`;
  const stop = context.deletionSchedule === undefined ? '' : ' To stop all, use the link "Stop all" below.';
  return [
    withMissing(`${what}${when}. ${staysText(report, report.totals.snapshots - count)}`, report),
    `Nothing is deleted yet. ${holdAdvice(context)}, before ${before}.${stop}`,
  ];
}

/** What an incomplete report means. */
function incompleteText(report: Report, context: TextContext): string {
  if (isNotStored(report)) return 'Not everything could be read, and this report could not be stored.';
  return mayStillDelete(context)
    ? 'This report announces nothing, because not everything could be read.'
    : `Nothing will be deleted, because not everything could be read.${
        context.deletionMode === 'automatic' && context.isFirstReport !== true
          ? ' Deletion days in earlier e-mails are cancelled.'
          : ''
      }`;
}

function incompleteLines(report: Report, context: TextContext): EmailBlock {
  const { totals } = report;
  const none = withMissing(incompleteText(report, context), report);
  if (nothingRead(report)) return [none, 'Nothing could be read.'];
  if (totals.snapshots === 0) return [none, 'In what could be read, there are no snapshots.'];
  const rest =
    totals.expire === 0
      ? `nothing can be deleted: ${formatNumber(totals.keep)} stay`
      : canBeDeletedText(report).replace('can be', 'could be');
  return [none, `In what could be read, ${rest}. ${totals.expire === 0 ? '' : costsText(report)}`.trimEnd()];
}

/** Who deletes what is listed. */
function deletionModeText(report: Report, context: TextContext): string {
  if (isNotStored(report)) return 'This report could not be stored, and nothing can be deleted with it.';
  if (context.deletionMode === 'off')
    return 'Nothing is deleted automatically, and there is nothing to stop: this deployment only reports.';
  const isRunning = mayStillDelete(context);
  if (context.deletionMode === 'approve')
    return `Nothing ${isRunning ? 'else ' : ''}is deleted until you approve it. ${holdAdvice(context)}, before you approve.`;
  if (context.confirmedSubscribers === null && !isRunning)
    return (
      'Automatic deletion is switched on, and deletes nothing by this report: its subscriptions could ' + 'not be read.'
    );
  return (context.confirmedSubscribers ?? 0) < 1 && !isRunning
    ? 'Automatic deletion is switched on, and deletes nothing: no confirmed subscription could receive this report.'
    : 'Automatic deletion is switched on, and has no day for these: this report announces no deletion.';
}

function nothingLines(report: Report, context: TextContext): EmailBlock {
  const { totals, problems } = report;
  if (totals.snapshots === 0) return ['No snapshots were found.'];
  const { held, unmanaged, keep } = totals;
  const others = keep - held - unmanaged;
  const which = keep === 1 ? 'The one snapshot is' : `All ${formatNumber(keep)} snapshots are`;
  const parts = [
    others > 0 ? `${formatNumber(others)} kept` : '',
    held > 0 ? `${formatNumber(held)} held by a tag` : '',
    unmanaged > 0 ? `${formatNumber(unmanaged)} without a policy` : '',
  ].filter((part) => part !== '');
  const cost = costCeilingText(allSizes(report), ' a month');
  return [
    `${which} ${unmanaged === 0 && problems.length === 0 ? 'within policy' : 'kept'}.${mayStillDelete(context) ? '' : ' Nothing will be deleted.'}`,
    withMissing(
      `${parts.join(', ')}. ${cost === null ? 'The cost is not known.' : `Together they cost ${cost}.`}`,
      report,
    ),
  ];
}

/** What will happen, when, and how to stop it, in two lines, and what is wrong with this e-mail. */
export const outcomeBlock = (report: Report, context: TextContext, state: EmailState): EmailBlock => [
  ...outcomeLinesOf(report, context, state),
  ...warningLinesOf(report, context),
];

const expireOfText = ({ totals }: Report): string =>
  `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')}`;

function outcomeLinesOf(report: Report, context: TextContext, state: EmailState): EmailBlock {
  switch (state) {
    case 'incomplete':
      return incompleteLines(report, context);
    case 'countdown':
      return countdownLines(report, context);
    case 'blocked':
      return [
        limitsText(report, context.limits, mayStillDelete(context)),
        withMissing(`${costsText(report)} ${staysText(report)}`, report),
      ];
    case 'deletable':
      return report.config.origin === 'built-in'
        ? [
            STARTER_TEXT,
            withMissing(
              `The starter policy would not keep ${expireOfText(report)}. ${costsText(report)} ${staysText(report)}`,
              report,
            ),
          ]
        : [
            withMissing(`${canBeDeletedText(report)}. ${costsText(report)} ${staysText(report)}`, report),
            deletionModeText(report, context),
          ];
    case 'nothing':
      return nothingLines(report, context);
  }
}
