import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { instanceRow } from '../../emulator/rows';
import { DEFAULT_BUCKET, type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import { ACCOUNT, aged, aSpec, upTo } from '../deletion/rig';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, runChild } from '../support/child-process';
import { type ControlPlane, startControlPlane } from '../support/control-plane';

const POLICY = 'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\n';
const KEYS = 'aws_access_key_id = test\naws_secret_access_key = test\n';
/** No such region: what asks AWS instead of a profile's endpoint finds nobody. */
const REGION = 'mars-east-1';
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:reports`;
/** Of a construct that has a topic and a bucket of the user's own. */
const RESOURCES = [
  { logicalId: 'RetentionReportFunction86956D17', type: 'AWS::Lambda::Function', physicalId: 'reports' },
  { logicalId: 'RetentionSchedule647D68E7', type: 'AWS::Scheduler::Schedule', physicalId: 'weekly' },
];
const section = (name: string, endpoint: string): string => `${name} =\n  endpoint_url = ${endpoint}\n`;

describe.each(['endpoint_url', 'services'])('--profile with a profile that has %s', (form) => {
  const work = mkdtempSync(join(tmpdir(), 'profile-'));
  const program = commandLineProgram();
  const config = join(work, 'config');
  let emulator: Emulator;
  let control: ControlPlane;

  beforeAll(async () => {
    const web = aSpec('web', REGION);
    const data = { [REGION]: { instances: [instanceRow(web)], instanceSnapshots: aged(web, upTo(6)) } };
    emulator = await startEmulator({
      account: { accountId: ACCOUNT, regions: [REGION], data },
      topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'you@example.com' }] }],
    });
    control = await startControlPlane({
      stacks: [{ name: 'Reports', status: 'CREATE_COMPLETE', resources: RESOURCES }],
      functions: { reports: { State: 'Active', environment: { TOPIC_ARN: TOPIC, BUCKET: DEFAULT_BUCKET } } },
      schedules: { weekly: { State: 'ENABLED', ScheduleExpression: 'rate(1 day)', ScheduleExpressionTimezone: 'UTC' } },
    });
    const here = ['lightsail', 'sts', 'sns', 's3'].map((service) => section(service, emulator.url));
    const there = ['cloudformation', 'scheduler', 'lambda'].map((service) => section(service, control.url));
    const [settings, services] =
      form === 'services'
        ? ['services = local\n', [...here, ...there]]
        : [`endpoint_url = ${emulator.url}\nservices = local\n`, there];
    writeFileSync(
      config,
      `[profile p]\nregion = ${REGION}\n${KEYS}${settings}\n[services local]\n${services.join('')}`,
    );
    writeFileSync(join(work, 'retention.yaml'), POLICY);
  });
  afterAll(async () => {
    await Promise.all([emulator.close(), control.close()]);
    rmSync(work, { recursive: true, force: true });
  });

  const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<ChildRun> =>
    runChild(program, work, args, { AWS_CONFIG_FILE: config, ...env });

  it('is read there by report, as with AWS_PROFILE', async () => {
    const asked = await Promise.all([
      cli(['report', '--profile', 'p', '--format', 'json']),
      cli(['report', '--format', 'json'], { AWS_PROFILE: 'p' }),
    ]);
    for (const { code, out } of asked) {
      expect(code).toBe(0);
      expect(JSON.parse(out).totals).toMatchObject({ snapshots: 6, expire: 3 });
    }
  });

  it('prefers its keys to those of the environment, and says only where it calls AWS', async () => {
    const { code, err } = await cli(['report', '--profile', 'p', '--quiet'], {
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'y',
    });
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^warning: calls to AWS go to another endpoint: .*\n$/),
    });
  });

  it('is asked there by every check of doctor', async () => {
    const { out } = await cli(['doctor', '--profile', 'p']);
    expect(out).not.toContain('FAILED');
    expect(out).toMatch(/^ok +credentials: .* in account 123456789012$/m);
    expect([...out.matchAll(/^(?:ok|warning) +([a-z ]+):/gm)].map((match) => match[1])).toEqual([
      'configuration',
      'endpoint',
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
  });

  it('is where apply reads the plan from its bucket, and deletes', async () => {
    expect((await cli(['report', '--profile', 'p', '--plan-out', 'plan.json'])).code).toBe(0);
    const [endpoint, credentials] = [emulator.url, { accessKeyId: 'test', secretAccessKey: 'test' }];
    const client = new S3Client({ endpoint, credentials, forcePathStyle: true, region: 'us-east-1' });
    const body = [readFileSync(join(work, 'plan.json'), 'utf8')];
    await s3Store(client, DEFAULT_BUCKET).put({ key: 'plans/p.json', contentType: 'application/json', body });
    const { code, err } = await cli([
      'apply',
      `s3://${DEFAULT_BUCKET}/plans/p.json`,
      '--local',
      '--yes',
      '3',
      '--profile',
      'p',
    ]);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(emulator.requests.count('DeleteInstanceSnapshot')).toBe(3);
  });
});
