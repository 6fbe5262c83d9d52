import { LambdaClient } from '@aws-sdk/client-lambda';
import { PATIENT } from '../lambda/aws/http-limits';
import { notInvoked, startDeletion, startFailureOf } from '../lambda/aws/start-deletion';
import type { ApplyResult } from '../lambda/core/plan/outcome';
import type { Plan } from '../lambda/core/plan/plan';
import { compactInstant } from '../lambda/core/time/instant';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { hasEnded, readEnding } from '../lambda/deletion/execution-status';
import { readResult } from '../lambda/deletion/outcome-files';
import { checkOutcomes } from '../lambda/deletion/outcome-store';
import { refusal } from '../lambda/deletion/refusals';
import { checkComplete, checkCount, checkUnblocked, openPlan } from '../lambda/deletion/verify-plan';
import type { Store } from '../lambda/ports/ports';
import { ALIAS, invokeCommand } from '../lambda/render/deletion-commands';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { renderPlanList } from '../lambda/render/preview';
import { isElsewhere, type RunEnd } from '../lambda/render/result-email';
import { renderResultText, resultEnd } from '../lambda/render/result-text';
import { digestOf } from '../lambda/runtime/digest';
import { resultFile } from '../lambda/storage/keys';
import { applyStopped } from './apply-stopped';
import { confirmCount } from './ask-count';
import { type Caller, explainAccess, findIdentity } from './aws';
import { EXIT, type ExitCode } from './exit-codes';
import type { PlanPlace } from './plan-place';
import { placeInBucket, storePlanFile } from './store-plan';
import { columnsOf, type Terminal, writeFailure, writeOut } from './terminal';

export interface RemoteOptions {
  /** Name or ARN of the deployed deletion function; without alias or version, the alias that it was deployed with. */
  readonly name: string;
  /** The expected digest of the plan; undefined: any. */
  readonly digest: string | undefined;
  readonly yes: number | undefined;
  readonly quiet: boolean;
  /** The configured zone, in which dates are shown. */
  readonly zone: Zone;
}

const POLL_INTERVAL_MS = 5_000;
/** Without a new outcome for this time, waiting ends. The deletion goes on. */
const MAX_IDLE_MS = 15 * 60_000;

/** Returns the number of parts of a function's name or ARN that has no alias or version; one part more is that. */
function unqualifiedLength(parts: readonly string[]): number {
  // arn:aws:lambda:<region>:<account>:function:<name>
  if (parts[0] === 'arn') return 7;
  // <account>:function:<name>, or the name alone
  return parts[1] === 'function' ? 3 : 1;
}

/**
 * Returns the region and the qualified name of a function: the region of the ARN or of the caller; without alias or
 * version, the deployed alias.
 */
function addressOf(name: string, callerRegion: string): { readonly region: string; readonly functionName: string } {
  const parts = name.split(':');
  const isUnqualified = parts.length === unqualifiedLength(parts);
  return {
    region: (parts[0] === 'arn' && parts[3]) || callerRegion,
    // In the name: permissions on the alias alone are not found for a qualifier in a parameter of its own.
    functionName: isUnqualified ? `${name}:${ALIAS}` : name,
  };
}

/**
 * Invokes the function. Returns the failure where it is not certain that it has the plan, because the answer was lost;
 * null: it has the plan.
 */
async function invokeFunction(
  name: string,
  execution: string,
  plan: Plan,
  caller: Caller,
): Promise<RetentionError | null> {
  const { region, functionName } = addressOf(name, caller.region);
  const client = new LambdaClient({
    credentials: caller.credentials,
    region,
    requestHandler: caller.connection.withLimits(PATIENT),
  });
  try {
    const { arn } = await findIdentity(caller);
    const event = { plan: plan.id, digest: plan.digest, approvedBy: { kind: 'caller', arn } };
    await startDeletion(client, { functionName, execution, event });
    return null;
  } catch (cause) {
    const state = startFailureOf(cause);
    if (state === 'already-started') throw startedElsewhere(plan, name, caller);
    const failure = notInvoked(oneLine(name), answerOf(cause), cause);
    if (state === 'uncertain') return failure;
    const explained = explainAccess(cause, caller);
    throw explained === cause ? failure : explained;
  } finally {
    client.destroy();
  }
}

/** What came back instead of an accepted plan, without the SDK's own text on answers that it cannot read. */
function answerOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (/is not valid JSON|Deserialization error/.test(cause.message)) return 'an answer that is not of AWS Lambda';
  return `${cause.name}: ${cause.message}`;
}

/** How an execution ended, and the outcomes that it recorded. */
interface ExecutionEnd {
  readonly result: ApplyResult | null;
  /** Why it ended before the plan was finished; null: it is finished. */
  readonly end: Exclude<RunEnd, { readonly state: 'finished' }> | null;
}

/**
 * Waits until the plan in the bucket is finished or its execution has ended. Null: nothing changed for
 * MAX_IDLE_MS.
 */
async function waitForEnd(
  plan: Plan,
  store: Store,
  execution: string,
  onProgress: (result: ApplyResult) => void,
): Promise<ExecutionEnd | null> {
  let last = '';
  for (let idleMs = 0; idleMs < MAX_IDLE_MS; idleMs += POLL_INTERVAL_MS) {
    // In this order: an execution notes its end after its last outcome.
    const end = await readEnding(store, plan, execution);
    const result = await readResult(store, plan);
    if (result?.status === 'finished') return { result, end: null };
    if (end !== null && end.state !== 'finished') return { result, end };
    if (result !== null && result.updatedAt !== last) {
      last = result.updatedAt;
      idleMs = 0;
      onProgress(result);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  return null;
}

/** Verifies an open plan, prints it, and has its count confirmed. */
async function confirmPlan(
  { yes, zone }: RemoteOptions,
  plan: Plan,
  { store }: PlanPlace,
  caller: Caller,
  terminal: Terminal,
  input: NodeJS.ReadStream,
): Promise<void> {
  checkComplete(plan);
  checkUnblocked(plan, true);
  await checkOutcomes({ store, clock: Date.now, isAlive: () => null }, plan);
  if (yes !== undefined) checkCount(yes, plan);
  await writeOut(terminal.out, renderPlanList(plan, zone, columnsOf(terminal.out)));
  const note = plan.caps === 'raised' ? 'The limits were raised for this plan to its own count.' : '';
  await confirmCount({ plan, candidates: plan.items.length, yes, note }, terminal, input, caller);
}

/** A name that no execution of the plan had before. */
const nextExecution = (plan: Plan): string => `${plan.id}-${compactInstant(Date.now())}`;

/**
 * Returns the name of the execution that applies the plan. A name starts one execution only, so a plan that an earlier
 * execution left unfinished or refused gets another name.
 */
async function nextExecutionName(plan: Plan, store: Store, before: ApplyResult | null): Promise<string> {
  const wasStarted = before !== null || (await hasEnded(store, plan.id, plan.id));
  return wasStarted ? nextExecution(plan) : plan.id;
}

/** The command that applies a plan under another name: one starts one execution, also where nothing is left of it. */
function otherExecution(plan: Plan, name: string, caller: Caller): string {
  const { region, functionName } = addressOf(name, caller.region);
  return invokeCommand(plan, functionName, { name: nextExecution(plan), region, run: caller.told });
}

const startedElsewhere = (plan: Plan, name: string, caller: Caller): RetentionError =>
  refusal(
    'plan.in-progress',
    'another person, another session or the dashboard started it, and its outcome comes by e-mail; if that execution ' +
      `has ended without one, this starts another: ${otherExecution(plan, name, caller)}`,
  );

function noResult(plan: Plan, where: string, execution: string, name: string, caller: Caller): RetentionError {
  const again = otherExecution(plan, name, caller);
  return new RetentionError(
    'apply.no-result',
    `the plan has had no new outcome for ${MAX_IDLE_MS / 60_000} minutes: read the e-mail, ${where} and the ` +
      `function's log; if they have nothing, an earlier execution may have had the name ${execution}, and this starts another: ${again}`,
  );
}

/** The failure of a command that cannot tell what the function does with the plan. */
const unreadBucket = ({ id }: Plan, name: string): RetentionError =>
  new RetentionError(
    'apply.no-result',
    `the bucket of ${oneLine(name)} could not be read (lambda:GetFunctionConfiguration), so the plan was ` +
      `not stored and its outcome is not known here: read the e-mail; the function finds the plan only if it is s3://BUCKET/plans/${oneLine(id)}.json, and if the e-mail says that it was refused, apply it by that address`,
  );

/** Prints how an execution ended. Throws `apply.stopped` where it ended before the plan was finished. */
async function reportEnd(
  { result, end }: ExecutionEnd,
  before: ApplyResult | null,
  { out, err }: Terminal,
): Promise<ExitCode> {
  const hasBegun = result !== null && result.updatedAt !== before?.updatedAt;
  if (end?.state === 'refused' && (isElsewhere(end) || !hasBegun)) {
    writeFailure({ code: oneLine(end.code), message: oneLine(end.text) }, err);
    return EXIT.refused;
  }
  if (result !== null)
    await writeOut(out, [...renderResultText(result, columnsOf(out)), resultEnd(result, columnsOf(out))]);
  if (end !== null)
    throw applyStopped(
      `the deletion ended before the plan was finished: ${oneLine(end.text)} (${oneLine(end.code)}); apply ` +
        `the plan again to go on`,
    );
  return result !== null && result.totals.failed > 0 ? EXIT.someFailed : EXIT.done;
}

/**
 * Hands a plan to the deployed function, which verifies all of it again, and waits in the bucket for the outcome. A
 * plan in a file is stored in the function's bucket first; where that bucket cannot be read, the plan must already be
 * in it.
 */
export async function applyRemotely(
  options: RemoteOptions,
  place: PlanPlace,
  caller: Caller,
  terminal: Terminal,
  input: NodeJS.ReadStream,
): Promise<ExitCode> {
  const { err } = terminal;
  const plan = openPlan({ ...place, digest: options.digest ?? null }, Date.now(), digestOf);
  const isFile = !place.where.startsWith('s3://');
  const stored = isFile ? await placeInBucket(plan.id, place, addressOf(options.name, caller.region), caller) : place;
  const { store } = stored ?? place;
  await confirmPlan(options, plan, stored ?? place, caller, terminal, input);
  if (isFile && stored !== null) {
    await storePlanFile(plan, stored, digestOf);
    err.write(`stored ${oneLine(stored.where)}\n`);
  }
  const before = await readResult(store, plan);
  const execution = await nextExecutionName(plan, store, before);
  const lost = await invokeFunction(options.name, execution, plan, caller);
  err.write(
    lost === null
      ? `${oneLine(options.name)} has the plan: it reads and decides everything again, deletes, and e-mails ` +
          `the outcome\n`
      : `${oneLine(lost.message)}\n`,
  );
  if (stored === null) throw lost ?? unreadBucket(plan, options.name);
  const where = store.locate(resultFile(plan.id));
  err.write(`waiting for ${oneLine(where)}; Ctrl-C ends the waiting, not the deletion\n`);
  const ended = await waitForEnd(plan, store, execution, ({ totals }) => {
    if (!options.quiet)
      err.write(
        `${formatNumber(totals.requested - totals.open)} of ${formatCount(totals.requested, 'snapshot')} processed\n`,
      );
  });
  if (ended === null) throw lost ?? noResult(plan, where, execution, options.name, caller);
  return reportEnd(ended, before, terminal);
}
