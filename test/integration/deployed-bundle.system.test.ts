import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetDiskSnapshotsCommand,
  GetInstanceSnapshotsCommand,
  GetRelationalDatabaseSnapshotsCommand,
  LightsailClient,
} from '@aws-sdk/client-lightsail';
import { type BundleRun, runBundle } from '../../cli/run-bundle';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { DETAIL_TYPES } from '../../lambda/core/report/retention-event';
import { compactInstant } from '../../lambda/core/time/instant';
import { buildEnv } from '../../lambda/runtime/env';
import { stageFunction } from '../../lambda/runtime/stage-function';
import { WRITE_ONCE } from '../../lambda/storage/keys';
import { REPORT_QUESTIONS } from '../../lib/saved-queries';
import { bundleOf } from '../support/built-programs';
import { validateEvent } from '../support/event-schema';
import { fieldsOfLines } from '../support/log-fields';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const BUS = 'arn:aws:events:eu-central-1:123456789012:event-bus/default';
const TOPICS = [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }];
const CONFIG = { version: 1, policies: { short: { expireAfter: '60d', keep: { last: 3 } } }, default: 'short' };
/** Some while ago, as where Lambda tried again. */
const SCHEDULED = new Date(Date.now() - 3_600_000).toISOString();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('the bundle that is deployed', () => {
  const work = mkdtempSync(join(tmpdir(), 'bundle-test-'));
  let emulator: Emulator;

  afterAll(() => rmSync(work, { recursive: true, force: true }));
  beforeEach(async () => {
    emulator = await startEmulator({
      account: sampleAccount(Date.now()),
      topics: TOPICS,
      buckets: [BUCKET],
    });
  });
  afterEach(() => emulator.close());

  async function invoke(
    event: unknown,
    given: { config?: unknown; env?: Record<string, string>; timeout?: number } = {},
  ) {
    const folder = mkdtempSync(join(work, 'function-'));
    stageFunction(bundleOf('report'), { origin: 'retention.yaml', config: given.config ?? CONFIG }, folder);
    const logs: string[] = [];
    const run: BundleRun = {
      folder,
      event,
      env: {
        ...buildEnv({ topicArn: TOPIC, bucket: BUCKET }),
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL: emulator.url,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        ...given.env,
      },
      timeout: given.timeout ?? 120_000,
      log: (text) => logs.push(text),
    };
    return { answer: await runBundle(run), logs: logs.join('') };
  }

  const stored = (name: string): string => {
    const found = [...(emulator.objects.get(BUCKET) ?? [])].find(([key]) => key.endsWith(name));
    if (found === undefined) throw new Error(`nothing is stored as ${name}`);
    return found[1].body.toString();
  };

  /** What the SDK itself counts, page by page, in every region that the sample account names. */
  async function countBySdk(): Promise<number> {
    let count = 0;
    for (const region of emulator.world.regions) {
      const client = new LightsailClient({ region, endpoint: emulator.url, credentials });
      for (const [Command, member] of [
        [GetInstanceSnapshotsCommand, 'instanceSnapshots'],
        [GetDiskSnapshotsCommand, 'diskSnapshots'],
        [GetRelationalDatabaseSnapshotsCommand, 'relationalDatabaseSnapshots'],
      ] as const) {
        let pageToken: string | undefined;
        do {
          const page: Record<string, unknown> & { nextPageToken?: string | undefined } = {
            ...(await client.send(new Command({ pageToken }))),
          };
          const rows = page[member];
          count += Array.isArray(rows) ? rows.length : 0;
          pageToken = page.nextPageToken;
        } while (pageToken !== undefined);
      }
      client.destroy();
    }
    return count;
  }

  it('mails one report over every snapshot that the SDK finds, and stores it', async () => {
    emulator.pageSize = 7;
    const { answer } = await invoke({ scheduledTime: SCHEDULED });
    const snapshots = await countBySdk();
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent', complete: true, snapshots } });
    expect(emulator.published).toHaveLength(1);
    expect(emulator.published[0]?.subject).toMatch(
      new RegExp(
        `^\\[Lightsail\\] First report: \\d+ of ${snapshots} snapshots can be deleted, up to \\$\\d+\\.\\d\\d/month$`,
      ),
    );
    const report = JSON.parse(stored('report.json'));
    expect(report.snapshots).toHaveLength(snapshots);
    expect(JSON.parse(stored(`plans/${report.plan.id}.json`))).toMatchObject({
      digest: report.plan.digest,
      account: '123456789012',
    });
  });

  it('shows the bill where the configuration says so, with one request', async () => {
    const config = { ...CONFIG, report: { spend: true } };
    const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1, 1))
      .toISOString()
      .slice(0, 7);
    const first = await invoke({ scheduledTime: SCHEDULED }, { config });
    expect(first.answer).toMatchObject({ ok: true, result: { delivery: 'sent', complete: true } });
    const [mail] = emulator.published;
    expect(mail?.message).toContain('Lightsail snapshots were billed $79.52 in ');
    expect(mail?.message).toContain('Billed by region: Frankfurt (eu-central-1) $52.17, up to $');
    expect(JSON.parse(stored('report.json')).spend).toMatchObject({ month, total: 79.52, currency: 'USD' });
    expect(stored('report.html')).toContain('<p id="spend">Lightsail snapshots were billed $79.52 in ');
    expect(emulator.requests.count('GetCostAndUsage')).toBe(1);
  }, 60_000);

  it.each([
    ['has no data', { fault: 'error', code: 'DataUnavailableException' } as const, 'has no data of this account yet'],
    ['denies access', { fault: 'deny' } as const, 'access to Cost Explorer is denied'],
  ])('makes a complete report where Cost Explorer %s', async (_, fault, cause) => {
    emulator.setFaults([{ service: 'ce', ...fault }]);
    const { answer } = await invoke({ scheduledTime: SCHEDULED }, { config: { ...CONFIG, report: { spend: true } } });
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent', complete: true } });
    expect(emulator.published[0]?.message).toMatch(new RegExp(`^The bill of last month was not read: .*${cause}`, 'm'));
    expect(JSON.parse(stored('report.json')).spend).toBeNull();
  });

  it('asks nothing of Cost Explorer by default', async () => {
    await invoke({ scheduledTime: SCHEDULED });
    expect(emulator.requests.count('GetCostAndUsage')).toBe(0);
  });

  it('creates plans, files of reports and notes only where nothing is yet, as its role demands', async () => {
    await emulator.close();
    emulator = await startEmulator({
      account: sampleAccount(Date.now()),
      topics: TOPICS,
      buckets: [BUCKET],
      writeOnce: WRITE_ONCE,
    });
    const { answer } = await invoke({ scheduledTime: SCHEDULED });
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent' } });
    expect((await invoke({})).answer).toMatchObject({ ok: true, result: { delivery: 'sent' } });
    const keys = [...(emulator.objects.get(BUCKET)?.keys() ?? [])];
    for (const name of ['report.json', 'sent.json', 'sent-by-hand.json', 'index.html'])
      expect(keys.filter((key) => key.endsWith(name))).not.toEqual([]);
    expect(keys.filter((key) => key.startsWith('plans/'))).toHaveLength(2);
  });

  it('names the report by its scheduled time, and the account by its own ARN', async () => {
    await invoke({ scheduledTime: SCHEDULED });
    const report = JSON.parse(stored('report.json'));
    expect(report.reportId).toMatch(new RegExp(`^${compactInstant(Date.parse(SCHEDULED))}-[0-9a-f]{8}$`));
    expect(report.scopes.every(({ account }: { account: string }) => account === '123456789012')).toBe(true);
  });

  it('puts events of the report and of its plan on the bus, as the published schema has them', async () => {
    const { answer } = await invoke({ scheduledTime: SCHEDULED }, { env: { EVENT_BUS: BUS } });
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent', events: 'sent' } });
    const { reportId, plan } = JSON.parse(stored('report.json'));
    expect(emulator.events).toMatchObject([
      {
        bus: BUS,
        source: 'lightsail-retention',
        detailType: DETAIL_TYPES.report,
        detail: { reportId, complete: true },
      },
      { bus: BUS, detailType: DETAIL_TYPES.plan, detail: { planId: reportId, snapshots: plan.count } },
    ]);
    expect(emulator.events.flatMap(({ detail }) => validateEvent(detail))).toEqual([]);
  });

  it('puts no events where it is deployed without a bus', async () => {
    await invoke({ scheduledTime: SCHEDULED });
    expect(emulator.requests.list().filter(({ service }) => service === 'events')).toEqual([]);
  });

  it('sends the report when the bus refuses every event', async () => {
    emulator.setFaults([{ fault: 'deny', service: 'events' }]);
    const { answer } = await invoke({ scheduledTime: SCHEDULED }, { env: { EVENT_BUS: BUS } });
    const eventsFailure = expect.stringContaining('AccessDeniedException');
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent', events: 'failed', eventsFailure } });
    expect(emulator.published).toHaveLength(1);
  });

  it('sends no second e-mail for a duplicate delivery', async () => {
    await invoke({ scheduledTime: SCHEDULED });
    const { answer } = await invoke({ scheduledTime: SCHEDULED });
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'already-sent' } });
    expect(emulator.published).toHaveLength(1);
  });

  it.each([-30, 2])(
    'makes a report for now, named so, for an event whose time is %d days off: it was replayed',
    async (days) => {
      const before = compactInstant(Date.now());
      const scheduledTime = new Date(Date.now() + days * 86_400_000).toISOString();
      for (const delivery of [1, 2]) {
        expect((await invoke({ scheduledTime })).answer).toMatchObject({ ok: true, result: { delivery: 'sent' } });
        expect(emulator.published).toHaveLength(delivery);
      }
      const ids = [...(emulator.objects.get(BUCKET)?.keys() ?? [])].flatMap(
        (key) => /^plans\/(.+)\.json$/.exec(key)?.[1] ?? [],
      );
      expect(ids).toHaveLength(2);
      const after = compactInstant(Date.now());
      for (const id of ids) expect([before, id.slice(0, 16), after].sort()).toEqual([before, id.slice(0, 16), after]);
    },
  );

  it('calls no operation of Lightsail that could change anything', async () => {
    await invoke({});
    const called = new Set(
      emulator.requests
        .list()
        .filter(({ service }) => service === 'lightsail')
        .map(({ operation }) => operation),
    );
    expect([...called].filter((operation) => !operation.startsWith('Get'))).toEqual([]);
  });

  it('mails an incomplete report that names what was not read, rather than none', async () => {
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const { answer } = await invoke({});
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent', complete: false } });
    expect(emulator.published[0]?.subject).toContain('INCOMPLETE');
    expect(emulator.published[0]?.message).toContain(
      'NOT READ: The disk snapshots in Virginia (us-east-1) could not be read: access denied.',
    );
    expect(JSON.parse(stored('report.json')).plan.blocked.code).toBe('inventory.incomplete');
  });

  it('mails an incomplete report when its time runs out before everything is read', async () => {
    emulator.setFaults([{ fault: 'latency', ms: 60_000, regions: 'us-east-1' }]);
    const { answer } = await invoke({}, { timeout: 95_000 });
    expect(answer).toMatchObject({ ok: true, result: { delivery: 'sent', complete: false } });
  });

  it.each([
    ['a check that is not known', { event: { check: 'disk' } }, 'event.malformed'],
    ['an event that is no schedule', { event: { scheduledTime: 'monday' } }, 'event.malformed'],
    ['a configuration that the validator refuses', { config: { version: 1, polices: {} } }, 'config.invalid'],
    ['an environment without topic', { env: { TOPIC_ARN: '' } }, 'env.missing'],
  ])(
    'refuses %s before it reads anything, with a code in its log',
    async (_, { event = {}, ...given }: { event?: unknown; config?: unknown; env?: Record<string, string> }, code) => {
      const { answer, logs } = await invoke(event, given);
      expect(answer.ok).toBe(false);
      expect(logs).toContain(`"${code}"`);
      expect(emulator.requests.total()).toBe(0);
    },
  );

  it('fails, and leaves the run open for a retry, when the topic does not exist', async () => {
    emulator.setTopics([]);
    expect((await invoke({ scheduledTime: SCHEDULED })).answer.ok).toBe(false);
    emulator.setTopics([{ arn: TOPIC, subscriptions: [] }]);
    expect((await invoke({ scheduledTime: SCHEDULED })).answer).toMatchObject({
      ok: true,
      result: { delivery: 'sent' },
    });
  });

  const linesOf = (logs: string): readonly Record<string, unknown>[] =>
    logs
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('logs JSON with constant event names, no tag value and no address', async () => {
    const { logs } = await invoke({ scheduledTime: SCHEDULED });
    const events = linesOf(logs).filter((line) => !('_aws' in line));
    expect(new Set(events.map(({ message }) => message))).toEqual(
      new Set(['report.started', 'inventory.scope', 'report.finished']),
    );
    const tagValues = new Set(
      JSON.parse(stored('report.json')).snapshots.flatMap(({ tags }: { tags: Record<string, string | null> }) =>
        Object.values(tags),
      ),
    );
    const told = events.map(({ timestamp, ...event }) => JSON.stringify(event)).join('\n');
    expect(tagValues.size).toBeGreaterThan(3);
    expect([...tagValues].filter((value) => typeof value === 'string' && told.includes(`"${value}"`))).toEqual([]);
    expect(logs).not.toContain('@example.com');
    expect(logs).not.toContain('SECRET');
  });

  it('logs the fields that the saved queries ask for', async () => {
    emulator.setFaults([{ fault: 'throttle', operations: 'GetInstanceSnapshots', regions: 'us-east-1', times: 2 }]);
    const { logs } = await invoke({});
    emulator.setTopics([]);
    const failed = await invoke({});
    for (const { message, fields } of REPORT_QUESTIONS) {
      const known = fieldsOfLines(logs + failed.logs, message);
      expect([message, fields.filter((field) => !known.has(field))]).toEqual([message, []]);
    }
    const read = linesOf(logs).filter(({ message }) => message === 'inventory.scope');
    expect(read.find(({ region, kind }) => region === 'us-east-1' && kind === 'instance')).toMatchObject({
      ...{ status: 'read', retries: 2, seconds: expect.any(Number) },
    });
  });

  it('measures a run in the embedded metric format, with one dimension', async () => {
    const { answer, logs } = await invoke({ scheduledTime: SCHEDULED });
    const [measured, ...more] = linesOf(logs).filter((line) => '_aws' in line);
    expect(more).toEqual([]);
    const { totals } = JSON.parse(stored('report.json'));
    expect(measured).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: 'LightsailRetention', Dimensions: [['service']] }] },
      service: 'lightsail-retention-report',
      Snapshots: totals.snapshots,
      Expiring: totals.expire,
      Held: totals.held,
      Problems: totals.problems,
      SizeGb: totals.sizeGb,
      MonthlyCostCeiling: totals.monthlyCostCeiling,
      ScopesFailed: 0,
      Incomplete: 0,
    });
    expect(answer).toMatchObject({ ok: true, result: { seconds: expect.any(Number) } });
  });

  it('measures what was not read', async () => {
    emulator.setFaults([
      { fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots', regions: 'us-east-1' },
    ]);
    const { logs } = await invoke({});
    expect(linesOf(logs).find((line) => '_aws' in line)).toMatchObject({ Incomplete: 1, ScopesFailed: 1 });
  });

  it('measures the age of the newest report when it is asked for that, and neither lists nor mails anything', async () => {
    const scheduledTime = new Date(Date.now() - 20 * 3_600_000).toISOString();
    await invoke({ scheduledTime });
    const [requests, mails] = [emulator.requests.list().length, emulator.published.length];
    const { answer, logs } = await invoke({ check: 'age' });
    const age = (answer.ok && (answer.result as { reportAgeHours: number }).reportAgeHours) || 0;
    expect(Math.floor(age)).toBe(20);
    expect(linesOf(logs).find((line) => '_aws' in line)).toMatchObject({ ReportAgeHours: age });
    expect(emulator.published.length).toBe(mails);
    expect(
      emulator.requests
        .list()
        .slice(requests)
        .filter(({ service }) => service !== 's3'),
    ).toEqual([]);
  });
});
