import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import { sha256Of } from '../../lambda/runtime/digest';
import { recordEvidence } from '../../lambda/storage/evidence';

jest.mock('node:fs/promises', () => ({
  ...jest.requireActual<typeof files>('node:fs/promises'),
  // So that the tests replace what the store calls.
  __esModule: true,
}));

const failure = (code: string): Error => Object.assign(new Error(`${code}: refused`), { code });
const object = (key: string, ...body: string[]) => ({ key, contentType: 'application/json', body });
const real = jest.requireActual<typeof files>('node:fs/promises');

describe('a folder on a file system without hard links', () => {
  let folder: string;
  const names = () => readdirSync(folder, { recursive: true }).map(String);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
    jest.spyOn(files, 'link').mockRejectedValue(failure('EPERM'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });
  /** No final file takes any content. */
  const fillDisk = (): void => {
    jest.spyOn(files, 'rename').mockRejectedValue(failure('ENOSPC'));
    jest.spyOn(files, 'open').mockImplementation(async (path, ...rest) => {
      const file = await real.open(path, ...rest);
      if (!String(path).endsWith('.tmp')) file.writeFile = () => Promise.reject(failure('ENOSPC'));
      return file;
    });
  };

  it('writes an absent file whole, and once, of several writers', async () => {
    const store = folderStore(folder);
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => store.putIfAbsent(object('claim', `${i}`))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('claim')).toBe(String(won.indexOf(true)));
    expect(names()).toEqual(['claim']);
  });

  it.each(['evidence/00000001.json', 'p/000000.attempt.json', 'plan.json'])(
    'has nothing under the name of %s after a write that failed, and takes the same write later',
    async (key) => {
      const store = folderStore(folder);
      fillDisk();
      await expect(store.putIfAbsent(object(key, 'text'))).rejects.toMatchObject({
        code: 'store.folder',
        message: expect.stringContaining('make room on that disk, and run the same again'),
      });
      expect(names().filter((name) => name.endsWith('.json') || name.endsWith('.tmp'))).toEqual([]);
      jest.mocked(files.rename).mockImplementation(real.rename);
      jest.mocked(files.open).mockImplementation(real.open);
      expect(await store.putIfAbsent(object(key, 'text'))).toBe(true);
      expect(readFileSync(join(folder, key), 'utf8')).toBe('text');
    },
  );

  it('does not replace a file when the replacement failed, and replaces it later', async () => {
    const store = folderStore(folder);
    await store.putIfAbsent(object('lock.json', 'first'));
    const version = (await store.getVersioned('lock.json'))?.version ?? '';
    fillDisk();
    await expect(store.replaceIf(object('lock.json', 'second'), version)).rejects.toMatchObject({
      code: 'store.folder',
    });
    expect(await store.get('lock.json')).toBe('first');
    jest.restoreAllMocks();
    expect(await store.replaceIf(object('lock.json', 'second'), version)).toBe(true);
    expect(await store.get('lock.json')).toBe('second');
  });

  it('says of an empty file that a crash left that it is to be removed, and that works', async () => {
    const store = folderStore(folder);
    writeFileSync(store.locate('plan.json'), '');
    await expect(store.putIfAbsent(object('plan.json', 'text'))).rejects.toMatchObject({
      code: 'store.folder',
      message: expect.stringMatching(
        /plan\.json: an empty file has this name.*; move it to another place while no deletion runs/,
      ),
    });
    rmSync(store.locate('plan.json'));
    expect(await store.putIfAbsent(object('plan.json', 'text'))).toBe(true);
  });

  it('says the same of an empty evidence record', async () => {
    const store = folderStore(folder);
    const ports = { store, clock: Date.now, hashText: sha256Of, folder: 'evidence/', keptForDays: null };
    const entry = { kind: 'plan', ref: { key: 'plan.json' }, sha256: '0'.repeat(64) } as const;
    const path = store.locate('evidence/00000001.json');
    mkdirSync(dirname(path));
    writeFileSync(path, '');
    await expect(recordEvidence(ports, [entry])).rejects.toMatchObject({
      code: 'evidence.unreadable',
      message: expect.stringMatching(
        /00000001\.json is empty, .*; move it to another place while no deletion runs, and run the same/,
      ),
    });
    rmSync(path);
    expect(await recordEvidence(ports, [entry])).toMatchObject({ number: 1 });
  });
});
