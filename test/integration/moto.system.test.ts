import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableLambdaHandler } from '@aws/durable-execution-sdk-js';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { ListTopicsCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { runBundle } from '../../cli/run-bundle';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { compactInstant } from '../../lambda/core/time/instant';
import { type FakeLambda, startFakeLambda } from '../handlers/fake-lambda';
import { commandLineProgram } from '../support/built-programs';
import { runChild } from '../support/child-process';
import { actionsIn, textOfHtml, widgetEvent } from '../support/console-widget';
import { describeWith } from '../support/optional';
import { MOTO, type MotoAccount, startMoto } from './moto/account';
import { runByRuntimeInterface } from './moto/runtime-api';

const ROOT = join(__dirname, '..', '..');
const STACK = 'LightsailRetention';
/** The folder of an installed `aws-lambda-ric`; it has to be compiled, so it is no dependency. */
const RIC = process.env.LAMBDA_RIC ?? join(ROOT, 'node_modules', 'aws-lambda-ric');
const POLICY = `version: 1
policies: { short: { expireAfter: 60d, keep: { last: 3 } } }
default: short
caps: { maxDeletions: 200, maxShare: 0.9 }
`;

const DEPLOY = ['--require-approval', 'never', '--method', 'direct'];

/** Scheduled times of today, to the second: an event of another day gets a report for now. */
const hoursAgo = (hours: number): string => `${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19)}Z`;
const [FIRST, NEXT] = [hoursAgo(2), hoursAgo(1)];
const FIRST_TIME = compactInstant(Date.parse(FIRST));

describeWith(MOTO, 'moto (a Python package)', 'an account to which the stack is deployed', () => {
  const work = mkdtempSync(join(tmpdir(), 'moto-'));
  const context = ['-c', 'email=you@example.com', '-c', `config=${join(work, 'retention.yaml')}`];
  let moto: MotoAccount;
  let lightsail: Emulator;
  let outputs: Readonly<Record<string, string>>;
  let queueUrl: string;

  beforeAll(async () => {
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    moto = await startMoto();
    lightsail = await startEmulator({ account: sampleAccount(Date.now()) });
    moto.cdk('bootstrap', 'aws://123456789012/us-east-1', ...context, '--output', join(work, 'bootstrap'));
    const file = join(work, 'outputs.json');
    moto.cdk('deploy', ...DEPLOY, ...context, '--outputs-file', file, '--output', join(work, 'out'));
    outputs = JSON.parse(readFileSync(file, 'utf8'))[STACK];

    const sqs = new SQSClient(moto.client);
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'subscriber' }))).QueueUrl ?? '';
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
    );
    await new SNSClient(moto.client).send(
      new SubscribeCommand({ TopicArn: outputs.TopicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
    );
  }, 900_000);
  afterAll(async () => {
    await Promise.all([moto?.close(), lightsail?.close()]);
    rmSync(work, { recursive: true, force: true });
  });

  const s3 = (): S3Client => new S3Client({ ...moto.client, forcePathStyle: true });

  /** Every resource of the stack as it was made; moto calls a deployment a success even where it made nothing. */
  async function resources(): Promise<ReadonlyMap<string, string>> {
    const { StackResources } = await new CloudFormationClient(moto.client).send(
      new DescribeStackResourcesCommand({ StackName: STACK }),
    );
    return new Map(
      (StackResources ?? []).map(({ LogicalResourceId, PhysicalResourceId }) => [
        LogicalResourceId ?? '',
        PhysicalResourceId ?? '',
      ]),
    );
  }

  /**
   * What was uploaded and deployed: the function's code, unpacked, and its environment with every reference resolved.
   * `part`: the start of its logical id in the construct.
   */
  async function deployedFunction(part = 'Report') {
    const { TemplateBody } = await new CloudFormationClient(moto.client).send(
      new GetTemplateCommand({ StackName: STACK }),
    );
    const template = JSON.parse(TemplateBody ?? '{}') as {
      Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
    };
    const [id = '', { Properties: { Code = {} } = {} } = {}] =
      Object.entries(template.Resources).find(
        ([name, { Type }]) => Type === 'AWS::Lambda::Function' && name.startsWith(`Retention${part}`),
      ) ?? [];
    const { S3Key } = Code as { S3Key: string };
    const { Body } = await s3().send(
      new GetObjectCommand({ Bucket: 'cdk-hnb659fds-assets-123456789012-us-east-1', Key: S3Key }),
    );
    const zip = join(work, 'code.zip');
    writeFileSync(zip, (await Body?.transformToByteArray()) ?? new Uint8Array());
    const folder = mkdtempSync(join(work, 'function-'));
    execFileSync('python3', ['-m', 'zipfile', '-e', zip, folder]);
    const settings = await new LambdaClient(moto.client).send(
      new GetFunctionConfigurationCommand({ FunctionName: (await resources()).get(id) }),
    );
    const env = {
      ...settings.Environment?.Variables,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: moto.url,
      AWS_ENDPOINT_URL_LIGHTSAIL: lightsail.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    return { folder, env, handler: settings.Handler ?? '', timeout: (settings.Timeout ?? 0) * 1_000 };
  }

  /** The event that the deployed schedule sends, at a time. */
  async function scheduledEvent(at: string): Promise<unknown> {
    const { Target } = await new SchedulerClient(moto.client).send(
      new GetScheduleCommand({ Name: outputs.ScheduleName }),
    );
    return JSON.parse((Target?.Input ?? '').replace('<aws.scheduler.scheduled-time>', at));
  }

  async function received(): Promise<
    readonly { readonly Subject: string; readonly Message: string; readonly MessageAttributes: object }[]
  > {
    const { Messages } = await new SQSClient(moto.client).send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    return (Messages ?? []).map(({ Body }) => JSON.parse(Body ?? ''));
  }

  const keys = async (): Promise<readonly string[]> =>
    ((await s3().send(new ListObjectsV2Command({ Bucket: outputs.BucketName }))).Contents ?? []).map(
      ({ Key }) => Key ?? '',
    );

  it('has every resource of the template', async () => {
    const template = JSON.parse(readFileSync(join(work, 'out', `${STACK}.template.json`), 'utf8'));
    const made = await resources();
    const missing = Object.keys(template.Resources).filter((id) => !made.get(id));
    expect(missing).toEqual([]);
    expect((await new SchedulerClient(moto.client).send(new ListSchedulesCommand({}))).Schedules).toHaveLength(3);
  });

  it('gets a report from the deployed code in its deployed environment: a message in the subscribed queue, the files in the bucket', async () => {
    const { folder, env, handler, timeout } = await deployedFunction();
    expect(readdirSync(folder).sort()).toEqual(['index.js', 'page-assets.js', 'retention.json']);
    expect(handler).toBe('index.handler');
    const logs: string[] = [];
    const event = await scheduledEvent(FIRST);
    const answer = await runBundle({ folder, event, env, timeout, log: (text) => logs.push(text) });
    expect({ answer, logs: answer.ok ? '' : logs.join('') }).toMatchObject({
      answer: { ok: true, result: { delivery: 'sent', complete: true } },
      logs: '',
    });

    const [message, ...more] = await received();
    expect(more).toEqual([]);
    expect(message?.Subject).toMatch(
      /^\[Lightsail\] First report: \d+ of \d+ snapshots can be deleted, up to \$\d+\.\d\d\/month$/,
    );
    expect(message?.Message).toContain(
      `/s3/object/${outputs.BucketName}?region=us-east-1&prefix=reports/${FIRST_TIME}-`,
    );
    expect(Object.keys(message?.MessageAttributes ?? {}).sort()).toEqual([
      'complete',
      'expiring',
      'outcome',
      'problems',
    ]);
    const names = (await keys()).map((key) => key.replace(new RegExp(`${FIRST_TIME}-[0-9a-f]{8}`), '<id>')).sort();
    for (const name of [
      'plans/<id>.json',
      'reports/<id>/report.csv',
      'reports/<id>/report.html',
      'reports/<id>/report.json',
      'reports/<id>/state.json',
      `runs/${FIRST_TIME}/claim-1.txt`,
      `runs/${FIRST_TIME}/sent.json`,
    ])
      expect(names).toContain(name);
  }, 300_000);

  it('gets no second message for the same scheduled time, and another for the next', async () => {
    const { folder, env, timeout } = await deployedFunction();
    const run = async (at: string) =>
      runBundle({ folder, event: await scheduledEvent(at), env, timeout, log: () => undefined });
    expect(await run(FIRST)).toMatchObject({ ok: true, result: { delivery: 'already-sent' } });
    expect(await run(NEXT)).toMatchObject({ ok: true, result: { delivery: 'sent' } });
    expect(await received()).toHaveLength(2);
  }, 300_000);

  it('is healthy in the eyes of doctor', async () => {
    const { code, out } = await runChild(commandLineProgram(), work, ['doctor'], {
      AWS_ENDPOINT_URL: moto.url,
      AWS_ENDPOINT_URL_LIGHTSAIL: lightsail.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^ok\s+stack: LightsailRetention in us-east-1$/m);
    expect(out).toMatch(/^ok\s+configuration in force: retention\.yaml, as it is here$/m);
    expect(out).toMatch(/^ok\s+schedule: cron\(0 8 \? \* MON \*\) in UTC$/m);
    expect(out).toMatch(new RegExp(`^ok\\s+last report: ${compactInstant(Date.parse(NEXT))}-`, 'm'));
    expect(out).toContain('a report would reach a person\n');
  }, 300_000);

  describeWith(
    existsSync(join(RIC, 'rapid-client.node')),
    'a compiled aws-lambda-ric (LAMBDA_RIC names its folder)',
    "by AWS's own runtime client",
    () => {
      it('runs the deployed code as Lambda does: the answer, JSON logs, and an error with its type', async () => {
        const { folder, env, handler, timeout } = await deployedFunction();
        const run = (event: unknown) =>
          runByRuntimeInterface({
            ric: RIC,
            folder,
            handler,
            functionName: outputs.FunctionName ?? '',
            event,
            env,
            timeout,
          });
        const answered = await run(await scheduledEvent(hoursAgo(0)));
        expect({ ok: answered.ok, body: answered.body, logs: answered.ok ? '' : answered.logs }).toMatchObject({
          ok: true,
          logs: '',
        });
        expect(JSON.parse(answered.body)).toMatchObject({ delivery: 'sent' });
        expect(answered.logs).toContain('"message":"report.finished"');
        const metrics = answered.logs.split('\n').filter((line) => line.includes('"_aws"'));
        expect(JSON.parse(metrics[0] ?? '{}')).toMatchObject({ service: outputs.FunctionName, Incomplete: 0 });

        const refused = await run({ scheduledTime: 'monday' });
        expect(refused.ok).toBe(false);
        expect(JSON.parse(refused.body)).toMatchObject({ errorType: 'RetentionError' });
      }, 120_000);
    },
  );

  it('keeps the bucket and the topic when deletion is switched on, and adds its function', async () => {
    const kept = ['RetentionStoreBucketCC601A1A', 'RetentionTopic189D3939'];
    const before = await resources();
    const settings = ['-c', 'deletion=approve', '-c', 'approval=dashboard'];
    moto.cdk('deploy', ...DEPLOY, ...context, ...settings, '--output', join(work, 'second'));
    const after = await resources();
    for (const id of kept) expect(after.get(id)).toBe(before.get(id));
    const template = JSON.parse(readFileSync(join(work, 'second', `${STACK}.template.json`), 'utf8'));
    expect(Object.keys(template.Resources).filter((id) => !after.get(id))).toEqual([]);
    expect([...after.keys()].filter((id) => !before.has(id) && id.startsWith('RetentionDeletionFunction'))).not.toEqual(
      [],
    );
  }, 300_000);

  it('approves the newest plan by the functions of the dashboard, and the deletion function carries it out', async () => {
    const view = await deployedFunction('ApprovalView');
    const approve = await deployedFunction('ApprovalApprove');
    const deletion = await deployedFunction('DeletionFunction');
    const logs: string[] = [];
    let lambda: FakeLambda | null = null;
    const run = async ({ folder, env, timeout }: typeof view, event: unknown): Promise<unknown> => {
      const reached = { ...env, AWS_ENDPOINT_URL_LAMBDA: lambda?.url ?? '' };
      const ended = await runBundle({ folder, event, env: reached, timeout, log: (text) => logs.push(text) });
      if (!ended.ok) throw new Error(`${ended.error}\n${logs.join('')}`);
      return ended.result;
    };
    const widget = async (): Promise<string> => String(await run(view, widgetEvent({})));
    const handler: DurableLambdaHandler = async (event) => (await run(deletion, event)) as never;
    lambda = await startFakeLambda(() => handler, { version: '$LATEST', isElsewhere: true });
    try {
      const open = await widget();
      const [count = ''] = /\d+(?= snapshots of)/.exec(textOfHtml(open)) ?? [];
      const [button] = actionsIn(open);
      expect(button?.endpoint).toMatch(/^arn:aws:lambda:us-east-1:123456789012:function:.*ApprovalApprove/);
      const click = async (typed: string): Promise<string> =>
        textOfHtml(String(await run(approve, widgetEvent(button?.parameters ?? {}, { count: typed }))));
      expect(await click('1')).toContain('plan.count');
      expect(lambda.asked).toEqual([]);
      expect(await click(count)).toContain(`Approved: ${count} snapshots`);
      await lambda.ended();
      expect(lambda.asked).toEqual([
        expect.objectContaining({ target: expect.stringMatching(/:function:.*RetentionDeletionFunction.*:live$/) }),
      ]);
      expect(textOfHtml(await widget())).toContain(
        `The newest plan is finished. ${count} of ${count} snapshots have an outcome: ${count} deleted.`,
      );
      const deletes = lightsail.requests.list().filter(({ operation }) => operation.startsWith('Delete'));
      expect(deletes).toHaveLength(Number(count));
    } finally {
      lambda.close();
    }
  }, 300_000);

  it('keeps the bucket with its reports when the stack is destroyed, and nothing else', async () => {
    const before = await keys();
    moto.cdk('destroy', '--force', '--app', join(work, 'second'));
    await s3().send(new HeadBucketCommand({ Bucket: outputs.BucketName }));
    expect(await keys()).toEqual(before);
    expect((await new SNSClient(moto.client).send(new ListTopicsCommand({}))).Topics ?? []).toEqual([]);
    expect((await new SchedulerClient(moto.client).send(new ListSchedulesCommand({}))).Schedules ?? []).toEqual([]);
    await expect(
      new LambdaClient(moto.client).send(new GetFunctionConfigurationCommand({ FunctionName: outputs.FunctionName })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  }, 300_000);
});
