import type { Report } from '../core/report/report-model';
import type { Problem } from '../core/snapshot/snapshot';
import { foreignText } from './email-layout';
import { type Matter, mattersOf } from './matters';
import { formatCount, formatNumber } from './numbers';
import type { TextContext } from './report-header';

/** Lines of the block, its heading included. */
const MAX_ATTENTION_LINES = 5;
/** Warnings below the outcome. */
const MAX_WARNINGS = 2;

/** The problems of the run itself, which are in no file of the report. */
const isAboutRun = ({ code }: Problem): boolean => /^(report|previous)\./.test(code);

/** What needs a person, as the page of this report counts it. */
export const emailMatters = (report: Report): readonly Matter[] =>
  mattersOf({ ...report, problems: report.problems.filter((problem) => !isAboutRun(problem)) });

function storingLines({ problems, plan }: Report): readonly string[] {
  const notStored = plan.blocked?.code === 'report.not-stored';
  const lines = problems
    .filter(isAboutRun)
    .map(({ code, message }) => `${foreignText(message, 160)} (${foreignText(code, 30)})`);
  if (!notStored) return lines;
  return ['NOT STORED: this e-mail is the only copy of this report, and nothing can be deleted with it.', ...lines];
}

/** The first line of the e-mail of a report that the starter policy made. */
export const STARTER_TEXT =
  'Nothing is deleted, and there is nothing to stop: this account has no policy of its own yet ' +
  '(retention.yaml), so this report uses the starter policy.';

const UNCONFIRMED_NOTE =
  'NO PERSON RECEIVES THIS E-MAIL, because no address is confirmed. Open "AWS Notification - Subscription ' +
  'Confirmation" and follow its link; it is valid for two days.';

const DELETING_NOTE =
  'A DELETION MAY STILL RUN. It began before this report, and can delete what earlier e-mails announced or ' +
  'a person approved.';

const PERHAPS_DELETING_NOTE =
  'A DELETION MAY STILL RUN: whether one does could not be read. It can delete what earlier e-mails ' +
  'announced or a person approved.';

/** What is wrong with the sending or the storing of this report: lines below its outcome. */
export function warningLinesOf(
  report: Report,
  { confirmedSubscribers, isDeleting = false }: TextContext,
): readonly string[] {
  const { config, complete, totals } = report;
  // A list of the starter policy has the note in place of its outcome.
  const isStarter = config.origin === 'built-in' && (!complete || totals.expire === 0);
  const lines = [
    ...(isDeleting === null ? [PERHAPS_DELETING_NOTE] : []),
    ...(isDeleting === true ? [DELETING_NOTE] : []),
    ...(confirmedSubscribers === 0 ? [UNCONFIRMED_NOTE] : []),
    ...storingLines(report),
    ...(isStarter ? [STARTER_TEXT] : []),
  ];
  if (lines.length <= MAX_WARNINGS) return lines;
  return [...lines.slice(0, MAX_WARNINGS - 1), lines.slice(MAX_WARNINGS - 1).join(' ')];
}

/** The first problem with its fix: `shop-au-1: tag retention:expire-after = "2 weeks": write 2w`. */
function firstProblem({ problems, items }: Report, maxName: number): string {
  const first = problems.find((problem) => !isAboutRun(problem));
  if (first === undefined) return '';
  const name = items.find(({ snapshot }) => snapshot.arn === first.arn)?.snapshot.name ?? first.arn ?? null;
  const about = name === null || first.message.includes(name) ? '' : `${foreignText(name, maxName)}: `;
  const message = first.message.replace(/ \(expected [^()]*\)$/, '');
  return `${about}${foreignText(message, maxName * 2)}`;
}

function matterLine({ id, count, title, line }: Matter, report: Report, maxName: number): string {
  const all = count === 1 ? '' : 'The report names all. ';
  const first = count === 1 ? '' : 'The first: ';
  if (id === 'problems') return `- ${formatNumber(count)} ${title}. ${all}${first}${firstProblem(report, maxName)}`;
  const text = foreignText(line, maxName * 2 + 55);
  return `- ${formatNumber(count)} ${title}${id === 'stale' ? ':' : '.'} ${text}`;
}

/** What needs a person, the most important first. The page has the same list. */
export function attentionLines(report: Report, context: TextContext, maxName: number): readonly string[] {
  const matters = emailMatters(report);
  if (matters.length === 0) return [];
  const max = MAX_ATTENTION_LINES - 1 - warningLinesOf(report, context).length;
  const shown = matters.length <= max ? matters : matters.slice(0, Math.max(0, max - 1));
  const rest = matters.slice(shown.length);
  const others = rest.map(({ task }) => foreignText(task, maxName * 2)).join(', ');
  const more =
    `- and ${formatNumber(rest.length)} ` + `more${context.fullReport === null ? '' : ' in the report'}: ${others}`;
  return [
    `NEEDS ATTENTION: ${formatCount(matters.length, 'thing')}.`,
    ...shown.map((matter) => matterLine(matter, report, maxName)),
    ...(rest.length === 0 ? [] : [more]),
  ];
}
