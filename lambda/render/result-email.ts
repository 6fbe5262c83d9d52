import type { ApplyResult } from '../core/plan/outcome';
import { cloudShellLink } from '../core/report/console-links';
import type { Zone } from '../core/time/zone';
import { clean } from '../core/util/safe-text';
import type { EmailText } from './email';
import { dollars, figure } from './phrases';
import { renderResultText, resultSentence, unsettledIn } from './result-text';

/** How a deletion run ended. Only a `finished` plan has an outcome for each of its snapshots. */
export type RunEnd =
  | { readonly state: 'finished' }
  | {
      readonly state: 'refused' | 'stopped' | 'failed';
      /** Stable. */
      readonly code: string;
      /** Why it ended before it was finished, for people. */
      readonly text: string;
      /** The id of the other plan whose run has the lock, where that is why it was refused. */
      readonly otherPlan?: string;
    };

/** A command for people who may have nothing installed, and the region in whose CloudShell it can be pasted. */
export interface PastedCommand {
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
  readonly again: PastedCommand | null;
}

/** SNS takes 256 KiB, attributes included; this leaves them room. */
const MAX_BODY_BYTES = 250 * 1024;
/** No line of an e-mail is broken here: readers do that. */
const UNBROKEN = 100_000;

const encoder = new TextEncoder();
const bytes = (text: string): number => encoder.encode(text).length;

/** Whether another run applies this plan. */
export const isElsewhere = (end: RunEnd): boolean =>
  end.state === 'refused' && end.code === 'plan.in-progress' && end.otherPlan === undefined;

const openOf = ({ result }: ResultContext): number => result?.totals.open ?? 0;

/** The outcome in at most 99 printable ASCII characters; what needs a person comes first. */
export function resultSubject({ result, end, unread }: ResultContext): string {
  const prefix = '[Lightsail] ';
  if (isElsewhere(end)) return `${prefix}Not carried out a second time: plan.in-progress`;
  const unsettled = result === null ? 0 : unsettledIn(result).length;
  if (result === null || (result.totals.requested === result.totals.open && unsettled === 0))
    return `${prefix}${unread === null ? 'Nothing deleted' : 'Not known what was deleted'}${end.state === 'finished' ? '' : `: ${end.code.replace(/[^!-~]/g, '').slice(0, 50)}`}`;
  const { requested, deleted, failed, open, freedMonthlyCostCeiling } = result.totals;
  if (end.state !== 'finished' || open > 0)
    return `${prefix}Deletion not finished: ${figure(deleted)} deleted, ${unsettled > 0 ? `${figure(unsettled)} of unknown end, ` : ''}${figure(open - unsettled)} of ${figure(requested)} not dealt with`;
  if (failed > 0)
    return `${prefix}${figure(failed)} of ${figure(requested)} deletions failed, ${figure(deleted)} deleted`;
  return `${prefix}${figure(deleted)} of ${figure(requested)} planned snapshots deleted, at most ${dollars(freedMonthlyCostCeiling)}/month`;
}

const ENDS: Readonly<Record<Exclude<RunEnd['state'], 'finished'>, string>> = {
  refused: 'The plan was refused',
  stopped: 'The run was stopped',
  failed: 'The run failed',
};

/** What stands in place of outcomes. */
function saidWithout({ result, end, unread }: ResultContext): string {
  if (result !== null) return '';
  if (isElsewhere(end))
    return 'The run that applies it sends the outcome. If no e-mail follows, that run has died: apply the plan again after the time above. ';
  return unread === null ? 'Nothing was deleted. ' : `What was done could not be read: ${clean(unread)}.\n`;
}

function head(context: ResultContext): string {
  const { planId, end } = context;
  const why = end.state === 'finished' ? '' : `${ENDS[end.state]}: ${clean(end.text)} (${clean(end.code)}).\n`;
  return `${why}${saidWithout(context)}Plan ${clean(planId)}.\n\n`;
}

function tail(context: ResultContext): string {
  const { files, again } = context;
  const more =
    again === null
      ? ''
      : `\nTo go on with what was not dealt with (each snapshot is checked again), paste this into CloudShell:\n    ${again.command}\n    ${cloudShellLink(again.region)}\n`;
  const places = files.length === 0 ? '' : `\nEvery outcome:\n${files.map((file) => `    ${clean(file)}\n`).join('')}`;
  return `${more}${places}\n"At most" because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.\n`;
}

/** What was done, as an e-mail of at most 250 KiB: what needs a person first; cut between lines, saying how many are left out and where they are. */
export function renderResultEmail(context: ResultContext): EmailText {
  const { result, files } = context;
  const [first, last] = [head(context), tail(context)];
  const place = clean(files[0] ?? 'the bucket');
  const more = (left: number): string => `… and ${figure(left)} more lines, in ${place}\n`;
  let room = MAX_BODY_BYTES - bytes(first) - bytes(last) - bytes(more(1_000_000));
  const lines = result === null ? [] : [...renderResultText(result, UNBROKEN)];
  const shown: string[] = [];
  for (const line of lines) {
    room -= bytes(line);
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
      : `Nothing was deleted: ${clean(end.text)}`;
