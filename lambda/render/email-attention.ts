import type { AutomaticSnapshots, EvaluatedSnapshot, Report } from '../core/report/report-model';
import type { Problem } from '../core/snapshot/snapshot';
import { foreignText } from './email-layout';
import { exceedsCaps } from './first-clean-up';
import { formatCount, formatNumber } from './numbers';
import { sourceName, wholeDays } from './phrases';
import type { TextContext } from './report-header';
import { bySource } from './report-sections';

/** Lines of the block, its heading included. */
const MAX_ATTENTION_LINES = 5;
const MAX_NAMED_SOURCES = 3;

const firstNames = (names: readonly string[], maxName: number): string => {
  const shown = names.slice(0, MAX_NAMED_SOURCES).map((name) => foreignText(name, Math.min(maxName, 40)));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${formatNumber(more)} more` : ''}`;
};

/** The problems of the run itself, which are in no file of the report. */
const isAboutRun = ({ code }: Problem): boolean => /^(report|previous)\./.test(code);

function storingLines({ problems, plan }: Report): readonly string[] {
  const notStored = plan.blocked?.code === 'report.not-stored';
  const lines = problems
    .filter(isAboutRun)
    .map(({ code, message }) => `${foreignText(message, 160)} (${foreignText(code, 30)})`);
  if (!notStored) return lines;
  return ['NOT STORED: this e-mail is the only copy of this report, and nothing can be deleted with it.', ...lines];
}

function problemLine({ problems, items }: Report, maxName: number): string {
  const others = problems.filter((problem) => !isAboutRun(problem));
  const [first] = others;
  if (first === undefined) return '';
  const name = items.find(({ snapshot }) => snapshot.arn === first.arn)?.snapshot.name ?? first.arn ?? null;
  const about = name === null || first.message.includes(name) ? '' : `${foreignText(name, maxName)}: `;
  const text = `${about}${foreignText(first.message, maxName * 2)} (${foreignText(first.code, 40)})`;
  return others.length === 1
    ? `1 problem: ${text}`
    : `${formatNumber(others.length)} problems, all in the report with their fixes. The first: ${text}`;
}

function staleLine({ stale, evaluatedAt }: Report, maxName: number): string {
  const [first, ...others] = stale;
  if (first === undefined) return '';
  const oldest = others.reduce((a, b) => ((b.newestAt ?? 0) < (a.newestAt ?? 0) ? b : a), first);
  const name = foreignText(oldest.source.name ?? oldest.source.arn, maxName);
  const age =
    oldest.newestAt === null ? 'no snapshot' : formatCount(wholeDays(oldest.newestAt, evaluatedAt) ?? 0, 'day');
  return stale.length === 1
    ? `1 source has no recent snapshot: ${name}, ${age}.`
    : `${formatNumber(stale.length)} sources have no recent snapshot. Longest: ${name}, ${age}.`;
}

function orphansLine({ items }: Report, maxName: number): string {
  const groups = bySource(items.filter(({ sourceExists }) => sourceExists === false));
  if (groups.length === 0) return '';
  const count = groups.reduce((sum, group) => sum + group.length, 0);
  const names = groups.flatMap(([item]) => (item === undefined ? [] : [sourceName(item.snapshot)]));
  return `${formatCount(count, 'snapshot')} outlived ${count === 1 ? 'its' : 'their'} source: ${firstNames(names, maxName)}.`;
}

const isLeftOver = ({ addOnEnabled, count }: AutomaticSnapshots): boolean => addOnEnabled === false && count > 0;

function leftoversLine({ automatic }: Report, maxName: number): string {
  const left = automatic.filter(isLeftOver);
  if (left.length === 0) return '';
  const count = left.reduce((sum, each) => sum + each.count, 0);
  const names = left.map(({ source }) => source.name ?? source.arn ?? 'a source without a name');
  return `${formatCount(count, 'automatic snapshot')} left behind, at a cost: ${firstNames(names, maxName)}.`;
}

const countOf = ({ items }: Report, wanted: EvaluatedSnapshot['status']): number =>
  items.reduce((sum, { status }) => sum + (status === wanted ? 1 : 0), 0);

function unmanagedLine(report: Report): string {
  const count = countOf(report, 'unmanaged');
  return count === 0 ? '' : `${formatCount(count, 'snapshot')} covered by no policy: kept indefinitely, at a cost.`;
}

/** Joins what exceeds `max` lines into the last one. */
function joinRest(lines: readonly string[], max: number): readonly string[] {
  if (lines.length <= max) return lines;
  return [...lines.slice(0, max - 1), lines.slice(max - 1).join(' ')];
}

const UNCONFIRMED_NOTE =
  'NO PERSON RECEIVES THIS E-MAIL, because no address is confirmed. Open "AWS Notification - Subscription Confirmation" and follow its link; it is valid for two days.';
const BUILT_IN_NOTE =
  'There is no configuration: the built-in starter policy was used. It only reports and never deletes.';

/** What needs a person, one line each, the most urgent first. */
export function attentionLines(report: Report, context: TextContext, maxName: number): readonly string[] {
  const { plan, config } = report;
  const lines = [
    context.confirmedSubscribers === 0 ? UNCONFIRMED_NOTE : '',
    ...storingLines(report),
    exceedsCaps(report) ? `The plan is blocked: ${foreignText(plan.blocked?.message ?? '', 170)}` : '',
    problemLine(report, maxName),
    staleLine(report, maxName),
    orphansLine(report, maxName),
    leftoversLine(report, maxName),
    unmanagedLine(report),
    config.origin === 'built-in' ? BUILT_IN_NOTE : '',
  ].filter((line) => line !== '');
  if (lines.length === 0) return [];
  return ['NEEDS ATTENTION', ...joinRest(lines, MAX_ATTENTION_LINES - 1).map((line) => `- ${line}`)];
}
