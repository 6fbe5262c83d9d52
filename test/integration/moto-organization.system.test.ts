import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { runBundle } from '../../cli/run-bundle';
import type { OrganizationMember, RoleData } from '../../emulator/organization';
import { sampleAccount } from '../../emulator/sample-account';
import { sampleOrganization } from '../../emulator/sample-organization';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { FollowedRollUp } from '../../lambda/core/report/account-changes';
import { wireOrganization } from '../../lambda/handlers/wire-organization';
import { MEMBER_PARAMETERS } from '../../lib/member-role';
import { pointSdkTo } from '../support/aws-env';
import { commandLineProgram } from '../support/built-programs';
import { runChild } from '../support/child-process';
import { describeWith } from '../support/optional';
import { MOTO, type MotoAccount, startMoto } from './moto/account';

const STACK = 'LightsailRetention';
const MANAGEMENT = '123456789012';
const POLICY = 'version: 1\npolicies: { short: { expireAfter: 60d, keep: { last: 3 } } }\ndefault: short\n';

interface Role {
  readonly trust: {
    readonly Statement: readonly {
      readonly Principal: { readonly AWS: string };
      readonly Condition: Readonly<Record<'ArnEquals' | 'StringEquals', Readonly<Record<string, string>>>>;
    }[];
  };
  readonly policy: { readonly Statement: readonly { readonly Action: readonly string[] }[] };
}

interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly Code?: { readonly S3Key: string };
    readonly DurableConfig?: object;
    readonly StackSetName?: string;
  };
}

describeWith(MOTO, 'moto (a Python package)', 'an organization of five accounts to which the stack is deployed', () => {
  const work = mkdtempSync(join(tmpdir(), 'moto-organization-'));
  let moto: MotoAccount;
  let emulator: Emulator;
  let made: { readonly root: string; readonly management: string; readonly accounts: readonly string[] };
  let outputs: Readonly<Record<string, string>>;
  let queueUrl: string;
  let restore: () => void = () => undefined;

  const python = (...args: readonly string[]): unknown => {
    const file = join(__dirname, 'moto', 'organization.py');
    return JSON.parse(execFileSync('python3', [file, new URL(moto.url).port, ...args], { encoding: 'utf8' }));
  };
  const roleName = (): string => `lightsail-retention-read-${MANAGEMENT}`;
  const roleOf = (account: string, name = roleName()): Role | null => python('role', name, account) as Role | null;

  /** The role of an account, as moto has it, for the emulator, which evaluates its trust. */
  const trustOf = (account: string): RoleData | undefined => {
    const [statement] = roleOf(account)?.trust.Statement ?? [];
    return (
      statement && {
        name: roleName(),
        externalId: statement.Condition.StringEquals['sts:ExternalId'],
        organizationId: statement.Condition.StringEquals['aws:PrincipalOrgID'],
        trusts: statement.Principal.AWS.split(':')[4],
      }
    );
  };

  beforeAll(async () => {
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    moto = await startMoto();
    made = python('make', '4') as typeof made;
    const context = ['-c', 'email=you@example.com', '-c', `config=${join(work, 'retention.yaml')}`];
    const bootstrap = join(work, 'bootstrap');
    moto.cdk('bootstrap', `aws://${MANAGEMENT}/us-east-1`, ...context, '--output', bootstrap);
    const file = join(work, 'outputs.json');
    const parameters = ['-c', 'organization=on', '--parameters', `OrganizationRoot=${made.root}`];
    const how = ['--require-approval', 'never', '--method', 'direct', '--outputs-file', file];
    moto.cdk('deploy', ...how, ...context, ...parameters, '--output', join(work, 'out'));
    outputs = JSON.parse(readFileSync(file, 'utf8'))[STACK];

    const sqs = new SQSClient(moto.client);
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'subscriber' }))).QueueUrl ?? '';
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
    );
    await new SNSClient(moto.client).send(
      new SubscribeCommand({
        TopicArn: outputs.TopicArn,
        Protocol: 'sqs',
        Endpoint: Attributes?.QueueArn,
        Attributes: { FilterPolicy: JSON.stringify({ scope: ['organization'] }) },
      }),
    );
    await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });
  }, 900_000);
  afterAll(async () => {
    restore();
    await LocalDurableTestRunner.teardownTestEnvironment();
    await Promise.all([moto?.close(), emulator?.close()]);
    rmSync(work, { recursive: true, force: true });
  });

  const s3 = (): S3Client => new S3Client({ ...moto.client, forcePathStyle: true });

  /** The code and the environment of a function, as they were deployed. */
  async function deployed(
    isDurable: boolean,
  ): Promise<{ readonly folder: string; readonly env: Record<string, string> }> {
    const stack = { StackName: STACK };
    const cloudFormation = new CloudFormationClient(moto.client);
    const { TemplateBody } = await cloudFormation.send(new GetTemplateCommand(stack));
    const resources = Object.entries(
      (JSON.parse(TemplateBody ?? '{}') as { readonly Resources: Readonly<Record<string, Resource>> }).Resources,
    );
    const [id, found] =
      resources.find(
        ([, { Type, Properties }]) =>
          Type === 'AWS::Lambda::Function' && (Properties.DurableConfig !== undefined) === isDurable,
      ) ?? [];
    const { StackResources } = await cloudFormation.send(new DescribeStackResourcesCommand(stack));
    const name = StackResources?.find(({ LogicalResourceId }) => LogicalResourceId === id)?.PhysicalResourceId;
    const { Body } = await s3().send(
      new GetObjectCommand({
        Bucket: `cdk-hnb659fds-assets-${MANAGEMENT}-us-east-1`,
        Key: found?.Properties.Code?.S3Key,
      }),
    );
    const folder = mkdtempSync(join(work, 'function-'));
    writeFileSync(join(folder, 'code.zip'), (await Body?.transformToByteArray()) ?? new Uint8Array());
    execFileSync('python3', ['-m', 'zipfile', '-e', join(folder, 'code.zip'), folder]);
    const settings = await new LambdaClient(moto.client).send(
      new GetFunctionConfigurationCommand({ FunctionName: name }),
    );
    return { folder, env: { ...settings.Environment?.Variables } };
  }

  it('makes the same read role in every account, and in the management account by its own template', () => {
    const [first, ...others] = made.accounts;
    const role = roleOf(first ?? '');
    const [trust] = role?.trust.Statement ?? [];
    expect(trust?.Principal.AWS).toBe(`arn:aws:iam::${MANAGEMENT}:root`);
    expect(trust?.Condition.ArnEquals['aws:PrincipalArn']).toMatch(
      new RegExp(`^arn:aws:iam::${MANAGEMENT}:role/LightsailRetention-RetentionReportRole`),
    );
    expect(trust?.Condition.StringEquals['aws:PrincipalOrgID']).toBe(made.root.split('/')[1]);
    const actions = role?.policy.Statement.flatMap(({ Action }) => Action) ?? [];
    expect(actions).toContain('lightsail:GetInstanceSnapshots');
    expect(actions.filter((action) => !/^lightsail:Get[A-Z]\w+$/.test(action))).toEqual([]);
    for (const account of others) expect(roleOf(account)).toEqual(role);

    const template = join(work, 'out', 'member-role.template.json');
    expect(existsSync(template)).toBe(true);
    const parameters = (outputs.ManagementParameters ?? '').split(' ');
    expect(parameters.map((parameter) => parameter.split('=')[0])).toEqual([...MEMBER_PARAMETERS]);
    // By another name: moto's stack set reaches the management account too, as that of AWS never does.
    const byHand = parameters.map((each) => (each.startsWith('RoleName=') ? 'RoleName=by-hand' : each));
    python('stack', 'Member', made.management, template, ...byHand);
    expect(roleOf(made.management, 'by-hand')).toEqual(role);
  }, 120_000);

  it('gets one message about five accounts, with a report of each, through the roles as they were deployed', async () => {
    const now = Date.now();
    const accounts = sampleOrganization(now).members.slice(0, 4);
    const members = made.accounts.map((accountId, index): OrganizationMember => {
      const like = accounts[index]?.account ?? sampleAccount(now);
      const account = JSON.parse(JSON.stringify(like).replaceAll(like.accountId, accountId));
      // The last one lost its role.
      return { ou: 'r-ab12/', account, role: index === 3 ? undefined : trustOf(accountId) };
    });
    const organization = { id: made.root.split('/')[1] ?? '', rootId: 'r-ab12', members };
    emulator = await startEmulator({ account: { account: sampleAccount(now), organization } });
    const endpoints = {
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: moto.url,
      AWS_ENDPOINT_URL_LIGHTSAIL: emulator.url,
      AWS_ENDPOINT_URL_STS: emulator.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    restore = pointSdkTo(moto.url);
    process.env.AWS_REGION = endpoints.AWS_REGION;
    const [hub, batches] = [await deployed(true), await deployed(false)];
    const logs: string[] = [];
    const handler = withDurableExecution((event: unknown, context) =>
      wireOrganization({ ...hub.env, ...endpoints }, hub.folder)(event, context),
    );
    const runner = new LocalDurableTestRunner({ handlerFunction: handler });
    runner.registerFunction(hub.env.BATCH_FUNCTION ?? '', async (event: unknown) => {
      const env = { ...batches.env, ...endpoints };
      const run = { folder: batches.folder, event, env, timeout: 120_000, log: (text: string) => logs.push(text) };
      const answer = await runBundle(run);
      if (answer.ok) return answer.result;
      throw new Error(answer.error);
    });
    const execution = await runner.run({ payload: { scheduledTime: new Date(now - 3_600_000).toISOString() } });
    expect(execution.getStatus() === 'SUCCEEDED' ? '' : `${execution.getError().errorMessage}${logs.join('')}`).toBe(
      '',
    );
    expect(execution.getResult()).toMatchObject({ delivery: 'sent', accounts: 5, accountsUnread: 1, complete: false });

    const { Contents } = await s3().send(new ListObjectsV2Command({ Bucket: outputs.BucketName }));
    const keys = (Contents ?? []).map(({ Key }) => Key ?? '');
    const summaryKey = keys.find((key) => key.endsWith('/summary.json')) ?? '';
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: outputs.BucketName, Key: summaryKey }));
    const summary = JSON.parse((await Body?.transformToString()) ?? '') as FollowedRollUp;
    const status = new Map(summary.accounts.map(({ id, status: each }) => [id, each]));
    expect([...status.keys()].sort()).toEqual([made.management, ...made.accounts].sort());
    expect(status.get(made.accounts[3] ?? '')).toBe('no-role');
    for (const id of [made.management, ...made.accounts.slice(0, 3)]) {
      expect([id, status.get(id)]).toEqual([id, 'read']);
      for (const name of ['report.json', 'report.html', 'report.csv', 'plan.json', 'state.json'])
        expect(keys).toContain(summaryKey.replace('summary.json', `${id}/${name}`));
    }
    const { Messages } = await new SQSClient(moto.client).send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    const mails = (Messages ?? []).map(({ Body: text }) => JSON.parse(text ?? ''));
    expect(mails.map(({ Subject }) => Subject)).toEqual(['[Lightsail] INCOMPLETE: 1 of 5 accounts could not be read']);
    expect(mails[0].Message).toMatch(/^1 of 5 accounts could not be read: /);
  }, 300_000);

  it('is healthy in the eyes of doctor', async () => {
    const { code, out } = await runChild(commandLineProgram(), work, ['doctor'], {
      AWS_ENDPOINT_URL: moto.url,
      AWS_ENDPOINT_URL_LIGHTSAIL: emulator.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^ok\s+last report: /m) });
    expect(out).toMatch(/^ok\s+schedule: cron\(0 8 \? \* MON \*\) in UTC$/m);
  }, 300_000);
});
