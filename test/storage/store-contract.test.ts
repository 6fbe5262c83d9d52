import '../support/one-realm';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { folderStore } from '../../cli/folder-store';
import { startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import type { Store } from '../../lambda/ports/ports';
import { smallAccount } from '../aws/reading';
import { memoryStore } from '../fakes/memory-store';

const object = (key: string, text: string) => ({ key, contentType: 'application/json', body: [text] });

interface Opened {
  /** Two ways to the same place, as two processes have them. */
  readonly stores: readonly [Store, Store];
  close(): Promise<void> | void;
}

const KINDS: readonly (readonly [string, () => Promise<Opened>])[] = [
  [
    'memory',
    async () => {
      const objects = new Map<string, string>();
      return { stores: [memoryStore(objects), memoryStore(objects)], close: () => undefined };
    },
  ],
  [
    'a folder',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'store-'));
      return {
        stores: [folderStore(folder), folderStore(folder)],
        close: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  ],
  [
    'a bucket',
    async () => {
      const emulator = await startEmulator({ account: smallAccount(), buckets: ['reports'] });
      const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
      const client = new S3Client({ endpoint: emulator.url, region: 'us-east-1', forcePathStyle: true, credentials });
      const close = async () => {
        client.destroy();
        await emulator.close();
      };
      return { stores: [s3Store(client, 'reports'), s3Store(client, 'reports')], close };
    },
  ],
];

describe.each(KINDS)('%s as a store of records', (_, open) => {
  const withStores = async (test: (one: Store, other: Store) => Promise<void>): Promise<void> => {
    const { stores, close } = await open();
    try {
      await test(...stores);
    } finally {
      await close();
    }
  };
  const versionOf = async (store: Store, key: string): Promise<string> =>
    (await store.getVersioned(key))?.version ?? 'none';

  it('replaces an object that has the version that was read, and no other', () =>
    withStores(async (one, other) => {
      await one.putIfAbsent(object('results/p/000001.attempt.json', 'first'));
      const version = await versionOf(other, 'results/p/000001.attempt.json');
      expect(await other.replaceIf(object('results/p/000001.attempt.json', 'second'), version)).toBe(true);
      expect(await one.replaceIf(object('results/p/000001.attempt.json', 'third'), version)).toBe(false);
      expect(await one.get('results/p/000001.attempt.json')).toBe('second');
      expect(await one.getVersioned('results/p/000001.attempt.json')).toMatchObject({ text: 'second' });
    }));

  it('replaces nothing where there is nothing', () =>
    withStores(async (one) => {
      await one.putIfAbsent(object('lock.json', 'first'));
      expect(await one.replaceIf(object('index/00001.json', 'x'), await versionOf(one, 'lock.json'))).toBe(false);
      expect(await one.getVersioned('index/00001.json')).toBeNull();
      expect(await one.get('index/00001.json')).toBeNull();
    }));

  it('lets one of many replace a version that start at once', () =>
    withStores(async (one, other) => {
      await one.putIfAbsent(object('lock.json', 'first'));
      const version = await versionOf(one, 'lock.json');
      const won = await Promise.all(
        Array.from({ length: 12 }, (__, i) =>
          (i % 2 === 0 ? one : other).replaceIf(object('lock.json', `by ${i}`), version),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await one.get('lock.json')).toBe(`by ${won.indexOf(true)}`);
    }));

  it('goes on from replacement to replacement, and creates and lists as before', () =>
    withStores(async (one, other) => {
      await one.putIfAbsent(object('r/000000.attempt.json', '0'));
      for (let i = 1; i <= 5; i += 1) {
        const store = i % 2 === 0 ? one : other;
        expect(
          await store.replaceIf(
            object('r/000000.attempt.json', String(i)),
            await versionOf(store, 'r/000000.attempt.json'),
          ),
        ).toBe(true);
      }
      expect(await other.get('r/000000.attempt.json')).toBe('5');
      expect(await one.putIfAbsent(object('r/000000.attempt.json', 'late'))).toBe(false);
      expect(await one.list('r/')).toEqual(['000000.attempt.json']);
      await one.put(object('r/000000.attempt.json', 'at last'));
      expect([await one.get('r/000000.attempt.json'), await other.get('r/000000.attempt.json')]).toEqual([
        'at last',
        'at last',
      ]);
      const lines: string[] = [];
      for await (const line of (await other.lines('r/000000.attempt.json')) ?? []) lines.push(line);
      expect(lines).toEqual(['at last']);
    }));

  it('has another version after every change of an object', () =>
    withStores(async (one) => {
      await one.putIfAbsent(object('lock.json', 'first'));
      const first = await versionOf(one, 'lock.json');
      await one.put(object('lock.json', 'second'));
      expect(await versionOf(one, 'lock.json')).not.toBe(first);
      expect(await one.replaceIf(object('lock.json', 'third'), first)).toBe(false);
    }));

  it('hashes the exact bytes of an object, and has none of an absent one', () =>
    withStores(async (one, other) => {
      await one.put(object('a', 'gr\u00fc\u00dfe \ufeff\n'));
      await other.put(object('a', 'gr\u00fc\u00dfe\n'));
      const sha256 = createHash('sha256').update('gr\u00fc\u00dfe\n').digest('hex');
      expect(await one.fingerprint('a')).toMatchObject({ sha256 });
      expect(await one.fingerprint('b')).toBeNull();
      expect(await one.fingerprint('a', 'no-version')).toBeNull();
    }));

  it('lists the names after a name in order, and says whether there are more', () =>
    withStores(async (one) => {
      for (const name of ['1.json', '2.json', '3.json', 'folder/4.json']) await one.put(object(`e/${name}`, name));
      expect(await one.listAfter('e/', '1.json')).toEqual({ names: ['2.json', '3.json', 'folder'], more: false });
      expect(await one.listAfter('e/', '9')).toEqual({ names: ['folder'], more: false });
      expect(await one.listAfter('empty/', '')).toEqual({ names: [], more: false });
    }));

  it('lists all objects below a prefix with their times, hidden ones too', () =>
    withStores(async (one, other) => {
      const names = ['.hidden', '1.json', 'folder/.deep/4.json'];
      for (const name of [...names, '../f/2.json']) await one.put(object(`e/${name}`.replace('e/../', ''), name));
      const found = await other.listDeep('e/');
      expect([...found.keys()].sort()).toEqual(names);
      for (const time of found.values()) expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await one.listDeep('empty/')).toEqual(new Map());
    }));
});

it('a bucket hashes an earlier version by its id, and locks what it is told to lock', async () => {
  const emulator = await startEmulator({ account: smallAccount(), buckets: ['reports'] });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const client = new S3Client({ endpoint: emulator.url, region: 'us-east-1', forcePathStyle: true, credentials });
  try {
    const until = Date.UTC(2030, 0, 1);
    const store = s3Store(client, 'reports', (key) => (key === 'a' ? { mode: 'GOVERNANCE', until } : null));
    await store.put(object('a', 'first'));
    const first = await store.fingerprint('a');
    await store.put(object('a', 'second'));
    expect(await store.fingerprint('a', first?.version ?? '')).toEqual(first);
    expect((await store.fingerprint('a'))?.sha256).toBe(createHash('sha256').update('second').digest('hex'));
    await store.put(object('b', 'not locked'));
    const stored = emulator.objects.get('reports');
    expect(stored?.get('a')?.lock).toEqual({ mode: 'GOVERNANCE', until: '2030-01-01T00:00:00.000Z' });
    expect(stored?.get('b')?.lock).toBeUndefined();
  } finally {
    client.destroy();
    await emulator.close();
  }
});
