import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { HistoryJson } from '../../cli/json-shapes';
import { runBundle } from '../../cli/run-bundle';
import { type Emulator, startEmulator } from '../../emulator/server';
import { buildEnv } from '../../lambda/runtime/env';
import { stageFunction } from '../../lambda/runtime/stage-function';
import { bundleOf, commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { CLOCK } from '../support/clock-ahead';
import { unwrapped } from '../support/terminal';

/**
 * Files that the first version wrote: local plans and results of its command line, and the bucket of a deployment with
 * automatic deletion. `finished` is applied, `unfinished` was killed while its third delete was sent, `waiting` was
 * never applied. The account is as these deletions left it. Only the host name in its claims was replaced.
 */
const WRITTEN = join(__dirname, '..', 'fixtures', 'first-version');
const WRITTEN_AT = Date.parse('2026-12-01T04:19:00Z');
/** The id of the snapshot whose delete was sent when the run was killed. */
const MAIL_06 = 'dfc687ca-0da1-46ed-aa21-be14210678af';
const [HOUR, DAY] = [3_600_000, 86_400_000];
const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const POLICY = {
  version: 1,
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
  caps: { maxDeletions: 1_000, maxShare: 1 },
  deletion: { grace: '7d' },
};
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => statSync(file).isFile());

describe('what the first version wrote', () => {
  let work = '';
  let emulator: Emulator;
  let deletes: () => readonly string[];

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'upgrade-'));
    cpSync(WRITTEN, work, { recursive: true });
    for (const file of filesIn(work)) utimesSync(file, WRITTEN_AT / 1_000, WRITTEN_AT / 1_000);
    writeFileSync(join(work, 'clock.cjs'), CLOCK);
    emulator = await startEmulator({
      account: JSON.parse(readFileSync(join(work, 'account.json'), 'utf8')),
      topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
      buckets: [BUCKET],
    });
    for (const file of filesIn(join(work, 'bucket'))) {
      const key = relative(join(work, 'bucket'), file);
      const body = readFileSync(file);
      const object = { body, contentType: 'application/json', metadata: {}, etag: `"${key}"` };
      const [, day, hour] = /(\d{8})T(\d{2})/.exec(key) ?? [];
      const madeAt = day === undefined ? WRITTEN_AT : Date.parse(`${isoDay(day)}T${hour}:18:30Z`);
      emulator.objects.get(BUCKET)?.set(key, { ...object, lastModified: madeAt });
    }
    deletes = () =>
      emulator.requests
        .list()
        .filter(({ operation }) => operation.startsWith('Delete'))
        .map(({ name }) => String(name));
  });
  afterEach(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  const isoDay = (day: string): string => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;

  /** The environment of a process, so long (ms) after the files were written. */
  const environment = (later: number): Record<string, string> => {
    const ahead = WRITTEN_AT + later - Date.now();
    emulator.clockOffset = ahead;
    return {
      NODE_OPTIONS: `--require ${join(work, 'clock.cjs')}`,
      CLOCK_AHEAD: String(ahead),
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  };
  const cli = (later: number, ...args: readonly string[]): Promise<ChildRun> =>
    endOf(
      spawn(process.execPath, [commandLineProgram(), ...args, '--config', join(work, 'retention.yaml')], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: join(work, 'local'),
        env: environment(later),
      }),
    );
  const apply = (name: string, later: number): Promise<ChildRun> => {
    const { items } = JSON.parse(readFileSync(join(work, 'local', `${name}.json`), 'utf8'));
    return cli(later, 'apply', `${name}.json`, '--local', '--yes', String(items.length));
  };

  it('is in the history, what a killed run recorded and what it sent included', async () => {
    const { code, out, err } = await cli(HOUR, 'history', '--format', 'json');
    const outcomes = (JSON.parse(out) as HistoryJson).map(
      ({ name, arn, outcome }) => `${name === arn ? /[^/]+$/.exec(arn)?.[0] : name} ${outcome}`,
    );
    expect([code, outcomes.sort()]).toEqual([
      0,
      [
        `${MAIL_06} unknown`,
        ...['mail-04 deleted', 'mail-05 deleted', 'web-04 deleted', 'web-05 deleted', 'web-06 deleted'],
      ],
    ]);
    expect(unwrapped(err)).toContain('1 snapshot may be deleted, the outcome is not known');
    const inBucket = await cli(HOUR, 'history', '--store', `s3://${BUCKET}`);
    expect([inBucket.code, unwrapped(inBucket.out)]).toEqual([0, expect.stringContaining('3 snapshots: 3 deleted.')]);
  }, 60_000);

  it('has an outcome that the result lacks from the journal, and none from a journal that cannot be read', async () => {
    const [id] = readdirSync(join(work, 'local', 'results')).filter((name) => /4b68190b$/.test(name));
    const result = join(work, 'local', 'results', `${id}.json`);
    const json = JSON.parse(readFileSync(result, 'utf8'));
    writeFileSync(result, JSON.stringify({ ...json, items: json.items.slice(0, 1) }));
    const whole = await cli(HOUR, 'history', 'mail-05');
    expect([whole.code, unwrapped(whole.out)]).toEqual([0, expect.stringContaining('1 snapshot: 1 deleted.')]);
    writeFileSync(join(work, 'local', 'results', String(id), '1-1.json'), '{"entries":[{}]}');
    const { code, err } = await cli(HOUR, 'history');
    expect([code, unwrapped(err)]).toEqual([
      3,
      expect.stringMatching(/1 part of the record .*\[history\.incomplete\]/),
    ]);
  }, 60_000);

  it('is applied where it is a plan that waits, but not before the deletes of a killed run have ended', async () => {
    const early = await apply('waiting', HOUR);
    expect([early.code, unwrapped(early.err)]).toEqual([
      2,
      expect.stringMatching(/has its journal; apply the plan again after 2026-12-02T04:19.* \[result\.unreadable\]/),
    ]);
    expect(deletes()).toEqual([]);
    const { code, out } = await apply('waiting', 25 * HOUR);
    expect([code, unwrapped(out)]).toEqual([0, expect.stringContaining('Of 2 planned snapshots: 2 deleted.')]);
    expect(deletes()).toEqual(['data-04', 'data-05']);
    // The index of results has the unfinished one now, and its journal counts all the same.
    expect(unwrapped((await cli(26 * HOUR, 'history')).out)).toContain('8 snapshots: 7 deleted, 1 not known.');
    const verified = await cli(26 * HOUR, 'history', '--verify');
    expect([verified.code, unwrapped(verified.out)]).toEqual([
      0,
      expect.stringContaining('objects in no record, older than the chain by name and time'),
    ]);
  }, 120_000);

  it('is refused as applied where it is a finished plan', async () => {
    const { code, err } = await apply('finished', HOUR);
    expect([code, err]).toEqual([4, expect.stringContaining('[plan.applied]')]);
    expect(deletes()).toEqual([]);
  }, 60_000);

  it.each([HOUR, 3 * DAY])(
    'is refused with a remedy where it is a plan that was begun, %d ms later',
    async (later) => {
      const { code, err } = await apply('unfinished', later);
      expect([code, unwrapped(err)]).toEqual([
        2,
        expect.stringMatching(
          /an earlier version began it.*; make a new plan with a new report, and apply it a day after .*\[result\.unreadable\]/,
        ),
      ]);
      expect(deletes()).toEqual([]);
    },
    60_000,
  );

  it('is no altered record: without a chain, --verify says that none was begun', async () => {
    const { code, out } = await cli(HOUR, 'history', '--verify');
    expect([code, unwrapped(out)]).toEqual([6, expect.stringContaining('none was written there')]);
    expect(out).toContain('[chain.empty]');
    expect(out).not.toContain('altered');
  }, 60_000);

  describe('to the bucket of a deployment', () => {
    const built = mkdtempSync(join(tmpdir(), 'upgraded-'));
    const folder = join(built, 'staged');
    beforeAll(() => {
      stageFunction(bundleOf('report'), { origin: 'retention.yaml', config: POLICY }, folder);
    });
    afterAll(() => rmSync(built, { recursive: true, force: true }));

    const object = (name: RegExp): string => {
      const found = [...(emulator.objects.get(BUCKET) ?? [])].filter(([key]) => name.test(key)).at(-1);
      if (found === undefined) throw new Error(`nothing is stored as ${name}`);
      return found[1].body.toString();
    };

    interface Report {
      readonly changes: Readonly<Record<'newlyExpiring' | 'removed', readonly string[]>> & { readonly since: string };
      readonly snapshots: readonly { readonly arn: string; readonly name: string; readonly deleteOn?: string }[];
    }

    /** The first report of this version, so long (ms) after the files were written. */
    async function firstReport(later: number) {
      const logs: string[] = [];
      const answer = await runBundle({
        folder,
        event: { scheduledTime: new Date(WRITTEN_AT + later).toISOString() },
        env: {
          ...buildEnv({
            topicArn: TOPIC,
            bucket: BUCKET,
            deletionMode: 'automatic',
            deletionFunction: 'arn:aws:lambda:eu-central-1:123456789012:function:deletion:live',
            keptDays: '400',
          }),
          ...environment(later),
        },
        timeout: 120_000,
        log: (text) => logs.push(text),
      });
      if (!answer.ok) throw new Error(`the report failed: ${answer.error}\n${logs.join('')}`);
      const report: Report = JSON.parse(object(/report\.json$/));
      return { report, mail: String(emulator.published.at(-1)?.message) };
    }

    /** Names of the snapshots that a report lists as new among those that expire, in order. */
    const newlyExpiring = ({ changes, snapshots }: Report): readonly string[] =>
      snapshots.flatMap(({ arn, name }) => (changes.newlyExpiring.includes(arn) ? [name] : [])).sort();

    it('the first report compares with its state, and keeps the days that its e-mails announced', async () => {
      const { report, mail } = await firstReport(HOUR);
      expect(report.changes.since).toBe('20261130T020000Z-2c251237');
      // A day has passed: data-04 is the fourth now. Nothing expires because of the upgrade.
      expect(newlyExpiring(report)).toEqual(['data-04']);
      expect(report.changes.removed).toHaveLength(8);
      const days = report.snapshots.flatMap(({ name, deleteOn }) =>
        deleteOn === undefined ? [] : [`${name} ${deleteOn}`],
      );
      expect(days).toEqual(['data-04 2026-12-08', 'data-05 2026-12-07', 'mail-06 2026-12-06', 'mail-07 2026-12-06']);
      expect(mail).toContain('8 snapshots gone; 1 of the 4 is new on this list.');
    }, 60_000);

    it('the first report names what the first version kept and this one lets expire', async () => {
      const state = object(/^reports\/20261130T020000Z-2c251237\/state\.json$/);
      const kept = state.replace(`e${MAIL_06}`, `k${MAIL_06}`);
      const key = 'reports/20261130T020000Z-2c251237/state.json';
      const stored = emulator.objects.get(BUCKET)?.get(key);
      if (stored === undefined || kept === state) throw new Error('the state does not have mail-06 as expiring');
      emulator.objects.get(BUCKET)?.set(key, { ...stored, body: Buffer.from(kept) });
      const { report, mail } = await firstReport(HOUR);
      expect(newlyExpiring(report)).toEqual(['data-04', 'mail-06']);
      expect(mail).toContain('2 of the 4 are new on this list.');
    }, 60_000);

    it('the first report begins the evidence chain, and what is older is told apart from what was altered', async () => {
      await firstReport(HOUR);
      const { code, out } = await cli(2 * HOUR, 'history', '--verify', '--store', `s3://${BUCKET}`, '--format', 'json');
      const { records, whole, broken, older, unrecorded } = JSON.parse(out);
      expect({ code, records, whole, broken, unrecorded }).toEqual({
        ...{ code: 0, records: 2, whole: true, broken: [], unrecorded: [] },
      });
      expect(older).toHaveLength(8);
    }, 60_000);
  });
});
