import fc from 'fast-check';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import type { Plan } from '../../lambda/core/plan/plan';
import { intersect } from '../../lambda/core/plan/recheck';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { applyPrepared } from '../../lambda/deletion/apply-plan';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { TAKE_OVER_WAIT_MS } from '../../lambda/deletion/delete-snapshot';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import type { Operation, SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { aSnapshot, DAY, expired, kept, NOW } from '../support/report-builder';
import { ORIGIN } from '../support/run-origin';

const CONFIG = aConfig({ policies: { standard: { keep: { last: 1 } } }, default: 'standard' });
const SIBLING = aSnapshot({ name: 'kept', source: null });
const NAMES = ['a', 'b', 'c'];
const CANDIDATES = NAMES.map((name, i) => aSnapshot({ name, source: null, createdAt: NOW - (i + 20) * DAY }));
const ITEMS = CANDIDATES.map(({ arn, name, kind, account, region, createdAt }) => ({
  ...{ arn: arn ?? '', name: name ?? '', kind, account, region },
  createdAt: new Date(createdAt ?? 0).toISOString(),
}));
const PLAN: Plan = {
  schemaVersion: 1,
  id: '20261123T080000Z-1a2b3c4d',
  account: SIBLING.account,
  scopes: [],
  createdAt: '2026-11-23T08:00:00.000Z',
  expiresAt: '2026-11-30T08:00:00.000Z',
  config: { origin: 'retention.yaml', digest: CONFIG.digest },
  complete: true,
  blocked: null,
  items: ITEMS,
  digest: `sha256:${'1'.repeat(64)}`,
};

/** Time that passes only while something sleeps, in turns of the event loop. */
function schedule() {
  let now = NOW;
  const waiting: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    clock: () => now,
    sleep: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        waiting.push({ at: now + ms, wake: resolve });
        waiting.sort((a, b) => a.at - b.at);
      }),
    async until<T>(promise: Promise<T>): Promise<T> {
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      promise.then(settle, settle);
      while (!isSettled) {
        for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
        const next = isSettled ? undefined : waiting.shift();
        if (next === undefined) continue;
        now = Math.max(now, next.at);
        next.wake();
      }
      return promise;
    },
  };
}

/** How a delete goes: when it takes effect (null: never) and when it is answered, in ms, and how. */
interface Way {
  readonly effectMs: number | null;
  readonly answerMs: number;
  readonly answer: 'done' | 'lost' | 'operation failed';
}

/** How one of the two runs goes: when it starts, how long its calls take, and how its deletes go. */
interface Pace2 {
  readonly startMs: number;
  readonly callMs: number;
  readonly ways: readonly Way[];
}

const lost = { ok: false, failure: { class: 'transient', code: 'TimeoutError', message: 'no answer' } } as const;
const failedOperation: Operation = {
  id: null,
  state: 'failed',
  code: 'Busy',
  details: 'another operation is in progress',
};

/** Two runs of one plan, neither of which can tell that the other one is alive. */
async function twoRuns(paces: readonly Pace2[]) {
  const time = schedule();
  const objects = new Map<string, string>();
  const there = new Map<string, Snapshot>([SIBLING, ...CANDIDATES].map((snapshot) => [snapshot.name ?? '', snapshot]));
  const inFlight = new Map<string, number>();
  const [together, removed]: [string[], string[]] = [[], []];

  const deletionOf = ({ callMs, ways }: Pace2): SnapshotDeletion => {
    const left = [...ways];
    const take = (name: string): void => {
      if (there.delete(name)) removed.push(name);
    };
    return {
      async readSnapshot({ name }) {
        await time.sleep(callMs);
        return { ok: true, value: there.get(name) ?? null };
      },
      async deleteSnapshot({ name }, maySend) {
        await time.sleep(callMs);
        if (!maySend()) return { ok: false, failure: { class: 'not-sent', code: 'check.too-old', message: 'too old' } };
        if (inFlight.has(name)) together.push(name);
        inFlight.set(name, (inFlight.get(name) ?? 0) + 1);
        const { effectMs, answerMs, answer } = left.shift() ?? { effectMs: 0, answerMs: 0, answer: 'done' };
        if (effectMs !== null) void time.sleep(effectMs).then(() => take(name));
        await time.sleep(answerMs);
        inFlight.delete(name);
        if (answer === 'lost') return lost;
        return { ok: true, value: answer === 'done' ? [] : [failedOperation] };
      },
      readSource: () => Promise.reject(new Error('there is no source')),
      readOperation: () => Promise.reject(new Error('there is no operation')),
      readClock: () => Promise.reject(new Error('the clock is not read')),
    };
  };

  const runOf = async (pace: Pace2, run: string): Promise<ApplyResult> => {
    await time.sleep(pace.startMs);
    const { clock, sleep } = time;
    const ports = { store: memoryStore(objects), clock, owner: { host: 'here', pid: 1, run }, isAlive: () => false };
    const outcomes = await openOutcomes(ports, PLAN, ORIGIN);
    const fresh = [
      kept(SIBLING),
      ...[...there.values()].filter(({ name }) => name !== 'kept').map((snapshot) => expired(snapshot)),
    ];
    const { groups, skipped } = intersect(ITEMS, fresh, { sources: () => ({ state: 'gone' }), minKeep: 1 });
    const prepared = {
      ...{ plan: PLAN, config: CONFIG, decidedAt: clock(), skipped, doneBefore: 0, deletedBefore: 0, refusal: null },
      inDoubt: new Set<string>(),
      groups: groups.map((group) => ({ ...group, floor: [SIBLING] })),
    };
    const deletion = deletionOf(pace);
    try {
      await applyPrepared(
        { clock, monotonic: clock, sleep, deletion, outcomes, retrySettings: RETRY_SETTINGS },
        prepared,
      );
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'plan.in-progress') throw error;
    }
    return outcomes.close();
  };

  const results = await time.until(
    Promise.all(paces.map((pace, i) => runOf(pace, `run-${i}`).catch((error: { code?: unknown }) => error.code))),
  );
  return { results, together, removed, there, objects, time };
}

const NICE: readonly Way[] = [];

describe('two runs of one plan, of which neither knows that the other one is alive', () => {
  it('send one delete for each snapshot when they start together', async () => {
    const { together, removed, objects } = await twoRuns([
      { startMs: 0, callMs: 100, ways: NICE },
      { startMs: 10, callMs: 110, ways: NICE },
    ]);
    expect({ together, removed: removed.sort() }).toEqual({ together: [], removed: NAMES });
    const result = JSON.parse(objects.get(`results/${PLAN.id}.json`) ?? '') as ApplyResult;
    expect(result).toMatchObject({ status: 'finished', totals: { deleted: 3, failed: 0 } });
  });

  it('never send a delete of a snapshot while the other run has one on its way', async () => {
    // The first delete takes as long as it may; the second run begins in the middle of it.
    const { together } = await twoRuns([
      { startMs: 0, callMs: 100, ways: [{ effectMs: null, answerMs: 30_000, answer: 'lost' }] },
      { startMs: 5_000, callMs: 100, ways: NICE },
    ]);
    expect(together).toEqual([]);
  });

  it('wait before they send, for as long as the other one may still be sending', () => {
    expect(TAKE_OVER_WAIT_MS).toBe(35_000);
  });

  it('never send two deletes of one snapshot at once, and record what is true, however they meet', async () => {
    const ways: fc.Arbitrary<Way> = fc.record({
      effectMs: fc.option(fc.integer({ min: 0, max: 29_000 })),
      answerMs: fc.integer({ min: 0, max: 30_000 }),
      answer: fc.constantFrom('done', 'lost', 'operation failed'),
    });
    // A service whose failed operation deletes all the same is not believed by anyone.
    const way = ways.map((each): Way => (each.answer === 'operation failed' ? { ...each, effectMs: null } : each));
    const pace: fc.Arbitrary<Pace2> = fc.record({
      startMs: fc.integer({ min: 0, max: 60_000 }),
      callMs: fc.integer({ min: 1, max: 2_000 }),
      ways: fc.array(way, { maxLength: 4 }),
    });
    let takenOver = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(pace, pace), async (paces) => {
        const { together, removed, there, objects, time } = await twoRuns(paces);
        // A delete may take effect after both runs have ended: what they say holds then as well.
        await time.until(time.sleep(60_000));
        expect(together).toEqual([]);
        takenOver += [...objects.values()].filter((text) => text.includes('"earlier":true')).length;
        const { items } = JSON.parse(objects.get(`results/${PLAN.id}.json`) ?? '') as ApplyResult;
        for (const { name, outcome, mayStillBeDeleted } of items) {
          const isThere = there.has(name);
          const isTrue =
            outcome === 'deleted' ? !isThere && removed.includes(name) : isThere || mayStillBeDeleted === true;
          expect({ name, outcome, mayStillBeDeleted, isThere, isTrue }).toMatchObject({ isTrue: true });
        }
      }),
      { numRuns: 150 },
    );
    expect(takenOver).toBeGreaterThan(10);
  }, 120_000);
});
