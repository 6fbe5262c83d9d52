import { s3ObjectLink } from '../core/report/console-links';
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
import { type ResultLinks, renderResultHtml } from '../render/result-html';
import { jsonObject } from '../storage/json-object';
import {
  INDEX_PAGE,
  type PlanKey,
  planFile,
  reportFiles,
  resultFile,
  resultMailedFile,
  resultPage,
} from '../storage/keys';
import { SUPERSEDED } from './invocation-limits';
import { readOutcome } from './outcome-summary';

/** A run that is over. */
export interface EndedRun {
  readonly plan: PlanKey;
  /** Its name, the same for all invocations. */
  readonly execution: string;
  readonly end: RunEnd;
  /** The configured zone. */
  readonly zone: Zone;
  /** Returns the command that goes on with an unfinished plan, for people. */
  readonly again: (plan: PlanKey) => CloudShellCommand;
  /** The head of the evidence chain; null: the result is not recorded. Absent: none is. */
  readonly evidenceHead?: string | null;
  /** The local day of the next report (`2026-12-07`); absent: not known. */
  readonly nextReport?: string;
}

export interface SendResultPorts {
  readonly store: Store;
  readonly channel: Channel;
}

/** The numbers of the whole plan, earlier runs of it included. */
interface Counts {
  readonly deleted: number;
  readonly alreadyGone: number;
  readonly spared: number;
  readonly changed: number;
  readonly deletionsFailed: number;
  readonly open: number;
}

/** What was sent. Without counts where the record could not be read. */
export interface ResultSent extends Partial<Counts> {
  readonly delivery: 'sent' | 'already-sent';
}

/** Time limit (ms) of one attempt to send. */
const RESULT_TIMEOUT_MS = 45_000;

/** Whether the same plan would be refused again, so that no command goes on with it. */
function isFinal(end: RunEnd): boolean {
  // The configuration of the version that is deployed now may be another: the next report makes a plan of it.
  if (end.state === 'stopped') return end.code === SUPERSEDED;
  if (end.state !== 'refused' || end.otherPlan !== undefined) return false;
  return end.code.startsWith('plan.') || end.code === 'config.built-in';
}

type Recorded = Pick<ResultContext, 'result' | 'unread'>;

const NOTHING: Recorded = { result: null, unread: null };

async function readInTime(store: Store, plan: PlanKey): Promise<Recorded> {
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

/** Writes an object. Returns whether that succeeded: the e-mail leaves out a file that it did not. */
const isWritten = (store: Store, object: StoredObject): Promise<boolean> =>
  store.put(object).then(
    () => true,
    () => false,
  );

/** The links of a result's page: those of the console, where each file can be opened. */
function linksOfResult(store: Store, { planId, region, result }: Omit<ResultContext, 'files'>): ResultLinks {
  const link = (key: string): string | null => s3ObjectLink(store.locate(key), region);
  return {
    report: result?.report == null ? null : link(reportFiles(result.report).html),
    plan: link(planFile(planId)),
    index: link(INDEX_PAGE),
    json: link(resultFile(planId)),
  };
}

/** Stores the page of a result. Returns the places of the files that there are. */
async function storePage(store: Store, context: Omit<ResultContext, 'files'>): Promise<readonly string[]> {
  const { planId, result, unread } = context;
  const json = store.locate(resultFile(planId));
  if (result === null) return unread === null ? [] : [json];
  const key = resultPage(planId);
  const body = renderResultHtml({ ...context, result }, linksOfResult(store, context));
  const hasPage = await isWritten(store, { key, contentType: 'text/html; charset=utf-8', body });
  return hasPage ? [store.locate(key), json] : [json];
}

/**
 * Stores the outcome as a page next to `results/<plan id>.json`, and sends it, however the run ended. Rejects only when
 * it could not be sent: where the bucket fails, the e-mail states that. Safe to run twice: the outcome of a finished
 * plan is sent once; where it is not known whether it was sent, it is sent again.
 */
export async function sendResult(
  { store, channel }: SendResultPorts,
  { plan, execution, end: ended, zone, again, evidenceHead, nextReport }: EndedRun,
): Promise<ResultSent> {
  // The run that has the plan now sends its own result.
  const recorded = isElsewhere(ended) ? NOTHING : await readInTime(store, plan);
  const { result, unread } = recorded;
  // A run that died after its last outcome did not note that it had finished.
  const end: RunEnd = result?.status === 'finished' ? { state: 'finished' } : ended;
  const counts = countsOf(recorded);
  const mailed = resultMailedFile(plan.id);
  const isOver = result?.status === 'finished';
  const note = isOver ? await store.get(mailed).catch(() => null) : null;
  // Where this execution sent it, it may have died before it noted that: its counts are still to be measured.
  if (note !== null) return { delivery: note.includes(JSON.stringify(execution)) ? 'sent' : 'already-sent', ...counts };
  const common: Omit<ResultContext, 'files'> = {
    planId: plan.id,
    zone,
    region: again(plan).region,
    result,
    unread,
    end,
    resumeCommand:
      !isFinal(end) && ((counts.open ?? 0) > 0 || (result === null && end.state !== 'finished')) ? again(plan) : null,
    ...(evidenceHead !== undefined && { evidenceHead }),
    ...(nextReport !== undefined && { nextReport }),
  };
  const context = { ...common, files: await storePage(store, common) };
  await channel.send(
    { ...renderResultEmail(context), attributes: resultAttributes(context) },
    AbortSignal.timeout(RESULT_TIMEOUT_MS),
  );
  // It was sent: an error now would send it again.
  if (isOver) await isWritten(store, jsonObject(mailed, { digest: plan.digest, execution }));
  return { delivery: 'sent', ...counts };
}
