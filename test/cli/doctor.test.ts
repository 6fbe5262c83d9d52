import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { readConfigText } from '../../cli/config-yaml';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { compactInstant } from '../../lambda/core/instant';
import { bundleCommandLine } from '../../scripts/bundle';
import { type ControlPlane, type Deployed, type LambdaFunction, startControlPlane } from '../support/control-plane';

const ROOT = join(__dirname, '..', '..');
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:reports';
const BUCKET = 'reports';
const POLICY = 'version: 1\npolicies: { short: { expireAfter: 60d, keep: { last: 3 } } }\ndefault: short\n';
const HOUR = 3_600_000;

function digestOf(text: string): string {
  const result = readConfigText(text, 'retention.yaml');
  if (!result.ok) throw new Error('the test has a bad configuration');
  return result.config.digest;
}

const DEPLOYED: Deployed = {
  stack: {
    name: 'LightsailRetention',
    status: 'UPDATE_COMPLETE',
    outputs: {
      TopicArn: TOPIC,
      BucketName: BUCKET,
      ScheduleName: 'weekly',
      FunctionName: 'reports-Function-1A2B',
      ConfigurationDigest: digestOf(POLICY),
    },
  },
  function: { State: 'Active', LastUpdateStatus: 'Successful' },
  schedule: { State: 'ENABLED', ScheduleExpression: 'cron(0 8 ? * MON *)', ScheduleExpressionTimezone: 'Europe/Berlin' },
};

const CONFIRMED = { protocol: 'email', endpoint: 'you@example.com', confirmed: true };

describe('lightsail-retention doctor', () => {
  const work = mkdtempSync(join(tmpdir(), 'doctor-'));
  const program = join(work, 'lightsail-retention.cjs');
  let emulator: Emulator;
  let control: ControlPlane;

  beforeAll(async () => {
    bundleCommandLine(join(ROOT, 'bin', 'lightsail-retention.ts'), program);
    emulator = await startEmulator({ account: sampleAccount(Date.now()), buckets: [BUCKET] });
    control = await startControlPlane(DEPLOYED);
  });
  afterAll(async () => {
    await Promise.all([emulator.close(), control.close()]);
    rmSync(work, { recursive: true, force: true });
  });
  beforeEach(async () => {
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    control.deployed = DEPLOYED;
    emulator.setFaults([]);
    emulator.setTopics([{ arn: TOPIC, subscriptions: [CONFIRMED] }]);
    emulator.objects.get(BUCKET)?.clear();
    await report(Date.now() - 5 * HOUR, 'claim-1.txt', 'sent.json');
  });

  /** A report as the function leaves it: its state, and the notes of its run. */
  async function report(at: number, ...notes: readonly string[]): Promise<void> {
    const time = compactInstant(at);
    await put(`reports/${time}-1a2b3c4d/state.json`, '{}');
    for (const note of notes) await put(`runs/${time}/${note}`, '{}');
  }

  async function put(Key: string, Body: string): Promise<void> {
    const client = new S3Client({
      endpoint: emulator.url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    client.destroy();
  }

  function doctor(
    args: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<{ code: number | null; out: string; err: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, 'doctor', ...args], {
        cwd: work,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env.PATH ?? '',
          HOME: work,
          AWS_ENDPOINT_URL: emulator.url,
          AWS_ENDPOINT_URL_CLOUDFORMATION: control.url,
          AWS_ENDPOINT_URL_SCHEDULER: control.url,
          AWS_ENDPOINT_URL_LAMBDA: control.url,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_EC2_METADATA_DISABLED: 'true',
          ...env,
        },
      });
      const said = { out: '', err: '' };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (data) => {
          said[stream === 'stdout' ? 'out' : 'err'] += data;
        });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...said }));
    });
  }

  const checks = (out: string): readonly string[] =>
    [...out.matchAll(/^(?:ok|warning|FAILED)\s+([a-z ]+):/gm)].map((match) => match[1] ?? '');

  it('ends with 0 and a line for each check when a report would reach a person', async () => {
    const { code, out, err } = await doctor();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(checks(out)).toEqual([
      'configuration',
      'credentials',
      'permissions',
      'regions',
      'stack',
      'configuration in force',
      'function',
      'schedule',
      'subscribers',
      'last report',
    ]);
    expect(out).not.toMatch(/FAILED|warning/);
    expect(out).toContain('cron(0 8 ? * MON *) in Europe/Berlin');
    expect(out).toMatch(/^ok +last report: .* 5 hours old, e-mailed$/m);
    expect(out).toMatch(/\na report would reach a person\n$/);
  });

  it('calls nothing that could change anything', async () => {
    const before = emulator.requests.list().length;
    await doctor();
    const called = new Set(
      emulator.requests
        .list()
        .slice(before)
        .map(({ operation }) => operation),
    );
    expect([...called].filter((operation) => !/^(Get|List)/.test(operation))).toEqual([]);
    for (const read of [
      'GetRegions',
      'GetInstances',
      'GetDisks',
      'GetRelationalDatabases',
      'GetAutoSnapshots',
      'GetDiskSnapshots',
      'GetInstance',
      'GetDisk',
    ])
      expect(called).toContain(read);
  });

  const denied = (operations: string, regions: string) => ({ fault: 'error', code: 'AccessDeniedException', operations, regions }) as const;
  const deployed = (change: Partial<Deployed>) => () => {
    control.deployed = { ...DEPLOYED, ...change };
  };
  const subscribed = (...subscriptions: readonly (typeof CONFIRMED)[]) => {
    return () => emulator.setTopics([{ arn: TOPIC, subscriptions }]);
  };
  const QUEUE = { protocol: 'sqs', endpoint: 'arn:aws:sqs:us-east-1:123456789012:archive', confirmed: true };
  const { FunctionName: _, ...older } = DEPLOYED.stack?.outputs ?? {};

  it.each<[string, string, () => unknown, string, string]>([
    [
      'one read is not allowed',
      'permissions',
      () => emulator.setFaults([denied('GetDisks', 'us-east-1')]),
      'lightsail:GetDisks',
      'docs/iam.md',
    ],
    ['a region cannot be read', 'regions', () => emulator.setFaults([denied('*', 'eu-central-1')]), 'eu-central-1', 'regions:'],
    ['nothing is deployed', 'stack', deployed({ stack: null }), 'no LightsailRetention', 'cdk deploy'],
    [
      'the stack is another',
      'stack',
      deployed({ stack: { name: 'LightsailRetention', status: 'CREATE_COMPLETE', outputs: {} } }),
      'no outputs',
      '--stack',
    ],
    [
      'the stack does not say which function reports',
      'stack',
      deployed({ stack: { name: 'LightsailRetention', status: 'UPDATE_COMPLETE', outputs: older } }),
      'no outputs',
      'deploy this version',
    ],
    ['the function is gone', 'function', deployed({ function: null }), 'reports-Function-1A2B is gone', 'deploy it again'],
    [
      'the function cannot run',
      'function',
      deployed({ function: { State: 'Failed', StateReason: 'its role is gone' } }),
      'its role is gone',
      'deploy again',
    ],
    ['the function is in a state of tomorrow', 'function', deployed({ function: { State: 'Dormant' } }), 'it is Dormant', 'Lambda console'],
    [
      'the function may not run',
      'function',
      deployed({ function: { State: 'Active', reserved: 0 } }),
      'reserved concurrency is 0',
      'delete-function-concurrency --function-name reports-Function-1A2B',
    ],
    [
      'the schedule is off',
      'schedule',
      deployed({ schedule: { State: 'DISABLED', ScheduleExpression: 'rate(1 day)', ScheduleExpressionTimezone: 'UTC' } }),
      'DISABLED',
      'enable it',
    ],
    ['the schedule is gone', 'schedule', deployed({ schedule: null }), 'is gone', 'deploy it again'],
    [
      'nobody confirmed',
      'subscribers',
      subscribed({ ...CONFIRMED, confirmed: false }),
      'no e-mail address or phone is confirmed, 1 not confirmed',
      'link',
    ],
    ['nobody is subscribed', 'subscribers', subscribed(), 'no e-mail address or phone is confirmed', 'aws sns subscribe'],
    [
      'only programs get what is published',
      'subscribers',
      subscribed(QUEUE, { ...QUEUE, protocol: 'lambda' }, { ...QUEUE, protocol: 'https' }),
      'no e-mail address or phone is confirmed, beside 3 that no person reads',
      'aws sns subscribe',
    ],
    ['the topic is gone', 'subscribers', () => emulator.setTopics([]), 'the topic is gone', 'cdk deploy'],
    [
      'the last report is too old for the schedule',
      'last report',
      async () => {
        emulator.objects.get(BUCKET)?.clear();
        await report(Date.now() - 8 * 24 * HOUR, 'claim-1.txt', 'sent.json');
      },
      '8 days old: one is missing',
      'runbook.md#report-missing',
    ],
    [
      'every try to e-mail the last report failed, whatever became of those before',
      'last report',
      () => report(Date.now() - HOUR, 'claim-1.txt', 'failed-1.json', 'claim-2.txt', 'failed-2.json'),
      '1 hours old: it was stored, and could not be e-mailed',
      'runbook.md#report-failed',
    ],
    [
      'the last report, made by hand, could not be e-mailed',
      'last report',
      () => report(Date.now() - HOUR, 'failed-by-hand.json'),
      'could not be e-mailed',
      'runbook.md#report-failed',
    ],
    [
      'reports stopped so long ago that none is kept',
      'last report',
      async () => {
        emulator.objects.get(BUCKET)?.clear();
        await put('runs/awaited-since.txt', new Date(Date.now() - 400 * 24 * HOUR).toISOString());
      },
      'there is none, and one is awaited since 20',
      'runbook.md#report-missing',
    ],
    ['the configuration is bad', 'configuration', () => writeFileSync(join(work, 'retention.yaml'), 'version: 2\n'), 'version', 'check'],
  ])('ends with 1 and a remedy when %s', async (_, check, prepare, said, remedy) => {
    await prepare();
    const { code, out } = await doctor();
    expect(code).toBe(1);
    const [, rest = ''] = out.split(new RegExp(`^FAILED\\s+${check}: `, 'm'));
    expect(rest.split(/^(?:ok|warning|FAILED) /m)[0]).toContain(said);
    expect(/-> (.*)/.exec(rest)?.[1]).toContain(remedy);
    expect(out).toContain(`no report would reach a person, or not a whole one: ${check}`);
  });

  it.each([
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'ok', 0],
    ['UPDATE_ROLLBACK_COMPLETE', 'warning', 0],
    ['UPDATE_ROLLBACK_FAILED', 'FAILED', 1],
    ['DELETE_FAILED', 'FAILED', 1],
  ])('looks at all that a stack names, whatever its state: %s', async (status, mark, expected) => {
    control.deployed = { ...DEPLOYED, stack: { name: 'LightsailRetention', status, outputs: DEPLOYED.stack?.outputs ?? {} } };
    const { code, out } = await doctor();
    expect(code).toBe(expected);
    expect(out).toMatch(new RegExp(`^${mark} +stack: LightsailRetention in us-east-1`, 'm'));
    expect(checks(out)).toContain('last report');
  });

  it.each<[string, LambdaFunction]>([
    ['it is being made', { State: 'Pending' }],
    ['it was idle for long', { State: 'Inactive' }],
    ['its last update failed', { State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'no space' }],
  ])('warns, and no more, when of the function %s', async (said, state) => {
    control.deployed = { ...DEPLOYED, function: state };
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^warning {2}function: ${said}.*\\n +-> .+`, 'm'));
  });

  it.each([
    ['email-json', 'you@example.com'],
    ['sms', '+15550100'],
  ])('takes %s for a person, and says how many others there are', async (protocol, endpoint) => {
    subscribed({ protocol, endpoint, confirmed: true }, QUEUE)();
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(/^ok +subscribers: 1 confirmed, beside 1 that no person reads/m);
  });

  it('looks at nothing further without credentials', async () => {
    const { code, out } = await doctor([], { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    expect(code).toBe(1);
    expect(checks(out)).toEqual(['configuration', 'credentials']);
  });

  it('goes on without STS: nothing depends on it', async () => {
    const { code, out } = await doctor([], { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' });
    expect(code).toBe(0);
    expect(out).toMatch(/^warning\s+credentials/m);
  });

  it('warns, and no more, when no report was made yet, the configuration is another or not everybody confirmed', async () => {
    emulator.objects.get(BUCKET)?.clear();
    emulator.setTopics([{ arn: TOPIC, subscriptions: [CONFIRMED, { ...CONFIRMED, confirmed: false }] }]);
    writeFileSync(join(work, 'retention.yaml'), `${POLICY}timezone: Europe/Berlin\n`);
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect([...out.matchAll(/^warning\s+([a-z ]+):/gm)].map((match) => match[1])).toEqual([
      'configuration in force',
      'subscribers',
      'last report',
    ]);
  });

  it.each<[string, readonly string[], string]>([
    ['a later try sent it', ['claim-1.txt', 'failed-1.json', 'claim-2.txt', 'sent.json'], 'e-mailed'],
    ['it was sent by hand', ['sent-by-hand.json'], 'e-mailed'],
    ['its e-mail was switched off', [], 'not e-mailed: switched off, or under way'],
    ['it is being sent', ['claim-1.txt'], 'not e-mailed: switched off, or under way'],
  ])('finds nothing wrong with the last report when %s', async (_, notes, said) => {
    await report(Date.now() - HOUR, ...notes);
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^ok +last report: .* 1 hours old, ${said}$`, 'm'));
  });

  it('warns, and no more, when there is no report of a schedule that begins in a later year', async () => {
    emulator.objects.get(BUCKET)?.clear();
    await put('runs/awaited-since.txt', new Date(Date.now() - 400 * 24 * HOUR).toISOString());
    deployed({ schedule: { State: 'ENABLED', ScheduleExpression: 'cron(0 8 1 1 ? 2190)', ScheduleExpressionTimezone: 'UTC' } })();
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(/^warning +last report: none was made yet$/m);
  });

  it('says of a configuration that works what it warns of, by line and column, and not to write one', async () => {
    writeFileSync(
      join(work, 'retention.yaml'),
      `${POLICY}rules: [{ match: { fromAutoSnapshot: any }, policy: short }, { match: {}, policy: short }]\n`,
    );
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(/^warning {2}configuration: retention\.yaml:4:\d+ rules\[0\]\.match: matches every snapshot.*\n +-> it is valid; /);
  });

  it('says how to begin where there is no configuration', async () => {
    rmSync(join(work, 'retention.yaml'));
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(/^warning {2}configuration: no retention\.yaml here.*\n +-> write a retention\.yaml: /);
  });

  it('looks at the stack that is named', async () => {
    const { code, out } = await doctor(['--stack', 'Other']);
    expect(code).toBe(1);
    expect(out).toContain('there is no Other in us-east-1');
  });

  it('names no address and no secret', async () => {
    const { out, err } = await doctor();
    expect(out + err).not.toContain('@example.com');
    expect(out + err).not.toContain('secret');
  });
});
