import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { readConfigText } from '../../lambda/config/parse-yaml';
import { compactInstant } from '../../lambda/core/time/instant';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, runChild } from '../support/child-process';
import {
  type ControlPlane,
  type Deployed,
  type DeployedSchedule,
  type DeployedStack,
  type LambdaFunction,
  startControlPlane,
} from '../support/control-plane';

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

const FUNCTION = 'reports-Function-1A2B';
const QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters';
const RESOURCES: DeployedStack['resources'] = [
  ...Array.from({ length: 9 }, (_, index) => ({
    logicalId: `Other${index}`,
    type: 'AWS::EC2::VPC',
    physicalId: `vpc-${index}`,
  })),
  { logicalId: 'RetentionReportFunction86956D17', type: 'AWS::Lambda::Function', physicalId: FUNCTION },
  { logicalId: 'RetentionSchedule647D68E7', type: 'AWS::Scheduler::Schedule', physicalId: 'weekly' },
  { logicalId: 'RetentionMonitoringAgeCheck08F40783', type: 'AWS::Scheduler::Schedule', physicalId: 'daily' },
  { logicalId: 'RetentionTopic189D3939', type: 'AWS::SNS::Topic', physicalId: TOPIC },
  { logicalId: 'RetentionStoreBucketCC601A1A', type: 'AWS::S3::Bucket', physicalId: BUCKET },
  { logicalId: 'RetentionDeadLettersA4E08868', type: 'AWS::SQS::Queue', physicalId: QUEUE_URL },
];
const STACK: DeployedStack = {
  name: 'LightsailRetention',
  status: 'UPDATE_COMPLETE',
  outputs: { ConfigurationDigest: digestOf(POLICY) },
  resources: RESOURCES,
};
const RUNS: LambdaFunction = {
  State: 'Active',
  LastUpdateStatus: 'Successful',
  environment: { TOPIC_ARN: TOPIC, BUCKET, CONFIGURATION_DIGEST: digestOf(POLICY) },
};
const WEEKLY: DeployedSchedule = {
  State: 'ENABLED',
  ScheduleExpression: 'cron(0 8 ? * MON *)',
  ScheduleExpressionTimezone: 'Europe/Berlin',
};

const DEPLOYED: Deployed = { stacks: [STACK], functions: { [FUNCTION]: RUNS }, schedules: { weekly: WEEKLY } };

const CONFIRMED = { protocol: 'email', endpoint: 'you@example.com', confirmed: true };

describe('lightsail-retention doctor', () => {
  const work = mkdtempSync(join(tmpdir(), 'doctor-'));
  const program = commandLineProgram();
  let emulator: Emulator;
  let control: ControlPlane;

  beforeAll(async () => {
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

  const doctor = (args: readonly string[] = [], env: Record<string, string> = {}): Promise<ChildRun> =>
    runChild(program, work, ['doctor', ...args], {
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ENDPOINT_URL_CLOUDFORMATION: control.url,
      AWS_ENDPOINT_URL_SCHEDULER: control.url,
      AWS_ENDPOINT_URL_LAMBDA: control.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...env,
    });

  const checks = (out: string): readonly string[] =>
    [...out.matchAll(/^(?:ok|warning|FAILED)\s+([a-z ]+):/gm)].map((match) => match[1] ?? '');

  it('ends with 0 and a line for each check when a report would reach a person', async () => {
    const { code, out, err } = await doctor();
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^warning: calls to AWS go to another endpoint: .*\n$/),
    });
    expect(checks(out)).toEqual([
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
    expect(out).not.toMatch(/FAILED|warning/);
    expect(out).toContain('cron(0 8 ? * MON *) in Europe/Berlin');
    expect(out).toMatch(/^ok +last report: .* 5 hours old, e-mailed$/m);
    expect(out).toMatch(/\na report would reach a person\n$/);
    expect(out).toContain(`
names in LightsailRetention, construct Retention:
  function            ${FUNCTION}
  schedule            weekly
  topic               ${TOPIC}
  bucket              ${BUCKET}
  dead-letter queue   ${QUEUE_URL}
`);
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

  const denied = (operations: string, regions: string) =>
    ({ fault: 'error', code: 'AccessDeniedException', operations, regions }) as const;
  const deployed = (change: Partial<Deployed>) => () => {
    control.deployed = { ...DEPLOYED, ...change };
  };
  const subscribed = (...subscriptions: readonly (typeof CONFIRMED)[]) => {
    return () => emulator.setTopics([{ arn: TOPIC, subscriptions }]);
  };
  const QUEUE = { protocol: 'sqs', endpoint: 'arn:aws:sqs:us-east-1:123456789012:archive', confirmed: true };
  const functionIs = (state: LambdaFunction) => deployed({ functions: { [FUNCTION]: state } });
  const scheduleIs = (schedule: DeployedSchedule) => deployed({ schedules: { weekly: schedule } });
  const stackIs = (change: Partial<DeployedStack>) => deployed({ stacks: [{ ...STACK, ...change }] });

  it.each<[string, string, () => unknown, string, string]>([
    [
      'one read is not allowed',
      'permissions',
      () => emulator.setFaults([denied('GetDisks', 'us-east-1')]),
      'lightsail:GetDisks',
      'docs/iam.md',
    ],
    [
      'a region cannot be read',
      'regions',
      () => emulator.setFaults([denied('*', 'eu-central-1')]),
      'eu-central-1',
      'regions:',
    ],
    [
      'the first deployment of the stack of this project failed',
      'stack',
      stackIs({ status: 'ROLLBACK_COMPLETE', resources: [] }),
      'LightsailRetention in us-east-1 is ROLLBACK_COMPLETE',
      'cdk destroy',
    ],
    [
      'the stack has no function left',
      'function',
      stackIs({
        resources: RESOURCES.map((each) =>
          each.physicalId === FUNCTION ? { ...each, status: 'DELETE_COMPLETE' } : each,
        ),
      }),
      'the stack has no such function',
      'deploy it again',
    ],
    [
      'the function is gone',
      'function',
      deployed({ functions: {} }),
      'reports-Function-1A2B is gone',
      'deploy it again',
    ],
    [
      'the function cannot run',
      'function',
      functionIs({ State: 'Failed', StateReason: 'its role is gone' }),
      'its role is gone',
      'deploy again',
    ],
    [
      'the function is in a state of tomorrow',
      'function',
      functionIs({ State: 'Dormant' }),
      'it is Dormant',
      'Lambda console',
    ],
    [
      'the function may not run',
      'function',
      functionIs({ State: 'Active', reserved: 0 }),
      'reserved concurrency is 0',
      'delete-function-concurrency --region us-east-1 --function-name reports-Function-1A2B',
    ],
    [
      'the schedule is off',
      'schedule',
      scheduleIs({ State: 'DISABLED', ScheduleExpression: 'rate(1 day)', ScheduleExpressionTimezone: 'UTC' }),
      'DISABLED',
      'enable it',
    ],
    ['the schedule is gone', 'schedule', deployed({ schedules: {} }), 'is gone', 'deploy it again'],
    [
      'nobody confirmed',
      'subscribers',
      subscribed({ ...CONFIRMED, confirmed: false }),
      'no e-mail address or phone is confirmed, 1 not confirmed',
      'link',
    ],
    [
      'nobody is subscribed',
      'subscribers',
      subscribed(),
      'no e-mail address or phone is confirmed',
      'aws sns subscribe',
    ],
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
    [
      'the configuration is bad',
      'configuration',
      () => writeFileSync(join(work, 'retention.yaml'), 'version: 2\n'),
      'version',
      'check',
    ],
  ])('ends with 1 and a remedy when %s', async (_, check, prepare, given, remedy) => {
    await prepare();
    const { code, out } = await doctor();
    expect(code).toBe(1);
    const [, rest = ''] = out.split(new RegExp(`^FAILED\\s+${check}: `, 'm'));
    expect(rest.split(/^(?:ok|warning|FAILED|unknown) /m)[0]).toContain(given);
    expect(/-> (.*)/.exec(rest)?.[1]).toContain(remedy);
    expect(out).toContain(`\nreports would not be delivered, or would be incomplete: ${check}`);
  });

  it.each([
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'ok', 0],
    ['UPDATE_ROLLBACK_COMPLETE', 'warning', 0],
    ['UPDATE_ROLLBACK_FAILED', 'FAILED', 1],
    ['DELETE_FAILED', 'FAILED', 1],
  ])('looks at all that a stack names, whatever its state: %s', async (status, mark, expected) => {
    stackIs({ status })();
    const { code, out } = await doctor();
    expect(code).toBe(expected);
    expect(out).toMatch(new RegExp(`^${mark} +stack: LightsailRetention in us-east-1`, 'm'));
    expect(checks(out)).toContain('last report');
  });

  it.each<[string, LambdaFunction]>([
    ['it is being made', { State: 'Pending' }],
    ['it was idle for long', { State: 'Inactive' }],
    ['its last update failed', { State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'no space' }],
  ])('warns, and no more, when of the function %s', async (given, state) => {
    functionIs(state)();
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^warning {2}function: ${given}.*\\n +-> .+`, 'm'));
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
    expect(checks(out)).toEqual(['configuration', 'endpoint', 'credentials']);
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
  ])('finds nothing wrong with the last report when %s', async (_, notes, given) => {
    await report(Date.now() - HOUR, ...notes);
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^ok +last report: .* 1 hours old, ${given}$`, 'm'));
  });

  it('warns, and no more, when there is no report of a schedule that begins in a later year', async () => {
    emulator.objects.get(BUCKET)?.clear();
    await put('runs/awaited-since.txt', new Date(Date.now() - 400 * 24 * HOUR).toISOString());
    scheduleIs({ State: 'ENABLED', ScheduleExpression: 'cron(0 8 1 1 ? 2190)', ScheduleExpressionTimezone: 'UTC' })();
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
    expect(out).toMatch(
      /^warning {2}configuration: retention\.yaml:4:\d+ rules\[1\]: rule "rule 2" can match nothing.*\n +-> it is valid; /,
    );
  });

  it('says how to begin where there is no configuration', async () => {
    rmSync(join(work, 'retention.yaml'));
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^warning {2}configuration: no retention\.yaml here.*\n +-> make a retention\.yaml from your snapshots: npx lightsail-retention init\n/,
    );
  });

  it('fails where the stack that is named is absent', async () => {
    const { code, out } = await doctor(['--stack', 'Other']);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {3}stack: there is no Other in us-east-1\n +-> deploy it/m);
  });

  it('fails where the stack that is named does not contain the construct', async () => {
    deployed({ stacks: [{ name: 'Other', status: 'CREATE_COMPLETE', resources: RESOURCES.slice(0, 9) }] })();
    const { code, out } = await doctor(['--stack', 'Other']);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {3}stack: Other in us-east-1 contains no SnapshotRetention construct\n/m);
  });

  it('ends with 0 where nothing is deployed: a report can be made here', async () => {
    deployed({ stacks: [{ name: 'Other', status: 'CREATE_COMPLETE', resources: RESOURCES.slice(0, 9) }] })();
    const { code, out } = await doctor(['--config', 'retention.yaml']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^ok {7}stack: nothing is deployed in us-east-1 \(1 stack searched\); AWS_REGION names another region$/m,
    );
    expect(out).toMatch(
      /\ncommand line only: a report can be made here, and none is sent by e-mail: npx lightsail-retention report --config retention.yaml\n$/,
    );
    expect(checks(out)).toEqual(['configuration', 'endpoint', 'credentials', 'permissions', 'regions', 'stack']);
  });

  it('warns where the configuration in force is not known', async () => {
    deployed({ stacks: [{ ...STACK, outputs: {} }], functions: { [FUNCTION]: { State: 'Active' } } })();
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^warning {2}configuration in force: the deployment does not say which\n +-> deploy this version/m,
    );
  });

  it.each<[string, readonly string[], readonly string[], string]>([
    [
      'stack',
      ['cloudformation:ListStacks', 'cloudformation:ListStackResources', 'cloudformation:DescribeStacks'],
      [],
      'cloudformation:ListStacks',
    ],
    ['function', ['lambda:GetFunction', 'lambda:GetFunctionConfiguration'], [], 'lambda:GetFunction'],
    ['schedule', ['scheduler:GetSchedule'], [], 'scheduler:GetSchedule'],
    ['subscribers', [], ['ListSubscriptionsByTopic'], 'sns:ListSubscriptionsByTopic'],
    ['last report', [], ['ListObjectsV2'], 's3:ListBucket'],
  ])(
    'says of the check "%s" that it could not be made, and is no failure, where its permission is missing',
    async (check, actions, operations, action) => {
      deployed({ denied: actions })();
      emulator.setFaults(
        operations.map((name) => ({
          fault: 'error',
          code: 'AccessDenied',
          operations: name,
          service: name.startsWith('ListSub') ? 'sns' : 's3',
        })),
      );
      const { code, out } = await doctor();
      expect(code).toBe(0);
      expect(out).not.toContain('FAILED');
      const [, given = '', remedy = ''] = new RegExp(`^unknown {2}${check}: (.*)\n +-> (.*)$`, 'm').exec(out) ?? [];
      expect(given).toMatch(/could not be checked/);
      expect(`${given} ${remedy}`).toContain(action);
      expect(remedy).toMatch(/^allow /);
      expect(out).toContain(`\nno fault was found; not checked: ${check}\n`);
    },
  );

  it('finds the stack of this project where no stacks may be listed', async () => {
    deployed({ denied: ['cloudformation:ListStacks'] })();
    const { code, out } = await doctor();
    expect({ code, unknown: out.includes('unknown') }).toEqual({ code: 0, unknown: false });
    expect(out).toMatch(/^ok +stack: LightsailRetention in us-east-1$/m);
  });

  it('reads what it may of a function, where GetFunction alone is denied', async () => {
    deployed({ denied: ['lambda:GetFunction'] })();
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^unknown {2}function: reports-Function-1A2B can run, unless its reserved concurrency is 0, which could not be checked/m,
    );
    expect(out).toMatch(/^ok +configuration in force:/m);
  });

  it('names the permissions that docs/iam.md names, and calls nothing else of the control plane', async () => {
    control.called.length = 0;
    await doctor();
    const page = readFileSync(join(ROOT, 'docs', 'iam.md'), 'utf8');
    expect(new Set(control.called)).toEqual(
      new Set([
        'cloudformation:ListStacks',
        'cloudformation:ListStackResources',
        'cloudformation:DescribeStacks',
        'lambda:GetFunction',
        'scheduler:GetSchedule',
      ]),
    );
    for (const action of control.called) expect(page).toContain(`\`${action}\``);
  });

  it('names no address and no secret', async () => {
    const { out, err } = await doctor();
    expect(out + err).not.toContain('@example.com');
    expect(out + err).not.toContain('secret');
  });
});
