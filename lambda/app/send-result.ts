import type { ApplyResult } from '../core/outcome';
import { isElsewhere, type ResultContext, type RunEnd, renderResultEmail, resultAttributes } from '../render/result-email';
import { renderResultHtml } from '../render/result-html';
import { readResult, resultFile, resultFolder } from './ledger-files';
import type { Channel, Store } from './ports';
import { isRefusal } from './refusals';
import { noteEnding } from './run-ending';

/** The plan that was to be carried out, as the approval or the selection names it. */
export interface PlanRef {
  readonly id: string;
  readonly digest: string;
}

/** A run that is over. */
export interface EndedRun {
  readonly plan: PlanRef;
  /** Its name: the same however often it is begun again. */
  readonly execution: string;
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

/** What is recorded of a plan; null where nothing is, or what is there belongs to another plan of that id. */
async function recorded(store: Store, plan: PlanRef): Promise<ApplyResult | null> {
  try {
    return await readResult(store, plan);
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Whether the same plan would be refused again: no command goes on with it. */
const isFinal = (end: RunEnd): boolean => end.state === 'refused' && (end.code.startsWith('plan.') || end.code === 'config.built-in');

/**
 * Notes how the run ended, stores the outcome as a page beside `results/<plan id>.json`, and sends it, however it ended. Safe to run twice: a
 * finished plan whose outcome went out is told once; where it is not known whether it went out, it goes out again.
 */
export async function sendResult({ store, channel }: SendResultPorts, { plan, execution, end, again }: EndedRun): Promise<ResultSent> {
  // For who waits at a terminal. The e-mail matters more: it goes out though this could not be written.
  await noteEnding(store, plan, execution, end).catch(() => undefined);
  // What another run records is for that run to tell.
  const result = isElsewhere(end) ? null : await recorded(store, plan);
  const { deleted = 0, alreadyGone = 0, spared = 0, changed = 0, failed: deletionsFailed = 0, open = 0 } = result?.totals ?? {};
  const sent = { deleted, alreadyGone, spared, changed, deletionsFailed, open };
  const mailed = `${resultFolder(plan.id)}mailed.json`;
  const isOver = end.state === 'finished' && result?.status === 'finished';
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
