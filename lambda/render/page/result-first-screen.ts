import type { ApplyResult } from '../../core/plan/outcome';
import { localDay } from '../../core/time/period';
import type { Zone } from '../../core/time/zone';
import { oneLine } from '../../core/util/safe-text';
import { approvalText } from '../approval';
import { longDayText } from '../day-text';
import { escapeHtml } from '../escape';
import { formatDollars, formatNumber } from '../numbers';
import {
  afterDeletion,
  END_TEXTS,
  othersText,
  pluralVerb,
  type ResultContext,
  stopText,
  unknownSizes,
} from '../result-email';
import { failedItems, lateItems, unsettledItems } from '../result-text';
import { unknownSizeText } from '../totals';
import { cloudShell, commandHtml, lightsailPage } from './commands';
import { clockOf } from './local-clock';
import { glyph } from './marks';
import { htmlText } from './page-shell';
import { deletedItems } from './result-table';
import { viewHtml } from './view';

/** The surroundings of the page of a result. */
export type ResultPageContext = Omit<ResultContext, 'files' | 'result'> & { readonly result: ApplyResult };

/** `22 of 26 snapshots were deleted on 7 December 2026.` */
export function resultHeadline({ result, zone }: ResultPageContext): string {
  const { requested, deleted } = result.totals;
  if (deleted === 0) return 'Nothing was deleted.';
  const [first = result.updatedAt] = deletedItems(result).map(({ at }) => at);
  const day = localDay(Date.parse(first), zone);
  const of = requested === deleted ? '' : ` of ${formatNumber(requested)}`;
  const what = `${formatNumber(deleted)}${of} ${requested === 1 ? 'snapshot' : 'snapshots'} ${pluralVerb(deleted)}`;
  return `${what} deleted on ${longDayText(day).replace(/^\w+, /, '')} ${day.slice(0, 4)}.`;
}

/** Snapshots whose delete was sent, and may still be carried out. */
const uncertain = (result: ApplyResult): number => unsettledItems(result).length + lateItems(result).length;

function eyebrowHtml({ result, end }: ResultPageContext): string {
  if (end.state !== 'finished' || result.status === 'unfinished')
    return `${viewHtml(glyph('fix'))}Deletion not finished.`;
  if (uncertain(result) > 0)
    return `${viewHtml(glyph('expire'))}Deletion finished. Of ${uncertain(result) === 1 ? 'one snapshot' : 'some snapshots'} AWS has not confirmed that it is deleted.`;
  if (failedItems(result).length > 0) return `${viewHtml(glyph('fix'))}Deletion finished, with failures.`;
  return `${viewHtml(glyph(result.totals.deleted === 0 ? 'keep' : 'gone'))}Deletion finished.`;
}

function resultLead(context: ResultPageContext): string {
  const { result, end } = context;
  const { deleted, freedGb, freedMonthlyCostCeiling } = result.totals;
  const unknown = unknownSizes(result);
  const cost =
    unknown === deleted
      ? 'What was deleted has no known size and cost.'
      : `What was deleted cost up to <b>${formatDollars(freedMonthlyCostCeiling)}</b> a month ` +
        `(${formatNumber(freedGb)} GB)${unknownSizeText({ unknown })}.`;
  const early =
    end.state === 'finished' ? '' : `${END_TEXTS[end.state]}: ${htmlText(end.text)} (${htmlText(end.code)}).`;
  return [early, deleted === 0 ? '' : cost, escapeHtml(othersText(context))].filter((text) => text !== '').join(' ');
}

/** How the plan divides into several outcomes: a bar with its key. */
function outcomesHtml(result: ApplyResult): string {
  const { requested, deleted, spared, changed, alreadyGone, open } = result.totals;
  const unsettled = unsettledItems(result).length;
  const parts = [
    ['gone', deleted, 'deleted'],
    ['fix', failedItems(result).length, 'failed'],
    ['expire', uncertain(result), 'not known'],
    ['held', spared + changed, 'skipped'],
    ['copy', alreadyGone, 'already gone'],
    ['keep', open - unsettled, 'not processed'],
  ] as const;
  const shown = parts.filter(([, count]) => count > 0);
  if (shown.length <= 1) return '';
  const label = shown.map(([, count, text]) => `${formatNumber(count)} ${text}`).join(', ');
  const share = (count: number): string => `${((100 * count) / Math.max(1, requested)).toFixed(2)}%`;
  const bar =
    `<svg class="split" role="img" aria-label="${label}"><rect class="ghost" width="100%" height="10"/>` +
    `<rect class="gap" width="${share(deleted + uncertain(result))}" height="10"/>` +
    `<rect class="hatched" width="${share(deleted + uncertain(result))}" height="10"/>` +
    `<rect class="done" width="${share(deleted)}" height="10"/></svg>`;
  const key = shown.map(
    ([mark, count, text]) => `<span>${viewHtml(glyph(mark))} <b>${formatNumber(count)}</b> ${text}</span>`,
  );
  return `${bar}<p class="key" aria-hidden="true">${key.join('')}</p>\n`;
}

const panelText = (title: string, html: string): string =>
  `<h2 id="todo">${title}</h2>\n<p class="small quiet">${html}</p>\n`;

/** What a person can do now. */
function nextHtml(context: ResultPageContext): string {
  const { result, resumeCommand } = context;
  const { open } = result.totals;
  const failed = failedItems(result).length;
  const advice = escapeHtml(`${afterDeletion(context)} ${stopText(result)}`);
  if (resumeCommand !== null) {
    const title = open === 0 ? 'Continue the deletion' : `Continue with the other ${formatNumber(open)}`;
    return `${panelText(title, 'Each is checked again before it is deleted.')}\
${commandHtml('resume', resumeCommand.command)}<p class="small quiet">Paste it into ${cloudShell(resumeCommand.region)}.</p>\n`;
  }
  if (failed > 0)
    return panelText(
      `<a href="#others">Find out why ${failed === 1 ? 'one' : formatNumber(failed)} failed</a>`,
      advice,
    );
  if (result.status === 'unfinished')
    return panelText(
      'Wait for the next report',
      'It lists again what your policy does not keep, and makes a new plan.',
    );
  return panelText(
    'No action needed',
    result.totals.deleted === 0
      ? advice
      : `${advice} A deleted snapshot cannot be restored. ${lightsailPage()} shows the snapshots that are left.`,
  );
}

/** `30 Nov 2026, 09:00 to 09:13 (Europe/Berlin)`: of the deletes, as the e-mail says it; else of the run. */
function runTimeText({ startedAt, updatedAt }: ApplyResult, times: readonly number[], zone: Zone): string {
  const clock = clockOf(zone);
  const [start, end] = [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), 0)];
  const [from, to] =
    times.length === 0
      ? [clock.minute(Date.parse(startedAt)), clock.minute(Date.parse(updatedAt))]
      : [clock.minute(start), clock.minute(end)];
  const isSameDay = from.slice(0, -5) === to.slice(0, -5);
  const until = from === to ? '' : ` to ${isSameDay ? to.slice(-5) : to}`;
  return `${from}${until} (${oneLine(zone.name)})`;
}

const sentenceStart = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** The first screen: what was deleted and when, what was not, what a person can do, and who approved it. */
export function resultFirstScreen(context: ResultPageContext): string {
  const { result, zone } = context;
  const deletedAt = deletedItems(result).map(({ at }) => Date.parse(at));
  const approved = approvalText(result.approvedBy);
  return `<div class="hero"><div>
<p class="eyebrow">${eyebrowHtml(context)}</p>
<h1>${escapeHtml(resultHeadline(context)).replace(/\d+ \w+ \d+\.$/, '<span class="nb">$&</span>')}</h1>
<p class="lead">${resultLead(context)}</p>
${outcomesHtml(result)}</div>
<aside class="panel" aria-labelledby="todo">
${nextHtml(context)}<dl><dt>Approved by</dt><dd>${htmlText(result.approvedBy?.arn == null ? sentenceStart(approved) : approved)}</dd>\
<dt>${deletedAt.length === 0 ? 'Run' : 'Deleted'}</dt><dd>${escapeHtml(runTimeText(result, deletedAt, zone))}</dd></dl></aside>
</div>
`;
}
