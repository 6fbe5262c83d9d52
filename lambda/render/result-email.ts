import type { ApplyResult, OutcomeTotals } from '../core/plan/outcome';
import { cloudShellLink } from '../core/report/console-links';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { utf8Length } from '../core/util/utf8';
import { type EmailText, MAX_BODY_BYTES } from './email';
import { formatDollars, formatNumber } from './numbers';
import { CEILING_NOTE, evidenceLines } from './phrases';
import { renderResultText, resultSentence, unsettledItems } from './result-text';

/** How a deletion run ended. Only a `finished` run has an outcome for each snapshot of its plan. */
export type RunEnd =
  | { readonly state: 'finished' }
  | {
      readonly state: 'refused' | 'stopped' | 'failed';
      /** Stable. */
      readonly code: string;
      /** Why it ended early. */
      readonly text: string;
      /** The id of the other plan whose run has the lock, where that is why it was refused. */
      readonly otherPlan?: string;
    };

/** A command, and the region of the CloudShell to paste it into. */
export interface CloudShellCommand {
  readonly command: string;
  readonly region: string;
}

export interface ResultContext {
  readonly planId: string;
  /** The configured zone of all dates. */
  readonly zone: Zone;
  /** Null: no outcome is recorded, or the record could not be read. */
  readonly result: ApplyResult | null;
  /** Why the record could not be read; null: it was read. */
  readonly unread: string | null;
  readonly end: RunEnd;
  /** The places of the outcomes: `s3://…`. */
  readonly files: readonly string[];
  /** The command that continues an unfinished plan; null: nothing is left. */
  readonly resumeCommand: CloudShellCommand | null;
  /** The head of the evidence chain, `NUMBER:SHA256`; null: the result is not recorded. Absent: none is. */
  readonly evidenceHead?: string | null;
}

/** Mail programs wrap lines. */
const NO_WRAP_COLUMNS = 100_000;

/** Whether another run applies this plan. */
export const isElsewhere = (end: RunEnd): boolean =>
  end.state === 'refused' && end.code === 'plan.in-progress' && end.otherPlan === undefined;

const openOf = ({ result }: ResultContext): number => result?.totals.open ?? 0;

function unfinishedText({ deleted, open, requested }: OutcomeTotals, unsettled: number): string {
  const unknown = unsettled > 0 ? `${formatNumber(unsettled)} unknown, ` : '';
  const rest = `${formatNumber(open - unsettled)} of ${formatNumber(requested)} not processed`;
  return `Deletion not finished: ${formatNumber(deleted)} deleted, ${unknown}${rest}`;
}

/** The outcome in at most 99 printable ASCII characters (the limit of SNS is 100). */
export function resultSubject({ result, end, unread }: ResultContext): string {
  const prefix = '[Lightsail] ';
  if (isElsewhere(end)) return `${prefix}Already in progress: plan.in-progress`;
  const unsettled = result === null ? 0 : unsettledItems(result).length;
  if (result === null || (result.totals.requested === result.totals.open && unsettled === 0)) {
    const code = end.state === 'finished' ? '' : `: ${end.code.replace(/[^!-~]/g, '').slice(0, 50)}`;
    return `${prefix}${unread === null ? 'Nothing deleted' : 'Not known what was deleted'}${code}`;
  }
  const { requested, deleted, failed, open, freedMonthlyCostCeiling } = result.totals;
  if (end.state !== 'finished' || open > 0) return `${prefix}${unfinishedText(result.totals, unsettled)}`;
  if (failed > 0)
    return `${prefix}${formatNumber(failed)} of ${formatNumber(requested)} deletions failed, ${formatNumber(deleted)} deleted`;
  return `${prefix}${formatNumber(deleted)} of ${formatNumber(requested)} planned snapshots deleted, at most ${formatDollars(freedMonthlyCostCeiling)}/month`;
}

const END_TEXTS: Readonly<Record<Exclude<RunEnd['state'], 'finished'>, string>> = {
  refused: 'The plan was refused',
  stopped: 'The run was stopped',
  failed: 'The run failed',
};

/** The text in place of a missing result. */
function missingResultText({ result, end, unread }: ResultContext): string {
  if (result !== null) return '';
  if (isElsewhere(end))
    return 'The run that applies progress sends the outcome. If no e-mail follows, that run has died: apply the plan again after the time above. ';
  return unread === null ? 'Nothing was deleted. ' : `What was done could not be read: ${oneLine(unread)}.\n`;
}

function bodyStart(context: ResultContext): string {
  const { planId, end } = context;
  const why = end.state === 'finished' ? '' : `${END_TEXTS[end.state]}: ${oneLine(end.text)} (${oneLine(end.code)}).\n`;
  return `${why}${missingResultText(context)}Plan ${oneLine(planId)}.\n\n`;
}

function bodyEnd({ files, resumeCommand, evidenceHead }: ResultContext): string {
  const resume =
    resumeCommand === null
      ? ''
      : `
To continue with the snapshots that were not processed (each is checked again), paste this into CloudShell:
    ${resumeCommand.command}
    ${cloudShellLink(resumeCommand.region)}
`;
  const places =
    files.length === 0 ? '' : `\nEvery outcome:\n${files.map((file) => `    ${oneLine(file)}\n`).join('')}`;
  const evidence = evidenceLines(evidenceHead).map((line) => `${line}\n`);
  return `${resume}${places}\n${CEILING_NOTE}\n${evidence.join('')}`;
}

/**
 * Renders a result as an e-mail of at most MAX_BODY_BYTES, failures first. A cut names the number of missing lines and
 * their place.
 */
export function renderResultEmail(context: ResultContext): EmailText {
  const { result, files } = context;
  const [first, last] = [bodyStart(context), bodyEnd(context)];
  const place = oneLine(files[0] ?? 'the bucket');
  const more = (left: number): string => `… and ${formatNumber(left)} more lines, in ${place}\n`;
  let room = MAX_BODY_BYTES - utf8Length(first) - utf8Length(last) - utf8Length(more(1_000_000));
  const lines = result === null ? [] : [...renderResultText(result, NO_WRAP_COLUMNS)];
  const shown: string[] = [];
  for (const line of lines) {
    room -= utf8Length(line);
    if (room < 0) break;
    shown.push(line);
  }
  const cut = shown.length < lines.length ? more(lines.length - shown.length) : '';
  return { subject: resultSubject(context), body: `${first}${shown.join('')}${cut}${last}` };
}

/** Message attributes for subscription filters. Only those of a result have `deleted`. */
export function resultAttributes(context: ResultContext): Readonly<Record<string, string | number>> {
  const { result, end, unread } = context;
  if (unread !== null) return { outcome: 'deletion-unread' };
  const { deleted = 0, failed = 0 } = result?.totals ?? {};
  const open = openOf(context);
  const ended = end.state === 'finished' && open === 0 ? 'deleted' : `deletion-${end.state}`;
  return { outcome: failed > 0 ? 'deletion-failed' : ended, deleted, failed, open };
}

/** The result in one sentence. */
export function endSentence({ result, end }: ResultContext): string {
  if (result !== null) return resultSentence(result);
  return end.state === 'finished' ? 'Nothing was deleted.' : `Nothing was deleted: ${oneLine(end.text)}`;
}
