import fc from 'fast-check';
import type { ItemResult } from '../../lambda/core/plan/outcome';
import type { Plan } from '../../lambda/core/plan/plan';
import { intersect } from '../../lambda/core/plan/recheck';
import { applyPrepared } from '../../lambda/deletion/apply-plan';
import { makeBackoff, RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { stopWithCaller } from '../../lambda/deletion/caller-failure';
import { deleteSnapshot, type ItemRequest } from '../../lambda/deletion/delete-snapshot';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import type { CallFailure, SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { aSnapshot, excluded, expired, kept, NOW } from '../support/report-builder';
import { ORIGIN } from '../support/run-origin';
import { tagged } from '../support/snapshot-builder';

const CONFIG = aConfig({ policies: { standard: { keep: { last: 1 } } }, default: 'standard' });
const DOOMED = aSnapshot({ name: 'web-1103', source: null });
const HELD = { ...DOOMED, tags: tagged({ 'retention:hold': null }) };
const SIBLING = aSnapshot({ name: 'web-1123', source: null });
const [ARN, NAME] = [DOOMED.arn ?? '', DOOMED.name ?? ''];
const ITEM = {
  arn: ARN,
  name: NAME,
  kind: DOOMED.kind,
  account: DOOMED.account,
  region: DOOMED.region,
  createdAt: new Date(DOOMED.createdAt ?? 0).toISOString(),
};
const PLAN: Plan = {
  schemaVersion: 1,
  id: '20261123T080000Z-1a2b3c4d',
  account: DOOMED.account,
  scopes: [],
  createdAt: '2026-11-23T08:00:00.000Z',
  expiresAt: '2026-11-30T08:00:00.000Z',
  config: { origin: 'retention.yaml', digest: CONFIG.digest },
  complete: true,
  blocked: null,
  items: [ITEM],
  digest: `sha256:${'1'.repeat(64)}`,
};

const NOTED = { noteSent: () => undefined, noteEnded: () => undefined };

const failure = (of: CallFailure['class'], more: Partial<CallFailure> = {}): CallFailure => ({
  class: of,
  code: of,
  message: of,
  ...more,
});

/** Every way in which a delete can end: what is answered, what was done, and whether the answer leaves that open. */
const ENDS = {
  done: { answer: null, effect: 'now', open: false },
  throttled: { answer: failure('throttled'), effect: 'none', open: false },
  'nobody reached': { answer: failure('transient', { undone: true }), effect: 'none', open: false },
  refused: { answer: failure('refused'), effect: 'none', open: false },
  'not found': { answer: failure('not-found'), effect: 'none', open: false },
  'cut off before it was done': { answer: failure('transient'), effect: 'none', open: true },
  'cut off after it was done': { answer: failure('transient'), effect: 'now', open: true },
  'cut off and done later': { answer: failure('transient'), effect: 'later', open: true },
  'unknown error, not done': { answer: failure('unknown'), effect: 'none', open: true },
  'unknown error, done': { answer: failure('unknown'), effect: 'now', open: true },
  'unknown error, done later': { answer: failure('unknown'), effect: 'later', open: true },
} as const satisfies Readonly<
  Record<string, { answer: CallFailure | null; effect: 'none' | 'now' | 'later'; open: boolean }>
>;
type End = keyof typeof ENDS;
const NOTHING_DONE: readonly End[] = ['throttled', 'nobody reached'];

/** How a run is brought to its end: told to, or dead, at its n-th call of the service, before the call or after it. */
interface Stop {
  readonly how: 'told' | 'dead';
  readonly at: number;
  readonly before: boolean;
}

/** One snapshot and its kept sibling; deletes end as they are told to, and then well. */
class World {
  there = true;
  held = false;
  /** A delete of ours was carried out, or will be. */
  ours = false;
  /** Somebody must ask what became of a delete of ours: its answer did not say, or nobody lived to hear it. */
  open = false;
  private later = false;

  private settle(): void {
    if (this.later) this.there = false;
  }

  deletion(ends: readonly End[], stop: Stop | null, tell: () => void): SnapshotDeletion {
    const script = [...ends];
    let calls = 0;
    let sent = false;
    const counted = async <T>(call: () => T): Promise<T> => {
      calls += 1;
      const stopped = (before: boolean): void => {
        if (stop?.at !== calls || stop.before !== before) return;
        if (stop.how === 'told') tell();
        else {
          this.open = true;
          throw new Error('died');
        }
      };
      stopped(true);
      const answer = call();
      stopped(false);
      return answer;
    };
    return {
      readSnapshot: ({ name }, abortSignal) =>
        counted(() => {
          if (sent && abortSignal !== undefined) throw new Error('what was sent is followed to its end');
          if (abortSignal?.aborted === true) return { ok: false, failure: failure('unknown', { code: 'AbortError' }) };
          if (name !== NAME) return { ok: true, value: SIBLING };
          const planned = this.held ? HELD : DOOMED;
          const value = this.there ? planned : null;
          this.settle();
          return { ok: true, value };
        }),
      deleteSnapshot: () =>
        counted(() => {
          const { answer, effect, open } = ENDS[script.shift() ?? 'done'];
          this.open ||= open;
          sent ||= open || answer === null;
          this.ours ||= effect !== 'none' && this.there;
          if (effect === 'now') this.there = false;
          if (effect === 'later') this.later = true;
          return answer === null ? { ok: true, value: [] } : { ok: false, failure: answer };
        }),
      readSource: () => Promise.reject(new Error('it has no source')),
      readOperation: () => Promise.reject(new Error('there is no operation')),
      readClock: () => Promise.reject(new Error('nobody asks')),
    };
  }
}

/** One run of the plan over what the world is now; what it recorded of the snapshot, if anything. */
async function run(
  objects: Map<string, string>,
  world: World,
  ends: readonly End[],
  stop: Stop | null,
): Promise<ItemResult | null> {
  const owner = { host: 'here', pid: 1, run: String(objects.size) };
  const controller = new AbortController();
  const clock = () => NOW;
  const outcomes = await openOutcomes(
    { store: memoryStore(objects), clock, owner, isAlive: () => false },
    PLAN,
    ORIGIN,
  );
  const fresh = [
    kept(SIBLING),
    ...(world.there ? [world.held ? excluded('held', 'held', HELD) : expired(DOOMED)] : []),
  ];
  // Those without a source are groups of their own: here the sibling is the floor of the other.
  const { groups, skipped } = intersect([ITEM], fresh, { sources: () => ({ state: 'gone' }), minKeep: 1 });
  const prepared = {
    plan: PLAN,
    config: CONFIG,
    decidedAt: NOW,
    groups: groups.map((group) => ({ ...group, floor: [SIBLING] })),
    skipped,
    inDoubt: new Set<string>(),
    doneBefore: 0,
    deletedBefore: 0,
    refusal: null,
  };
  const sleep = async (): Promise<void> => undefined;
  const deletion = world.deletion(ends, stop, () => controller.abort());
  try {
    await applyPrepared(
      { clock, monotonic: clock, sleep, deletion, outcomes, retrySettings: RETRY_SETTINGS },
      prepared,
      {
        signal: controller.signal,
      },
    );
  } catch (error) {
    if ((error as Error).message !== 'died') throw error;
    return null;
  }
  return (await outcomes.close()).items[0] ?? null;
}

/** What is recorded says neither more nor less than what is known. */
function expectTrue({ outcome, code, text }: ItemResult, world: World): void {
  expect(code).not.toBe('AbortError');
  const { there, ours, open } = world;
  const doubted = /may still be deleted|an earlier run|was lost/.test(text);
  const recorded = { outcome, text, there, ours, open };
  if (outcome === 'already-gone') expect({ ...recorded, true: !there && !ours }).toEqual({ ...recorded, true: true });
  if (outcome === 'spared') expect({ ...recorded, true: there && !ours }).toEqual({ ...recorded, true: true });
  if (outcome === 'deleted')
    expect({ ...recorded, true: !there && (ours || open) }).toEqual({ ...recorded, true: true });
  if (doubted) expect({ ...recorded, true: open }).toEqual({ ...recorded, true: true });
}

const BETWEEN = ['nothing', 'a deletion by hand', 'a hold'] as const;
function meddle(world: World, what: (typeof BETWEEN)[number]): void {
  if (what === 'a deletion by hand') world.there = false;
  if (what === 'a hold') world.held = true;
}

describe('the port of a run that stops with its caller', () => {
  it('passes every argument of each call on', async () => {
    const asked: unknown[][] = [];
    const noted =
      (name: string) =>
      async (...given: readonly unknown[]): Promise<{ readonly ok: false; readonly failure: CallFailure }> => {
        asked.push([name, ...given]);
        return { ok: false, failure: failure('unknown') };
      };
    const names = ['readSnapshot', 'readSource', 'deleteSnapshot', 'readOperation', 'readClock'] as const;
    const inner = Object.fromEntries(names.map((name) => [name, noted(name)])) as unknown as SnapshotDeletion;
    const outer = stopWithCaller(inner) as unknown as Record<
      string,
      (...given: readonly unknown[]) => Promise<unknown>
    >;
    for (const name of names) await outer[name]?.(1, 2, 3);
    const passed = Object.fromEntries(asked.map(([name, ...given]) => [String(name), given]));
    expect(passed.readOperation).toEqual([1, 2, 3]);
    expect(passed.readSource).toEqual([1, 2, 3]);
    expect(passed.readSnapshot).toEqual([1, 2]);
    expect(passed.deleteSnapshot).toEqual([1, 2]);
  });
});

describe('a delete without an answer', () => {
  it.each([
    ['it may still arrive, so only when it can no longer', 'cut off before it was done', [35_000, 35_000]],
    ['it was never sent, so after the usual pause', 'nobody reached', [1_000, 1_000]],
  ] as const)('is followed by another: %s', async (_, end, [atLeast, atMost]) => {
    const waits: number[] = [];
    const sent: number[] = [];
    let waited = 0;
    const world = new World();
    const deletion = world.deletion([end], null, () => undefined);
    const noted: SnapshotDeletion = {
      ...deletion,
      deleteSnapshot: (...given) => {
        sent.push(waited);
        return deletion.deleteSnapshot(...given);
      },
    };
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
      waited += ms;
    };
    const clock = () => NOW;
    const request: ItemRequest = {
      ...{ candidate: { item: ITEM, evaluated: expired(DOOMED) }, source: null, config: CONFIG, sentBefore: false },
      ...{ checkGroup: async () => null, attempt: null, signal: undefined },
      attempt: { start: async () => 'owned', isOwn: async () => true, cancel: async () => undefined, ...NOTED },
    };
    const backoff = makeBackoff(RETRY_SETTINGS, sleep);
    const ended = await deleteSnapshot({ deletion: noted, backoff, clock, monotonic: clock }, request);
    expect(ended).toMatchObject({ outcome: 'deleted' });
    expect(sent).toHaveLength(2);
    expect(sent[1]).toBeGreaterThanOrEqual(atLeast);
    expect(sent[1]).toBeLessThanOrEqual(atMost + 5_000);
    expect(waits.length).toBeGreaterThan(0);
  });
});

describe('what a run that is told to end leaves behind', () => {
  const told: Stop = { how: 'told', at: 3, before: false };

  it.each(
    NOTHING_DONE.flatMap((end) => [
      [end, 'a deletion by hand', { outcome: 'already-gone', code: 'snapshot.gone' }] as const,
      [end, 'a hold', { outcome: 'spared', code: 'hold' }] as const,
      [end, 'nothing', { outcome: 'deleted', text: 'deleted' }] as const,
    ]),
  )(
    'is no doubt when all of its deletes were sent in vain (%s), and then %s happens to the snapshot',
    async (end, what, outcome) => {
      const [objects, world] = [new Map<string, string>(), new World()];
      expect(await run(objects, world, [end], told)).toBeNull();
      meddle(world, what);
      expect(await run(objects, world, [], null)).toMatchObject(outcome);
    },
  );

  it.each((Object.keys(ENDS) as End[]).filter((end) => !NOTHING_DONE.includes(end)))(
    'is an outcome, and no open snapshot, when the first delete ends like this: %s',
    async (end) => {
      const world = new World();
      const result = await run(new Map(), world, [end, 'throttled', 'throttled'], told);
      if (result === null) throw new Error('it was left open');
      expectTrue(result, world);
    },
  );

  it('is a doubt when it died instead, though nothing was sent', async () => {
    const [objects, world] = [new Map<string, string>(), new World()];
    await run(objects, world, ['throttled'], { how: 'dead', at: 3, before: false });
    meddle(world, 'a deletion by hand');
    expect(await run(objects, world, [], null)).toMatchObject({
      outcome: 'deleted',
      text: expect.stringContaining('an earlier run'),
    });
  });

  it('is the doubt that it found, however little it did itself', async () => {
    const [objects, world] = [new Map<string, string>(), new World()];
    await run(objects, world, ['cut off and done later'], { how: 'dead', at: 3, before: false });
    expect(await run(objects, world, ['throttled'], told)).toBeNull();
    expect(await run(objects, world, [], null)).toMatchObject({
      outcome: 'deleted',
      text: expect.stringContaining('an earlier run'),
    });
  });

  it('leaves a record from which the next run records the truth, however deletes ended and wherever runs were stopped', async () => {
    const end = fc.constantFrom(...(Object.keys(ENDS) as End[]));
    const stop = fc.record({
      how: fc.constantFrom('told' as const, 'dead' as const),
      at: fc.integer({ min: 1, max: 12 }),
      before: fc.boolean(),
    });
    const vain = fc.array(fc.constantFrom(...NOTHING_DONE), { maxLength: 4 });
    const stopped = fc.record({
      ends: fc.tuple(vain, fc.array(end, { maxLength: 3 })).map(([a, b]) => [...a, ...b]),
      stop,
    });
    const ways = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(stopped, fc.constantFrom(...BETWEEN)), { maxLength: 3 }), async (runs) => {
        const [objects, world] = [new Map<string, string>(), new World()];
        let result: ItemResult | null = null;
        for (const [{ ends, stop: at }, what] of runs) {
          result ??= await run(objects, world, ends, at);
          if (result !== null) break;
          meddle(world, what);
        }
        result ??= await run(objects, world, [], null);
        if (result === null) throw new Error('a run that nobody stops ends');
        expectTrue(result, world);
        ways.add(`${result.outcome}, ${runs.length === 0 ? 'at once' : 'in the end'}`);
      }),
      { numRuns: 1_000 },
    );
    expect(ways.size).toBeGreaterThanOrEqual(5);
  });
});

describe('a run that is told to end while the group of a snapshot is read', () => {
  it.each([
    ['nothing speaks for it', null],
    [
      'its reading failed',
      { outcome: 'failed', code: 'AbortError', text: 'its source could not be read again' } as const,
    ],
  ])('sends nothing and says nothing of it, when %s', async (_, breach) => {
    const controller = new AbortController();
    const asked = (): never => {
      throw new Error('nothing more is asked or noted');
    };
    const deletion = { ...new World().deletion([], null, asked), readSnapshot: asked, deleteSnapshot: asked };
    const request: ItemRequest = {
      candidate: { item: ITEM, evaluated: expired(DOOMED) },
      source: null,
      config: CONFIG,
      sentBefore: false,
      checkGroup: async () => {
        controller.abort();
        return breach;
      },
      attempt: { start: asked, isOwn: asked, cancel: async () => undefined, ...NOTED },
      signal: controller.signal,
    };
    const backoff = makeBackoff(RETRY_SETTINGS, async () => undefined);
    expect(await deleteSnapshot({ deletion, clock: () => NOW, monotonic: () => NOW, backoff }, request)).toBe('left');
  });
});

describe('an attempt that cannot be renewed', () => {
  const attempts = async (
    first: End,
    sentBefore = false,
  ): Promise<{ readonly cancelled: number; readonly error: unknown }> => {
    let [started, cancelled] = [0, 0];
    const request: ItemRequest = {
      candidate: { item: ITEM, evaluated: expired(DOOMED) },
      source: null,
      config: CONFIG,
      sentBefore,
      checkGroup: async () => null,
      attempt: {
        start: async () => {
          started += 1;
          if (started === 2) throw new Error('another version was deployed');
          return 'owned';
        },
        isOwn: async () => true,
        cancel: async () => {
          cancelled += 1;
          throw new Error('no space left');
        },
        ...NOTED,
      },
      signal: undefined,
    };
    const deletion = new World().deletion([first], null, () => undefined);
    const backoff = makeBackoff(RETRY_SETTINGS, async () => undefined);
    const ports = { deletion, clock: () => NOW, monotonic: () => NOW, backoff };
    const error = await deleteSnapshot(ports, request).catch((thrown: unknown) => thrown);
    return { cancelled, error };
  };

  it.each(NOTHING_DONE)(
    'is cancelled when nothing was done until then (%s), and the error that stopped the run is thrown',
    async (end) => {
      expect(await attempts(end)).toMatchObject({ cancelled: 1, error: { message: 'another version was deployed' } });
    },
  );

  it('stays when an earlier run may have sent a delete', async () => {
    expect(await attempts('throttled', true)).toMatchObject({
      cancelled: 0,
      error: { message: 'another version was deployed' },
    });
  });

  it('stays when a delete may have been carried out', async () => {
    expect(await attempts('cut off before it was done')).toMatchObject({
      cancelled: 0,
      error: { message: 'another version was deployed' },
    });
  });
});

describe('the request id of an outcome', () => {
  it('is that of the last delete that may be carried out, else of the last, and none of a lost answer', async () => {
    const ends = fc.array(fc.constantFrom(...(Object.keys(ENDS) as End[])), { minLength: 1, maxLength: 5 });
    const losses = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(ends, losses, async (script, lost) => {
        const world = new World();
        const deletion = world.deletion(script, null, () => undefined);
        const sent: { readonly id: string | undefined; readonly mayBeDone: boolean }[] = [];
        const numbered: SnapshotDeletion = {
          ...deletion,
          deleteSnapshot: async (...given) => {
            const answer = await deletion.deleteSnapshot(...given);
            const mayBeDone =
              answer.ok || (['transient', 'unknown'].includes(answer.failure.class) && !answer.failure.undone);
            const isLost = !answer.ok && mayBeDone && lost[sent.length] === true;
            const id = isLost ? undefined : `request-${sent.length}`;
            sent.push({ id, mayBeDone });
            return { ...answer, ...(id !== undefined && { requestId: id }) };
          },
        };
        const request: ItemRequest = {
          ...{ candidate: { item: ITEM, evaluated: expired(DOOMED) }, source: null, config: CONFIG, sentBefore: false },
          ...{ checkGroup: async () => null, signal: undefined },
          attempt: { start: async () => 'owned', isOwn: async () => true, cancel: async () => undefined, ...NOTED },
        };
        const backoff = makeBackoff(RETRY_SETTINGS, async () => undefined);
        const clock = (): number => NOW;
        const ended = await deleteSnapshot({ deletion: numbered, backoff, clock, monotonic: clock }, request);
        if (typeof ended === 'string') throw new Error(`it ended as ${ended}`);
        const expected = sent.filter(({ mayBeDone }) => mayBeDone).at(-1) ?? sent.at(-1);
        expect(ended.requestId).toBe(expected?.id);
        if (ended.outcome === 'deleted' && world.ours) expect(expected?.mayBeDone).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is absent where no delete was sent', async () => {
    const world = new World();
    world.there = false;
    expect(await run(new Map(), world, [], null)).toMatchObject({ outcome: 'already-gone', requestId: null });
  });
});

it('a snapshot that is taken over from another run is checked 35 s later: its delete has arrived then', async () => {
  const events: string[] = [];
  const starts = ['taken-over', 'owned'] as const;
  const request: ItemRequest = {
    ...{ candidate: { item: ITEM, evaluated: expired(DOOMED) }, source: null, config: CONFIG, sentBefore: false },
    ...{ checkGroup: async () => null, signal: undefined },
    attempt: {
      start: async () => starts[events.push('start') === 1 ? 0 : 1],
      isOwn: async () => true,
      cancel: async () => undefined,
      ...NOTED,
    },
  };
  const deletion = new World().deletion(['done'], null, () => undefined);
  const noted: SnapshotDeletion = {
    ...deletion,
    readSnapshot: (...given) => {
      events.push('read');
      return deletion.readSnapshot(...given);
    },
  };
  const backoff = makeBackoff(RETRY_SETTINGS, async (ms) => void (ms > 1_000 && events.push(`wait ${ms}`)));
  const clock = (): number => NOW;
  await deleteSnapshot({ deletion: noted, backoff, clock, monotonic: clock }, request);
  expect(events.slice(0, 4)).toEqual(['start', 'wait 35000', 'start', 'read']);
});
