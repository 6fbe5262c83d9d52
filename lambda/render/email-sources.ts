import type { EvaluatedSnapshot, Report } from '../core/report/report-model';
import { localDay } from '../core/time/period';
import { dayInWords, shortDayText } from './day-text';
import { type EmailBlock, foreignText } from './email-layout';
import { type EmailState, emailState } from './email-outcome';
import { announcedDeletions, costCeilingText } from './email-subject';
import { serversText } from './matters';
import { formatCount, formatNumber } from './numbers';
import { sourceName } from './phrases';
import { expiringSizes, type TextContext } from './report-header';
import { bySource } from './report-sections';
import { placeOfRegion } from './unread-text';

/** The snapshots of a source that can be deleted. */
interface SourceCount {
  readonly group: readonly EvaluatedSnapshot[];
  readonly all: number;
}

/** Counts candidates by source, the most first. */
const countSources = ({ items }: Report): readonly SourceCount[] =>
  bySource(items)
    .map((all) => ({ group: all.filter(({ verdict }) => verdict === 'expire'), all: all.length }))
    .filter(({ group }) => group.length > 0)
    .sort((a, b) => b.group.length - a.group.length);

function sourceLine({ group, all }: SourceCount, report: Report, context: TextContext, maxName: number): string {
  const [first] = group;
  if (first === undefined) return '';
  const { kind, region } = first.snapshot;
  const about = [kind === 'instance' ? '' : kind, first.sourceExists === false ? 'deleted' : ''].filter(
    (text) => text !== '',
  );
  const name = `${foreignText(sourceName(first.snapshot), maxName)}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
  const made = group.flatMap(({ snapshot }) => (snapshot.createdAt === null ? [] : [snapshot.createdAt]));
  const oldest = made.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const days = announcedDeletions(
    new Map(group.flatMap(({ snapshot: { arn } }) => (arn === null ? [] : dueOf(arn, context)))),
  ).days;
  const when = days.length === 0 ? '' : `; ${daysText(days)}`;
  const from = made.length === 0 ? '' : `, the oldest made ${dayInWords(localDay(oldest, report.zone))}`;
  return `- ${name}, ${foreignText(placeOfRegion(region), 30)}: ${formatNumber(group.length)} of ${formatNumber(all)}${from}${when}`;
}

/** `deleted on 2 Dec`, `3 deleted on 2 Dec, 5 on 9 Dec`; of more days the first and the last. */
function daysText(days: readonly (readonly [day: string, count: number])[]): string {
  const [first = ['', 0] as const, second, ...more] = days;
  const start = shortDayText(first[0]);
  if (second === undefined) return `deleted on ${start}`;
  const last = days.at(-1) ?? first;
  return more.length > 0
    ? `deleted from ${start} to ${shortDayText(last[0])}`
    : `${formatNumber(first[1])} deleted on ${start}, ${formatNumber(second[1])} on ${shortDayText(second[0])}`;
}

const dueOf = (arn: string, { due }: TextContext): readonly (readonly [string, string])[] => {
  const day = due?.get(arn);
  return day === undefined ? [] : [[arn, day]];
};

const SOURCES_HEADINGS: Readonly<Record<EmailState, string>> = {
  incomplete: 'WHAT COULD BE DELETED',
  countdown: 'WHAT WILL BE DELETED',
  blocked: 'WHAT COULD BE DELETED',
  deletable: 'WHAT CAN BE DELETED',
  nothing: '',
};

const headingOf = (report: Report, context: TextContext): string =>
  report.config.origin === 'built-in' && report.complete
    ? 'WHAT THE STARTER POLICY WOULD NOT KEEP'
    : SOURCES_HEADINGS[emailState(report, context)];

/** The sources with the most candidates. `max` is the number of their lines, without the line that counts the rest. */
export function sourcesBlock(report: Report, context: TextContext, max: number, maxName: number): EmailBlock {
  const sources = countSources(report);
  if (sources.length === 0) return [];
  // One more source takes the line that counts the rest.
  const shown = sources.length === max + 1 ? sources : sources.slice(0, max);
  const rest = sources.slice(shown.length);
  const left = rest.reduce((sum, { group }) => sum + group.length, 0);
  const kinds = rest.flatMap(({ group: [first] }) => first?.snapshot ?? []);
  const cost = costCeilingText(expiringSizes(report), ' a month');
  return [
    `${headingOf(report, context)}${cost === null ? '' : ` (${cost})`}`,
    ...shown.map((source) => sourceLine(source, report, context, maxName)),
    ...(rest.length === 0
      ? []
      : [
          `- and ${formatCount(left, 'snapshot')} of ${formatNumber(rest.length)} more ${serversText(kinds, rest.length)}`,
        ]),
  ];
}
