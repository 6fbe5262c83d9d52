import type { ApplyResult, Approval, OutcomeTotals } from '../core/plan/outcome';
import type { Plan } from '../core/plan/plan';
import { localDay, localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import type { ErrorCode } from '../core/util/error-codes';
import { oneLine } from '../core/util/safe-text';
import { approvalText } from './approval';
import { dayInWords } from './day-text';
import { escapeHtml } from './escape';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { type PlannedSource, plannedSources } from './plan-sources';
import { END_TEXTS, type RunEnd } from './result-email';

type ResultSummary = Omit<ApplyResult, 'items'>;

/** An approval that an execution stored. `by` null: not known. */
export interface StoredApproval {
  readonly by: Approval | null;
  /** When the store received it (epoch ms). */
  readonly at: number;
}

/** What an approval of a plan led to before a page approved it again. */
export type UsedPlan = { readonly plan: string } & (
  | { readonly state: 'finished'; readonly result: ResultSummary }
  | { readonly state: 'running'; readonly result: ResultSummary | null; readonly approval: StoredApproval | null }
  /** No execution of it runs. */
  | {
      readonly state: 'ended';
      readonly result: ResultSummary | null;
      readonly approval: StoredApproval | null;
      readonly lastEnd: RunEnd | null;
    }
);

/** The newest plan as the dashboard shows it. Only an `open` one can be approved. */
export type PlanState =
  | { readonly state: 'none' }
  /** `plan` null: it could not be read. `code` is stable. */
  | { readonly state: 'refused'; readonly plan: Plan | null; readonly code: string; readonly text: string }
  | {
      readonly state: 'running';
      readonly plan: Plan;
      readonly result: ResultSummary | null;
      readonly approval: StoredApproval | null;
    }
  | { readonly state: 'finished'; readonly plan: Plan; readonly result: ResultSummary }
  | {
      readonly state: 'open';
      readonly plan: Plan;
      /** How many executions of the plan there were. */
      readonly attempt: number;
      /** Of an execution that did not finish the plan; null: there was none. */
      readonly result: ResultSummary | null;
      readonly lastEnd: RunEnd | null;
    };

export interface WidgetContext {
  /** The configured zone of all dates. */
  readonly zone: Zone;
  /** The ARN of the function that the button calls. */
  readonly approveFunction: string;
  /** The link to the page of a report; null: not known. */
  readonly reportLink: (planId: string) => string | null;
}

const MAX_SOURCES_SHOWN = 100;
const MAX_REASONS_SHOWN = 2;

/** Text of other people on one line, as HTML. */
const safe = (text: string): string => escapeHtml(oneLine(text));

const paragraph = (...sentences: readonly string[]): string => `<p>${sentences.filter(Boolean).join(' ')}</p>\n`;

/** Of this widget alone, in the colours of the dashboard, which can be light or dark. */
const STYLE = `<style>
.retention { max-width: 72rem; overflow-wrap: anywhere; }
.retention table { width: 100%; border-collapse: collapse; }
.retention th, .retention td { padding: 4px 8px; text-align: left; vertical-align: top; }
.retention tr { border-bottom: 1px solid #8884; }
.retention .number { text-align: right; white-space: nowrap; }
.retention .cost { overflow-wrap: normal; }
.retention input { width: 8em; padding: 4px; }
.retention .btn { margin-top: 8px; }
@media (max-width: 40rem) { .retention .dates { display: none; } }
</style>
`;

/** The HTML of a widget; all of `body` is escaped. */
const widget = (body: string): string => `${STYLE}<div class="retention">\n${body}</div>\n`;

const dayText = (instant: string, zone: Zone): string => dayInWords(localDay(Date.parse(instant), zone));
const minuteAt = (at: number, zone: Zone): string =>
  `${dayInWords(localDay(at, zone))} ${localMinute(at, zone).slice(-5)}`;
const minuteText = (instant: string, zone: Zone): string => minuteAt(Date.parse(instant), zone);

/** `up to $84.80/month`, with what has no known size. */
function costText({ ceiling, unknown }: Pick<PlannedSource, 'ceiling' | 'unknown'>): string {
  const known = `up to ${formatDollars(ceiling)}/month`;
  return unknown === 0 ? known : `${known} and ${formatNumber(unknown)} of unknown size`;
}

const totalOf = (sources: readonly PlannedSource[]): Pick<PlannedSource, 'ceiling' | 'unknown' | 'count'> => ({
  count: sources.reduce((sum, { count }) => sum + count, 0),
  ceiling: sources.reduce((sum, { ceiling }) => sum + ceiling, 0),
  unknown: sources.reduce((sum, { unknown }) => sum + unknown, 0),
});

function reasonsCell(reasons: readonly string[]): string {
  const more = reasons.length - MAX_REASONS_SHOWN;
  const shown = reasons.slice(0, MAX_REASONS_SHOWN).map(safe);
  return [...shown, ...(more > 0 ? [`And ${formatCount(more, 'other reason')}.`] : [])].join(' ');
}

function sourceRow({ source, count, from, to, reasons, ...cost }: PlannedSource, zone: Zone): string {
  const [first, last] = [dayText(from, zone), dayText(to, zone)];
  const cells = [
    `<td>${source === null ? 'source not known' : safe(source)}</td>`,
    `<td class="number">${formatNumber(count)}</td>`,
    `<td class="dates">${first === last ? first : `${first} to ${last}`}</td>`,
    `<td class="cost">${costText(cost)}</td>`,
    `<td>${reasonsCell(reasons)}</td>`,
  ];
  return `<tr>${cells.join('')}</tr>\n`;
}

function sourceTable(sources: readonly PlannedSource[], zone: Zone): string {
  const heads = ['<th>Source', '<th class="number">Snapshots', '<th class="dates">Created', '<th>Cost', '<th>Why'];
  const rows = sources.slice(0, MAX_SOURCES_SHOWN).map((source) => sourceRow(source, zone));
  const rest = sources.slice(MAX_SOURCES_SHOWN);
  const { count, ...cost } = totalOf(rest);
  const more = `${formatCount(rest.length, 'more source')}: ${formatCount(count, 'snapshot')}, ${costText(cost)}`;
  const last = rest.length === 0 ? '' : `<tr><td colspan="5">${more}</td></tr>\n`;
  return `<table>\n<tr>${heads.map((head) => `${head}</th>`).join('')}</tr>\n${rows.join('')}${last}</table>\n`;
}

/** Names a plan and its report; `expiry`: and until when it can be approved. */
function planLine({ id, createdAt, expiresAt }: Plan, { zone, reportLink }: WidgetContext, expiry = ''): string {
  const link = reportLink(id);
  const made = `Plan <code>${safe(id)}</code>, made on ${minuteText(createdAt, zone)}`;
  return paragraph(
    expiry === ''
      ? `${made} (${safe(zone.name)}).`
      : `${made}, ${expiry} ${minuteText(expiresAt, zone)} (${safe(zone.name)}).`,
    link === null ? '' : `<a href="${escapeHtml(link)}">All snapshots are in its report.</a>`,
  );
}

/** `12 of 28 snapshots have an outcome: 10 deleted, 2 skipped.` */
function progressText({ requested, open, ...totals }: OutcomeTotals): string {
  const parts = [
    [totals.deleted, 'deleted'],
    [totals.alreadyGone, 'already gone'],
    [totals.spared + totals.changed, 'skipped'],
    [totals.failed, 'failed'],
  ] as const;
  const counted = parts.filter(([count]) => count > 0).map(([count, text]) => `${formatNumber(count)} ${text}`);
  const outcomes = counted.length === 0 ? '' : `: ${counted.join(', ')}`;
  return `${formatNumber(requested - open)} of ${formatCount(requested, 'snapshot')} have an outcome${outcomes}.`;
}

/** `The run failed: the bucket cannot be read <code>run.failed</code>.`; empty: it did not end early. */
const earlyEndText = (end: RunEnd | null): string =>
  end === null || end.state === 'finished'
    ? ''
    : `${END_TEXTS[end.state]}: ${safe(end.text)} <code>${safe(end.code)}</code>.`;

/** What earlier executions did with a plan that can be approved again. */
function earlierText(result: ResultSummary | null, lastEnd: RunEnd | null): string {
  const end = earlyEndText(lastEnd);
  const progress = result === null ? '' : progressText(result.totals);
  if (end === '' && progress === '') return '';
  return paragraph('This plan was approved before, and can be approved again.', progress, end);
}

/** Who approved a plan, and when, if that is stored. */
function approvedText({ by, at }: StoredApproval, zone: Zone): string {
  const when = at > 0 ? `, on ${minuteAt(at, zone)} (${safe(zone.name)})` : '';
  return by === null ? `Who approved it is not recorded${when}.` : `Approved by ${safe(approvalText(by))}${when}.`;
}

/** Who approved a plan that is being applied. */
function runningText(
  { result, approval }: Pick<Extract<UsedPlan, { state: 'running' }>, 'result' | 'approval'>,
  zone: Zone,
): string {
  const known = approval ?? (result && { by: result.approvedBy, at: 0 });
  return known === null ? '' : approvedText(known, zone);
}

/** What a finished plan did, who approved it, and when. */
function finishedText({ totals, approvedBy, startedAt, updatedAt }: ResultSummary, zone: Zone): string {
  const freed = `Freed: up to ${formatDollars(totals.freedMonthlyCostCeiling)}/month.`;
  const times = `Its deletion began on ${minuteText(startedAt, zone)} and ended on ${minuteText(updatedAt, zone)} (${safe(zone.name)}).`;
  return [progressText(totals), freed, approvedText({ by: approvedBy, at: 0 }, zone), times].join(' ');
}

/** The field, and the only element of the widget that acts. */
function approvalForm(plan: Plan, attempt: number, what: string, { approveFunction }: WidgetContext): string {
  const approval = JSON.stringify({ approve: { plan: plan.id, digest: plan.digest, attempt } });
  const question = `Delete ${what}? A Lightsail delete cannot be undone.`;
  return `<form><label>Type the number of snapshots to delete (${formatNumber(plan.items.length)}):
<input name="count" inputmode="numeric" autocomplete="off"></label></form>
<a class="btn btn-primary">Approve the deletion</a><cwdb-action action="call" event="click" display="popup"
 endpoint="${escapeHtml(approveFunction)}"
 confirmation="${escapeHtml(question)}">${escapeHtml(approval)}</cwdb-action>
`;
}

function openWidget(state: Extract<PlanState, { state: 'open' }>, context: WidgetContext): string {
  const { plan, attempt, result, lastEnd } = state;
  const sources = plannedSources(plan.items);
  if (sources.length === 0)
    return (
      paragraph('<strong>Nothing to approve.</strong> The newest plan lists no snapshot.') + planLine(plan, context)
    );
  const { count, ...cost } = totalOf(sources);
  const what = `${formatCount(count, 'snapshot')} of ${formatCount(sources.length, 'source')}, ${costText(cost)}`;
  return [
    paragraph(`<strong>${count === 1 ? 'This can' : 'These can'} be deleted: ${what}.</strong>`),
    planLine(plan, context, 'can be approved until'),
    plan.caps === 'raised' ? paragraph('The limits were raised for this plan to its own count.') : '',
    earlierText(result, lastEnd),
    sourceTable(sources, context.zone),
    paragraph('Each snapshot is checked again before its delete. A tag <code>retention:hold</code> still keeps it.'),
    approvalForm(plan, attempt, what, context),
  ].join('');
}

const refusedWidget = (state: Extract<PlanState, { state: 'refused' }>, context: WidgetContext): string =>
  paragraph(
    `<strong>The newest plan cannot be approved.</strong> ${safe(state.text)} <code>${safe(state.code)}</code>`,
  ) + (state.plan === null ? '' : planLine(state.plan, context));

function body(state: PlanState, context: WidgetContext): string {
  switch (state.state) {
    case 'none':
      return paragraph('<strong>There is no plan yet.</strong> The next report makes one.');
    case 'refused':
      return refusedWidget(state, context);
    case 'running': {
      const { plan, result } = state;
      const progress =
        result === null ? `It lists ${formatCount(plan.items.length, 'snapshot')}.` : progressText(result.totals);
      const title = '<strong>The newest plan is approved, and its deletion is running.</strong>';
      return paragraph(title, progress, runningText(state, context.zone)) + planLine(plan, context);
    }
    case 'finished': {
      const { plan, result } = state;
      const title = '<strong>The newest plan is finished.</strong>';
      return paragraph(title, finishedText(result, context.zone), `Plan <code>${safe(plan.id)}</code>.`);
    }
    case 'open':
      return openWidget(state, context);
  }
}

/** The widget that shows the newest plan, and approves it by its one button. */
export const renderApprovalWidget = (state: PlanState, context: WidgetContext): string => widget(body(state, context));

/** The answer to an approval that was handed over. */
export const approvedAnswer = ({ plan, count }: { readonly plan: string; readonly count: number }): string =>
  widget(
    paragraph(
      `<strong>Approved: ${formatCount(count, 'snapshot')} of the plan <code>${safe(plan)}</code>.</strong>`,
      'The deletion function has the plan. It checks everything again, deletes, and e-mails the outcome.',
      'Another click starts nothing more. Refresh the widget: it shows the progress, or offers the plan again if nothing was started.',
    ),
  );

/** The codes of approvals that came too late. */
export const USED_CODES = {
  finished: 'plan.applied',
  running: 'plan.in-progress',
  ended: 'approval.old-page',
} as const satisfies Readonly<Record<UsedPlan['state'], ErrorCode>>;

const USED_TITLES: Readonly<Record<UsedPlan['state'], string>> = {
  finished: 'Nothing was approved: this plan is finished.',
  running: 'Nothing more was approved: the deletion of this plan is running.',
  ended: 'Nothing was approved: this plan was approved before, after the page was shown.',
};

function usedText(used: UsedPlan, zone: Zone): string {
  if (used.state === 'finished') return finishedText(used.result, zone);
  const progress = used.result === null ? '' : progressText(used.result.totals);
  const end = used.state === 'ended' ? earlyEndText(used.lastEnd) : '';
  return [progress, end, runningText(used, zone)].filter(Boolean).join(' ');
}

/** The answer to an approval of a plan that was used since its page was shown: what happened to it. */
export const usedAnswer = (used: UsedPlan, zone: Zone): string =>
  widget(
    paragraph(
      `<strong>${USED_TITLES[used.state]}</strong>`,
      usedText(used, zone),
      `Plan <code>${safe(used.plan)}</code> <code>${USED_CODES[used.state]}</code>`,
    ) + paragraph('Refresh the widget: it shows the newest plan.'),
  );

/** The answer to an approval that led to nothing, or of which that is not certain. */
export const refusedAnswer = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  widget(
    paragraph(
      // An answer can be lost after the deletion was started.
      code === 'apply.invoke'
        ? '<strong>It is not certain that the approval arrived.</strong> Refresh the widget: it shows whether a deletion is running.'
        : '<strong>Nothing was approved.</strong>',
      `${safe(message)} <code>${safe(code)}</code>`,
    ),
  );

/** The widget where the newest plan could not be read. */
export const unreadWidget = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  widget(paragraph(`<strong>The plan cannot be shown.</strong> ${safe(message)} <code>${safe(code)}</code>`));

/** The answer to an event that approves nothing: a view, a refresh. */
export const notAskedAnswer = (): string =>
  widget(paragraph('This function acts only on the button of the widget that shows the plan. Nothing was approved.'));
