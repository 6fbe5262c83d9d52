import type { ApplyResult } from '../core/plan/outcome';
import { cloudShellLink } from '../core/report/console-links';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { utf8Length } from '../core/util/utf8';
import { type EmailText, MAX_BODY_BYTES } from './email';
import { formatDollars, formatNumber } from './numbers';
import { renderResultText, resultSentence, unsettledItems } from './result-text';

/** How a deletion run ended. Only a `finished` plan has an outcome for each of its snapshots. */
export type RunEnd =
  | { readonly state: 'finished' }
  | {
      readonly state: 'refused' | 'stopped' | 'failed';
      /** Stable. */
      readonly code: string;
      /** Why it ended before it was finished, for people. */
      readonly text: string;
    };

/** A command for people who may have nothing installed, and the region in whose CloudShell it can be pasted. */
export interface CloudShellCommand {
  readonly command: string;
  readonly region: string;
}

export interface ResultContext {
  readonly planId: string;
  /** The configured zone, in which people read when something was done. */
  readonly zone: Zone;
  /** Null: nothing was recorded, so nothing was deleted, unless it could not be read. */
  readonly result: ApplyResult | null;
  /** Why what was done could not be read; null: it was. */
  readonly unread: string | null;
  readonly end: RunEnd;
  /** Where the outcomes stand: `s3://…`. */
  readonly files: readonly string[];
  /** What goes on with an unfinished plan; null where there is nothing to go on with. */
  readonly resumeCommand: CloudShellCommand | null;
}

/** No line of an e-mail is broken here: readers do that. */
const NO_WRAP_COLUMNS = 100_000;

/** Another run carries the plan out. */
export const isElsewhere = (end: RunEnd): boolean => end.state === 'refused' && end.code === 'plan.in-progress';

const openOf = ({ result }: ResultContext): number => result?.totals.open ?? 0;

/** The outcome in at most 99 printable ASCII characters; what needs a person comes first. */
export function resultSubject({ result, end, unread }: ResultContext): string {
  const prefix = '[Lightsail] ';
  if (isElsewhere(end)) return `${prefix}Not carried out a second time: plan.in-progress`;
  const unsettled = result === null ? 0 : unsettledItems(result).length;
  if (result === null || (result.totals.requested === result.totals.open && unsettled === 0))
    return `${prefix}${unread === null ? 'Nothing deleted' : 'Not known what was deleted'}${end.state === 'finished' ? '' : `: ${end.code.replace(/[^!-~]/g, '').slice(0, 50)}`}`;
  const { requested, deleted, failed, open, freedMonthlyCostCeiling } = result.totals;
  if (end.state !== 'finished' || open > 0)
    return `${prefix}Deletion not finished: ${formatNumber(deleted)} deleted, ${unsettled > 0 ? `${formatNumber(unsettled)} of unknown end, ` : ''}${formatNumber(open - unsettled)} of ${formatNumber(requested)} not dealt with`;
  if (failed > 0)
    return `${prefix}${formatNumber(failed)} of ${formatNumber(requested)} deletions failed, ${formatNumber(deleted)} deleted`;
  return `${prefix}${formatNumber(deleted)} of ${formatNumber(requested)} planned snapshots deleted, at most ${formatDollars(freedMonthlyCostCeiling)}/month`;
}

const END_TEXTS: Readonly<Record<Exclude<RunEnd['state'], 'finished'>, string>> = {
  refused: 'The plan was refused',
  stopped: 'The run was stopped',
  failed: 'The run failed',
};

/** What stands in place of outcomes. */
function missingResultText({ result, end, unread }: ResultContext): string {
  if (result !== null) return '';
  if (isElsewhere(end)) return 'The run that is at it sends the outcome. ';
  return unread === null ? 'Nothing was deleted. ' : `What was done could not be read: ${oneLine(unread)}.\n`;
}

function bodyStart(context: ResultContext): string {
  const { planId, end } = context;
  const why = end.state === 'finished' ? '' : `${END_TEXTS[end.state]}: ${oneLine(end.text)} (${oneLine(end.code)}).\n`;
  return `${why}${missingResultText(context)}Plan ${oneLine(planId)}.\n\n`;
}

function bodyEnd(context: ResultContext): string {
  const { files, resumeCommand: again } = context;
  const more =
    again === null
      ? ''
      : `\nTo go on with what was not dealt with (each snapshot is checked again), paste this into CloudShell:\n    ${again.command}\n    ${cloudShellLink(again.region)}\n`;
  const places =
    files.length === 0 ? '' : `\nEvery outcome:\n${files.map((file) => `    ${oneLine(file)}\n`).join('')}`;
  return `${more}${places}\n"At most" because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.\n`;
}

/** What was done, as an e-mail of at most 250 KiB: what needs a person first; cut between lines, saying how many are left out and where they are. */
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

/** Message attributes by which subscribers filter: those of a report have no `deleted`. */
export function resultAttributes(context: ResultContext): Readonly<Record<string, string | number>> {
  const { result, end, unread } = context;
  if (unread !== null) return { outcome: 'deletion-unread' };
  const { deleted = 0, failed = 0 } = result?.totals ?? {};
  const outcome =
    failed > 0
      ? 'deletion-failed'
      : end.state === 'finished' && openOf(context) === 0
        ? 'deleted'
        : `deletion-${end.state}`;
  return { outcome, deleted, failed, open: openOf(context) };
}

/** What was done, in one sentence. */
export const endSentence = ({ result, end }: ResultContext): string =>
  result !== null
    ? resultSentence(result)
    : end.state === 'finished'
      ? 'Nothing was deleted.'
      : `Nothing was deleted: ${oneLine(end.text)}`;
