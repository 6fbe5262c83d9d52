import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
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
import { S3Client } from '@aws-sdk/client-s3';
import type { HistoryJson } from '../../cli/json-shapes';
import { DEFAULT_BUCKET, type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import { indexResults } from '../../lambda/deletion/index-results';
import { digestOf } from '../../lambda/runtime/digest';
import { smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { validateJson } from '../support/json-schemas';
import { describeWith } from '../support/optional';
import { anOutcome, aResult, storedResult } from '../support/result-builder';
import { runCli, unwrapped } from '../support/terminal';

const POLICY =
  'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\ncaps: { maxShare: 0.9 }\n';
const MEMBERS = [
  ...['arn', 'name', 'kind', 'account', 'region', 'createdAt', 'source', 'outcome', 'at', 'reasons', 'policy', 'plan'],
  ...['report', 'approvedBy', 'requestId', 'code', 'text', 'mayStillBeDeleted'],
];
const BEN = { kind: 'dashboard', arn: 'arn:aws:iam::123456789012:user/ben', claimed: true } as const;
const AUTOMATIC = { kind: 'automatic', arn: null, claimed: false, announcedBy: ['20261123T080000Z-b'] } as const;

describe('lightsail-retention history', () => {
  let work: string;
  let emulator: Emulator;
  let putBack: () => void;
  let deleted: string;
  let sourceArn: string;

  const config = (): string => join(work, 'retention.yaml');
  const cli = (...args: readonly string[]) => runCli([...args, '--config', config()], process.env);
  const history = (...args: readonly string[]) => cli('history', ...args);
  const entries = async (...args: readonly string[]): Promise<HistoryJson> => {
    const { code, out } = await history(...args, '--format', 'json');
    expect(code).toBe(0);
    const json = JSON.parse(out);
    expect(validateJson('history', json)).toEqual([]);
    return json;
  };
  const bucket = () =>
    s3Store(
      new S3Client({
        endpoint: emulator.url,
        forcePathStyle: true,
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      }),
      DEFAULT_BUCKET,
    );
  const results = (): string => join(work, 'results');
  const resultName = (): string => readdirSync(results()).find((name) => /^\d{8}T.*\.json$/.test(name)) ?? '';

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'history-'));
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(config(), POLICY);
    const plan = join(work, 'plan.json');
    expect((await cli('report', '--plan-out', plan, '--quiet')).code).toBe(0);
    emulator.world.tag('us-east-1', 'web-06', [{ key: 'retention:hold' }]);
    const { code } = await cli('apply', plan, '--local', '--yes', '5', '--quiet');
    expect(code).toBe(0);
    const recorded: readonly { readonly name: string; readonly arn: string }[] = JSON.parse(
      readFileSync(join(results(), resultName()), 'utf8'),
    ).items;
    deleted = recorded.find(({ name }) => name === 'web-05')?.arn ?? '';
    sourceArn = String(emulator.world.rows('us-east-1', 'instances')[0]?.arn);
  });
  afterAll(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  describe('of a folder that apply --local wrote', () => {
    it('has each outcome with its reasons, the caller, the report and the request id, in the members of the contract', async () => {
      const json = await entries('--store', results());
      expect(json).toHaveLength(5);
      for (const entry of json) expect(Object.keys(entry)).toEqual(MEMBERS);
      const plan = JSON.parse(readFileSync(join(work, 'plan.json'), 'utf8'));
      expect(json.find(({ name }) => name === 'web-05')).toMatchObject({
        arn: deleted,
        source: 'web',
        outcome: 'deleted',
        policy: 'standard',
        reasons: [{ code: 'last', text: 'last: 3 of 3 slots filled' }],
        plan: { id: plan.id, digest: plan.digest },
        report: plan.id,
        approvedBy: { kind: 'caller', arn: 'arn:aws:iam::123456789012:user/emulator', claimed: false },
        requestId: expect.stringMatching(/^[\w-]{8,}$/),
      });
      expect(json.find(({ name }) => name === 'web-06')).toMatchObject({
        outcome: 'spared',
        reasons: [{ code: 'hold' }],
        requestId: null,
      });
      expect(json.map(({ at }) => at)).toEqual(json.map(({ at }) => at).sort((a, b) => (a < b ? 1 : -1)));
    });

    it('is the same whether the folder, its parent, a link to it or a copy under another name is given', async () => {
      const json = await entries('--store', results());
      symlinkSync(results(), join(work, 'link'));
      cpSync(results(), join(work, 'copy'), { recursive: true });
      for (const place of [work, `${results()}/`, join(work, 'link'), join(work, 'copy')])
        expect(await entries('--store', place)).toEqual(json);
    });

    it.each([
      ['the name of a snapshot', () => 'web-05', 1],
      ['its ARN', () => deleted, 1],
      ['the name of its source', () => 'web', 3],
      ['the ARN of its source', () => sourceArn, 3],
      ['a name that nothing had', () => 'none', 0],
      ['a part of a name', () => 'web-', 0],
    ])('can be restricted to %s', async (_, word, count) => {
      expect(await entries(word(), '--store', results())).toHaveLength(count);
    });

    it('can be restricted to a time: a duration, a day, an instant', async () => {
      const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
      for (const [since, count] of [
        ['1h', 5],
        ['2020-01-01', 5],
        ['2020-01-01T00:00:00Z', 5],
        [day, 0],
        [`${day}T23:59`, 0],
      ] as const)
        expect([since, (await entries('--store', results(), '--since', since)).length]).toEqual([since, count]);
      for (const since of ['yesterday', '1m', '2026-02-30', ''])
        expect((await history('--store', results(), '--since', since)).code).toBe(2);
    });

    it('is a text by plan, with who approved it and why each snapshot was deleted', async () => {
      const { code, out, err } = await history('--store', results());
      expect(code).toBe(0);
      const text = unwrapped(out);
      expect(text).toMatch(/^5 snapshots: 4 deleted, 1 skipped|^5 snapshots: 1 skipped, 4 deleted/);
      expect(text).toContain('Dates and times are in UTC.');
      expect(text).toContain(
        'Approved by arn:aws:iam::123456789012:user/emulator, the caller of the command line (confirmed by STS).',
      );
      expect(text).toMatch(
        /deleted web-05 instance in us-east-1, of web, made \S+ \S+; policy standard: last: 3 of 3 slots filled; request \S+/,
      );
      expect(text).toMatch(/skipped web-06 instance in us-east-1, of web, .*\[hold\]/);
      expect(err).not.toContain('error');
      const last = `
1 of 1 result is read from the index, which is a copy. This command checks it:
    npx lightsail-retention history --verify --store ${results()} --config ${config()}
`;
      expect(out.endsWith(last)).toBe(true);
      expect((await history('none', '--store', results())).out).toBe(
        `No outcome of none is recorded in ${results()}; it has 5 outcomes.\n${last}`,
      );
      expect((await history('--since', '2126-11-23', '--store', results())).out).toBe(
        `No outcome since 2126-11-23 00:00 is recorded in ${results()}; it has 5 outcomes.\n${last}`,
      );
    });

    it('is CSV with a line for each outcome', async () => {
      const { out } = await history('--store', results(), '--format', 'csv');
      const [head, ...lines] = out.trimEnd().split('\n');
      expect(head).toBe(
        'at,outcome,name,kind,account,region,createdAt,source,policy,reasons,plan,planDigest,report,approvedByKind,approvedByArn,approvedByClaimed,announcedBy,requestId,arn,code,text,mayStillBeDeleted',
      );
      expect(lines).toHaveLength(5);
      expect(out).toContain(',standard,last: 3 of 3 slots filled,');
      expect(out).toContain(',caller,arn:aws:iam::123456789012:user/emulator,false,');
    });

    it('has an index, and needs none', async () => {
      const index = join(results(), 'index');
      expect(readdirSync(index)).toContain('00001.json');
      const json = await entries('--store', results());
      const copy = join(work, 'without-index');
      cpSync(results(), copy, { recursive: true });
      rmSync(join(copy, 'index'), { recursive: true });
      expect(await entries('--store', copy)).toEqual(json);
      rmSync(join(copy, resultName()));
      cpSync(index, join(copy, 'index'), { recursive: true });
      expect(await entries('--store', copy)).toEqual(json);
    });
  });

  describe('of a bucket', () => {
    const write = async (): Promise<void> => {
      const store = bucket();
      const one = '20261123T080000Z-a';
      await store.put(storedResult(aResult(one, [anOutcome('db-1', { source: 'db' })], { approvedBy: BEN })));
      await store.put(
        storedResult(
          aResult('auto-20261124T080000Z', [anOutcome('db-2', { source: 'db', at: '2026-11-24T08:01:00.000Z' })], {
            approvedBy: AUTOMATIC,
            report: '20261123T080000Z-b',
          }),
        ),
      );
      await indexResults(store);
    };

    it('has what the deployed function did, approved in the dashboard and by the schedule', async () => {
      await write();
      const json = await entries('--store', `s3://${DEFAULT_BUCKET}`);
      expect(json.map(({ name, approvedBy, report }) => ({ name, approvedBy, report }))).toEqual([
        { name: 'db-2', approvedBy: AUTOMATIC, report: '20261123T080000Z-b' },
        { name: 'db-1', approvedBy: BEN, report: '20261123T080000Z-a' },
      ]);
      const { out } = await history('--store', `s3://${DEFAULT_BUCKET}/results/`);
      expect(unwrapped(out)).toContain(
        'Approved by no person: automatic deletion, announced by 1 report (20261123T080000Z-b).',
      );
      expect(unwrapped(out)).toContain(
        'Approved by arn:aws:iam::123456789012:user/ben, a user of the dashboard (claimed).',
      );
      const csv = await history('--store', `s3://${DEFAULT_BUCKET}`, '--format', 'csv');
      expect(csv.out).toContain(',automatic,,false,20261123T080000Z-b,');
    });

    it('can be a copy under a prefix', async () => {
      const store = bucket();
      const { key, ...object } = storedResult(aResult('20261123T080000Z-c', [anOutcome('copied')]));
      await store.put({ ...object, key: `backup/2026/${key}` });
      for (const place of ['backup/2026', 'backup/2026/', 'backup/2026/results'])
        expect((await entries('--store', `s3://${DEFAULT_BUCKET}/${place}`)).map(({ name }) => name)).toEqual([
          'copied',
        ]);
    });

    it('explains a deleted snapshot, and a source of which none is left', async () => {
      await write();
      const store = ['--store', `s3://${DEFAULT_BUCKET}`, '--quiet'];
      const { code, out } = await cli('explain', 'db-1', ...store);
      expect(code).toBe(0);
      expect(unwrapped(out)).toContain(
        `db-1 was not found in the account; the history in s3://${DEFAULT_BUCKET} has it:`,
      );
      expect(unwrapped(out)).toContain('policy standard: 30d old since 2026-10-31; request request-db-1');
      const source = await cli('explain', 'db', ...store, '--format', 'json');
      const json = JSON.parse(source.out);
      expect(validateJson('explain', json)).toEqual([]);
      expect(json).toMatchObject({ type: 'history', entries: [{ name: 'db-2' }, { name: 'db-1' }] });
    });

    it('that does not exist is one sentence', async () => {
      const { code, out, err } = await history('--store', 's3://no-such-bucket');
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/^warning: .*\nerror: cannot list s3:\/\/no-such-bucket\/results\/: .* \[store\.s3\]\n$/);
    });
  });

  describe('explain', () => {
    const explain = (word: string, ...args: readonly string[]) => cli('explain', word, '--quiet', ...args);

    it('answers from the history of the folder for a snapshot that is gone, by name and by ARN', async () => {
      for (const word of ['web-05', deleted]) {
        const { code, out } = await explain(word, '--store', results());
        expect({ word, code }).toEqual({ word, code: 0 });
        expect(unwrapped(out)).toContain('deleted web-05 instance in us-east-1');
      }
    });

    it('explains the snapshot itself while it exists, although the history has it too', async () => {
      const { out } = await explain('web-06', '--store', results(), '--format', 'json');
      expect(JSON.parse(out)).toMatchObject({ type: 'snapshot', snapshot: { name: 'web-06' } });
    });

    /** A copy of the results in which a run was ended after it noted a delete: of `name`, which has the ARN `arn`. */
    const interrupted = (name: string, arn: string): string => {
      const place = mkdtempSync(join(work, 'interrupted-'));
      cpSync(results(), place, { recursive: true });
      rmSync(join(place, 'index'), { recursive: true });
      const [before = ''] = readdirSync(join(place, resultName().replace('.json', '')));
      const original = join(place, resultName().replace('.json', ''), before);
      const { digest: digestBefore, ...rest } = JSON.parse(readFileSync(join(original, 'once-plan.json'), 'utf8'));
      const planned = rest.items.map((item: { readonly name: string }) =>
        item.name === 'web-06' ? { ...item, name, arn } : item,
      );
      const content = { ...rest, items: planned };
      const digest = digestOf(content);
      const folder = join(original, '..', digest.slice('sha256:'.length).slice(0, 16));
      if (folder !== original) renameSync(original, folder);
      writeFileSync(join(folder, 'once-plan.json'), JSON.stringify({ ...content, digest }));
      for (const file of readdirSync(folder)) {
        const path = join(folder, file);
        if (file.endsWith('.sha256')) rmSync(path);
        else if (file.startsWith('once-approval'))
          writeFileSync(path, readFileSync(path, 'utf8').replaceAll(digestBefore, digest));
      }
      const nameIn = (file: string): string => JSON.parse(readFileSync(join(folder, file), 'utf8')).name;
      const outcome = readdirSync(folder).find((file) => file.endsWith('outcome.json') && nameIn(file) === 'web-06');
      const number = outcome?.split('.')[0] ?? '';
      for (const file of readdirSync(folder)) if (file.includes(number)) rmSync(join(folder, file));
      const reasons = [{ code: 'last', text: 'last: 3 of 3 slots filled' }];
      const facts = { source: 'web', sizeGb: 1, monthlyCostCeiling: 1, policy: 'standard', reasons };
      const at = '2026-11-23T09:00:00.000Z';
      const attempt = { arn, name, run: 'x', state: 'open', earlier: false, revision: 1, at, facts, outcome: null };
      writeFileSync(join(folder, `${number}.attempt.json`), JSON.stringify(attempt));
      const file = join(place, resultName());
      const json = JSON.parse(readFileSync(file, 'utf8'));
      const items = json.items.filter((item: { readonly name: string }) => item.name !== 'web-06');
      const plan = { ...json.plan, digest };
      writeFileSync(file, JSON.stringify({ ...json, plan, status: 'unfinished', items }));
      return place;
    };
    const UNKNOWN = {
      outcome: 'unknown',
      at: '2026-11-23T09:00:00.000Z',
      policy: 'standard',
      reasons: [{ code: 'last', text: 'last: 3 of 3 slots filled' }],
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      kind: 'instance',
      region: 'us-east-1',
    };
    const arnOf = (name: string): string =>
      String(emulator.world.rows('us-east-1', 'instanceSnapshots').find((row) => row.name === name)?.arn);

    it('says of a living snapshot that a delete may have been sent: by which plan, and when', async () => {
      const place = interrupted('web-06', arnOf('web-06'));
      const text = unwrapped((await explain('web-06', '--store', place)).out);
      expect(text).toContain(`Plan ${resultName().replace('.json', '')}`);
      expect(text).toMatch(/2026-11-23 09:00 not known web-06 .*a delete may have been sent, and how it ended is not/);
      const json = JSON.parse((await explain('web-06', '--store', place, '--format', 'json')).out);
      expect(validateJson('explain', json)).toEqual([]);
      expect(json.outcomes).toEqual([expect.objectContaining({ ...UNKNOWN, arn: arnOf('web-06') })]);
      expect(json.unknown).toEqual([expect.objectContaining({ name: 'web-06', account: 'exists' })]);
      expect(text).toContain('web-06: The account still has the snapshot: it was not deleted until now. ');
      expect(text).toMatch(/Apply the plan again until \S+, which records it: npx lightsail-retention apply /);
    });

    it('the history has such a snapshot by its name and its ARN, with policy and reasons', async () => {
      const place = interrupted('web-gone', `${deleted}1`);
      for (const word of ['web-gone', `${deleted}1`]) {
        expect(await entries(word, '--store', place)).toEqual([expect.objectContaining(UNKNOWN)]);
        expect(unwrapped((await history(word, '--store', place)).out)).toContain('policy standard: last: 3 of 3');
        const text = unwrapped((await explain(word, '--store', place)).out);
        expect(text).toContain('a delete may have been sent');
        expect(text).toContain('web-gone: The account no longer has the snapshot: that delete, or another one, was');
        const json = JSON.parse((await explain(word, '--store', place, '--format', 'json')).out);
        expect(json.unknown).toEqual([expect.objectContaining({ name: 'web-gone', account: 'gone' })]);
        // A region that is not read tells nothing.
        const other = await explain(word, '--store', place, '--region', 'eu-central-1', '--format', 'json');
        expect(JSON.parse(other.out).unknown).toEqual([expect.objectContaining({ account: 'not-read' })]);
      }
      expect((await history('web-gone', '--store', place, '--format', 'csv')).out).toContain(',unknown,web-gone,');
    });

    it('has the outcomes of an earlier snapshot of the name apart', async () => {
      const place = interrupted('web-01', `${deleted}1`);
      const { code, out } = await explain('web-01', '--store', place);
      expect(code).toBe(0);
      expect(unwrapped(out)).toContain('has other snapshots, with another ARN, that had this name before:');
      const json = JSON.parse((await explain('web-01', '--store', place, '--format', 'json')).out);
      expect(validateJson('explain', json)).toEqual([]);
      expect(json).toMatchObject({ snapshot: { name: 'web-01' }, outcomes: [], sameName: [{ arn: `${deleted}1` }] });
      expect(unwrapped((await explain('web-06', '--store', results())).out)).not.toContain('had this name before');
    });

    it('names for a living source how many outcomes the history has, and the command that lists them', async () => {
      const { out } = await explain('web', '--store', results());
      expect(unwrapped(out)).toContain(
        `The history in ${results()} has 3 outcomes of its snapshots: npx lightsail-retention history ${sourceArn} --store ${results()}`,
      );
      expect(await entries(sourceArn, '--store', results())).toHaveLength(3);
    });

    it('has what became of it in a run that skipped it: why, when and by whose approval', async () => {
      const { code, out } = await explain('web-06', '--store', results());
      expect(code).toBe(0);
      const text = unwrapped(out);
      expect(text).toContain(`The history in ${results()} has it:`);
      expect(text).toMatch(/Approved by arn:aws:iam::123456789012:user\/emulator/);
      expect(text).toMatch(/skipped web-06 .*hold/);
      const json = JSON.parse((await explain('web-06', '--store', results(), '--format', 'json')).out);
      expect(validateJson('explain', json)).toEqual([]);
      expect(json.outcomes).toEqual([expect.objectContaining({ name: 'web-06', outcome: 'spared' })]);
      const other = JSON.parse((await explain('web-01', '--store', results(), '--format', 'json')).out);
      expect(other).toMatchObject({ type: 'snapshot', outcomes: [] });
    });

    it('answers for a deleted snapshot without any credentials, and says that the account was not read', async () => {
      const nowhere = join(work, 'no-such-file');
      const files = { AWS_CONFIG_FILE: nowhere, AWS_SHARED_CREDENTIALS_FILE: nowhere };
      const before = { ...process.env };
      Object.assign(process.env, { ...files, AWS_EC2_METADATA_DISABLED: 'true' });
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
      try {
        const offline = (word: string, ...args: readonly string[]) => explain(word, '--store', results(), ...args);
        for (const word of ['web-05', deleted]) {
          const { code, out, err } = await offline(word);
          expect([word, code]).toEqual([word, 0]);
          expect(unwrapped(out)).toContain('deleted web-05 instance in us-east-1, of web');
          expect(unwrapped(err)).toMatch(/note: the account was not read, or not completely: .*credentials/);
        }
        const json = JSON.parse((await offline('web-05', '--format', 'json')).out);
        expect(validateJson('explain', json)).toEqual([]);
        expect(json).toMatchObject({ type: 'history', complete: false, entries: [{ name: 'web-05' }] });
        expect(await offline('none')).toMatchObject({
          code: 1,
          out: '',
          err: expect.stringMatching(/\[credentials\.missing\]\n$/),
        });
      } finally {
        for (const name of Object.keys(process.env)) delete process.env[name];
        Object.assign(process.env, before);
      }
    });

    it('refuses a name that neither the account nor the history has', async () => {
      const { code, err } = await explain('none', '--store', results());
      expect(code).toBe(2);
      expect(err).toContain('[explain.unknown]');
      expect(err).toContain('--store PLACE for a deleted one');
    });

    it('refuses a place that is not there, and needs none where none is named', async () => {
      expect((await explain('web-05', '--store', join(work, 'nowhere'))).err).toContain('[history.no-store]');
      expect((await explain('web-05')).err).toContain('[explain.unknown]');
    });
  });

  describe('--verify', () => {
    const verify = async () => {
      const { code, out } = await history('--verify', '--store', results(), '--format', 'json');
      return { code, broken: JSON.parse(out).broken };
    };

    it('names the plan file that was applied where it was altered, and not another plan of its name', async () => {
      const plan = join(work, 'plan.json');
      const text = readFileSync(plan, 'utf8');
      expect(await verify()).toEqual({ code: 0, broken: [] });
      writeFileSync(plan, text.replace('web-05', 'web-01'));
      expect(await verify()).toEqual({
        code: 6,
        broken: [expect.objectContaining({ fault: 'object.altered', place: plan, number: 1 })],
      });
      const { digest: _, ...content } = JSON.parse(text);
      const renamed = { ...content, id: `${content.id.slice(0, -8)}12345678` };
      for (const changed of ['', '{}', text.replace(content.id, renamed.id).replace(/sha256:/g, 'sha256:0')])
        for (const written of [changed, JSON.stringify({ ...renamed, digest: digestOf(renamed) })]) {
          writeFileSync(plan, written);
          expect(await verify()).toEqual({ code: 6, broken: [expect.objectContaining({ place: plan })] });
        }
      expect((await cli('report', '--plan-out', plan, '--quiet')).code).toBe(0);
      expect(await verify()).toEqual({ code: 0, broken: [] });
      expect((await history('--verify', '--store', results(), '--format', 'json')).out).toMatch(
        /"otherPlans": \[\s*"[^"]*plan\.json"/,
      );
      rmSync(plan);
      expect(await verify()).toEqual({ code: 0, broken: [] });
      writeFileSync(plan, text);
    });
  });

  describe('of a place that is not as a deletion left it', () => {
    let place: string;
    let made = 0;
    beforeEach(() => {
      made += 1;
      place = join(work, `place-${made}`);
    });
    const copy = (): string => {
      cpSync(results(), place, { recursive: true });
      return place;
    };
    /** The last line that is written to stderr, and the exit code. */
    const refusal = async (...args: readonly string[]) => {
      const { code, out, err } = await history('--store', place, ...args);
      return { code, out, err: err.trimEnd().split('\n').at(-1) };
    };

    it('refuses a folder that is not there', async () => {
      expect(await refusal()).toEqual({
        code: 2,
        out: '',
        err: `error: cannot read the history: there is no folder ${place}; expected the folder results/ that "apply --local" wrote, or s3://BUCKET; --stack NAME finds the bucket of a deployment [history.no-store]`,
      });
    });

    it('refuses a file, an empty folder, and a folder of other files', async () => {
      writeFileSync(place, '');
      expect(await refusal()).toMatchObject({
        code: 2,
        err: expect.stringMatching(/ is no folder; .*\[history\.no-store\]$/),
      });
      rmSync(place);
      mkdirSync(place);
      expect(await refusal('--format', 'json')).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringMatching(/ is empty; .*\[history\.empty\]$/),
      });
      for (const name of ['package.json', 'a.txt', 'b.txt', 'c.txt']) writeFileSync(join(place, name), '{}');
      expect(await refusal()).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringMatching(/ but a\.txt, b\.txt, c\.txt and 1 more; .*\[history\.foreign\]$/),
      });
    });

    it.each(['', 'ftp://bucket', 's3://', 'https://bucket.s3.amazonaws.com'])('refuses the place %j', async (store) => {
      const { code, err } = await history('--store', store);
      expect(code).toBe(2);
      expect(err).toContain('[usage.history]');
    });

    it('refuses a stack and a store together', async () => {
      expect((await history('--store', results(), '--stack', 'x')).err).toContain('[usage.history]');
    });

    it('has no outcome while the first run is in progress, and says so', async () => {
      mkdirSync(place);
      writeFileSync(join(place, 'lock.json'), '{}');
      expect(await history('--store', place)).toMatchObject({ code: 0, out: `No outcome is recorded in ${place}.\n` });
      expect(await history('--store', place, '--format', 'json')).toMatchObject({ code: 0, out: '[]\n' });
    });

    it('names the one part that is missing', async () => {
      copy();
      writeFileSync(join(place, '20200102T080000Z-y.json'), '{ "schemaVersion": 1');
      expect((await refusal()).err).toContain('error: 1 part of the record is altered: ');
    });

    it('lists what it can read of a half-copied folder, names the rest in one sentence, and exits with 3', async () => {
      const name = resultName();
      const second = '20200101T080000Z-x';
      copy();
      cpSync(join(place, name.replace('.json', '')), join(place, second), { recursive: true });
      writeFileSync(join(place, '20200102T080000Z-y.json'), '{ "schemaVersion": 1');
      const { code, out, err } = await refusal('--format', 'json');
      expect({ code, entries: JSON.parse(out).length }).toEqual({ code: 3, entries: 5 });
      expect(err).toBe(
        `error: 2 parts of the record are altered or missing: ${join(place, second)}.json is missing; ${join(place, '20200102T080000Z-y.json')} is not as it was written; restore what is missing from a backup, in a bucket from an earlier version; keep what was altered, and compare it with a backup or an earlier version; remove nothing; npx lightsail-retention history --verify --store ${place} --config ${config()} checks all of it [history.incomplete]`,
      );
    });

    it.each([
      ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
      ['a directory', (path: string) => mkdirSync(path)],
      ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path)],
    ])('names a result that is %s, lists the others, and exits with 3', async (_, make) => {
      copy();
      const path = join(place, '20200102T080000Z-y.json');
      make(path);
      const { code, out, err } = await refusal('--format', 'json');
      expect({ code, entries: JSON.parse(out).length }).toEqual({ code: 3, entries: 5 });
      expect(err).toMatch(
        /^error: 1 part of the record .*20200102T080000Z-y\.json is not as it was written; .*\[history\.incomplete\]$/,
      );
    });

    it('lists everything beside a file of another program, also one without an extension', async () => {
      writeFileSync(join(copy(), 'NOTES'), 'hi');
      expect(await entries('--store', place)).toHaveLength(5);
    });

    it('lists a result that is a link to a file', async () => {
      copy();
      rmSync(join(place, 'index'), { recursive: true });
      cpSync(join(place, resultName()), join(work, `linked-${made}`));
      rmSync(join(place, resultName()));
      symlinkSync(join(work, `linked-${made}`), join(place, resultName()));
      expect(await entries('--store', place)).toHaveLength(5);
    });

    it('lists a result of an earlier version, with what that version recorded', async () => {
      copy();
      rmSync(join(place, 'index'), { recursive: true });
      const file = join(place, resultName());
      const { approvedBy: _, config: __, report: ___, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
      const items = rest.items.map((item: Record<string, unknown>) => {
        const { policy: ____, reasons: _____, requestId: ______, ...old } = item;
        return old;
      });
      writeFileSync(file, JSON.stringify({ ...rest, items }));
      const json = await entries('--store', place);
      expect(json).toHaveLength(5);
      expect(json[0]).toMatchObject({ approvedBy: null, report: null, policy: null, reasons: [], requestId: null });
      expect((await history('--store', place)).out).toContain('The approval is not recorded.');
    });

    it('names a result of a later version, and lists none of it as if it were of this one', async () => {
      copy();
      rmSync(join(place, 'index'), { recursive: true });
      const file = join(place, resultName());
      writeFileSync(file, readFileSync(file, 'utf8').replace('"schemaVersion": 1', '"schemaVersion": 2'));
      const { code, out, err } = await refusal('--format', 'json');
      expect({ code, out }).toEqual({ code: 3, out: '[]\n' });
      expect((await refusal()).out).toMatch(/^No outcome could be read in /);
      expect(err).toMatch(/^error: 1 part of the record .*\[history\.incomplete\]$/);
    });

    it('notes a plan that is not finished, and the snapshots whose outcome is not known', async () => {
      copy();
      rmSync(join(place, 'index'), { recursive: true });
      const file = join(place, resultName());
      const json = JSON.parse(readFileSync(file, 'utf8'));
      const { arn, name, source, sizeGb, monthlyCostCeiling } = json.items[0];
      const unsettled = [{ arn, name, source, sizeGb, monthlyCostCeiling }];
      writeFileSync(file, JSON.stringify({ ...json, status: 'unfinished', unsettled, items: json.items.slice(1) }));
      const { code, err } = await history('--store', place);
      expect(code).toBe(0);
      expect(err).toBe('');
      rmSync(join(place, resultName().replace('.json', '')), { recursive: true });
      const without = await history('--store', place);
      expect(without.code).toBe(3);
      expect(without.err).toContain(`note: not finished: ${json.plan.id}; 1 snapshot may be deleted`);
      expect(without.err).toMatch(/ is missing \(snapshots .* of the plan .*\[history\.incomplete\]/);
    });

    describeWith(process.getuid?.() !== 0, 'a user that is not root', 'a folder that it may not read', () => {
      it('is refused', async () => {
        copy();
        chmodSync(place, 0);
        try {
          expect(await refusal()).toMatchObject({ code: 2, err: expect.stringMatching(/\[store\.folder\]$/) });
        } finally {
          chmodSync(place, 0o700);
        }
      });
    });

    it('changes nothing in it', async () => {
      copy();
      rmSync(join(place, 'index'), { recursive: true });
      const before = readdirSync(place, { recursive: true }).sort();
      await entries('--store', place);
      expect(readdirSync(place, { recursive: true }).sort()).toEqual(before);
      expect(existsSync(join(place, 'index'))).toBe(false);
    });
  });
});
