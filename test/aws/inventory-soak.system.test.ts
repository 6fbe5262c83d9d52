import '../support/one-realm';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { AccountData } from '../../emulator/account';
import type { FaultInput } from '../../emulator/fault';
import { randomOf } from '../../emulator/faults';
import { startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import type { Inventory } from '../../lambda/core/report/report-model';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { arn, FAST, namesOf, rows, SMALL_REGIONS, smallAccount, withEmulator } from './reading';
import { lies, type Run } from './soak-oracle';

const RUNS = 200;
const SNAPSHOTS = ['GetInstanceSnapshots', 'GetDiskSnapshots', 'GetRelationalDatabaseSnapshots'];
const LISTS = [...SNAPSHOTS, 'GetInstances', 'GetDisks', 'GetRelationalDatabases'];
/** Milliseconds; the runs that wait for it do so side by side. */
const REQUEST_TIMEOUT = 2_000;
/** Times that a run is tried on a machine that is too busy. */
const TRIES = 5;

/** One kind of snapshot has its source in another region, one in another kind. */
const ACCOUNT: AccountData = smallAccount({
  'eu-central-1': {
    diskSnapshots: rows('eu-central-1', 'diskSnapshots', 3, 'copy', (n) => ({
      fromInstanceName: 'web',
      fromInstanceArn: arn(n === 1 ? 'us-east-1' : 'eu-central-1', 'Instance', 1),
    })),
  },
});

const MEMBERS = {
  instance: 'instanceSnapshots',
  disk: 'diskSnapshots',
  database: 'relationalDatabaseSnapshots',
} as const;

type Pick = <T>(of: readonly T[]) => T;

/** One list of one region. */
const somewhere = (pick: Pick) => ({ operations: pick(LISTS), regions: pick(SMALL_REGIONS) });

const FAULTS: readonly ((pick: Pick, chance: number) => FaultInput)[] = [
  (_, chance) => ({ fault: 'throttle', chance }),
  (_, chance) => ({ fault: 'reset', chance }),
  (_, chance) => ({ fault: 'reset', when: 'after', chance }),
  (_, chance) => ({ fault: 'reset', when: 'during', chance }),
  (_, chance) => ({ fault: 'latency', ms: 3, chance }),
  (pick) => ({ fault: 'hang', times: pick([1, 1, 2]), ...somewhere(pick) }),
  (pick, chance) => ({
    fault: 'error',
    code: pick(['ServiceException', 'InternalFailure', 'ServiceUnavailable']),
    chance,
  }),
  (_, chance) => ({
    fault: 'error',
    code: 'InvalidInputException',
    message: 'Please try again in a few minutes',
    chance,
  }),
  (pick) => ({ fault: 'error', code: 'ServiceException', ...somewhere(pick) }),
  (pick, chance) => ({
    fault: 'answer',
    status: 200,
    body: pick(['<html>', '{"instances":[{', '']),
    operations: pick(LISTS),
    chance,
  }),
  (pick, chance) => ({
    fault: 'error',
    code: pick(['AccessDeniedException', 'SomethingNew']),
    operations: pick(LISTS),
    chance,
  }),
  (pick) => ({
    fault: 'error',
    code: pick(['AccessDeniedException', 'RegionSetupInProgressException']),
    regions: pick(SMALL_REGIONS),
  }),
  (pick) => ({
    fault: 'error',
    code: pick(['OptInRequired', 'UnrecognizedClientException']),
    regions: pick(SMALL_REGIONS),
  }),
  (pick) => ({ fault: 'tokens', mode: pick(['repeated', 'endless', 'loop']), ...somewhere(pick) }),
  (_, chance) => ({ fault: 'tokens', mode: 'empty', operations: LISTS, chance }),
  (pick, chance) => ({ fault: 'rows', mode: pick(['duplicate', 'conflict']), operations: SNAPSHOTS, chance }),
  (pick) => ({ fault: 'shape', dropList: true, after: pick([0, 1]), ...somewhere(pick) }),
];

/**
 * Whether a complete inventory has every snapshot there is, of regions that are not off. A list whose answer left it
 * out may be an empty one.
 */
const isTruth = (inventory: Inventory): boolean => {
  const held = inventory.scopes.filter(({ status, snapshots }) => status === 'read' && snapshots > 0);
  const expected = held.flatMap(({ region, kind }) =>
    (ACCOUNT.data[region]?.[MEMBERS[kind]] ?? []).map(({ name }) => name ?? '-'),
  );
  return JSON.stringify(namesOf(inventory)) === JSON.stringify(expected.sort());
};

/** Whether an empty answer is taken for one without its list: then it is not asked for again. */
async function believesEmptyAnswers(): Promise<boolean> {
  let asked = 0;
  await withEmulator(
    { faults: [{ fault: 'answer', status: 200, body: '', operations: 'GetDisks', regions: 'us-east-1' }] },
    async ({ read, emulator }) => {
      await read({ regions: ['us-east-1'] }, { client: { pace: { attempts: 2 } } });
      asked = emulator.requests.count('GetDisks', 'us-east-1');
    },
  );
  return asked === 1;
}

/** What happens in a run, decided before it starts. */
interface Case {
  readonly run: number;
  readonly faults: readonly FaultInput[];
  readonly errorForm: 'plain' | 'namespaced' | 'both' | 'code';
  readonly made: Run;
  /** Milliseconds. */
  readonly deadline: number;
  /** Whether calls are never answered, so that it waits for them briefly. */
  readonly hangs: boolean;
}

function caseOf(run: number, pick: Pick, random: () => number, believesEmpty: boolean): Case {
  const faults = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(FAULTS)(pick, pick([0.02, 0.1, 0.4])));
  return {
    run,
    faults,
    errorForm: pick(['plain', 'namespaced', 'both', 'code'] as const),
    made: {
      account: ACCOUNT,
      pageSize: 2,
      attempts: pick([2, 5, 9]),
      maxPages: 20,
      firstRegion: 'us-east-1',
      hasDeadline: run % 20 === 19,
      believesEmpty,
    },
    deadline: pick([0, 5, 20, 40]),
    hangs: faults.some(({ fault }) => fault === 'hang'),
  };
}

/** Requests to a port that were given up as not answered in time, from now on. */
function countTimeouts(url: string): { count: number; end(): void } {
  const counted = { count: 0, end: () => unsubscribe('http.client.request.error', onError) };
  const onError = (message: unknown) => {
    const { request, error } = message as { request: ClientRequest; error: NodeJS.ErrnoException };
    if (error.code === 'ETIMEDOUT' && request.getHeader('host') === new URL(url).host) counted.count += 1;
  };
  subscribe('http.client.request.error', onError);
  return counted;
}

/**
 * What is wrong with the inventory of a case, and which faults met its calls. `isSlow`: an answer came too late
 * without a fault. It is asked for again then, its request may be logged after that of the second one, and the log
 * does not say what the client saw.
 */
async function runOnce({ run, faults, errorForm, made, deadline, hangs }: Case, requestTimeout: number) {
  const emulator = await startEmulator({ account: ACCOUNT, pageSize: made.pageSize, seed: run, faults, errorForm });
  const timeouts = countTimeouts(emulator.url);
  try {
    const clients = makeLightsailClients({
      config: { endpoint: emulator.url, credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } },
      pace: { ...FAST, attempts: made.attempts },
      ...(hangs && { requestTimeout }),
    });
    const { firstRegion, maxPages } = made;
    const read = makeReadInventory({
      clients,
      kinds: snapshotKinds,
      firstRegion,
      account: null,
      clock: Date.now,
      maxPages,
    });
    const inventory = await read({
      regions: 'all',
      kinds: KINDS,
      automaticSnapshots: run % 2 === 0,
      deadline: made.hasDeadline ? Date.now() + deadline : null,
      previouslyRead: new Set(),
    });
    const log = emulator.requests.list();
    return {
      isSlow: timeouts.count > log.filter(({ error }) => error === 'hang').length,
      complete: inventory.complete,
      wrong: [
        ...lies(inventory, log, made),
        ...(inventory.complete && !isTruth(inventory) ? ['it is called complete, and is not'] : []),
      ],
      met: log.flatMap((call) => call.struck.map(({ fault }) => fault)).filter((fault) => fault !== 'latency'),
    };
  } finally {
    timeouts.end();
    await emulator.close();
  }
}

async function runCase(each: Case): ReturnType<typeof runOnce> {
  let result = await runOnce(each, REQUEST_TIMEOUT);
  for (let tries = 1; result.isSlow && tries < TRIES; tries += 1)
    result = await runOnce(each, REQUEST_TIMEOUT * 2 ** tries);
  return result;
}

describe('two hundred runs with random faults', () => {
  it('are each complete and right, or incomplete and say exactly what is missing and why', async () => {
    const believesEmpty = await believesEmptyAnswers();
    const random = randomOf(20_261_123);
    const pick: Pick = (of) => of[Math.floor(random() * of.length)] as (typeof of)[number];
    const cases = Array.from({ length: RUNS }, (_, run) => caseOf(run, pick, random, believesEmpty));
    const outcomes = { complete: 0, incomplete: 0 };
    const struck = new Set<string>();
    const check = ({ run, faults }: Case, { isSlow, complete, wrong, met }: Awaited<ReturnType<typeof runCase>>) => {
      expect({ run, faults, isSlow, wrong }).toEqual({ run, faults, isSlow: false, wrong: [] });
      for (const fault of met) struck.add(fault);
      if (!complete) outcomes.incomplete += 1;
      else if (met.length > 0) outcomes.complete += 1;
    };
    const waiting = cases.filter(({ hangs }) => hangs);
    for (const [index, result] of (await Promise.all(waiting.map(runCase))).entries())
      check(waiting[index] as Case, result);
    for (const each of cases.filter(({ hangs }) => !hangs)) check(each, await runCase(each));
    // Runs that nothing struck prove nothing.
    expect(Math.min(outcomes.complete, outcomes.incomplete)).toBeGreaterThan(RUNS / 5);
    expect([...struck].sort()).toEqual(['answer', 'error', 'hang', 'reset', 'rows', 'shape', 'throttle', 'tokens']);
  }, 600_000);
});
