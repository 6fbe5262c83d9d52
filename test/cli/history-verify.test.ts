import '../support/one-realm';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import { headText } from '../../lambda/storage/evidence';
import { EVIDENCE, LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { EvidencePlace } from '../fakes/evidence-place';
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

/** The chain of one deletion, in a folder. */
async function recorded(chain: string): Promise<string> {
  const place = new EvidencePlace(folderStore(folder), { folder: chain });
  if (chain === EVIDENCE) await place.report(1);
  const head = await place.delete(1);
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
  expect(json).toMatchObject({ schemaVersion: 1, whole: true, head, records: 2, broken: [] });
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
  expect(await refused('--head', '1:aa')).toEqual([2, expect.stringContaining('--head is for --verify')]);
});

it('a place without a chain is broken, not whole', async () => {
  writeFileSync(join(folder, 'other.txt'), '');
  const { code, out } = await verify(folder);
  expect([code, out]).toEqual([6, expect.stringContaining('there is no record')]);
});
