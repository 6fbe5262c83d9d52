import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStore, readGiven } from '../../cli/folder-store';
import { isRunning, thisProcess } from '../../cli/owner';

const object = (key: string, ...body: string[]) => ({ key, contentType: 'application/json', body });

describe('a folder as a store', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives back what it was given, whole, and the last of it', async () => {
    const store = folderStore(folder);
    await store.put(object('results/a.json', 'one'));
    await store.put(object('results/a.json', 'two ', 'chunks'));
    expect(await store.get('results/a.json')).toBe('two chunks');
    expect(store.locate('results/a.json')).toBe(join(folder, 'results', 'a.json'));
    expect(readFileSync(join(folder, 'results', 'a.json'), 'utf8')).toBe('two chunks');
  });

  it('knows nothing of what is not there', async () => {
    const store = folderStore(join(folder, 'none'));
    expect(await store.get('a')).toBeNull();
    expect(await store.list('results/')).toEqual([]);
  });

  it('tells when each file was written, by the time of the file system', async () => {
    const store = folderStore(folder);
    await store.put(object('results/a.json', 'one'));
    await store.put(object('results/b/c.json', 'two'));
    utimesSync(join(folder, 'results', 'a.json'), 1_700_000_000, 1_700_000_000);
    expect(await store.getDated('results/a.json')).toEqual({
      text: 'one',
      storedAt: 1_700_000_000_000,
      inParts: false,
    });
    expect(await store.listDated('results/')).toEqual(new Map([['a.json', 1_700_000_000_000]]));
    expect(await store.getDated('results/none.json')).toBeNull();
    expect(await store.listDated('none/')).toEqual(new Map());
  });

  it('writes an absent file once, of several writers', async () => {
    const store = folderStore(folder);
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => store.putIfAbsent(object('claim', `${i}`))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('claim')).toBe(String(won.indexOf(true)));
    expect(await store.putIfAbsent(object('claim', 'late'))).toBe(false);
  });

  it('still knows an object whose visible file was removed, and creates no second one behind its replacement', async () => {
    const store = folderStore(folder);
    await store.putIfAbsent(object('index/00001.json', 'first'));
    const first = await store.getVersioned('index/00001.json');
    expect(await store.replaceIf(object('index/00001.json', 'second'), first?.version ?? '')).toBe(true);
    rmSync(join(folder, 'index', '00001.json'));
    expect(await store.putIfAbsent(object('index/00001.json', 'third'))).toBe(false);
    expect(await store.get('index/00001.json')).toBe('second');
  });

  it('never reads a hidden file instead of an object that is written once', async () => {
    const store = folderStore(folder);
    for (const name of ['00000001.json', 'plan.json', '000000.outcome.json']) {
      await store.put(object(`a/${name}`, 'true'));
      writeFileSync(join(folder, 'a', `.${name}.v1`), 'false');
      expect([await store.get(`a/${name}`), await store.putIfAbsent(object(`a/${name}`, ''))]).toEqual(['true', false]);
      expect((await store.fingerprint(`a/${name}`))?.name).toBeUndefined();
      await expect(store.replaceIf(object(`a/${name}`, ''), '1:x')).rejects.toMatchObject({ code: 'store.folder' });
    }
  });

  it('lists the names of a folder, files and folders, in order, and no drafts', async () => {
    const store = folderStore(folder);
    for (const key of ['results/b.json', 'results/a/1.json', 'results/a/2.json']) await store.put(object(key, ''));
    expect(await store.list('results/')).toEqual(['a', 'b.json']);
    expect(
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.includes('.tmp')),
    ).toEqual([]);
  });

  it('replaces a file or leaves it: a reader never sees half of one', async () => {
    const store = folderStore(folder);
    const texts = ['a', 'b'].map((letter) => letter.repeat(500_000));
    await store.put(object('a', texts[0] ?? ''));
    let writing = true;
    const writes = (async () => {
      for (let i = 0; i < 20; i += 1) await store.put(object('a', texts[i % 2] ?? ''));
      writing = false;
    })();
    while (writing) expect(texts.includes((await store.get('a')) ?? '')).toBe(true);
    await writes;
  });

  it('refuses a folder in place of a file, and speaks of reading', async () => {
    mkdirSync(join(folder, 'plan.json'));
    await expect(folderStore(folder).get('plan.json')).rejects.toThrow(
      /cannot read .*plan\.json: got a directory, expected a regular file; move it to another place, or use another folder$/,
    );
  });

  describe('with an object that is no regular file', () => {
    const PLACES: readonly (readonly [string, string, (path: string) => unknown])[] = [
      ['a named pipe', 'a named pipe (FIFO)', (path) => execFileSync('mkfifo', [path])],
      ['a link to a device', 'a device', (path) => symlinkSync('/dev/zero', path)],
      [
        'a link to a pipe',
        'a named pipe (FIFO)',
        (path) => {
          execFileSync('mkfifo', [`${path}.pipe`]);
          symlinkSync(`${path}.pipe`, path);
        },
      ],
      ['a folder', 'a directory', (path) => mkdirSync(path)],
      ['a dangling link', 'a symbolic link to nowhere, where there is nothing', (path) => symlinkSync('nowhere', path)],
    ];

    it.each(PLACES)('refuses every read of %s at once, with the cause and the remedy', async (_, got, place) => {
      const store = folderStore(folder);
      const path = store.locate('lock.json');
      place(path);
      const refused = {
        code: 'store.folder',
        message: `cannot read ${path}: got ${got}, expected a regular file; move it to another place, or use another folder`,
      };
      for (const read of [store.get, store.getVersioned, store.getDated, store.lines])
        await expect(read('lock.json')).rejects.toMatchObject(refused);
      await expect(readGiven(path)).rejects.toMatchObject(refused);
      await expect(store.replaceIf(object('lock.json', 'x'), '0:x')).rejects.toMatchObject(refused);
    });

    it.each(PLACES)('refuses %s as the replacement of an object', async (_, got, place) => {
      const store = folderStore(folder);
      await store.putIfAbsent(object('lock.json', 'first'));
      place(join(folder, '.lock.json.v1'));
      await expect(store.get('lock.json')).rejects.toThrow(`.lock.json.v1: got ${got}, expected a regular file;`);
    });

    it('follows a link to a regular file', async () => {
      const store = folderStore(folder);
      await store.put(object('real.json', 'text'));
      symlinkSync('real.json', join(folder, 'linked.json'));
      expect(await store.get('linked.json')).toBe('text');
    });
  });

  it('refuses a file where its folder should be: that is not what is written being there already', async () => {
    const store = folderStore(folder);
    await store.put(object('results/plan', 'no folder'));
    await expect(store.putIfAbsent(object('results/plan/mailed.json', 'mine'))).rejects.toMatchObject({
      code: 'store.folder',
    });
    expect(await store.get('results/plan')).toBe('no folder');
  });

  it('refuses a folder that cannot be written, says why, and leaves what was there', async () => {
    const store = folderStore(folder);
    await store.put(object('a', 'before'));
    await expect(store.put(object('a/b', 'below a file'))).rejects.toMatchObject({ code: 'store.folder' });
    expect(await store.get('a')).toBe('before');
    // Root may write everywhere.
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o500);
    await expect(store.put(object('c', ''))).rejects.toMatchObject({ code: 'store.folder' });
    chmodSync(folder, 0o700);
    expect(existsSync(join(folder, 'c'))).toBe(false);
  });
});

describe('the owner of a run', () => {
  it('is this process, and another one each time', () => {
    expect(thisProcess()).toMatchObject({ host: hostname(), pid: process.pid });
    expect(thisProcess().run).not.toBe(thisProcess().run);
  });

  it('is running while its process is there; of another machine or another PID namespace that cannot be told', () => {
    expect(isRunning(thisProcess())).toBe(true);
    expect(isRunning({ ...thisProcess(), pid: 2 ** 22 + 1 })).toBe(false);
    expect(isRunning({ ...thisProcess(), host: 'elsewhere' })).toBeNull();
    expect(isRunning({ ...thisProcess(), namespace: 'pid:[1]' })).toBeNull();
    expect(isRunning({ host: hostname(), pid: process.pid, run: 'of an unknown namespace' })).toBe(
      thisProcess().namespace === '' ? true : null,
    );
    expect(isRunning({ ...thisProcess(), pid: 0 })).toBeNull();
    expect(isRunning({ ...thisProcess(), pid: Number.NaN })).toBeNull();
  });
});
