import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { folderStore } from '../../cli/folder-store';
import type { HistoryJson, HistoryVerifyJson } from '../../cli/json-shapes';
import { DEFAULT_BUCKET, type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import type { Plan } from '../../lambda/core/plan/plan';
import { RetentionError } from '../../lambda/core/util/errors';
import type { Store } from '../../lambda/ports/ports';
import { EVIDENCE, LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { smallAccount } from '../deletion/rig';
import { BEGIN, RecordedDeletions, type RunEnding } from '../fakes/recorded-deletions';
import { pointSdkTo } from '../support/aws-env';
import { validateJson } from '../support/json-schemas';
import { runs } from '../support/runs';
import { type RunOutput, runCli, unwrapped } from '../support/terminal';

const DAY = 86_400_000;
const AUTOMATIC = { kind: 'automatic', arn: null, claimed: false, announcedBy: ['20261110T080000Z-1a2b3c4d'] } as const;
const POLICY = 'version: 1\npolicies: { a: { keep: { last: 1 } } }\ndefault: a\n';

/** The objects of a place, which a test can change. */
interface Objects {
  readonly store: Store;
  readonly place: string;
  readonly all: () => ReadonlyMap<string, Buffer>;
  readonly write: (key: string, bytes: Buffer) => void;
  readonly remove: (key: string) => void;
  /** Puts something else than a file in its place, where that is possible. */
  readonly block: (key: string, kind: number) => void;
}

function folderObjects(root: string): Objects {
  const remove = (key: string): void => rmSync(join(root, key), { recursive: true, force: true });
  return {
    store: folderStore(root),
    place: join(root, 'results'),
    all: () =>
      new Map(
        readdirSync(root, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => [relative(root, path), readFileSync(path)] as const),
      ),
    write: (key, bytes) => {
      mkdirSync(dirname(join(root, key)), { recursive: true });
      writeFileSync(join(root, key), bytes);
    },
    remove,
    block: (key, kind) => {
      remove(key);
      if (kind % 2 === 0) mkdirSync(join(root, key));
      else symlinkSync('nowhere', join(root, key));
    },
  };
}

function bucketObjects(emulator: Emulator): Objects {
  const client = new S3Client({
    ...{ endpoint: emulator.url, forcePathStyle: true, region: 'us-east-1' },
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const objects = () => emulator.objects.get(DEFAULT_BUCKET) ?? new Map();
  objects().clear();
  const write = (key: string, bytes: Buffer): void => {
    const before = objects().get(key);
    const meta = before ?? { contentType: 'application/json', metadata: {}, lastModified: Date.now() };
    objects().set(key, { ...meta, body: bytes, etag: `"${key}-${bytes.length}"` });
  };
  return {
    store: s3Store(client, DEFAULT_BUCKET),
    place: `s3://${DEFAULT_BUCKET}`,
    all: () => new Map([...objects()].map(([key, { body }]) => [key, body])),
    write,
    remove: (key) => void objects().delete(key),
    block: (key) => write(key, Buffer.alloc(0)),
  };
}

/** Fails at the n-th call and at each later one, as a process that was killed; the n-th may have been carried out. */
function mortal(store: Store, life: { left: number; isDone: boolean }): Store {
  const call = <A extends readonly unknown[], R>(made: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      life.left -= 1;
      if (life.left < -1 || (life.left === -1 && !life.isDone)) throw new Error('killed');
      const answer = await made(...args);
      if (life.left < 0) throw new Error('killed');
      return answer;
    };
  };
  return {
    ...store,
    put: call(store.put),
    putIfAbsent: call(store.putIfAbsent),
    replaceIf: call(store.replaceIf),
    getVersioned: call(store.getVersioned),
    get: call(store.get),
    list: call(store.list),
    listDated: call(store.listDated),
    fingerprint: call(store.fingerprint),
  };
}

interface Step {
  readonly plan: number;
  readonly isAutomatic: boolean;
  readonly ending: RunEnding;
  /** After how many calls of the store its process is killed; null: it is not. */
  readonly killedAfter: number | null;
  readonly isDone: boolean;
  readonly days: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  plan: fc.integer({ min: 1, max: 3 }),
  isAutomatic: fc.boolean(),
  ending: fc.constantFrom('finished', 'finished', 'stopped', 'killed'),
  killedAfter: fc.option(fc.nat(90), { freq: 2 }),
  isDone: fc.boolean(),
  days: fc.constantFrom(0, 0, 1, 2),
});

interface Change {
  readonly kind: 'remove' | 'block' | 'flip' | 'cut';
  readonly key: number;
  readonly at: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('remove', 'remove', 'block', 'flip', 'cut'),
  key: fc.nat(),
  at: fc.nat(),
});

/** The items that any run began to delete, as `plan arn`, by the last version of each attempt and by outcomes. */
function begunIn(objects: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const begun = new Map<string, string>();
  const latest = new Map<string, readonly [number, string, string]>();
  for (const [key, bytes] of objects) {
    const [, id, name, version = '0'] =
      /^results\/([^/]+)\/[0-9a-f]{16}\/\.?(\d+\.(?:attempt|outcome)\.json)(?:\.v(\d+))?$/.exec(key) ?? [];
    if (id === undefined || name === undefined) continue;
    const known = latest.get(`${id} ${name}`);
    if (known === undefined || known[0] < Number(version))
      latest.set(`${id} ${name}`, [Number(version), id, bytes.toString()]);
  }
  for (const [, id, text] of latest.values()) {
    const { arn, state, name } = JSON.parse(text);
    if (state !== 'cancelled') begun.set(`${id} ${arn}`, name);
  }
  return begun;
}

const planOfKey = (key: string): string =>
  /^(?:results|plans)\/((?:auto-)?\d{8}T\d{6}Z-[0-9a-f]+)/.exec(key)?.[1] ?? '';

describe.each(['a folder', 'a bucket'])('random histories of deletions in %s', (kind) => {
  const isBucket = kind === 'a bucket';
  let work: string;
  let emulator: Emulator;
  let putBack: () => void;
  let made = 0;

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'random-'));
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(emulator.url);
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  const cli = (...args: readonly string[]): Promise<RunOutput> =>
    runCli([...args, '--config', join(work, 'retention.yaml')], process.env);

  function objectsOf(): Objects {
    made += 1;
    if (isBucket) return bucketObjects(emulator);
    const root = join(work, `place-${made}`);
    mkdirSync(root);
    return folderObjects(root);
  }

  /** Runs the steps one after the other. */
  async function live(objects: Objects, steps: readonly Step[]): Promise<void> {
    let ahead = BEGIN - Date.now();
    const life = { left: Number.POSITIVE_INFINITY, isDone: false };
    const folder = isBucket ? EVIDENCE : LOCAL_EVIDENCE;
    const deletions = new RecordedDeletions(mortal(objects.store, life), () => Date.now() + ahead, folder);
    const plans = new Map<string, Plan>();
    for (const { plan: number, isAutomatic, ending, killedAfter, isDone, days } of steps) {
      ahead += days * DAY;
      emulator.clockOffset = ahead;
      const prefix = isBucket && isAutomatic ? 'auto-' : '';
      const plan = plans.get(prefix + number) ?? (await deletions.plan(number, prefix));
      plans.set(prefix + number, plan);
      Object.assign(life, { left: killedAfter ?? Number.POSITIVE_INFINITY, isDone });
      await deletions.run(plan, ending, prefix === '' ? undefined : AUTOMATIC).catch((error: unknown) => {
        if (error instanceof RetentionError || /killed/.test(String(error))) return;
        throw error;
      });
      await new Promise((resolve) => setTimeout(resolve, 2));
      Object.assign(life, { left: Number.POSITIVE_INFINITY });
    }
    emulator.clockOffset = 0;
  }

  async function historyOf(place: string) {
    const { code, out, err } = await cli('history', '--store', place, '--format', 'json');
    const entries: HistoryJson = out === '' ? [] : JSON.parse(out);
    expect(validateJson('history', entries)).toEqual([]);
    const shown = new Set(entries.map(({ plan, arn }) => `${plan.id} ${arn}`));
    return { code, err: unwrapped(err), entries, shown };
  }

  async function verifyIn(place: string): Promise<HistoryVerifyJson> {
    const { out } = await cli('history', '--verify', '--store', place, '--format', 'json');
    return JSON.parse(out);
  }

  /** Changes objects; returns the keys of those that are not as before. */
  function changeSome(objects: Objects, changes: readonly Change[]): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const { kind: how, key: n, at } of changes) {
      const all = objects.all();
      const keys = [...all.keys()].filter((key) => /^(?:results|plans)\//.test(key) && !/lock\.json/.test(key)).sort();
      const key = keys[n % keys.length];
      const bytes = all.get(key ?? '');
      if (key === undefined || bytes === undefined || bytes.length < 2) continue;
      const isShared = /^results\/(?:index|evidence)\/|^results\/[^/]+\.json$/.test(key);
      if (how === 'block') objects.block(key, at);
      else if (how === 'cut' && !isShared) objects.write(key, bytes.subarray(0, bytes.length / 2));
      else if (how === 'flip' && !isShared) {
        const flipped = Buffer.from(bytes);
        flipped[at % bytes.length] = (flipped[at % bytes.length] ?? 0) ^ 1;
        objects.write(key, flipped);
      } else objects.remove(key);
      changed.add(key);
    }
    return changed;
  }

  it(
    'no item that a run began is missing from a history that ends with 0, and all else is shown',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 4 }),
          fc.array(change, { minLength: 1, maxLength: 3 }),
          async (steps, changes) => {
            const objects = objectsOf();
            await live(objects, steps);
            const begun = begunIn(objects.all());
            const before = await historyOf(objects.place);
            expect([0, 2, 3]).toContain(before.code);
            // Nothing was begun before the first run was killed.
            if (before.code === 2) {
              expect([...begun]).toEqual([]);
              return;
            }
            expect([...begun.keys()].filter((each) => !before.shown.has(each))).toEqual([]);
            if (before.entries.some(({ outcome, mayStillBeDeleted }) => outcome === 'unknown' && mayStillBeDeleted))
              expect(before.err).toMatch(/outcome is not known: .* npx lightsail-retention (?:apply|explain) /);
            const whole = await verifyIn(objects.place);
            const changed = changeSome(objects, changes);
            const { code, err, shown } = await historyOf(objects.place);
            const missing = [...begun.keys()].filter((each) => !shown.has(each));
            if (code === 0) expect({ changed: [...changed], missing }).toEqual({ changed: [...changed], missing: [] });
            if (code !== 3)
              expect([code, err]).toEqual([code, expect.stringMatching(code === 0 ? /^/ : /\[history\./)]);
            const touched = new Set([...changed].map(planOfKey));
            const untouched = missing.filter((each) => !touched.has(each.split(' ')[0] ?? ''));
            expect({ changed: [...changed], untouched }).toEqual({ changed: [...changed], untouched: [] });
            await checkVerified(objects, whole, changed);
          },
        ),
        { numRuns: runs(15, 200) },
      );
    },
    runs(240_000, 3_600_000),
  );

  /** Each changed object that a record names is named. */
  async function checkVerified(
    objects: Objects,
    whole: HistoryVerifyJson,
    changed: ReadonlySet<string>,
  ): Promise<void> {
    const notProven = new Set([...whole.unrecorded, ...whole.older, ...whole.replaced, ...whole.unlisted]);
    const after = await verifyIn(objects.place);
    const places = [...after.broken.map(({ place }) => place.replace(/\/$/, '')), ...after.replaced];
    for (const key of changed) {
      const place = isBucket ? `${objects.place}/${key}` : join(dirname(objects.place), key);
      const isKnown = [...notProven].some((each) => each === place);
      if (isKnown || /\.html$|mailed|ended-/.test(key)) continue;
      const isIndex = key.startsWith('results/index/');
      // A run that was killed may have indexed what it did not record.
      if (isIndex && whole.withoutResult.length > 0) continue;
      const isNamed = places.some((each) => each === place || (isIndex && each.includes('results/index')));
      // What a lost list or approval proved is not compared with it; the list itself is named.
      const hasLostProof = [...changed].some((each) => /once-|evidence\//.test(each));
      expect({ key, changed: [...changed], isNamed: isNamed || hasLostProof, places }).toEqual({
        ...{ key, changed: [...changed], isNamed: true, places },
      });
    }
  }

  it(
    'explain answers each outcome',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
          const objects = objectsOf();
          await live(objects, steps);
          for (const [each, name] of begunIn(objects.all())) {
            const arn = each.split(' ')[1] ?? '';
            const { code, out } = await cli('explain', arn, '--store', objects.place, '--quiet', '--format', 'json');
            const json = JSON.parse(out);
            expect([0, 3]).toContain(code);
            expect(json).toMatchObject({
              type: 'history',
              entries: expect.arrayContaining([expect.objectContaining({ name })]),
            });
            const unknown = json.entries.filter(({ outcome }: { readonly outcome: string }) => outcome === 'unknown');
            expect(json.unknown).toHaveLength(unknown.length);
            for (const answer of json.unknown)
              expect(answer).toMatchObject({ account: 'gone', text: expect.stringMatching(/\. \S/) });
          }
        }),
        { numRuns: runs(4, 60) },
      );
    },
    runs(240_000, 3_600_000),
  );
});
