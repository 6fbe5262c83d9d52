import { isElsewhere, type ResultContext, type RunEnd, renderResultEmail, resultAttributes } from '../render/result-email';
import { renderResultHtml } from '../render/result-html';
import { readOutcome } from './ledger-end';
import { resultFile, resultFolder } from './ledger-files';
import type { Channel, Store } from './ports';

/** The plan that was to be carried out, as the approval or the selection names it. */
export interface PlanRef {
  readonly id: string;
  readonly digest: string;
}

/** A run that is over. */
export interface EndedRun {
  readonly plan: PlanRef;
  readonly end: RunEnd;
  /** The command that goes on with an unfinished plan, for people. */
  readonly again: (plan: PlanRef) => string;
}

export interface SendResultPorts {
  readonly store: Store;
  readonly channel: Channel;
}

/** What was done and told. Numbers are those of the whole plan, earlier runs of it included. */
export interface ResultSent {
  readonly delivery: 'sent' | 'already-sent';
  readonly deleted: number;
  readonly alreadyGone: number;
  readonly spared: number;
  readonly changed: number;
  readonly deletionsFailed: number;
  readonly open: number;
}

/** Longest (ms) that one attempt to send may take. */
const SEND_LIMIT = 45_000;

/** Whether the same plan would be refused again: no command goes on with it. */
const isFinal = (end: RunEnd): boolean => end.state === 'refused' && (end.code.startsWith('plan.') || end.code === 'config.built-in');

/**
 * Stores the outcome as a page beside `results/<plan id>.json`, and sends it, however the run ended. Safe to run twice: a finished plan whose
 * outcome went out is told once; where it is not known whether it went out, it goes out again.
 */
export async function sendResult({ store, channel }: SendResultPorts, { plan, end: ended, again }: EndedRun): Promise<ResultSent> {
  // What another run records is for that run to tell.
  const result = isElsewhere(ended) ? null : await readOutcome(store, plan);
  // A run that died after its last outcome did not come to know that it was.
  const end: RunEnd = result?.status === 'finished' ? { state: 'finished' } : ended;
  const { deleted = 0, alreadyGone = 0, spared = 0, changed = 0, failed: deletionsFailed = 0, open = 0 } = result?.totals ?? {};
  const sent = { deleted, alreadyGone, spared, changed, deletionsFailed, open };
  const mailed = `${resultFolder(plan.id)}mailed.json`;
  const isOver = result?.status === 'finished';
  if (isOver && (await store.get(mailed)) !== null) return { delivery: 'already-sent', ...sent };
  const html = `results/${plan.id}.html`;
  const context: ResultContext = {
    planId: plan.id,
    result,
    end,
    files: result === null ? [] : [store.locate(html), store.locate(resultFile(plan.id))],
    again: !isFinal(end) && (open > 0 || (result === null && end.state !== 'finished')) ? again(plan) : null,
  };
  if (result !== null) await store.put({ key: html, contentType: 'text/html; charset=utf-8', body: renderResultHtml(context) });
  await channel.send({ ...renderResultEmail(context), attributes: resultAttributes(context) }, AbortSignal.timeout(SEND_LIMIT));
  if (isOver) await store.put({ key: mailed, contentType: 'application/json', body: [`${JSON.stringify({ digest: plan.digest })}\n`] });
  return { delivery: 'sent', ...sent };
}
