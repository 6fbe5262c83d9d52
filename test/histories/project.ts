import type { LightsailClient } from '@aws-sdk/client-lightsail';
import { makeSnapshotDeletion } from '../../lambda/aws/lightsail-deletion';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import type { Config } from '../../lambda/core/policy/config';
import { RetentionError } from '../../lambda/core/util/errors';
import { applyPrepared, prepareApply, withinConfirmed } from '../../lambda/deletion/apply-plan';
import type { RetrySettings } from '../../lambda/deletion/backoff';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { isRefusal } from '../../lambda/deletion/refusals';
import { selectAutomatically } from '../../lambda/deletion/select-due-snapshots';
import { DEPLOYED_RETRY_SETTINGS } from '../../lambda/handlers/wire-delete';
import { snapshotKinds } from '../../lambda/kinds/registry';
import type { Channel, Store } from '../../lambda/ports/ports';
import { renderPlanJson } from '../../lambda/render/plan';
import { makeReport } from '../../lambda/reporting/make-report';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf } from '../../lambda/runtime/digest';
import { planFile } from '../../lambda/storage/keys';
import { aConfig } from '../support/config-builder';
import { ORIGIN } from '../support/run-origin';
import type { WrittenConfig } from './decider';
import type { Recorded } from './oracle';
import type { Process } from './process';
import type { FakeClient } from './service';
import { ACCOUNT } from './world';

/*
 * The only file that knows how the code under test is put together. Everything else here knows the service, the store
 * and the contract.
 */

/** What a run of the code under test is given. */
export interface RunInput {
  readonly process: Process;
  readonly clients: (region: string) => FakeClient;
  readonly store: Store;
  readonly config: Config;
  readonly firstRegion: string;
}

/** How a run of `apply` ended. `result` null: it returned none. */
export interface ApplyEnd {
  readonly state: 'finished' | 'unfinished' | 'refused' | 'failed';
  readonly code: string;
  readonly text: string;
  readonly result: readonly Recorded[];
}

export interface ApplyInput extends RunInput {
  readonly planId: string;
  /** Whether this machine finds that another run is alive; null: it cannot tell. */
  readonly isAlive: (run: string) => boolean | null;
  /** Called when everything is about to be read. */
  readonly onReading: () => void;
  /** Called when an outcome was recorded. */
  readonly onOutcome: (outcome: Recorded) => void;
  /** How long (ms) the question for the count is open. */
  readonly questionMs: number;
  /** Asks the run to stop after the current snapshot. */
  readonly signal?: AbortSignal;
}

const retrySettings: RetrySettings = { ...DEPLOYED_RETRY_SETTINGS, attempts: 6, giveUpMs: 2 * 60_000 };
/** A decision this old (ms) is made again. */
const STALE = 10 * 60_000;

/** The configuration as the code under test reads it. */
export function readConfig(written: WrittenConfig): Config {
  const config = configs.get(written) ?? aConfig({ ...written });
  configs.set(written, config);
  return config;
}
const configs = new WeakMap<WrittenConfig, Config>();

/** Where a plan is stored. */
export const planKey = planFile;

function portsOf({ process, clients, firstRegion }: RunInput) {
  const { clock } = process;
  const readers = clients as unknown as (region: string) => LightsailClient;
  return {
    clock,
    digest: digestOf,
    readInventory: makeReadInventory({ clients: readers, firstRegion, account: ACCOUNT, kinds: snapshotKinds, clock }),
    deletion: makeSnapshotDeletion({ readers, deleters: readers, kinds: snapshotKinds(), firstRegion, clock }),
  };
}

const ended = (error: unknown, result: readonly Recorded[]): ApplyEnd => ({
  state: isRefusal(error) ? 'refused' : 'failed',
  code: error instanceof RetentionError ? error.code : 'error',
  text: error instanceof Error ? `${error.message}` : String(error),
  result,
});

/** `apply` of a stored plan, as the command line and the function do it. */
export async function apply(input: ApplyInput): Promise<ApplyEnd> {
  const { process, store, config, planId } = input;
  const { clock, monotonic, sleep } = process;
  const ports = portsOf(input);
  const owner = { host: 'here', pid: 1, run: process.name };
  const outcomePorts = { store, clock, owner, isAlive: ({ run }: { readonly run: string }) => input.isAlive(run) };
  const prepare = async () => {
    const stored = { text: await store.get(planFile(planId)), where: store.locate(planFile(planId)), digest: null };
    input.onReading();
    return prepareApply(
      { ...ports, monotonic, outcomes: outcomePorts },
      { plan: stored, config, account: ACCOUNT, count: null, deadline: null },
    );
  };
  try {
    let prepared = await prepare();
    if (input.questionMs > 0) await sleep(input.questionMs);
    if (clock() - prepared.decidedAt > STALE) prepared = withinConfirmed(prepared, await prepare());
    const outcomes = await openOutcomes(outcomePorts, prepared.plan, ORIGIN);
    let failure: { readonly error: unknown } | null = null;
    const options = {
      progress: input.onOutcome,
      prepareAgain: prepare,
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    };
    await applyPrepared(
      { clock, monotonic, sleep, deletion: ports.deletion, outcomes, retrySettings },
      prepared,
      options,
    ).catch((error: unknown) => {
      failure = { error };
    });
    const result = await outcomes.close().catch((error: unknown): ApplyResult => {
      failure ??= { error };
      return outcomes.result();
    });
    if (failure !== null) return ended((failure as { readonly error: unknown }).error, []);
    return { state: result.status, code: result.status, text: '', result: result.items };
  } catch (error) {
    return ended(error, []);
  }
}

/** The plan of a report made by hand, stored as `report --plan-out` and `apply` do. Says why where it could not. */
export async function makePlan(input: RunInput & { readonly planId: string }): Promise<string | null> {
  const { config, planId, store } = input;
  const inventory = { regions: config.regions, kinds: config.kinds, deadline: null };
  try {
    const { plan } = await makeReport(portsOf(input), {
      reportId: planId,
      config,
      at: null,
      inventory,
      previous: null,
    });
    await store.putIfAbsent({ key: planFile(planId), contentType: 'application/json', body: renderPlanJson(plan) });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface ReportInput extends RunInput {
  readonly reportId: string;
  readonly scheduledAt: number | null;
  readonly channel: Channel;
  readonly isAutomatic: boolean;
}

/** The report function: lists, decides, stores the report and its plan, sends. Says why where it could not. */
export async function report(input: ReportInput): Promise<string | null> {
  const { store, channel, config, reportId, scheduledAt, isAutomatic, firstRegion } = input;
  const functionArn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:deletion:live`;
  try {
    await runReport(
      { ...portsOf(input), store, channel },
      {
        reportId,
        config,
        scheduledAt,
        region: firstRegion,
        deadline: null,
        deletion: { mode: isAutomatic ? 'automatic' : 'approve', functionArn },
      },
    );
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * What a report of that instant would have left in the store, made from the plan of another report: for a forger who
 * can write there.
 */
export function forgeReport(planText: string, at: number, id: string): ReadonlyMap<string, string> {
  const { digest: _, ...plan } = JSON.parse(planText);
  const content = { ...plan, id, createdAt: new Date(at).toISOString() };
  const digest = digestOf(content);
  const starts = [[at, plan.items.length]];
  const note = { at: new Date(at).toISOString(), reportId: id, digest, confirmed: 1, announced: true, starts };
  return new Map([
    [planFile(id), JSON.stringify({ ...content, digest })],
    [`runs/${id.slice(0, 16)}/sent.json`, JSON.stringify(note)],
  ]);
}

/** The automatic selection: the id of the plan that it made, or why it made none. */
export async function selectDuePlan(
  input: RunInput & { readonly channel: Channel; readonly scheduledAt: number },
): Promise<{ readonly id: string } | { readonly why: string }> {
  const { store, channel, config, scheduledAt, process } = input;
  try {
    const selected = await selectAutomatically(
      { store, channel, digest: digestOf },
      config,
      scheduledAt,
      process.clock(),
    );
    return selected.state === 'plan' ? { id: selected.id } : { why: `${selected.code}: ${selected.text}` };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
