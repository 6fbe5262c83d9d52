import { DELETION_START_TEXT } from '../../core/plan/deletion-start';
import { scheduleLink } from '../../core/report/console-links';
import type { Report } from '../../core/report/report-model';
import { localDay } from '../../core/time/period';
import { exactPercentText } from '../../core/util/percent';
import { oneLine } from '../../core/util/safe-text';
import { dayInWords, daysAfter, longDayText, shortDayText, weekdayName } from '../day-text';
import { escapeHtml } from '../escape';
import { expireShareText, limitsText } from '../first-clean-up';
import { attentionCountText, changesText, mattersOf } from '../matters';
import { formatCount, formatDollars, formatNumber } from '../numbers';
import { kindPlural, sourceName } from '../phrases';
import { allSizes, expiringSizes, mayStillDelete, nextReportText } from '../report-header';
import { bySource, regionsNotRead } from '../report-sections';
import { unknownSizeText } from '../totals';
import { afterUnreadText, causeOf, unreadByRegion, unreadSubjects } from '../unread-text';
import { actionPanel, candidateGroups } from './action-panel';
import { externalLink } from './commands';
import { pageMark } from './embed';
import { clockOf } from './local-clock';
import { glyph, type TrialMark } from './marks';
import type { PageContext } from './page-context';
import { joinWords } from './page-words';
import type { DeletionDay, Situation } from './situation';
import { viewHtml } from './view';

/** The headline in two parts: its subject, which is in the colour of deletions, and the rest. */
interface Headline {
  readonly subject: string;
  readonly rest: string;
}

/** A day in a headline; the year only where it is another one. */
const headlineDay = (day: string, today: string): string =>
  day.slice(0, 4) === today.slice(0, 4) ? longDayText(day) : `${weekdayName(day)}, ${dayInWords(day)}`;

function countdownHeadline(days: readonly DeletionDay[], today: string): Headline {
  const [first] = days;
  const all = days.reduce((sum, { count }) => sum + count, 0);
  const subject = formatCount(all, 'snapshot');
  if (first === undefined) return { subject, rest: 'can be deleted.' };
  if (days.length === 1) return { subject, rest: `will be deleted on ${headlineDay(first.day, today)}.` };
  const on = headlineDay(first.day, today).replace(/^\w+, /, '');
  return { subject, rest: `will be deleted, the first ${formatNumber(first.count)} on ${on}.` };
}

/** Whether the starter policy made this report: its plan cannot be applied. */
const isStarter = ({ plan }: Report): boolean => plan.blocked?.code === 'config.built-in';

const isAutomatic = ({ deletionMode }: PageContext): boolean => deletionMode === 'automatic';

/** What a report that is incomplete or blocked does not delete. */
function nothingText(context: PageContext): string {
  if (mayStillDelete(context)) return 'A deletion may still run, and nothing else will be deleted';
  return `Nothing ${isAutomatic(context) ? 'will' : 'can'} be deleted`;
}

function incompleteHeadline(report: Report, context: PageContext): string {
  const [what] = unreadSubjects(report);
  const why = what === undefined ? 'not everything' : what;
  return `${nothingText(context)}: ${why} could not be read.`;
}

/** What a report without candidates says: that there is nothing to do only where nothing waits for a person. */
function cleanHeadline(report: Report, context: PageContext): string {
  const { totals } = report;
  const matters = mattersOf(report);
  const none = mayStillDelete(context) ? 'No snapshot is listed' : 'Nothing to delete';
  if (matters.length > 0) return `${none}, and ${attentionCountText(matters)}.`;
  const which = totals.snapshots === 1 ? 'the one snapshot is' : `all ${formatCount(totals.snapshots, 'snapshot')} are`;
  return `Nothing to do: ${which} within policy.`;
}

/** The outcome as one sentence. */
function headlineOf(report: Report, situation: Situation, context: PageContext): Headline {
  const { totals, evaluatedAt, zone } = report;
  const all = formatCount(totals.snapshots, 'snapshot');
  const plain = (rest: string): Headline => ({ subject: '', rest });
  switch (situation.kind) {
    case 'countdown':
      return countdownHeadline(situation.days, localDay(evaluatedAt, zone));
    case 'undated':
      return { subject: formatCount(totals.expire, 'snapshot'), rest: 'will be deleted on a day that is not known.' };
    case 'candidates':
      return isStarter(report)
        ? plain(`Nothing is deleted. The starter policy would not keep ${formatNumber(totals.expire)} of ${all}.`)
        : { subject: `${formatNumber(totals.expire)} of ${all}`, rest: 'can be deleted.' };
    case 'blocked':
      return plain(
        `${nothingText(context)}: ` +
          `${formatCount(totals.expire, 'snapshot')} exceed${totals.expire === 1 ? 's' : ''} your limits.`,
      );
    case 'incomplete':
      return plain(incompleteHeadline(report, context));
    case 'nothing-read':
      return plain(`Nothing could be read${mayStillDelete(context) ? '' : ', so nothing can be deleted'}.`);
    case 'clean':
      return plain(cleanHeadline(report, context));
    case 'empty':
      return plain('There are no snapshots.');
  }
}

/** The headline as plain text, for the title of the page. */
export function headlineText(report: Report, situation: Situation, context: PageContext): string {
  const { subject, rest } = headlineOf(report, situation, context);
  const text = subject === '' ? rest : `${subject} ${rest}`;
  return `${report.complete ? '' : 'Incomplete: '}${text.replace(/\.$/, '')}`;
}

const MODE_TEXTS = {
  off: 'Report only. Nothing is deleted automatically.',
  approve: 'A deletion needs your approval. Nothing is deleted automatically.',
  automatic: 'Automatic deletion is on. Nothing has been deleted yet.',
} as const;

const EYEBROW_MARKS: Readonly<Record<Situation['kind'], TrialMark>> = {
  countdown: 'expire',
  undated: 'expire',
  candidates: 'copy',
  blocked: 'fix',
  incomplete: 'fix',
  'nothing-read': 'fix',
  clean: 'keep',
  empty: 'keep',
};

function eyebrow(report: Report, situation: Situation, context: PageContext): string {
  const { deletionMode = 'off' } = context;
  if (mayStillDelete(context)) return 'A deletion that began before this report may still run.';
  switch (situation.kind) {
    case 'blocked':
      return deletionMode === 'automatic'
        ? 'Automatic deletion is on, but this plan is blocked.'
        : 'This plan is blocked.';
    case 'incomplete':
      return `Incomplete: not everything was read.${deletionMode === 'automatic' ? ' Automatic deletion is on.' : ''}`;
    case 'nothing-read':
      return 'Incomplete: no list could be read.';
    case 'clean':
    case 'empty':
      return deletionMode === 'automatic'
        ? 'Automatic deletion is on, and has nothing to delete.'
        : MODE_TEXTS[deletionMode];
    default:
      return isStarter(report)
        ? 'No policy of your own yet (retention.yaml). Nothing is deleted.'
        : MODE_TEXTS[deletionMode];
  }
}

const boldText = (text: string): string => `<b>${escapeHtml(text)}</b>`;

/** `6 instances`, `7 sources`. */
export function sourcesText(report: Report): string {
  const expiring = report.items.filter(({ verdict }) => verdict === 'expire');
  const sources = bySource(expiring).length;
  const [kind, ...others] = new Set(expiring.map(({ snapshot }) => snapshot.kind));
  if (kind === undefined || others.length > 0) return formatCount(sources, 'source');
  return formatCount(sources, kind, kindPlural(kind));
}

const MAX_NAMED_SOURCES = 3;

/** `prod-web (8), staging (6), app (5) and 4 more`: those with the most candidates. */
function namedSourcesText(report: Report): string {
  const groups = candidateGroups(report);
  const named = groups.slice(0, MAX_NAMED_SOURCES).flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [`${sourceName(first.snapshot)} (${formatNumber(group.length)})`];
  });
  const rest = groups.length - named.length;
  return rest === 0 ? joinWords(named, 'and') : `${named.join(', ')} and ${formatNumber(rest)} more`;
}

/** `and cost up to $78.60 of $570.80 a month`. */
function costLead(report: Report, one: boolean): string {
  const [expiring, all] = [expiringSizes(report), allSizes(report)];
  if (expiring.unknown === expiring.snapshots) return `; what ${one ? 'it costs' : 'they cost'} is not known`;
  return (
    ` and ${one ? 'costs' : 'cost'} up to ` +
    `${boldText(formatDollars(expiring.ceiling))}${unknownSizeText(expiring)} of ` +
    `${formatDollars(all.ceiling)}${unknownSizeText(all)} a month`
  );
}

const staysLead = (keep: number): string =>
  keep === 0 ? '' : ` The other ${boldText(`${formatCount(keep, 'snapshot')} ${keep === 1 ? 'stays' : 'stay'}`)}.`;

function candidatesLead(report: Report, verb: string): string {
  const { totals } = report;
  const one = totals.expire === 1;
  const policy = isStarter(report) ? '' : `Your policy no longer keeps ${one ? 'it' : 'them'}. `;
  return (
    `${policy}${one ? 'It belongs' : 'They belong'} to ` +
    `${boldText(namedSourcesText(report))}${costLead(report, one)}.${staysLead(totals.keep)}${verb}`
  );
}

function unreadLead(report: Report, context: PageContext): string {
  const [first] = unreadByRegion(report);
  const { totals } = report;
  const rest =
    totals.expire === 0
      ? 'A missing list may contain holds, so nothing may be deleted until everything is read.'
      : `Of what was read, ${boldText(formatCount(totals.expire, 'snapshot'))} could be deleted, ` +
        `but not before a report has read everything. ` +
        `${escapeHtml(afterUnreadText(context.deletionMode, context.config?.deletion.grace.text))}`;
  if (first?.error === undefined) return rest;
  const { what, error, remedy } = first;
  const cause = causeOf(error.code) ?? `error ${oneLine(error.code)}`;
  return `${escapeHtml(what)}: ${boldText(cause)}. ${escapeHtml(remedy)} ${rest}`;
}

/** Whether no report was made before this one. */
export const isFirst = ({ changes }: Report, { history = [], links }: PageContext): boolean =>
  changes === null && history.length === 0 && links?.previous == null;

function blockedLead(report: Report, context: PageContext): string {
  const first = isFirst(report, context) ? ' This is normal for a first clean-up.' : '';
  return `${escapeHtml(limitsText(report, context.config?.caps, mayStillDelete(context)))}${first}`;
}

/** ` You can approve this plan until 30 Nov 2026, 09:00.`; empty: there is nothing to approve it with. */
const approvalTimeText = ({ plan, zone }: Report, { applyCommand }: PageContext): string =>
  applyCommand === undefined || plan.blocked !== null
    ? ''
    : ` You can approve this plan until ${boldText(clockOf(zone).minute(plan.expiresAt))}.`;

/** When deletions start, what to do until then, and what is deleted. */
function countdownLead(report: Report, days: readonly DeletionDay[]): string {
  const { expire, keep } = report.totals;
  const before = days.length === 1 ? 'then' : `${DELETION_START_TEXT} of its day`;
  const those = expire === 1 ? 'The snapshot belongs' : 'The snapshots belong';
  return (
    `${days.length === 1 ? 'The' : 'Each'} deletion starts at ${boldText(DELETION_START_TEXT)} ` +
    `(${escapeHtml(oneLine(report.zone.name))}). If the list is right, leave it: the deletion runs by itself. ` +
    `To keep one, hold it ${boldText(`before ${before}`)}; “Keep one” says how. A deletion cannot be undone. ` +
    `${those} to ${boldText(namedSourcesText(report))}${costLead(report, expire === 1)}.${staysLead(keep)}`
  );
}

function leadOf(report: Report, situation: Situation, context: PageContext): string {
  const { totals, plan } = report;
  switch (situation.kind) {
    case 'countdown':
      return countdownLead(report, situation.days);
    case 'candidates':
      return candidatesLead(report, approvalTimeText(report, context));
    case 'undated':
      return candidatesLead(report, ' The day of the deletion could not be computed; the next report names it.');
    case 'blocked':
      return blockedLead(report, context);
    case 'incomplete':
      return unreadLead(report, context);
    case 'nothing-read':
      return 'No list of this account could be read. The list below names each with its error.';
    case 'clean': {
      const kept = totals.keep - totals.held;
      const held = totals.held === 0 ? '' : `, ${boldText(formatNumber(totals.held))} held by a tag`;
      const cost = formatDollars(totals.monthlyCostCeiling);
      return (
        `${boldText(formatNumber(kept))} kept${held}. Together they cost up to ${boldText(cost)} a ` +
        `month${unknownSizeText(allSizes(report))}.`
      );
    }
    case 'empty':
      return plan.blocked === null
        ? 'Every list was read, and each is empty.'
        : 'There is nothing to keep or to delete.';
  }
}

const MAX_SHOWN_DAYS = 8;

/** The next days with their deletions. Days without one give way to later deletions. */
function daysHtml(days: readonly DeletionDay[], today: string): string {
  const counts = new Map(days.map(({ day, count }) => [day, count]));
  const week = Array.from({ length: MAX_SHOWN_DAYS }, (_, i) => daysAfter(today, i));
  const named = days.slice(0, MAX_SHOWN_DAYS - 1).map(({ day }) => day);
  const others = week.filter((day) => !named.includes(day)).slice(0, MAX_SHOWN_DAYS - named.length);
  const shown = [...named, ...others].sort();
  const items = shown.map((day, index) => {
    const count = counts.get(day);
    const next = shown[index + 1];
    const jump = next === undefined || next === daysAfter(day, 1) ? '' : ' jump';
    const weekday = weekdayName(day).slice(0, 3);
    const name =
      index === shown.length - 1 || day > (week.at(-1) ?? '')
        ? `${weekday} ${shortDayText(day)}`
        : `${weekday} ${Number(day.slice(8))}`;
    if (count !== undefined)
      return `<li class="end${jump}"><b>${name.replace(/^(\w+) (?=\d+ )/, '<span>$1</span> ')}</b><em>${formatNumber(count)} <span>deleted</span></em></li>`;
    if (index === 0) return `<li class="now${jump}"><b>${name}</b><span>report</span></li>`;
    return `<li${jump === '' ? '' : ' class="jump"'}><span>${name.replace(' ', '<br>')}</span></li>`;
  });
  const rest = days.length - named.length;
  const more = rest === 0 ? '' : `<p class="small quiet">And on ${formatCount(rest, 'later day')}.</p>`;
  return `<ol class="days" aria-label="The next days">${items.join('')}</ol>${more}\n`;
}

const SPLIT_MARKS = ['expire', 'keep', 'copy', 'held', 'fix'] as const;

const SPLIT_VERBS: Partial<Record<Situation['kind'], string>> = {
  countdown: 'will be deleted',
  undated: 'will be deleted',
  incomplete: 'could be deleted',
  blocked: 'could be deleted',
};

/** How all snapshots divide into what goes and what stays: a bar with its key. */
function splitHtml(report: Report, situation: Situation): string {
  const counts = { expire: 0, keep: 0, copy: 0, held: 0, fix: 0 };
  for (const item of report.items) counts[pageMark(item)] += 1;
  const verb = SPLIT_VERBS[situation.kind] ?? (isStarter(report) ? 'not kept by the starter policy' : 'can be deleted');
  const words = {
    expire: verb,
    keep: 'kept',
    copy: 'kept copies of automatic snapshots',
    held: 'held by a tag',
    fix: 'kept, with a problem',
  } as const;
  const shown = SPLIT_MARKS.filter((mark) => counts[mark] > 0);
  const label = shown.map((mark) => `${formatNumber(counts[mark])} ${words[mark]}`).join(', ');
  const share = report.items.length === 0 ? 0 : (100 * counts.expire) / report.items.length;
  const bar =
    `<svg class="split" role="img" aria-label="${label}"><rect class="ghost" width="100%" height="10"/>` +
    `<rect class="gap" width="${share.toFixed(2)}%" height="10"/><rect class="hatched" ` +
    `width="${share.toFixed(2)}%" height="10"/></svg>`;
  const key = shown.map(
    (mark) => `<span>${viewHtml(glyph(mark))} <b>${formatNumber(counts[mark])}</b> ${words[mark]}</span>`,
  );
  return `${bar}<p class="key" aria-hidden="true">${key.join('')}</p>\n`;
}

/** `All regions were read. The plan is within your limits: 26 of at most 100 snapshots, 15 % of at most 50 ` +
  `% of all.` */
function coverageText(report: Report, { kind }: Situation, { config }: PageContext): string {
  const { complete, totals } = report;
  if (!complete || totals.snapshots === 0) return '';
  const read = regionsNotRead(report).length === 0 ? 'All regions were read.' : 'All other regions were read.';
  if (config === undefined || totals.expire === 0 || kind === 'blocked' || isStarter(report)) return read;
  return (
    `${read} The plan is within your limits: ${formatNumber(totals.expire)} of at most ` +
    `${formatCount(config.caps.maxDeletions, 'snapshot')}, ${expireShareText(report, config.caps)} of at most ` +
    `${exactPercentText(config.caps.maxShare)} of all.`
  );
}

const QUICK_TEXTS: Partial<Record<Situation['kind'], string>> = {
  countdown: 'Keep one',
  undated: 'Keep one',
  candidates: 'How to delete or keep them',
  blocked: 'What to do',
  incomplete: 'What to do',
  'nothing-read': 'What to do',
};

/** Links for a phone, where the panel and what needs attention are below the first screen. */
function quickLinks(report: Report, { kind }: Situation, { run, deletionMode, deletionSchedule }: PageContext): string {
  const isBuiltIn = isStarter(report);
  const text = kind === 'candidates' && isBuiltIn ? 'What to do' : QUICK_TEXTS[kind];
  const matters = mattersOf(report);
  const links = [
    ...(text === undefined ? [] : [`<a class="btn" href="#todo">${text}</a>`]),
    ...(deletionMode === 'automatic' && run?.kind === 'deployed' && deletionSchedule !== undefined
      ? [externalLink(scheduleLink(deletionSchedule, run.region), 'Stop all', 'btn ext')]
      : []),
    ...(matters.length === 0
      ? []
      : [`<a class="btn" href="#h-att">${formatCount(matters.length, 'needs', 'need')} attention</a>`]),
  ];
  return links.length === 0
    ? ''
    : `<p class="quick">${links.join('')}</p>
`;
}

/** `Report of 23 Nov 2026, 09:00 (Europe/Berlin). The next report is due on 30 Nov 2026.` */
function reportTimeText({ evaluatedAt, zone }: Report, { kind }: Situation, { run }: PageContext): string {
  const named = kind === 'countdown' ? '' : ` (${oneLine(zone.name)})`;
  return (
    `Report of ${clockOf(zone).minute(evaluatedAt)}${named}. ` +
    `${nextReportText(run, kind === 'countdown')}`.trimEnd()
  );
}

/** The first screen: what will happen and when, what stays, and what a person can do. */
export function firstScreen(report: Report, situation: Situation, context: PageContext): string {
  const { subject, rest } = headlineOf(report, situation, context);
  const danger = subject === '' ? '' : `<span class="d">${escapeHtml(subject)}</span> `;
  const today = localDay(report.evaluatedAt, report.zone);
  const limits = coverageText(report, situation, context);
  const time = reportTimeText(report, situation, context);
  const tasks = mattersOf(report).map(({ task }) => task);
  const attention =
    tasks.length === 0
      ? ''
      : `<p>Needs attention:</p><ul>${tasks.map((task) => `<li>${escapeHtml(task)}</li>`).join('')}</ul>`;
  const notes = [...regionsNotRead(report), limits, changesText(report), time].filter((text) => text !== '');
  const mark = viewHtml(glyph(EYEBROW_MARKS[situation.kind]));
  return `<div class="hero"><div>
<p class="eyebrow">${mark}${escapeHtml(eyebrow(report, situation, context))}</p>
<h1>${danger}${escapeHtml(rest)}</h1>
<p class="lead">${leadOf(report, situation, context)}</p>
${quickLinks(report, situation, context)}${situation.kind === 'countdown' ? daysHtml(situation.days, today) : ''}${report.totals.expire > 0 ? splitHtml(report, situation) : ''}<div class="notes">${attention}${notes.map((text) => `<p>${escapeHtml(text)}</p>`).join('')}</div></div>
<aside class="panel" aria-labelledby="todo">
${actionPanel(report, situation, context)}</aside>
</div>
`;
}
