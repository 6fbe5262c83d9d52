import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as fc from 'fast-check';
import { folderStore } from '../../cli/folder-store';
import { verifyEvidence } from '../../lambda/explain/verify-evidence';
import type { Store } from '../../lambda/ports/ports';
import { digestOf } from '../../lambda/runtime/digest';
import { EVIDENCE, LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { BEGIN, RecordedDeletions } from '../fakes/recorded-deletions';
import { runs } from '../support/runs';

const DAY = 86_400_000;
const AUTOMATIC = { kind: 'automatic', arn: null, claimed: false, announcedBy: ['20261110T080000Z-1a2b3c4d'] } as const;

/** The deletions in a place, and the days that pass. */
interface Place {
  readonly deletions: RecordedDeletions;
  pass: (days: number) => void;
}

/** What happens in a place, by name. */
const STORIES: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'a finished run': async ({ deletions }) => deletions.run(await deletions.plan(1), 'finished'),
  'a run that stopped': async ({ deletions }) => deletions.run(await deletions.plan(1), 'stopped'),
  'a run that stopped, and the one that finished its plan': async ({ deletions, pass }) => {
    const plan = await deletions.plan(1);
    await deletions.run(plan, 'stopped');
    pass(1);
    await deletions.run(plan, 'finished');
  },
  'a killed run, and the one that finished its plan': async ({ deletions, pass }) => {
    const plan = await deletions.plan(1);
    await deletions.run(plan, 'killed');
    pass(1);
    await deletions.run(plan, 'finished');
  },
  'a killed run, and one of another plan': async ({ deletions, pass }) => {
    await deletions.run(await deletions.plan(1), 'killed');
    pass(2);
    await deletions.run(await deletions.plan(2), 'finished');
  },
  'a run that stopped, a killed one, and one of another plan': async ({ deletions, pass }) => {
    const plan = await deletions.plan(1);
    await deletions.run(plan, 'stopped');
    pass(1);
    await deletions.run(plan, 'killed');
    pass(2);
    await deletions.run(await deletions.plan(2), 'finished');
  },
  'an automatic run': async ({ deletions }) => {
    await deletions.plan(1);
    await deletions.run(await deletions.plan(2, 'auto-'), 'finished', AUTOMATIC);
  },
  'a finished run, and an approval whose run has recorded no result': async ({ deletions, pass }) => {
    await deletions.run(await deletions.plan(1), 'finished');
    pass(1);
    const plan = await deletions.plan(2);
    await deletions.run(plan, 'stopped');
    pass(1);
    await deletions.run(plan, 'killed');
  },
};

/** The objects of a place, which a test can change. */
interface Objects {
  readonly store: Store;
  readonly keys: () => readonly string[];
  readonly read: (key: string) => Buffer;
  readonly write: (key: string, bytes: Buffer) => void;
  readonly remove: (key: string) => void;
}

/** A bucket in memory: a text for each object, of which each byte is a sign. */
function bucket(clock: () => number): Objects {
  const objects = new Map<string, string>();
  return {
    store: memoryStore(objects, clock),
    keys: () => [...objects.keys()],
    read: (key) => Buffer.from(objects.get(key) ?? '', 'latin1'),
    write: (key, bytes) => void objects.set(key, bytes.toString('latin1')),
    remove: (key) => void objects.delete(key),
  };
}

function localFolder(): Objects {
  const root = mkdtempSync(join(tmpdir(), 'tampering-'));
  roots.push(root);
  return {
    store: folderStore(root),
    keys: () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    read: (key) => readFileSync(join(root, key)),
    write: (key, bytes) => writeFileSync(join(root, key), bytes),
    remove: (key) => rmSync(join(root, key)),
  };
}

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** Matches what no record names: the lock. */
const isUnrecorded = (key: string): boolean => /lock\.json(?:\.v\d+)?$/.test(key);

describe.each([
  ['a bucket', EVIDENCE],
  ['a folder of local results', LOCAL_EVIDENCE],
])('in %s', (_, folder) => {
  const isBucket = folder === EVIDENCE;
  const stories = Object.keys(STORIES).filter((name) => isBucket || name !== 'an automatic run');

  it.each(stories)(
    'a changed byte or the removal of any recorded object is found after %s',
    async (name) => {
      let now = BEGIN;
      const clock = (): number => {
        now += 1_000;
        return now;
      };
      const objects = isBucket ? bucket(clock) : localFolder();
      const deletions = new RecordedDeletions(objects.store, clock, folder);
      const pass = (days: number): void => {
        now += days * DAY;
      };
      await STORIES[name]?.({ deletions, pass });
      const head = await deletions.head();
      const verify = () => verifyEvidence({ ...deletions.ports, digest: digestOf, now: now + DAY }, head);
      const whole = await verify();
      expect(whole.broken).toEqual([]);
      // What a run of a plan whose approval is open has written, or may have replaced.
      const open = [...whole.unrecorded, ...whole.older, ...whole.replaced];
      expect(name.includes('approval') ? [] : open).toEqual([]);
      const keys = objects.keys().filter((key) => !isUnrecorded(key) && !open.includes(objects.store.locate(key)));
      expect(keys.length).toBeGreaterThan(6);
      const isFound = async (): Promise<boolean> => (await verify()).broken.length > 0;
      for (const key of keys) {
        const bytes = objects.read(key);
        const positions = fc.sample(fc.nat(bytes.length - 1), { numRuns: runs(1, 12), seed: bytes.length });
        for (const at of positions) {
          const changed = Buffer.from(bytes);
          changed[at] = (changed[at] ?? 0) ^ (1 + (at % 255));
          objects.write(key, changed);
          expect({ key, at, isFound: await isFound() }).toEqual({ key, at, isFound: true });
        }
        objects.remove(key);
        // The file that a plan was applied from may be removed, since its copy is recorded.
        expect({ key, isFound: (await isFound()) || /^plan-/.test(key) }).toEqual({ key, isFound: true });
        objects.write(key, bytes);
      }
      expect(await isFound()).toBe(false);
    },
    runs(120_000, 900_000),
  );
});

it('an attempt that an open run may have replaced is named as altered where it is no attempt', async () => {
  let now = BEGIN;
  const clock = (): number => {
    now += 1_000;
    return now;
  };
  const objects = new Map<string, string>();
  const deletions = new RecordedDeletions(memoryStore(objects, clock), clock, EVIDENCE);
  const plan = await deletions.plan(1);
  await deletions.run(plan, 'stopped');
  await deletions.run(plan, 'killed');
  const verify = () => verifyEvidence({ ...deletions.ports, digest: digestOf, now }, null);
  const key = [...objects.keys()].find((each) => each.endsWith('000001.attempt.json')) ?? '';
  expect(await verify()).toMatchObject({ broken: [], replaced: expect.arrayContaining([`memory:${key}`]) });
  for (const text of ['', '[]', objects.get(key)?.slice(1) ?? '', objects.get(key)?.slice(0, 50) ?? '']) {
    const before = objects.get(key) ?? '';
    objects.set(key, text);
    expect((await verify()).broken).toEqual([
      expect.objectContaining({ fault: 'object.altered', place: `memory:${key}` }),
    ]);
    objects.set(key, before);
  }
});
