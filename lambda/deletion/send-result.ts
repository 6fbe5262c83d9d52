import type { Zone } from '../core/time/zone';
import type { Channel, Store, StoredObject } from '../ports/ports';
import {
  type CloudShellCommand,
  isElsewhere,
  type ResultContext,
  type RunEnd,
  renderResultEmail,
  resultAttributes,
} from '../render/result-email';
import { renderResultHtml } from '../render/result-html';
import { resultFile, resultMailedFile, resultPage } from '../storage/keys';
import { readOutcome } from './outcome-summary';

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
  /** The configured zone. */
  readonly zone: Zone;
  /** The command that goes on with an unfinished plan, for people. */
  readonly again: (plan: PlanRef) => CloudShellCommand;
}

export interface SendResultPorts {
  readonly store: Store;
  readonly channel: Channel;
}

/** What was done, in numbers: those of the whole plan, earlier runs of it included. */
interface Counts {
  readonly deleted: number;
  readonly alreadyGone: number;
  readonly spared: number;
  readonly changed: number;
  readonly deletionsFailed: number;
  readonly open: number;
}

/** What was done and told. Without counts where what was done could not be read. */
export interface ResultSent extends Partial<Counts> {
  readonly delivery: 'sent' | 'already-sent';
}

/** Longest (ms) that one attempt to send may take. */
const SEND_LIMIT = 45_000;

/** Whether the same plan would be refused again: no command goes on with it. */
const isFinal = (end: RunEnd): boolean =>
  end.state === 'refused' && (end.code.startsWith('plan.') || end.code === 'config.built-in');

type Recorded = Pick<ResultContext, 'result' | 'unread'>;

const NOTHING: Recorded = { result: null, unread: null };

async function read(store: Store, plan: PlanRef): Promise<Recorded> {
  try {
    return { result: await readOutcome(store, plan), unread: null };
  } catch (error) {
    return { result: null, unread: error instanceof Error ? error.message : String(error) };
  }
}

function countsOf({ result, unread }: Recorded): Partial<Counts> {
  if (unread !== null) return {};
  const {
    deleted = 0,
    alreadyGone = 0,
    spared = 0,
    changed = 0,
    failed: deletionsFailed = 0,
    open = 0,
  } = result?.totals ?? {};
  return { deleted, alreadyGone, spared, changed, deletionsFailed, open };
}

/** Whether something was written: what cannot be is left out. */
const isWritten = (store: Store, object: StoredObject): Promise<boolean> =>
  store.put(object).then(
    () => true,
    () => false,
  );

/**
 * Stores the outcome as a page beside `results/<plan id>.json`, and sends it, however the run ended. Rejects only when it could not be sent:
 * where the bucket fails, the e-mail says so. Safe to run twice: a finished plan whose outcome went out is told once; where it is not known
 * whether it went out, it goes out again.
 */
export async function sendResult(
  { store, channel }: SendResultPorts,
  { plan, execution, end: ended, zone, again }: EndedRun,
): Promise<ResultSent> {
  // What another run records is for that run to tell.
  const recorded = isElsewhere(ended) ? NOTHING : await read(store, plan);
  const { result, unread } = recorded;
  // A run that died after its last outcome did not come to know that it was.
  const end: RunEnd = result?.status === 'finished' ? { state: 'finished' } : ended;
  const counts = countsOf(recorded);
  const mailed = resultMailedFile(plan.id);
  const isOver = result?.status === 'finished';
  const note = isOver ? await store.get(mailed).catch(() => null) : null;
  // Of its own it may have died before it could say so: what it did is still to be measured.
  if (note !== null) return { delivery: note.includes(JSON.stringify(execution)) ? 'sent' : 'already-sent', ...counts };
  const html = resultPage(plan.id);
  const said: Omit<ResultContext, 'files'> = {
    planId: plan.id,
    zone,
    result,
    unread,
    end,
    resumeCommand:
      !isFinal(end) && ((counts.open ?? 0) > 0 || (result === null && end.state !== 'finished')) ? again(plan) : null,
  };
  const json = store.locate(resultFile(plan.id));
  let files = result === null && unread === null ? [] : [json];
  if (result !== null) {
    const body = renderResultHtml({ ...said, files });
    if (await isWritten(store, { key: html, contentType: 'text/html; charset=utf-8', body }))
      files = [store.locate(html), json];
  }
  const context = { ...said, files };
  await channel.send(
    { ...renderResultEmail(context), attributes: resultAttributes(context) },
    AbortSignal.timeout(SEND_LIMIT),
  );
  // It went out: failing now would send it again.
  if (isOver)
    await isWritten(store, {
      key: mailed,
      contentType: 'application/json',
      body: [`${JSON.stringify({ digest: plan.digest, execution })}\n`],
    });
  return { delivery: 'sent', ...counts };
}
