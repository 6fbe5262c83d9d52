import {
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
import { join } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import type { HistoryJson } from '../../cli/json-shapes';
import { unknownOutcomes } from '../../lambda/core/plan/history';
import type { Plan } from '../../lambda/core/plan/plan';
import { RetentionError } from '../../lambda/core/util/errors';
import { readUnfinishedPlan } from '../../lambda/deletion/read-unfinished';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { LOCAL_EVIDENCE, recordFolder } from '../../lambda/storage/keys';
import { readHistory } from '../../lambda/storage/read-history';
import { BEGIN, RecordedDeletions } from '../fakes/recorded-deletions';
import { validateJson } from '../support/json-schemas';
import { runCli, unwrapped } from '../support/terminal';

const DAY = 86_400_000;

describe('the history of a folder in which a run was killed', () => {
  let work: string;
  let place: string;
  let plan: Plan;
  /** The folder of attempts and outcomes of the killed run. */
  let record: string;
  let made = 0;

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'damaged-'));
    writeFileSync(join(work, 'retention.yaml'), 'version: 1\npolicies: { a: { keep: { last: 1 } } }\ndefault: a\n');
    const original = join(work, 'original');
    mkdirSync(original);
    let now = BEGIN;
    const clock = (): number => {
      now += 1_000;
      return now;
    };
    const deletions = new RecordedDeletions(folderStore(original), clock, LOCAL_EVIDENCE);
    await deletions.run(await deletions.plan(1), 'finished');
    plan = await deletions.plan(2);
    await deletions.run(plan, 'killed');
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  beforeEach(() => {
    made += 1;
    place = join(work, `place-${made}`);
    cpSync(join(work, 'original'), place, { recursive: true });
    record = join(place, recordFolder(plan));
    jest.spyOn(Date, 'now').mockReturnValue(BEGIN + DAY);
  });
  afterEach(() => jest.restoreAllMocks());

  const cli = (...args: readonly string[]) =>
    runCli([...args, '--config', join(work, 'retention.yaml')], { ...process.env });
  const history = async (...args: readonly string[]) => {
    const { code, out, err } = await cli('history', ...args, '--store', join(place, 'results'), '--format', 'json');
    const entries: HistoryJson = out === '' ? [] : JSON.parse(out);
    expect(validateJson('history', entries)).toEqual([]);
    return { code, entries, err: unwrapped(err) };
  };
  const outcomesOf = (entries: HistoryJson) => Object.fromEntries(entries.map(({ name, outcome }) => [name, outcome]));
  const FINISHED = { 'web-10': 'deleted', 'web-11': 'deleted', 'web-12': 'deleted' };
  /** The list of its files. */
  const listOf = (): string => readdirSync(record).find((name) => name.endsWith('.sha256')) ?? '';

  /** The run that was killed, and one of another plan that recorded what it left. */
  const recordLater = async (): Promise<void> => {
    let now = BEGIN + DAY;
    const clock = (): number => {
      now += 1_000;
      return now;
    };
    const later = new RecordedDeletions(folderStore(place), clock, LOCAL_EVIDENCE);
    await later.run(await later.plan(3), 'finished');
    expect(listOf()).not.toBe('');
  };
  const LATER = { 'web-30': 'deleted', 'web-31': 'deleted', 'web-32': 'deleted' };

  it('has the snapshot whose outcome is not known with its age, why, and the next step', async () => {
    await recordLater();
    const { code, entries, err } = await history();
    expect({ code, outcomes: outcomesOf(entries) }).toEqual({
      code: 0,
      outcomes: { ...FINISHED, ...LATER, 'web-20': 'deleted', 'web-21': 'unknown' },
    });
    expect(entries.find(({ name }) => name === 'web-21')).toMatchObject({
      createdAt: plan.items[1]?.createdAt,
      code: 'outcome.unknown',
      text: expect.stringContaining('a delete may have been sent'),
      mayStillBeDeleted: true,
    });
    expect(err).toContain(
      `note: not finished: ${plan.id}; 1 snapshot may be deleted, the outcome is not known: web-21`,
    );
    expect(err).toContain(`npx lightsail-retention apply ${join(place, `plan-${plan.id}.json`)} --local`);
  });

  it('names the plan and the snapshots of which nothing proves that no delete was begun, and exits with 3', async () => {
    const { code, entries, err } = await history();
    expect({ code, outcomes: outcomesOf(entries) }).toEqual({
      code: 3,
      outcomes: { ...FINISHED, 'web-20': 'deleted', 'web-21': 'unknown' },
    });
    expect(err).toContain('; nothing is recorded of 1 snapshot. ');
    expect(err).not.toContain('was begun');
    expect(err).toMatch(/no attempt of snapshot web-22.*\[history\.incomplete\]/);
  });

  it.each([
    ['the attempt of the unknown outcome', '000001.attempt.json', 'snapshots web-21, web-22'],
    ['the attempt of a deleted snapshot', '000000.attempt.json', '000000.attempt.json is missing (snapshot web-20'],
    ['an outcome', '000000.outcome.json', '000000.outcome.json is missing (snapshot web-20'],
    ['the copy of the plan', 'once-plan.json', 'once-plan.json is missing'],
    ['an approval', 'once-approval-run-2.json', 'once-approval-*.json is missing'],
  ])('names %s where it was removed, and shows what else it knows', async (_, name, named) => {
    rmSync(join(record, name));
    const { code, entries, err } = await history();
    expect(code).toBe(3);
    expect(err).toContain('[history.incomplete]');
    expect(err).toContain(named);
    expect(outcomesOf(entries)).toMatchObject({ ...FINISHED, 'web-20': 'deleted' });
    const isShown = entries.some((entry) => entry.name === 'web-21' && entry.outcome === 'unknown');
    expect(isShown || err.includes('web-21')).toBe(true);
  });

  it.each(['000001.attempt.json', '000000.attempt.json', '000000.outcome.json', 'once-plan.json'])(
    'names %s where it was removed after a later run had recorded it',
    async (name) => {
      await recordLater();
      rmSync(join(record, name));
      const { code, entries, err } = await history();
      expect(code).toBe(3);
      expect(err).toContain(join(record, name));
      expect(outcomesOf(entries)).toMatchObject({ ...FINISHED, ...LATER, 'web-20': 'deleted', 'web-21': 'unknown' });
    },
  );

  it('names the folder of a record, the result of a plan and a list of files where they were removed', async () => {
    await recordLater();
    const kept = join(work, `kept-${made}`);
    cpSync(place, kept, { recursive: true });
    for (const path of [recordFolder(plan), `results/${plan.id}`, `results/${plan.id}.json`]) {
      rmSync(join(place, path), { recursive: true });
      const { code, entries, err } = await history();
      expect({ path, code, err }).toEqual({ path, code: 3, err: expect.stringContaining(plan.id) });
      expect(outcomesOf(entries)).toMatchObject({ 'web-20': 'deleted' });
      rmSync(place, { recursive: true });
      cpSync(kept, place, { recursive: true });
    }
    rmSync(join(record, listOf()));
    expect((await history()).code).toBe(3);
  });

  it.each([
    ['a directory', (path: string) => mkdirSync(path), 'is not as it was written'],
    ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path), 'is not as it was written'],
    ['another text', (path: string) => writeFileSync(path, '{"arn":'), 'is not as it was written'],
    [
      'the file of another snapshot',
      (path: string) => writeFileSync(path, readFileSync(`${path}.kept`, 'utf8').replaceAll('web-2', 'web-9')),
      'is not as it was written',
    ],
  ])('lists all that it can read where a file of the killed run is %s, and names that file', async (_, make, what) => {
    await recordLater();
    for (const name of ['000001.attempt.json', '000000.outcome.json']) {
      const path = join(record, name);
      renameSync(path, `${path}.kept`);
      make(path);
      const { code, entries, err } = await history();
      expect({ name, code, outcomes: outcomesOf(entries) }).toEqual({
        ...{ name, code: 3 },
        outcomes: { ...FINISHED, ...LATER, 'web-20': 'deleted', 'web-21': 'unknown' },
      });
      expect(err).toContain(`${path} ${what} (snapshot web-2${name === '000001.attempt.json' ? 1 : 0}`);
      expect(err).toContain('keep what was altered');
      rmSync(path, { recursive: true });
      renameSync(`${path}.kept`, path);
    }
  });

  it.each(['000001.attempt.json', '000000.outcome.json', 'once-plan.json', 'once-approval-run-2.json'])(
    'tells a file that it may not read (%s) from one that was altered',
    async (name) => {
      await recordLater();
      const store = folderStore(place);
      const denied = async (key: string): Promise<string | null> => {
        if (!key.endsWith(name)) return store.get(key);
        const cause = Object.assign(new Error('denied'), { name: 'AccessDenied' });
        throw new RetentionError('store.s3', `cannot read ${key}`, { cause });
      };
      const ports = { store: { ...store, get: denied }, hashText: sha256Of, digest: digestOf };
      const { results, gaps } = await readHistory(ports.store, (known) => readUnfinishedPlan(ports, known));
      expect(gaps.map(({ state, place: where }) => [state, where])).toEqual([['unreadable', join(record, name)]]);
      expect(unknownOutcomes(results).map(({ entry }) => entry.name)).toEqual(['web-21']);
      expect(results.flatMap(({ items }) => items)).toHaveLength(7);
    },
  );

  it('never says of more snapshots that they may be deleted than it lists as not known', async () => {
    await recordLater();
    const path = join(record, '000001.attempt.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('arn:aws:lightsail:', 'arn:aws:nothing:'));
    const { code, entries, err } = await history();
    expect(code).toBe(3);
    expect(entries.filter(({ outcome }) => outcome === 'unknown').map(({ name }) => name)).toEqual(['web-21']);
    expect(err).toContain('1 snapshot may be deleted, the outcome is not known: web-21');
  });

  it('says of an unknown outcome that another plan found the snapshot gone', async () => {
    const file = join(place, 'results', `${plan.id.replace('12T', '11T')}.json`);
    const [item] = plan.items.slice(1);
    const text = readFileSync(file, 'utf8').replaceAll('InstanceSnapshot/web-11', `InstanceSnapshot/${item?.name}`);
    writeFileSync(file, text);
    rmSync(join(place, 'results/index'), { recursive: true });
    const { entries, err } = await history();
    expect(entries.find(({ outcome }) => outcome === 'unknown')).toMatchObject({
      mayStillBeDeleted: false,
      text: expect.stringContaining(`found the snapshot gone`),
    });
    expect(err).not.toContain('may be deleted, the outcome');
  });

  it('lists the recorded result where the index has another one, and says so', async () => {
    await recordLater();
    const index = join(place, 'results/index');
    const pages = readdirSync(index).sort();
    const page = join(index, pages.find((name) => name.startsWith('.')) ?? pages[0] ?? '');
    const text = readFileSync(page, 'utf8');
    const line = text.split('\n').find((each) => each.includes(plan.id) && each.includes('"items"')) ?? '';
    writeFileSync(page, text.replace(line, line.replace('"outcome":"deleted"', '"outcome":"spared"')));
    const { entries, err } = await history();
    expect(outcomesOf(entries)).toMatchObject({ 'web-20': 'deleted' });
    expect(err).toContain('note: the index of results has another content than');
    expect(err).toContain('history --verify');
  });

  it('says in its text that results are read from a copy, and how to check it', async () => {
    const { out } = await cli('history', '--store', join(place, 'results'));
    expect(unwrapped(out)).toContain('1 of 2 results is read from the index, which is a copy.');
    expect(out).toContain(`    npx lightsail-retention history --verify --store ${join(place, 'results')} --config`);
  });

  it('has the reason, its code and the doubt in the last columns of CSV', async () => {
    const { out } = await cli('history', '--store', join(place, 'results'), '--format', 'csv');
    const [head = '', ...lines] = out.trimEnd().split('\n');
    expect(head).toMatch(/,requestId,arn,code,text,mayStillBeDeleted$/);
    expect(lines.find((line) => line.includes('web-21'))).toMatch(/,outcome\.unknown,"?a delete may .*,true$/);
  });

  it('explain says of an unknown outcome what to run where the account cannot be read', async () => {
    const nowhere = join(work, 'no-such-file');
    const before = { ...process.env };
    const files = { AWS_CONFIG_FILE: nowhere, AWS_SHARED_CREDENTIALS_FILE: nowhere };
    Object.assign(process.env, { ...files, AWS_EC2_METADATA_DISABLED: 'true' });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    try {
      const { out } = await cli('explain', 'web-21', '--store', join(place, 'results'));
      expect(unwrapped(out)).toContain('web-21: Whether the account still has the snapshot was not read.');
      expect(out).toMatch(/^ {4}npx lightsail-retention explain arn:\S+web-21 --region us-east-1 --store /m);
      const json = await cli('explain', 'web-21', '--store', join(place, 'results'), '--format', 'json');
      expect(validateJson('explain', JSON.parse(json.out))).toEqual([]);
      expect(JSON.parse(json.out).unknown).toEqual([expect.objectContaining({ account: 'not-read' })]);
    } finally {
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });
});
