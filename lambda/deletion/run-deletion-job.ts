import type { NothingDue } from '../core/plan/grace-period';
import type { Config } from '../core/policy/config';
import { RetentionError } from '../core/util/errors';
import type { SnapshotDeletion } from '../ports/deletion-ports';
import type { DurableSteps } from '../ports/durable-steps';
import type { Channel, Digest, ReadInventory, Store } from '../ports/ports';
import type { RunEnd } from '../render/result-email';
import { planFile } from '../storage/keys';
import { type ApplyPorts, type PreparePorts, prepareApply } from './apply-plan';
import { executionName, noteEnding } from './execution-status';
import { applyInTime, checkDeployed, SUPERSEDED } from './invocation-limits';
import { type OutcomePorts, openOutcomes } from './outcome-store';
import { settleOutcome } from './outcome-summary';
import type { DeletionOrder } from './parse-event';
import { isRefusal } from './refusals';
import { selectAutomatically } from './select-due-snapshots';
import { type EndedRun, type PlanRef, type ResultSent, sendResult } from './send-result';

/** How long things may take, in milliseconds. One invocation is one invocation: inventory, deletions, and those in hand brought to their end. */
export interface RunLimits {
  /** After the start of an invocation, nothing more is listed, */
  readonly inventory: number;
  /** and no further deletion is begun. */
  readonly invocation: number;
  /** So long before the end of its invocation, an invocation leaves what is in hand as it is. */
  readonly closing: number;
  /** After the start of the run, no further invocation is begun. */
  readonly run: number;
  /** At most so many invocations: each is two durable operations. */
  readonly invocations: number;
}

export interface DeletionPorts extends Omit<ApplyPorts, 'outcomes'> {
  readonly store: Store;
  readonly channel: Channel;
  readonly digest: Digest;
  readonly readInventory: ReadInventory;
  readonly deletion: SnapshotDeletion;
  readonly config: Config;
  /** The account in which the function runs. */
  readonly account: string | null;
  readonly limits: RunLimits;
  /** A signal that ends an invocation after so many milliseconds. */
  readonly timeout: (ms: number) => AbortSignal;
  /** A signal that comes so many milliseconds before the invocation ends. */
  readonly beforeEnd: (ms: number) => AbortSignal;
  /** Whether the version of the function that runs is still the deployed one; rejects where that cannot be told. */
  readonly isDeployed: () => Promise<boolean>;
  /** The command that goes on with an unfinished plan, for people. */
  readonly again: EndedRun['again'];
}

/** What a run came to. */
export type DeletionResult = NothingDue | (RunEnd & ResultSent & { readonly plan: string });

/** A run that could not go on. What it had done by then was told, and is measured all the same. */
export class RunFailed extends RetentionError {
  readonly sent: ResultSent;
  constructor(message: string, sent: ResultSent) {
    super('run.failed', message);
    this.sent = sent;
  }
}

type Invocation = RunEnd | { readonly state: 'unfinished'; readonly open: number };

/** So many invocations in a row that dealt with nothing: another will not either. */
const MAX_IDLE_INVOCATIONS = 3;

/** Refusals that may pass: a region that does not answer must not end a run that was at it for hours. */
const PASSING: ReadonlySet<string> = new Set(['inventory.incomplete', 'clock.skew']);
const AFTER_REFUSAL = 300;

/** Each invocation is a run of its own: two of one execution never take each other's attempts for their own. */
const newRun = (execution: string): string => `${execution}#${crypto.randomUUID()}`;
const isRunOf =
  (execution: string) =>
  (run: string): boolean =>
    run.startsWith(`${execution}#`);

/** A plan that is carried out, and the count that its approval names. */
interface ApprovedPlan extends PlanRef {
  readonly count?: number;
}

/** One invocation: everything is read and decided again, then as much is deleted as there is time for. Safe to run twice. */
async function sit(ports: DeletionPorts, execution: string, plan: ApprovedPlan, until: number): Promise<Invocation> {
  const { store, clock, digest, readInventory, deletion, config, account, limits } = ports;
  const startedAt = clock();
  if (startedAt >= until)
    return {
      state: 'stopped',
      code: 'run.deadline',
      text: `it did not end within ${Math.round(limits.run / 3_600_000)} hours`,
    };
  const outcomePorts: OutcomePorts = {
    store,
    clock,
    owner: { host: 'the deletion function', pid: 0, run: newRun(execution) },
    // An engine begins an execution again only when its last invocation has ended. Should that one still be there, each item has one owner.
    isAlive: ({ run }) => (isRunOf(execution)(run) ? false : null),
  };
  try {
    const key = planFile(plan.id);
    const stored = { text: await store.get(key), where: store.locate(key), digest: plan.digest, id: plan.id };
    const preparing: PreparePorts = { clock, digest, readInventory, deletion, outcomes: outcomePorts };
    const prepared = await prepareApply(preparing, {
      plan: stored,
      config,
      account,
      count: plan.count ?? null,
      deadline: startedAt + limits.inventory,
    });
    const lookedAt = clock();
    await checkDeployed(ports);
    const outcomes = await openOutcomes(outcomePorts, prepared.plan);
    try {
      await applyInTime(ports, outcomes, prepared, startedAt, lookedAt);
    } catch (error) {
      await outcomes.close();
      throw error;
    }
    const { status, totals } = await outcomes.close();
    return status === 'finished' ? { state: 'finished' } : { state: 'unfinished', open: totals.open };
  } catch (error) {
    if (error instanceof RetentionError && error.code === SUPERSEDED)
      return { state: 'stopped', code: error.code, text: error.message };
    if (!isRefusal(error)) throw error;
    // It is this run that finished it and died before it could say so, or an earlier one: either way its outcome stands.
    if (error.code === 'plan.applied') return { state: 'finished' };
    return { state: 'refused', code: error.code, text: error.message };
  }
}

/** Brings the record up to date for a run that does nothing more, and notes how it ended, for who waits at a terminal. Safe to run twice. */
async function recordEnd({ store }: DeletionPorts, execution: string, plan: PlanRef, end: RunEnd): Promise<void> {
  try {
    await settleOutcome(store, plan, isRunOf(execution));
  } finally {
    await noteEnding(store, plan, executionName(execution), end);
  }
}

async function carryOut(steps: DurableSteps, ports: DeletionPorts, plan: ApprovedPlan, until: number): Promise<RunEnd> {
  let open: number | null = null;
  let idle = 0;
  let pause = 1;
  for (let number = 1; number <= ports.limits.invocations; number += 1) {
    if (number > 1) await steps.rest(`rest-${number}`, pause);
    let end: Invocation;
    try {
      end = await steps.step(`invocation-${number}`, () => sit(ports, steps.execution, plan, until));
    } catch (error) {
      return { state: 'failed', code: 'run.failed', text: error instanceof Error ? error.message : String(error) };
    }
    const passes = end.state === 'refused' && number > 1 && PASSING.has(end.code);
    if (end.state !== 'unfinished' && !passes) return end;
    idle = end.state === 'unfinished' && end.open !== open ? 0 : idle + 1;
    if (end.state === 'unfinished') open = end.open;
    if (idle >= MAX_IDLE_INVOCATIONS)
      return end.state === 'unfinished'
        ? {
            state: 'stopped',
            code: 'run.idle',
            text: `${open} snapshots were left when ${MAX_IDLE_INVOCATIONS + 1} invocations dealt with none of them`,
          }
        : end;
    pause = passes ? AFTER_REFUSAL : 1;
  }
  return {
    state: 'stopped',
    code: 'run.invocations',
    text: `it did not end in ${ports.limits.invocations} invocations`,
  };
}

/**
 * A deletion from order to report, over an engine that survives crashes. What it does outside of its steps depends on their results alone.
 * However it ends once a plan is named, the outcome is sent. Rejects when that failed every time.
 */
export async function runDeletion(
  steps: DurableSteps,
  ports: DeletionPorts,
  order: DeletionOrder,
): Promise<DeletionResult> {
  const { at } = await steps.step('start', async () => ({ at: ports.clock() }));
  let plan: PlanRef;
  if (order.kind === 'approved') plan = { id: order.plan, digest: order.digest };
  else {
    const selected = await steps.step('select', () => selectAutomatically(ports, ports.config, order.scheduledAt, at));
    if (selected.state === 'nothing') return selected;
    plan = { id: selected.id, digest: selected.digest };
  }
  const count = order.kind === 'approved' && order.count !== undefined ? { count: order.count } : {};
  const end = await carryOut(steps, ports, { ...plan, ...count }, at + ports.limits.run);
  // The e-mail matters more: it goes out though this could not be done.
  await steps.step('record', () => recordEnd(ports, steps.execution, plan, end)).catch(() => undefined);
  const sent = await steps.step('report', () =>
    sendResult(ports, {
      plan,
      execution: executionName(steps.execution),
      end,
      zone: ports.config.zone,
      again: ports.again,
    }),
  );
  if (end.state === 'failed') throw new RunFailed(`cannot go on with the plan ${plan.id}: ${end.text}`, sent);
  return { plan: plan.id, ...end, ...sent };
}
