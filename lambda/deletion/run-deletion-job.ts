import type { NothingDue } from '../core/plan/grace-period';
import type { ItemResult, RunOrigin } from '../core/plan/outcome';
import type { Config } from '../core/policy/config';
import { nextScheduledDay } from '../core/time/report-schedule';
import { RetentionError } from '../core/util/errors';
import type { SnapshotDeletion } from '../ports/deletion-ports';
import type { DurableSteps } from '../ports/durable-steps';
import type { EventsSent, PutEvents } from '../ports/event-bus';
import type { Channel, Digest, ReadInventory, Store } from '../ports/ports';
import { isElsewhere, type RunEnd } from '../render/result-email';
import { type EvidencePorts, type EvidenceSettings, headText, recordEvidence } from '../storage/evidence';
import { EVIDENCE, type PlanKey, planFile } from '../storage/keys';
import { RunEvents } from './announce-run';
import { type ApplyPorts, prepareApply } from './apply-plan';
import { executionName, noteEnding, uniqueExecution } from './execution-status';
import { indexPlan } from './index-results';
import { applyInTime, checkDeployed, SUPERSEDED } from './invocation-limits';
import { isFinished } from './outcome-files';
import { type OutcomePorts, openOutcomes } from './outcome-store';
import { settleOutcome } from './outcome-summary';
import type { DeletionOrder } from './parse-event';
import { type ApprovedRun, recordApproval, recordMissedResult, recordResult } from './record-deletion';
import { isRefusal, PlanInProgress, refusal } from './refusals';
import { type Selected, selectAutomatically } from './select-due-snapshots';
import { type EndedRun, type ResultSent, sendResult } from './send-result';

/**
 * Time limits of a run, in milliseconds. One invocation reads the inventory, deletes, and brings the current snapshots
 * to their ends.
 */
export interface RunLimits {
  /** After this time in an invocation, nothing more is listed, */
  readonly inventory: number;
  /** and no further deletion is begun. */
  readonly invocation: number;
  /** This long before its end, an invocation leaves the current snapshots as they are. */
  readonly closing: number;
  /** After this time in the run, no further invocation is begun. */
  readonly run: number;
  /** Maximum number of invocations: each is two durable operations. */
  readonly invocations: number;
}

export interface DeletionPorts extends Omit<ApplyPorts, 'outcomes'> {
  readonly store: Store;
  readonly channel: Channel;
  readonly digest: Digest;
  readonly readInventory: ReadInventory;
  readonly deletion: SnapshotDeletion;
  readonly config: Config;
  /** The schedule of the reports; absent: not known. */
  readonly reportSchedule?: string;
  /** Whether a plan with raised caps may be applied; default: no. */
  readonly allowsRaisedCaps?: boolean;
  /** The account in which the function runs. */
  readonly account: string | null;
  readonly limits: RunLimits;
  /** Returns a signal that aborts after `ms`. */
  readonly timeout: (ms: number) => AbortSignal;
  /** Returns a signal that aborts `ms` before the invocation ends. */
  readonly beforeEnd: (ms: number) => AbortSignal;
  /** Whether the version of the function that runs is still the deployed one; rejects where that cannot be told. */
  readonly isDeployed: () => Promise<boolean>;
  /** Absent: nothing is recorded in the evidence chain. */
  readonly evidence?: EvidenceSettings;
  /** Absent: no events are sent. */
  readonly putEvents?: PutEvents;
  /** Is told each outcome after it was recorded. */
  readonly onOutcome?: (plan: string, result: ItemResult) => void;
  /** The command that goes on with an unfinished plan, for people. */
  readonly again: EndedRun['again'];
}

/** How a run ended. */
export type DeletionResult = NothingDue | (RunEnd & ResultSent & Partial<EventsSent> & { readonly plan: string });

/** A run that could not go on. Its outcomes until then were sent, and are measured all the same. */
export class RunFailed extends RetentionError {
  readonly sent: ResultSent;
  constructor(message: string, sent: ResultSent) {
    super('run.failed', message);
    this.sent = sent;
  }
}

type Invocation = RunEnd | { readonly state: 'unfinished'; readonly open: number };

/** After this many more invocations without an outcome, another one will record none either. */
const MAX_IDLE_INVOCATIONS = 3;

/** Refusals that may pass: a region that does not answer must not end a run of many hours. */
const PASSING: ReadonlySet<string> = new Set(['inventory.incomplete', 'clock.skew']);
/** Seconds between two invocations, after a refusal that may pass and otherwise. */
const REST_AFTER_REFUSAL = 300;
const REST = 1;

/** Each invocation is a run of its own: two of one execution never take each other's attempts for their own. */
const newRun = (execution: string): string => `${execution}#${crypto.randomUUID()}`;
const isRunOf =
  (execution: string) =>
  (run: string): boolean =>
    run.startsWith(`${execution}#`);

/** A plan to apply, who approved it, and the count that the approval names. */
interface ApprovedPlan extends PlanKey {
  /** Whether it was finished before this run, so that no approval was recorded and nothing may be deleted. */
  readonly isFinished?: boolean;
  readonly count?: number;
  readonly origin: RunOrigin;
}

/** The code of a run that lost its lock after it had begun. */
const LOCK_LOST = 'run.lock-lost';

/** Reads and decides everything again, then applies what is still expiring. Returns how many snapshots are open. */
async function applyOnce(
  ports: DeletionPorts,
  outcomePorts: OutcomePorts,
  plan: ApprovedPlan,
  startedAt: number,
): Promise<Invocation> {
  const { store, clock, monotonic, digest, readInventory, deletion, config, account, limits } = ports;
  const key = planFile(plan.id);
  const stored = { text: await store.get(key), where: store.locate(key), digest: plan.digest, id: plan.id };
  const prepared = await prepareApply(
    { clock, monotonic, digest, readInventory, deletion, outcomes: outcomePorts },
    {
      ...{ plan: stored, config, account, count: plan.count ?? null },
      allowsRaisedCaps: ports.allowsRaisedCaps ?? false,
      deadline: startedAt + limits.inventory,
    },
  );
  if (plan.isFinished === true) throw refusal('plan.applied', 'it was applied already');
  const checkedAt = clock();
  await checkDeployed(ports);
  const outcomes = await openOutcomes(outcomePorts, prepared.plan, plan.origin);
  try {
    await applyInTime(ports, outcomes, prepared, { startedAt, checkedAt });
  } catch (error) {
    await outcomes.close();
    // This run deleted until then, so it is no refusal: its outcomes are to be sent.
    if (error instanceof PlanInProgress)
      throw new RetentionError(LOCK_LOST, `the run lost its lock while it deleted: ${error.message}`, { cause: error });
    throw error;
  }
  const { status, totals } = await outcomes.close();
  return status === 'finished' ? { state: 'finished' } : { state: 'unfinished', open: totals.open };
}

/** Runs one invocation: a part of the plan, or why there is none. Safe to run twice. */
async function runInvocation(
  ports: DeletionPorts,
  execution: string,
  plan: ApprovedPlan,
  deadline: number,
): Promise<Invocation> {
  const { store, clock, limits } = ports;
  const startedAt = clock();
  if (startedAt >= deadline)
    return {
      state: 'stopped',
      code: 'run.deadline',
      text: `it did not end within ${Math.round(limits.run / 3_600_000)} hours`,
    };
  const outcomePorts: OutcomePorts = {
    store,
    clock,
    owner: { host: 'the deletion function', pid: 0, run: newRun(execution) },
    // An engine begins an execution again only when its last invocation has ended. Should that one still run, each item
    // has one owner.
    isAlive: ({ run }) => (isRunOf(execution)(run) ? false : null),
  };
  try {
    return await applyOnce(ports, outcomePorts, plan, startedAt);
  } catch (error) {
    if (error instanceof RetentionError && (error.code === SUPERSEDED || error.code === LOCK_LOST))
      return { state: 'stopped', code: error.code, text: error.message };
    if (!isRefusal(error)) throw error;
    // This run finished it and died before it noted that, or an earlier one did: either way it is finished.
    if (error.code === 'plan.applied') return { state: 'finished' };
    const isOther = error instanceof PlanInProgress && error.activePlan !== plan.id;
    const otherPlan = isOther ? { otherPlan: error.activePlan } : {};
    return { state: 'refused', code: error.code, text: error.message, ...otherPlan };
  }
}

/**
 * Writes the result of a run that has ended, adds it to the index, and notes how it ended, for the command line that
 * waits. Returns the state of the result in the index. Safe to run twice.
 */
async function recordEnd({ store }: DeletionPorts, execution: string, plan: PlanKey, end: RunEnd) {
  try {
    await settleOutcome(store, plan, isRunOf(execution));
    return await indexPlan(store, plan, isRunOf(execution));
  } finally {
    await noteEnding(store, plan, { execution: executionName(execution), run: uniqueExecution(execution) }, end);
  }
}

const idleText = (open: number): string =>
  `${open} snapshots were left when ${MAX_IDLE_INVOCATIONS + 1} invocations processed none of them`;

/** Runs invocation after invocation until the plan is finished, or none can go on. */
async function applyInInvocations(
  steps: DurableSteps,
  ports: DeletionPorts,
  plan: ApprovedPlan,
  deadline: number,
): Promise<RunEnd> {
  const { invocations } = ports.limits;
  let open: number | null = null;
  let idle = 0;
  let rest = REST;
  for (let number = 1; number <= invocations; number += 1) {
    if (number > 1) await steps.rest(`rest-${number}`, rest);
    let end: Invocation;
    try {
      end = await steps.step(`invocation-${number}`, () => runInvocation(ports, steps.execution, plan, deadline));
    } catch (error) {
      return { state: 'failed', code: 'run.failed', text: error instanceof Error ? error.message : String(error) };
    }
    if (end.state === 'unfinished') {
      idle = end.open === open ? idle + 1 : 0;
      open = end.open;
      rest = REST;
      if (idle >= MAX_IDLE_INVOCATIONS) return { state: 'stopped', code: 'run.idle', text: idleText(open) };
    } else {
      const mayPass = end.state === 'refused' && number > 1 && PASSING.has(end.code);
      idle += 1;
      rest = REST_AFTER_REFUSAL;
      if (!mayPass || idle >= MAX_IDLE_INVOCATIONS) return end;
    }
  }
  return { state: 'stopped', code: 'run.invocations', text: `it did not end in ${invocations} invocations` };
}

/** The ports of the evidence chain; null: nothing is recorded. */
const evidencePorts = ({ store, clock, evidence }: DeletionPorts): EvidencePorts | null =>
  evidence === undefined ? null : { ...evidence, store, clock, folder: EVIDENCE };

/**
 * Records the approval before anything is deleted; none of a plan that is finished. Returns how the run ends where that
 * fails, else whether the plan was finished.
 */
async function approveRun(steps: DurableSteps, ports: DeletionPorts, approved: ApprovedRun): Promise<RunEnd | boolean> {
  const recorded = evidencePorts(ports);
  if (recorded === null) return false;
  try {
    return await steps.step('approve', async () => {
      const isOver = await isFinished(ports.store, approved.plan);
      if (!isOver) await recordApproval(recorded, approved);
      return isOver;
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { state: 'failed', code: 'evidence.not-recorded', text };
  }
}

/**
 * Records the result of an approved run; of a plan that was finished, the one whose run died before it did so. Returns
 * the head for the e-mail, which is sent however this ends. `run` null: another run applies the plan.
 */
async function recordRun(
  steps: DurableSteps,
  ports: DeletionPorts,
  run: { readonly approved: ApprovedRun; readonly wasFinished: boolean } | null,
  indexed: Awaited<ReturnType<typeof recordEnd>>,
): Promise<Pick<EndedRun, 'evidenceHead'>> {
  const recorded = evidencePorts(ports);
  if (recorded === null) return {};
  const record = async () => {
    if (run?.wasFinished === false) return recordResult(recorded, run.approved, indexed);
    const missed = run === null ? null : await recordMissedResult(recorded, run.approved.plan, indexed);
    return missed ?? recordEvidence(recorded, []);
  };
  const head = await steps.step('evidence', record).catch(() => null);
  return { evidenceHead: head === null ? null : headText(head) };
}

const approvedPlan = (order: Extract<DeletionOrder, { kind: 'approved' }>): ApprovedPlan => ({
  ...{ id: order.plan, digest: order.digest },
  ...(order.count !== undefined && { count: order.count }),
  origin: { approvedBy: order.approvedBy, report: order.plan },
});

/** A step that an earlier version recorded has no `announcedBy`. */
function automaticallyApproved(selected: Exclude<Selected, NothingDue>): ApprovedPlan {
  const { id, digest, announcedBy = [] } = selected as Partial<typeof selected> & PlanKey;
  const approvedBy = { kind: 'automatic', arn: null, claimed: false, announcedBy } as const;
  return { id, digest, origin: { approvedBy, report: announcedBy[0] ?? null } };
}

/**
 * Runs a deletion from event to e-mail, over an engine that survives crashes. Its calls outside of steps depend on the
 * results of steps alone. Sends the outcome however it ends, once a plan is named. Rejects when that failed every time.
 */
export async function runDeletion(
  steps: DurableSteps,
  ports: DeletionPorts,
  order: DeletionOrder,
): Promise<DeletionResult> {
  const { at } = await steps.step('start', async () => ({ at: ports.clock() }));
  let approved: ApprovedPlan;
  if (order.kind === 'approved') approved = approvedPlan(order);
  else {
    const { config, reportSchedule } = ports;
    const settings = { ...config, ...(reportSchedule !== undefined && { reportSchedule }) };
    const selected = await steps.step('select', () => selectAutomatically(ports, settings, order.scheduledAt, at));
    if (selected.state === 'nothing') return selected;
    approved = automaticallyApproved(selected);
  }
  const plan: PlanKey = { id: approved.id, digest: approved.digest };
  const { count, origin } = approved;
  const execution = executionName(steps.execution);
  const run = uniqueExecution(steps.execution);
  const approvedRun: ApprovedRun = { plan, run, execution, ...(count !== undefined && { count }), origin };
  const approval = await approveRun(steps, ports, approvedRun);
  // A step of an earlier version returned nothing.
  const wasFinished = approval === true;
  const events = new RunEvents(steps, wasFinished ? undefined : ports.putEvents, { ...approvedRun, execution });
  await events.started();
  const end =
    typeof approval === 'object' && approval !== null
      ? approval
      : await applyInInvocations(steps, ports, { ...approved, isFinished: wasFinished }, at + ports.limits.run);
  // The e-mail matters more: it is sent though this failed.
  const indexed = await steps.step('record', () => recordEnd(ports, steps.execution, plan, end)).catch(() => null);
  // The files of a plan that another run applies change until that run records them.
  const ownRun = isElsewhere(end) ? null : { approved: approvedRun, wasFinished };
  const evidence = await recordRun(steps, ports, ownRun, typeof indexed === 'string' ? indexed : null);
  const { config, again, reportSchedule } = ports;
  const next = reportSchedule === undefined ? null : nextScheduledDay(reportSchedule, config.zone, ports.clock(), null);
  const nextReport = next === null ? {} : { nextReport: next };
  const ended = { plan, execution, end, zone: config.zone, again, ...evidence, ...nextReport };
  const sent = await steps
    .step('report', () => sendResult(ports, ended))
    .catch(async (error: unknown) => {
      await events.ended(end, null);
      throw error;
    });
  await events.ended(end, sent);
  if (end.state === 'failed') throw new RunFailed(`cannot go on with the plan ${plan.id}: ${end.text}`, sent);
  return { plan: plan.id, ...end, ...sent, ...events.sent };
}
