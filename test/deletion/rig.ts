import '../support/one-realm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import type { AccountData, Row } from '../../emulator/account';
import { diskRow, diskSnapshotRow, instanceRow, instanceSnapshotRow, type SourceSpec } from '../../emulator/rows';
import { type Emulator, startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../../lambda/aws/lightsail-deletion';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import type { ApplyResult, ItemResult } from '../../lambda/core/plan/outcome';
import type { Plan, PlanItem } from '../../lambda/core/plan/plan';
import type { Config } from '../../lambda/core/policy/config';
import {
  type ApplyPreparedOptions,
  applyPrepared,
  type Prepared,
  prepareApply,
} from '../../lambda/deletion/apply-plan';
import { RETRY_SETTINGS, type RetrySettings } from '../../lambda/deletion/backoff';
import { readAttempt } from '../../lambda/deletion/outcome-files';
import { type OutcomePorts, openOutcomes } from '../../lambda/deletion/outcome-store';
import type { Owner } from '../../lambda/deletion/run-lock';
import { snapshotKinds } from '../../lambda/kinds/registry';
import type { Sleep, SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import type { Clock, ReadInventory, Store } from '../../lambda/ports/ports';
import { renderPlanJson } from '../../lambda/render/plan';
import { makeReport } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { recordFile } from '../../lambda/storage/keys';
import { aConfig } from '../support/config-builder';
import { ORIGIN } from '../support/run-origin';

export const ACCOUNT = '123456789012';
export const HERE = 'us-east-1';
export const THERE = 'eu-central-1';
export const DAY = 86_400_000;

export const aSpec = (name: string, region = HERE): SourceSpec => ({
  accountId: ACCOUNT,
  region,
  name,
  createdAt: Date.now() - 900 * DAY,
  sizeInGb: 40,
  blueprint: 'wordpress',
  bundle: 'small_3_0',
});

/** One snapshot for each age in days, named after it: `web-05` is five days old. */
export const aged = (spec: SourceSpec, ages: readonly number[], row = instanceSnapshotRow): readonly Row[] =>
  ages.map((age) =>
    row(spec, { name: `${spec.name}-${String(age).padStart(2, '0')}`, createdAt: Date.now() - age * DAY - 60_000 }),
  );

export const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

/**
 * `web` with six daily snapshots in us-east-1, and `data`, a disk with five, in eu-central-1. By CONFIG three and two
 * of them are expired.
 */
export function smallAccount(): AccountData {
  const [web, data] = [aSpec('web'), aSpec('data', THERE)];
  return {
    accountId: ACCOUNT,
    regions: [HERE, THERE],
    data: {
      [HERE]: { instances: [instanceRow(web)], instanceSnapshots: aged(web, upTo(6)) },
      [THERE]: { disks: [diskRow(data)], diskSnapshots: aged(data, upTo(5), diskSnapshotRow) },
    },
  };
}

export const CONFIG = aConfig({
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
  caps: { maxShare: 0.9 },
});

/** Waits nothing, and remembers what it was asked to wait. */
export function noSleep(): Sleep & { readonly slept: number[] } {
  const slept: number[] = [];
  return Object.assign(
    async (ms: number) => {
      slept.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    { slept },
  );
}

export interface RunOptions extends ApplyPreparedOptions {
  /** Only these items; all of the plan where absent. */
  readonly batch?: readonly PlanItem[];
  readonly text?: string | null;
  readonly digest?: string | null;
  readonly config?: Config;
  readonly account?: string | null;
  readonly count?: number | null;
  readonly allowsRaisedCaps?: boolean;
  readonly isRehearsal?: boolean;
  readonly clock?: Clock;
  readonly monotonic?: Clock;
  readonly owner?: Owner;
  readonly retrySettings?: Partial<RetrySettings>;
  readonly deletion?: SnapshotDeletion;
  readonly readInventory?: ReadInventory;
  readonly store?: Store;
  readonly isAlive?: OutcomePorts['isAlive'];
  /** Called between what is verified and the first delete. */
  readonly approved?: (prepared: Prepared) => void | Promise<void>;
}

/**
 * An emulated account, and the deletion against it over HTTP: every part is the real one, only waiting is not waited.
 */
export interface Rig {
  readonly emulator: Emulator;
  readonly folder: string;
  readonly store: Store;
  readonly slept: readonly number[];
  readonly deletion: SnapshotDeletion;
  readonly readInventory: ReadInventory;
  /** Makes a report; its plan is as `report --plan-out` writes it. */
  plan(config?: Config, raiseCaps?: boolean): Promise<{ readonly plan: Plan; readonly text: string }>;
  prepare(options?: RunOptions): Promise<Prepared>;
  /** Verifies the last plan (or `text`) and carries it out. */
  apply(options?: RunOptions): Promise<ApplyResult>;
  /** Lets time pass, here and in the service. */
  advance(ms: number): void;
  readonly clock: Clock;
  /** Names of the snapshots that are there. */
  names(): readonly string[];
  close(): Promise<void>;
}

let runs = 0;
const nextRun = (): string => {
  runs += 1;
  return `run-${runs}`;
};

/**
 * An owner of this very process that is told apart from others only by its run; `isAlive` of the rig says that it is
 * dead.
 */
export const anOwner = (): Owner => ({ host: 'test', pid: process.pid, run: nextRun() });

/** A part of a prepared plan. */
function only(prepared: Prepared, batch: readonly PlanItem[] | undefined): Prepared {
  if (batch === undefined) return prepared;
  const isIn = ({ item }: { readonly item: PlanItem }): boolean => batch.some(({ arn }) => arn === item.arn);
  const groups = prepared.groups.map((group) => ({ ...group, items: group.items.filter(isIn) }));
  return { ...prepared, groups, skipped: prepared.skipped.filter(isIn) };
}

export async function startRig(account: AccountData = smallAccount()): Promise<Rig> {
  const emulator = await startEmulator({ account });
  const folder = mkdtempSync(join(tmpdir(), 'deletion-'));
  const aws = { endpoint: emulator.url, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const readers = makeLightsailClients({
    config: aws,
    pace: { attempts: 3, transientDelayMs: 1, throttledDelayMs: 1, longestDelayMs: 5, slowestPerSecond: 10_000 },
  });
  const sleep = noSleep();
  let passed = 0;
  const clock: Clock = () => Date.now() + passed;
  const deletion = makeSnapshotDeletion({
    readers,
    deleters: makeDeleteClients(aws),
    kinds: snapshotKinds(),
    firstRegion: HERE,
    clock,
  });
  const readInventory = makeReadInventory({
    clients: readers,
    firstRegion: HERE,
    account: ACCOUNT,
    kinds: snapshotKinds,
    clock,
  });
  const store = folderStore(folder);
  let last: string | null = null;

  const outcomePorts = (options: RunOptions) => ({
    store: options.store ?? store,
    clock: options.clock ?? clock,
    isAlive: options.isAlive ?? (() => false),
  });
  const prepare = (options: RunOptions = {}): Promise<Prepared> =>
    prepareApply(
      {
        clock: options.clock ?? clock,
        monotonic: options.monotonic ?? (() => performance.now()),
        digest: digestOf,
        readInventory: options.readInventory ?? readInventory,
        deletion: options.deletion ?? deletion,
        outcomes: { ...outcomePorts(options), ...(options.owner && { owner: options.owner }) },
      },
      {
        plan: {
          text: options.text === undefined ? last : options.text,
          where: 'plan.json',
          digest: options.digest ?? null,
        },
        config: options.config ?? CONFIG,
        account: options.account === undefined ? ACCOUNT : options.account,
        count: options.count ?? null,
        allowsRaisedCaps: options.allowsRaisedCaps ?? false,
        isRehearsal: options.isRehearsal ?? false,
        deadline: null,
      },
    );
  return {
    emulator,
    folder,
    store,
    slept: sleep.slept,
    deletion,
    readInventory,
    async plan(config = CONFIG, raiseCaps = false) {
      const made = await makeReport(
        { clock, digest: digestOf, readInventory },
        {
          reportId: nextRun(),
          config,
          at: null,
          inventory: { regions: 'all', kinds: ['instance', 'disk', 'database'], deadline: null },
          previous: null,
          raiseCaps,
        },
      );
      last = [...renderPlanJson(made.plan)].join('');
      return { plan: { ...made.plan, items: [...made.plan.items] }, text: last };
    },
    prepare,
    clock,
    advance(ms) {
      passed += ms;
      emulator.clockOffset += ms;
    },
    async apply(options = {}) {
      const prepared = await prepare(options);
      await options.approved?.(prepared);
      const owner = options.owner ?? anOwner();
      const outcomes = await openOutcomes({ ...outcomePorts(options), owner }, prepared.plan, ORIGIN);
      const retrySettings = { ...RETRY_SETTINGS, ...options.retrySettings };
      try {
        const clocks = { clock: options.clock ?? clock, monotonic: options.monotonic ?? (() => performance.now()) };
        await applyPrepared(
          { ...clocks, sleep, deletion: options.deletion ?? deletion, outcomes, retrySettings },
          only(prepared, options.batch),
          { prepareAgain: () => prepare({ ...options, owner, count: null }), ...options },
        );
      } finally {
        await outcomes.close();
      }
      return outcomes.close();
    },
    names: () =>
      emulator.world.regions
        .flatMap((region) =>
          (['instanceSnapshots', 'diskSnapshots', 'relationalDatabaseSnapshots'] as const).flatMap((list) =>
            emulator.world.rows(region, list).map(({ name }) => name ?? ''),
          ),
        )
        .sort(),
    async close() {
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Outcomes by name. */
export const outcomes = (result: { readonly items: readonly ItemResult[] }): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...result.items]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, outcome, code }) => [name, outcome === code ? outcome : `${outcome} ${code}`]),
  );

/** The code of the refusal (or other error) that a promise ends with; null when it ends well. */
export async function codeOf(promise: Promise<unknown>): Promise<string | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

/** Replaces the attempt of a snapshot as another run does that takes it over. */
export async function takeOver(store: Store, plan: Plan, name: string): Promise<void> {
  const position = plan.items.findIndex((item) => item.name === name);
  const stored = await readAttempt(store, plan, position);
  if (stored === null) throw new Error(`${name} has no attempt`);
  const attempt = { ...stored.attempt, run: 'another', revision: stored.attempt.revision + 1, earlier: true };
  const object = {
    key: recordFile(plan, position, 'attempt'),
    contentType: 'application/json',
    body: [JSON.stringify(attempt)],
  };
  if (!(await store.replaceIf(object, stored.version))) throw new Error('the attempt has changed');
}
