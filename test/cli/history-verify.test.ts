import '../support/one-realm';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import { type Emulator, startEmulator } from '../../emulator/server';
import { sha256Of } from '../../lambda/runtime/digest';
import { type EvidenceHead, headText } from '../../lambda/storage/evidence';
import { EVIDENCE, LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { smallAccount } from '../deletion/rig';
import { EvidencePlace } from '../fakes/evidence-place';
import { pointSdkTo } from '../support/aws-env';
import { validateJson } from '../support/json-schemas';
import { runCli, unwrapped } from '../support/terminal';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const history = (...args: readonly string[]) => runCli(['history', ...args], process.env);
const verify = async (store: string, ...args: readonly string[]) => {
  const { code, out, err } = await history('--verify', '--store', store, ...args);
  return { code, out: unwrapped(out), err: unwrapped(err) };
};

/** The chain of two deletions, in a folder. */
async function recorded(chain: string): Promise<string> {
  const place = new EvidencePlace(folderStore(folder), { folder: chain });
  if (chain === EVIDENCE) await place.report(1);
  await place.delete(1);
  const head = await place.delete(2);
  return head === null ? '' : headText(head);
}

it.each([
  ['a folder with results', LOCAL_EVIDENCE, ''],
  ['the folder of results itself', LOCAL_EVIDENCE, 'results'],
  ['a copy of a bucket', EVIDENCE, ''],
])('the chain of %s is verified offline, also when it was copied', async (_, chain, within) => {
  const head = await recorded(chain);
  const elsewhere = `${folder}-copy`;
  cpSync(join(folder, within), elsewhere, { recursive: true });
  try {
    for (const store of [join(folder, within), elsewhere]) {
      const { code, out } = await verify(store, '--head', head);
      expect([code, out]).toEqual([0, expect.stringContaining('The chain is whole')]);
      expect(out).toContain(`Head: ${head}`);
    }
    const [name = ''] = readdirSync(join(elsewhere, within === 'results' ? 'evidence' : chain));
    writeFileSync(join(elsewhere, within === 'results' ? 'evidence' : chain, name), '{}');
    const broken = await verify(elsewhere, '--head', head);
    expect(broken.code).toBe(6);
    expect(broken.out).toContain('BROKEN at 1: the record 1 is not as this version writes records');
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});

it('says that a cut chain is found only with a head', async () => {
  await recorded(LOCAL_EVIDENCE);
  expect((await verify(folder)).out).toContain('Without --head, a chain that was cut at its end');
});

it('prints JSON', async () => {
  const head = await recorded(LOCAL_EVIDENCE);
  const { code, out } = await verify(folder, '--format', 'json');
  expect(code).toBe(0);
  const json = JSON.parse(out);
  expect(validateJson('history-verify', json)).toEqual([]);
  expect(json).toMatchObject({ schemaVersion: 1, whole: true, head, records: 4, broken: [] });
});

it('refuses what does not go together with one sentence', async () => {
  await recorded(LOCAL_EVIDENCE);
  const refused = async (...args: readonly string[]) => {
    const { code, err } = await history('--store', folder, ...args);
    return [code, unwrapped(err)];
  };
  expect(await refused('--verify', '--head', 'newest')).toEqual([2, expect.stringContaining('expected NUMBER:SHA256')]);
  expect(await refused('--verify', '--format', 'csv')).toEqual([2, expect.stringContaining('expected text or json')]);
  expect(await refused('--verify', '--since', '3d')).toEqual([2, expect.stringContaining('takes no name')]);
  expect(await refused('--verify', 'web')).toEqual([2, expect.stringContaining('takes no name')]);
  const nowhere = await history('--store', join(folder, 'none'), '--verify', '--head', '1:aa');
  expect([nowhere.code, unwrapped(nowhere.err)]).toEqual([2, expect.stringContaining('expected NUMBER:SHA256')]);
  expect(await refused('--head', '1:aa')).toEqual([2, expect.stringContaining('--head is for --verify')]);
});

it.each([
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a directory', (path: string) => mkdirSync(path)],
  ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path)],
])('a record, a result or a page of the index that is %s is named', async (_, make) => {
  const head = await recorded(LOCAL_EVIDENCE);
  const results = join(folder, 'results');
  const result = readdirSync(results).find((name) => /^\d{8}T.*\.json$/.test(name)) ?? '';
  for (const [name, fault] of [
    ['evidence/00000001.json', 'record.altered'],
    [result, 'object.altered'],
    // A folder has a replaced page in a hidden file.
    ['index/.00001.json.v1', 'index.altered'],
  ] as const) {
    const path = join(results, name);
    const text = readFileSync(path);
    rmSync(path);
    make(path);
    const { code, out, err } = await verify(folder, '--head', head, '--format', 'json');
    expect([code, err]).toEqual([6, '']);
    expect(JSON.parse(out).broken).toContainEqual(expect.objectContaining({ fault, place: join(results, name) }));
    rmSync(path, { recursive: true });
    writeFileSync(path, text);
  }
  expect((await verify(folder, '--head', head)).code).toBe(0);
});

describe('a hidden file', () => {
  const hide = (path: string): void => {
    renameSync(path, join(dirname(path), `.${basename(path)}.v1`));
    writeFileSync(path, 'forged');
  };
  const found = async () => JSON.parse((await verify(folder, '--format', 'json')).out);

  it('never stands for an object that is written once', async () => {
    await recorded(EVIDENCE);
    const files = readdirSync(folder, { recursive: true }).map(String);
    const written = files.filter((name) => /^(evidence|plans|reports)\/.*\.json$|\.sha256$|outcome\.json$/.test(name));
    const [result = ''] = files.filter((name) => /^results\/2[^/]*\.json$/.test(name));
    expect(written.length).toBeGreaterThan(8);
    for (const name of [...written, result]) {
      const copy = mkdtempSync(join(tmpdir(), 'hidden-'));
      cpSync(folder, copy, { recursive: true });
      hide(join(copy, name));
      const { code, out } = await verify(copy, '--format', 'json');
      rmSync(copy, { recursive: true });
      const places = JSON.parse(out).broken.map(({ place }: { place: string }) => place);
      expect([name, code, places]).toEqual([name, 6, expect.arrayContaining([join(copy, name)])]);
    }
  });

  it('that no record names is listed, at any depth', async () => {
    await recorded(LOCAL_EVIDENCE);
    const results = join(folder, 'results');
    const [plan = ''] = readdirSync(results).filter((name) => /Z-\w+$/.test(name));
    const hidden = ['evidence/.00000002.json.v1', 'index/.x', `${plan}/a/b/c.json`, `${plan}/.x.html`, '.hidden.json'];
    for (const name of hidden) {
      mkdirSync(dirname(join(results, name)), { recursive: true });
      writeFileSync(join(results, name), '{}');
    }
    writeFileSync(join(results, '.lock.json.v1'), '{}');
    expect([...(await found()).unrecorded].sort()).toEqual(hidden.map((name) => join(results, name)).sort());
  });
});

describe('an attempt that was replaced', () => {
  const folderOf = (name: string): string => join(folder, 'results', '20261111T080000Z-1a2b3c4d', '1'.repeat(16), name);
  const LAST = '.000000.attempt.json.v2';
  const EARLIER = ['000000.attempt.json', '.000000.attempt.json.v1'];
  const replaced = async (isListed: boolean): Promise<void> => {
    const store = folderStore(folder);
    const place = new EvidencePlace(store, { folder: LOCAL_EVIDENCE });
    const { fingerprint } = store;
    // As an earlier version of this program lists it.
    if (!isListed)
      store.fingerprint = async (key) => {
        const hashed = await fingerprint(key);
        return hashed && { ...hashed, earlier: [] };
      };
    await place.approve(1);
    await place.remove(1);
    for (const [from, to] of [
      [EARLIER[0], EARLIER[1]],
      [EARLIER[1], LAST],
    ] as const)
      writeFileSync(folderOf(to ?? ''), readFileSync(folderOf(from ?? ''), 'utf8').replace('}', ',"revision":2}'));
    await place.result(1);
  };
  const verified = async () => JSON.parse((await verify(folder, '--format', 'json')).out);

  it('is recorded with each of its versions', async () => {
    await replaced(true);
    expect(await verified()).toMatchObject({ whole: true, unrecorded: [], unlisted: [] });
    for (const name of [...EARLIER, LAST]) {
      const text = readFileSync(folderOf(name));
      writeFileSync(folderOf(name), 'forged');
      expect((await verified()).broken).toEqual(
        expect.arrayContaining([expect.objectContaining({ fault: 'object.altered', place: folderOf(name) })]),
      );
      rmSync(folderOf(name));
      expect((await verified()).whole).toBe(false);
      writeFileSync(folderOf(name), text);
    }
    const [list = ''] = readdirSync(folderOf('')).filter((name) => name.endsWith('.sha256'));
    for (const line of readFileSync(folderOf(list), 'utf8')
      .trimEnd()
      .split('\n')
      .filter((each) => !each.startsWith('#'))) {
      const [sha256 = '', name = ''] = line.split('  ');
      expect(sha256Of(readFileSync(join(folder, name), 'utf8'))).toBe(sha256);
    }
  });

  it('has its earlier versions named where an earlier version of this program listed only the last one', async () => {
    await replaced(false);
    const unlisted = EARLIER.map(folderOf);
    expect(await verified()).toMatchObject({ whole: true, unrecorded: [], unlisted });
    expect((await verify(folder)).out).toContain('2 attempts in no list');
    rmSync(unlisted[0] ?? '');
    expect((await verified()).broken).toEqual([
      expect.objectContaining({ fault: 'object.missing', place: unlisted[0], number: 2 }),
    ]);
  });
});

describe('local results in a bucket', () => {
  let emulator: Emulator;
  let putBack: () => void;
  beforeAll(async () => {
    emulator = await startEmulator({ account: smallAccount(), buckets: ['copies'] });
    putBack = pointSdkTo(emulator.url);
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
  });

  it.each([
    ['the folder around them', '', 's3://copies'],
    ['the folder around them, under a prefix', 'backup/', 's3://copies/backup'],
    ['the folder of results, under a prefix', 'mine/results/', 's3://copies/mine/results'],
    ['what is in the folder of results', 'other/', 's3://copies/other'],
  ])('are verified and listed from a copy of %s', async (_, prefix, place) => {
    const head = await recorded(LOCAL_EVIDENCE);
    for (const name of ['.lock.json.v1', 'lock.json']) writeFileSync(join(folder, 'results', name), '{}');
    const from = /^(backup\/)?$/.test(prefix) ? folder : join(folder, 'results');
    const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const objects = emulator.objects.get('copies');
    objects?.clear();
    for (const entry of files) {
      const path = join(entry.parentPath, entry.name);
      const body = readFileSync(path);
      const object = { body, contentType: 'text/plain', metadata: {}, etag: '"1"', lastModified: Date.now() };
      objects?.set(prefix + relative(from, path), object);
    }
    const { code, out } = await verify(place, '--head', head, '--format', 'json');
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ whole: true, unrecorded: [], older: [] })]);
    const listed = await history('--store', place, '--format', 'json');
    expect(JSON.parse(listed.out)).toHaveLength(2);
    const [list = ''] = [...(objects?.keys() ?? [])].filter((key) => key.endsWith('.outcome.json'));
    objects?.delete(list);
    expect((await verify(place, '--head', head)).code).toBe(6);
  });
});

it('results are found although folders of plans and reports are beside them', async () => {
  const head = await recorded(LOCAL_EVIDENCE);
  const results = join(folder, 'results');
  for (const name of ['plans', 'reports']) mkdirSync(join(results, name));
  expect((await verify(results, '--head', head)).code).toBe(0);
  expect(JSON.parse((await history('--store', results, '--format', 'json')).out)).toHaveLength(2);
});

it.each([
  ['a named pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a regular file', (path: string) => writeFileSync(path, '')],
])('%s in place of the folder of the chain or of the index is named', async (got, make) => {
  const head = await recorded(LOCAL_EVIDENCE);
  const [index, evidence] = ['index', 'evidence'].map((name) => join(folder, 'results', name)) as [string, string];
  rmSync(index, { recursive: true });
  make(index);
  const listed = await history('--store', folder, '--format', 'json');
  expect([listed.code, JSON.parse(listed.out).length, listed.err]).toEqual([3, 2, expect.stringContaining(index)]);
  const { code, out } = await verify(folder, '--head', head);
  expect([code, out]).toEqual([6, expect.stringContaining(`cannot list ${index}: got ${got}`)]);
  rmSync(evidence, { recursive: true });
  make(evidence);
  expect(JSON.parse((await history('--store', folder, '--format', 'json')).out)).toHaveLength(2);
  const unlisted = await verify(folder);
  expect([unlisted.code, unlisted.out]).toEqual([6, expect.stringContaining(`cannot list ${evidence}: got ${got}`)]);
});

/** Acts as a user that may not read everything: root may. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  const own = process.geteuid?.() ?? 0;
  if (own === 0) process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    if (own === 0) process.seteuid?.(own);
  }
}

describe('a folder that may not be read', () => {
  const PLAN = '20261111T080000Z-1a2b3c4d';
  it.each([
    ['results', 'record.unreadable', 'results/evidence'],
    ['results/evidence', 'record.unreadable'],
    ['results/index', 'index.unreadable'],
    [`results/${PLAN}`, 'object.unreadable'],
    [`results/${PLAN}/${'1'.repeat(16)}`, 'object.unreadable'],
  ])('is named, and the verification is not finished: %s', async (name, fault, named = name) => {
    await recorded(LOCAL_EVIDENCE);
    chmodSync(folder, 0o755);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
    expect((await asNobody(() => verify(folder))).code).toBe(0);
    chmodSync(join(folder, name), 0);
    for (const place of [folder, join(folder, 'results')]) {
      const { code, out, err } = await asNobody(() => verify(place));
      expect([code, err]).toEqual([6, '']);
      expect(out).toContain('NOT FINISHED: could not read all, at ');
      expect(out).toContain(`EACCES: permission denied, `);
      expect(out).toContain(`What to do: [${fault}] Get the permission to read it from the owner of the folder`);
      const { broken } = JSON.parse((await asNobody(() => verify(place, '--format', 'json'))).out);
      const places = broken.map((each: { place: string; fault: string }) => `${each.fault} ${each.place}`);
      expect(places.map((each: string) => each.replace(/\/$/, ''))).toContainEqual(
        expect.stringMatching(new RegExp(`^${fault} ${join(folder, named)}(?:/.*)?$`)),
      );
      expect(places.every((each: string) => each.includes('.unreadable '))).toBe(true);
    }
    chmodSync(join(folder, name), 0o755);
  });
});

it('a place without a chain is broken, not whole', async () => {
  writeFileSync(join(folder, 'other.txt'), '');
  const { code, out } = await verify(folder);
  expect([code, out]).toEqual([6, expect.stringContaining('the place has no chain')]);
  await recorded(LOCAL_EVIDENCE);
  rmSync(join(folder, 'results', 'evidence'), { recursive: true });
  const removed = await verify(folder);
  expect([removed.code, removed.out]).toEqual([6, expect.stringContaining('the place has no chain')]);
  expect(removed.out).not.toMatch(/in no record|older than/);
});

it('a place with two chains is not whole, and both are named', async () => {
  await recorded(LOCAL_EVIDENCE);
  const place = new EvidencePlace(folderStore(folder), { folder: EVIDENCE });
  await place.report(9);
  const { code, out } = await verify(folder, '--format', 'json');
  const [message, fault] = [expect.stringContaining(join(folder, 'evidence')), 'chain.second'];
  expect([code, JSON.parse(out).whole]).toEqual([6, false]);
  expect(JSON.parse(out).broken).toContainEqual(
    expect.objectContaining({ fault, message, place: join(folder, 'results', 'evidence/') }),
  );
});

it('names the records after the given head', async () => {
  const place = new EvidencePlace(folderStore(folder), { folder: LOCAL_EVIDENCE });
  const head = await place.delete(1);
  await place.delete(2);
  const { code, out } = await verify(folder, '--head', headText(head as EvidenceHead));
  expect([code, out]).toEqual([0, expect.stringContaining('2 records after the given head, about which it proves')]);
  expect(out).toContain(`4: ${join(folder, 'results', '20261112T080000Z-1a2b3c4d')}`);
});

it('a place of which only the records are left is incomplete, and --verify names what is missing', async () => {
  await recorded(LOCAL_EVIDENCE);
  const results = join(folder, 'results');
  for (const name of readdirSync(results)) if (name !== 'evidence') rmSync(join(results, name), { recursive: true });
  for (const store of [folder, results]) {
    const { code, err } = await history('--store', store);
    expect([code, unwrapped(err)]).toEqual([3, expect.stringContaining('[history.incomplete]')]);
    expect(unwrapped(err)).toContain('evidence');
    const { code: verified, out } = await verify(store);
    expect([verified, out]).toEqual([6, expect.stringContaining('[object.missing]')]);
  }
});
