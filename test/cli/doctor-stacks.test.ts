import { Annotations, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type Caller, findCaller } from '../../cli/aws';
import { checkDeletion } from '../../cli/doctor-deployment';
import { type Deployment, namedParts, readDeployment } from '../../cli/doctor-names';
import { findDeployments } from '../../cli/doctor-stacks';
import { RetentionStack } from '../../lib/retention-stack';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { PROPS, quickApp } from '../lib/synthesized';
import { pointSdkTo } from '../support/aws-env';
import { type ControlPlane, type Deployed, startControlPlane } from '../support/control-plane';
import { deployedStacks } from '../support/synthesized-stacks';

const ENV = { account: '123456789012', region: 'us-east-1' };
const OWN_TOPIC = 'arn:aws:sns:us-east-1:123456789012:mine';
const NOTHING: Deployed = { stacks: [], functions: {}, schedules: {} };

const aStack = (name: string, scope: Construct = quickApp()): Stack => new Stack(scope, name, { env: ENV });

describe('doctor, with the templates that the construct synthesizes,', () => {
  let control: ControlPlane;
  let putBack: () => void;
  let caller: Caller;

  beforeAll(async () => {
    control = await startControlPlane(NOTHING);
    putBack = pointSdkTo(control.url);
    process.env.AWS_REGION = 'us-east-1';
    caller = await findCaller(undefined, process.env);
  });
  afterAll(async () => {
    putBack();
    await control.close();
  });

  /** What is found of stacks that are deployed beside one of somebody else. */
  async function find(stacks: readonly Stack[], named?: string): Promise<readonly Deployment[]> {
    const other = aStack('Somebody');
    new Bucket(other, 'Bucket');
    new Topic(other, 'Topic');
    control.deployed = deployedStacks(other, ...stacks);
    const { found, findings } = await findDeployments(caller, named);
    expect(findings).toEqual([]);
    return Promise.all(found.map((each) => readDeployment(caller, each)));
  }

  const namesOf = (stack: string, path: string): Partial<Deployment> => ({
    functionName: expect.stringMatching(new RegExp(`^${stack}-${path}ReportFunction[0-9A-F]{8}$`)),
    logGroup: expect.stringMatching(new RegExp(`^${stack}-${path}ReportLogs[0-9A-F]{8}$`)),
    scheduleName: expect.stringMatching(new RegExp(`^${stack}-${path}Schedule[0-9A-F]{8}$`)),
    topicArn: expect.stringMatching(new RegExp(`:${stack}-${path}Topic[0-9A-F]{8}$`)),
    bucket: expect.stringMatching(new RegExp(`^${stack}-${path}StoreBucket[0-9A-F]{8}$`, 'i')),
    deadLetters: expect.stringMatching(new RegExp(`/${stack}-${path}DeadLetters[0-9A-F]{8}$`)),
  });

  it('finds the stack of this project, and the configuration in force', async () => {
    const stack = new RetentionStack(quickApp(), 'LightsailRetention', { ...PROPS, env: ENV });
    const [found, ...others] = await find([stack]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      stack: 'LightsailRetention',
      construct: 'Retention',
      ...namesOf('LightsailRetention', 'Retention'),
      configurationDigest: stack.retention.configurationDigest,
      deletion: null,
    });
  });

  it('finds the report and the deletion function beside those of an approval on the dashboard', async () => {
    const settings = { deletion: 'approve', approval: 'dashboard' } as const;
    const [found, ...others] = await find([
      new RetentionStack(quickApp(), 'LightsailRetention', { ...PROPS, ...settings, env: ENV }),
    ]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      ...namesOf('LightsailRetention', 'Retention'),
      deletion: expect.objectContaining({ target: expect.stringMatching(/:live$/), scheduleName: null }),
    });
  });

  it.each([
    'Retention',
    'Snapshots',
    'MyReport',
    'Report',
    'NightlySchedule',
    'Topic',
    'Store',
    'DeadLetters',
    'Deletion',
    'a-b_c',
  ])('finds the construct with the id %s in a stack of another project', async (id) => {
    const stack = aStack('Consumer');
    const construct = new SnapshotRetention(stack, id, { ...PROPS, deletion: 'automatic' });
    const [found, ...others] = await find([stack]);
    expect(others).toEqual([]);
    expect(found?.construct).toBe(id.replace(/[^A-Za-z0-9]/g, ''));
    expect(Object.values(found ?? {})).not.toContain(null);
    expect(Object.values(found?.deletion ?? {})).not.toContain(null);
    expect(found).toMatchObject({ stack: 'Consumer', configurationDigest: construct.configurationDigest });
    expect(found?.deletion?.target).toMatch(/:live$/);
  });

  it('finds it deep in other constructs, and in a nested stack of a nested stack', async () => {
    const stack = aStack('Consumer');
    new SnapshotRetention(new Construct(new Construct(stack, 'Backups'), 'Lightsail'), 'Retention', PROPS);
    new SnapshotRetention(new NestedStack(new NestedStack(stack, 'Outer'), 'Inner'), 'Retention', PROPS);
    const found = await find([stack]);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ stack: 'Consumer', ...namesOf('Consumer', 'BackupsLightsailRetention') });
    expect(found[1]).toMatchObject({ stack: 'Consumer', ...namesOf('Consumer-Outer-Inner', 'Retention') });
  });

  it('finds it in the stacks of a stage, and in several stacks of an account', async () => {
    const app = quickApp();
    const stages = ['Dev', 'Prod'].map((name) => new Stage(app, name, { env: ENV }));
    const stacks = stages.map((stage) => {
      const stack = new Stack(stage, 'Backups');
      new SnapshotRetention(stack, 'Retention', PROPS);
      return stack;
    });
    const found = await find(stacks);
    expect(found.map(({ stack }) => stack)).toEqual(['Dev-Backups', 'Prod-Backups']);
    expect((await find(stacks, 'Prod-Backups')).map(({ stack }) => stack)).toEqual(['Prod-Backups']);
  });

  it('tells constructs of one stack apart', async () => {
    const stack = aStack('Consumer');
    for (const id of ['First', 'Second']) new SnapshotRetention(stack, id, PROPS);
    const found = await find([stack]);
    expect(found).toEqual([
      expect.objectContaining(namesOf('Consumer', 'First')),
      expect.objectContaining(namesOf('Consumer', 'Second')),
    ]);
  });

  it('tells constructs apart whose ids give the same names, by the function that a schedule starts', async () => {
    const stack = aStack('Consumer');
    new SnapshotRetention(stack, 'Weekly', PROPS);
    new SnapshotRetention(stack, 'WeeklyReport', PROPS);
    new SnapshotRetention(new Construct(stack, 'Week'), 'ly', PROPS);
    const found = await find([stack]);
    const facts = found.map(({ functionName, topicArn, scheduleName }) => {
      const environment = control.deployed.functions[functionName ?? '']?.environment;
      const target = control.deployed.schedules[scheduleName ?? '']?.Target?.Arn.split(':')[6];
      return { functionName, isItsTopic: environment?.TOPIC_ARN === topicArn, isItsSchedule: target === functionName };
    });
    expect(new Set(facts.map(({ functionName }) => functionName)).size).toBe(3);
    for (const fact of facts) expect(fact).toMatchObject({ isItsTopic: true, isItsSchedule: true });
  });

  it('finds a topic and a bucket of the user by the environment of the function', async () => {
    const stack = aStack('Consumer');
    Annotations.of(stack).acknowledgeWarning('lightsail-retention:topic');
    const bucket = Bucket.fromBucketName(stack, 'Mine', 'reports-of-mine');
    new SnapshotRetention(stack, 'Retention', { ...PROPS, bucket, topic: Topic.fromTopicArn(stack, 'Own', OWN_TOPIC) });
    const [found] = await find([stack]);
    expect(found).toMatchObject({ topicArn: OWN_TOPIC, bucket: 'reports-of-mine' });
    control.deployed = { ...control.deployed, denied: ['lambda:GetFunction', 'lambda:GetFunctionConfiguration'] };
    const { found: again } = await findDeployments(caller, undefined);
    const [first] = await Promise.all(again.map((each) => readDeployment(caller, each)));
    expect(first).toMatchObject({
      ...namesOf('Consumer', 'Retention'),
      topicArn: null,
      bucket: null,
      configurationDigest: null,
    });
  });

  it('finds a topic and a bucket that another construct of the same stack makes', async () => {
    const stack = aStack('Consumer');
    new SnapshotRetention(stack, 'Retention', {
      ...PROPS,
      bucket: new Bucket(stack, 'Reports') as never,
      topic: new Topic(stack, 'Topic'),
    });
    const [found] = await find([stack]);
    expect(found?.topicArn).toMatch(/:Consumer-Topic[0-9A-F]{8}$/);
    expect(found?.bucket).toMatch(/^consumer-reports[0-9a-f]{8}$/);
  });

  it('names every part of a deployment with deletion, and no other', async () => {
    const stack = aStack('Consumer');
    new SnapshotRetention(stack, 'Retention', { ...PROPS, deletion: 'automatic' });
    const [found] = await find([stack]);
    const lines = found === undefined ? [] : namedParts(found);
    expect(lines.map(({ label }) => label)).toEqual([
      'function',
      'log group',
      'schedule',
      'topic',
      'bucket',
      'dead-letter queue',
      'deletion function',
      'deletion role',
      'deletion log group',
      'deletion schedule',
    ]);
  });

  it('warns of a report that can still be in work when automatic deletion starts', async () => {
    const stack = aStack('Consumer');
    new SnapshotRetention(stack, 'Retention', { ...PROPS, deletion: 'automatic' });
    const [found] = await find([stack]);
    if (found?.deletion == null) throw new Error('no deletion was found');
    const { deletion } = found;
    const findings = async (reports: string | null) =>
      (await checkDeletion(caller, deletion, Date.now(), reports)).filter(({ state }) => state === 'warning');
    expect(await findings('cron(45 13 * * ? *)')).toEqual([
      {
        check: 'deletion schedule',
        state: 'warning',
        message:
          'the report of 13:45 can still be in work when automatic deletion starts at 13:47, and then nothing is deleted that day',
        remedy: 'make reports more than 15 minutes before it, or after it',
      },
    ]);
    for (const reports of ['cron(0 8 * * ? *)', null]) expect(await findings(reports)).toEqual([]);
  });

  it('takes no function of another project for a deployment', async () => {
    const resources = [
      { logicalId: 'WeeklyReportFunction0A1B2C3D', type: 'AWS::Lambda::Function', physicalId: 'weekly' },
      { logicalId: 'RetentionReportFunction0A1B2C3D', type: 'AWS::Lambda::Url', physicalId: 'url' },
    ];
    control.deployed = { ...NOTHING, stacks: [{ name: 'Other', status: 'CREATE_COMPLETE', resources }] };
    const { found, findings } = await findDeployments(caller, undefined);
    expect(found).toEqual([]);
    expect(findings).toEqual([
      {
        check: 'stack',
        state: 'ok',
        message: expect.stringContaining('nothing is deployed in us-east-1 (1 stack searched)'),
      },
    ]);
  });

  it('reads a list of many stacks to its end, and says which it could not read', async () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      name: `Other${index}`,
      status: 'CREATE_COMPLETE',
      resources: [],
    }));
    const stack = aStack('Consumer');
    new SnapshotRetention(stack, 'Retention', PROPS);
    const { stacks, ...rest } = deployedStacks(stack);
    control.deployed = { ...rest, stacks: [...many, ...stacks] };
    expect((await findDeployments(caller, undefined)).found).toHaveLength(1);
    control.deployed = { ...control.deployed, denied: ['cloudformation:ListStackResources'] };
    const { found, findings } = await findDeployments(caller, undefined);
    expect(found).toEqual([]);
    expect(findings).toEqual([
      {
        check: 'stack',
        state: 'unknown',
        message: expect.stringMatching(
          /could not be checked: no permission for cloudformation:ListStackResources \(AccessDenied\): Other\d+ and 20 stacks more/,
        ),
        remedy: expect.stringContaining('allow cloudformation:ListStackResources'),
      },
    ]);
  });

  it('says how much was searched where the time is over', async () => {
    control.deployed = { ...NOTHING, stacks: [{ name: 'Other', status: 'CREATE_COMPLETE', resources: [] }] };
    const { findings } = await findDeployments(caller, undefined, 0);
    expect(findings).toEqual([
      expect.objectContaining({
        state: 'unknown',
        message: expect.stringContaining('0 of 1 stack in us-east-1'),
        remedy: expect.stringContaining('--stack'),
      }),
    ]);
  });

  it('finds what the outputs of the stack of this project name, where its resources may not be listed', async () => {
    const outputs = {
      TopicArn: OWN_TOPIC,
      BucketName: 'b',
      FunctionName: 'f',
      ScheduleName: 's',
      ConfigurationDigest: 'sha256:1',
    };
    control.deployed = {
      ...NOTHING,
      stacks: [{ name: 'LightsailRetention', status: 'CREATE_COMPLETE', resources: [], outputs }],
      denied: ['cloudformation:ListStackResources'],
    };
    const { found } = await findDeployments(caller, 'LightsailRetention');
    const [first] = await Promise.all(found.map((each) => readDeployment(caller, each)));
    expect(first).toMatchObject({
      topicArn: OWN_TOPIC,
      bucket: 'b',
      functionName: 'f',
      scheduleName: 's',
      configurationDigest: 'sha256:1',
    });
  });
});
