import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack, Validations } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { parseDeletionEnv, parseEnv } from '../../lambda/runtime/env';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import {
  actionsOf,
  BUCKET_KEY,
  elsewhere,
  type GivenProps,
  ownKey,
  PROPS,
  quickApp,
  type Statement,
  statementsOf,
  synthesized,
  TOPIC_KEY,
} from './synthesized';

/** Design section 9: what a deletion calls. Written out here, so that a change of the role shows in review. */
const READS = [
  'lightsail:GetDisk',
  'lightsail:GetDiskSnapshot',
  'lightsail:GetDiskSnapshots',
  'lightsail:GetDisks',
  'lightsail:GetInstance',
  'lightsail:GetInstanceSnapshot',
  'lightsail:GetInstanceSnapshots',
  'lightsail:GetInstances',
  'lightsail:GetOperation',
  'lightsail:GetRegions',
  'lightsail:GetRelationalDatabase',
  'lightsail:GetRelationalDatabaseSnapshot',
  'lightsail:GetRelationalDatabaseSnapshots',
  'lightsail:GetRelationalDatabases',
];
const DELETES: Readonly<Record<string, string>> = {
  'lightsail:DeleteInstanceSnapshot': 'InstanceSnapshot',
  'lightsail:DeleteDiskSnapshot': 'DiskSnapshot',
  'lightsail:DeleteRelationalDatabaseSnapshot': 'RelationalDatabaseSnapshot',
};
const MODES = ['approve', 'automatic'] as const;
const OWN = { origin: 'retention.yaml', config: { version: 1, tagPrefix: 'backup', holdTags: ['no_delete', 'keep'] } };

const VARIANTS: Readonly<Record<string, readonly [deletes: boolean, given: GivenProps]>> = {
  'report only': [false, {}],
  'report only, set explicitly': [false, { deletion: 'off' }],
  'report only, with a key': [false, ownKey],
  'report only, with a bucket and a topic from elsewhere': [false, elsewhere],
  approve: [true, { deletion: 'approve' }],
  'approve, not watched': [true, { deletion: 'approve', monitoring: 'off' }],
  'approve, own hold tags': [true, { deletion: 'approve', configuration: OWN }],
  'approve, with a key': [true, (stack) => ({ deletion: 'approve', ...ownKey(stack) })],
  'approve, with a bucket and a topic from elsewhere': [
    true,
    (stack) => ({ deletion: 'approve', ...elsewhere(stack) }),
  ],
  automatic: [true, { deletion: 'automatic' }],
  'automatic, not watched, no subscriber': [true, { deletion: 'automatic', monitoring: 'off', emails: [] }],
  'automatic, with a key': [true, (stack) => ({ deletion: 'automatic', ...ownKey(stack) })],
  'automatic, with a bucket and a topic from elsewhere': [
    true,
    (stack) => ({ deletion: 'automatic', ...elsewhere(stack) }),
  ],
};

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** All statements of the policies of the role whose description begins so. */
function roleStatements(template: Template, description: string): readonly Statement[] {
  const resources = Object.entries(template.toJSON().Resources as Record<string, Resource>);
  const [role] = resources.find(
    ([, { Type, Properties }]) => Type === 'AWS::IAM::Role' && String(Properties.Description).startsWith(description),
  ) ?? [''];
  if (role === '') throw new Error(`no role is described as ${description}`);
  return statementsOf(
    resources.filter(
      ([, { Type, Properties }]) =>
        Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(`"${role}"`),
    ),
  );
}

const REPORT = 'Lists Lightsail';
const DELETION = 'Deletes the Lightsail snapshots';

describe.each(Object.entries(VARIANTS))('every policy of the stack: %s', (_, [deletes, given]) => {
  const template = synthesized(given);
  const statements = statementsOf(template.toJSON());
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');

  test('no role but that of deletion can delete anything at all, and it the three kinds of snapshots alone', () => {
    const deleting = allowed.filter((statement) =>
      actionsOf(statement).some((action) => /delete|terminate|remove|\*/i.test(action)),
    );
    expect(deleting.flatMap(actionsOf).sort()).toEqual(deletes ? Object.keys(DELETES).sort() : []);
    const own = deletes ? roleStatements(template, DELETION) : [];
    for (const statement of deleting) expect(own).toContainEqual(statement);
    expect(statements.filter((statement) => 'NotAction' in statement || 'NotResource' in statement)).toEqual([]);
    expect(JSON.stringify(template.toJSON())).not.toContain('ManagedPolicyArns');
  });

  test('the report role reads Lightsail and can change nothing there', () => {
    const lightsail = roleStatements(template, REPORT)
      .flatMap(actionsOf)
      .filter((action) => /^lightsail:/i.test(action));
    expect(lightsail.length).toBeGreaterThan(5);
    expect(lightsail.filter((action) => !/^lightsail:Get[A-Za-z]+$/.test(action))).toEqual([]);
  });

  test('the report role cannot start a deletion, nor change what became of one', () => {
    const own = roleStatements(template, REPORT);
    expect(own.flatMap(actionsOf).filter((action) => /^lambda:/i.test(action))).toEqual([]);
    // All that it may do in the folder of results is to read the index, which lists deletions beside reports.
    const inResults = own.filter(({ Resource }) => JSON.stringify(Resource).includes('/results/'));
    expect(inResults.flatMap(actionsOf)).toEqual(deletes ? ['s3:GetObject'] : []);
    const objects = inResults.flatMap(({ Resource }) => JSON.stringify(Resource).match(/\/results\/[^"]*/g) ?? []);
    expect(objects).toEqual(deletes ? ['/results/index/*'] : []);
  });
});

/** The keys that a role may use to encrypt and to decrypt, and it may do nothing else with any. */
function keysOf(template: Template, description: string): readonly unknown[] {
  const uses = roleStatements(template, description).filter((statement) =>
    actionsOf(statement).some((action) => /^kms:/i.test(action)),
  );
  for (const statement of uses)
    expect([statement.Effect, [...actionsOf(statement)].sort()]).toEqual([
      'Allow',
      ['kms:Decrypt', 'kms:GenerateDataKey'],
    ]);
  return uses.flatMap(({ Resource }) => Resource).sort();
}

describe.each(MODES)('with keys of yours, %s', (deletion) => {
  test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>, readonly string[]]>([
    ['that of a bucket, and that of a topic, from elsewhere', elsewhere, [TOPIC_KEY, BUCKET_KEY]],
    ['one for both', ownKey, [BUCKET_KEY]],
    [
      'that of a topic alone',
      (stack) => ({ ...elsewhere(stack), bucket: Bucket.fromBucketName(stack, 'Plain', 'mine') }),
      [TOPIC_KEY],
    ],
    [
      'none',
      (stack) => ({ topic: Topic.fromTopicArn(stack, 'Plain', 'arn:aws:sns:eu-central-1:123456789012:mine') }),
      [],
    ],
  ])('each function may use %s: what it reads, and what it writes or sends', (_, made, keys) => {
    const template = synthesized((stack) => ({ deletion, ...made(stack) }));
    for (const role of [REPORT, DELETION]) expect([role, keysOf(template, role)]).toEqual([role, keys]);
  });
});

test('nothing of deletion exists in the template unless it is asked for', () => {
  const text = JSON.stringify(synthesized().toJSON());
  expect(text).not.toMatch(/Delete(Instance|Disk|RelationalDatabase)Snapshot|DurableConfig|results\/|DELETION_/);
  expect(synthesized({ deletion: 'off' }).toJSON()).toEqual(synthesized().toJSON());
});

describe.each(MODES)('the deletion function, %s', (deletion) => {
  const template = synthesized({ deletion });
  const own = roleStatements(template, DELETION);
  const functions = Object.values(template.findResources('AWS::Lambda::Function')) as Resource[];
  const durable = functions.filter(({ Properties }) => 'DurableConfig' in Properties);

  test('reads exactly what it calls, and deletes snapshots of this account alone', () => {
    const allowed = own.filter(({ Effect }) => Effect === 'Allow');
    const lightsail = allowed.filter((statement) =>
      actionsOf(statement).some((action) => action.startsWith('lightsail:')),
    );
    expect(
      lightsail
        .filter(({ Resource }) => Resource === '*')
        .flatMap(actionsOf)
        .sort(),
    ).toEqual(READS);
    const deletes = lightsail.filter(({ Resource }) => Resource !== '*');
    expect(deletes.map((statement) => [actionsOf(statement), statement.Resource])).toEqual(
      expect.arrayContaining(
        Object.entries(DELETES).map(([action, type]) => [
          [action],
          {
            'Fn::Join': [
              '',
              ['arn:', { Ref: 'AWS::Partition' }, ':lightsail:*:', { Ref: 'AWS::AccountId' }, `:${type}/*`],
            ],
          },
        ]),
      ),
    );
    expect(deletes).toHaveLength(3);
  });

  test('reads plans and keeps results in the bucket, never changes a plan or a report of others, and publishes to its topic', () => {
    const paths = (action: string): readonly string[] =>
      own
        .filter((statement) => statement.Effect === 'Allow' && actionsOf(statement).includes(action))
        .flatMap((statement) => JSON.stringify(statement.Resource).match(/\/[a-z]+\/[a-z-]*\*/g) ?? [])
        .sort();
    const automatic = deletion === 'automatic';
    expect(paths('s3:GetObject')).toEqual(['/evidence/*', '/plans/*', '/results/*', ...(automatic ? ['/runs/*'] : [])]);
    expect(paths('s3:PutObject')).toEqual(['/evidence/*', ...(automatic ? ['/plans/auto-*'] : []), '/results/*']);
    const [writeOnce, ...others] = own.filter(
      (statement) => statement.Effect === 'Deny' && actionsOf(statement).includes('s3:PutObject'),
    );
    expect(others).toEqual([]);
    expect(JSON.stringify(writeOnce?.Resource)).toContain('/plans/*');
    expect(writeOnce?.Condition).toEqual({
      Null: { 's3:if-none-match': 'true' },
      Bool: { 's3:ObjectCreationOperation': 'true' },
    });
    const rest = own.filter(({ Effect }) => Effect === 'Allow').flatMap(actionsOf);
    expect(rest.filter((action) => !/^(lightsail|s3):/.test(action)).sort()).toEqual([
      'lambda:CheckpointDurableExecution',
      'lambda:GetAlias',
      'lambda:GetDurableExecutionState',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      ...(automatic ? ['sns:ListSubscriptionsByTopic'] : []),
      'sns:Publish',
      'sqs:SendMessage',
    ]);
  });

  test('is durable, keeps its history as briefly as it can, and nothing is tried again behind its back', () => {
    expect(durable).toHaveLength(1);
    expect(durable[0]?.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 900,
      DurableConfig: { ExecutionTimeout: 86_400, RetentionPeriodInDays: 1 },
    });
    const retries = Object.values(template.findResources('AWS::Lambda::EventInvokeConfig')) as Resource[];
    const [id = ''] =
      Object.entries(template.findResources('AWS::Lambda::Function')).find(([, each]) => each === durable[0]) ?? [];
    // Of the function itself, and of the alias by which it is started.
    const own = retries.filter(
      ({ Properties }) => /Alias/.test(JSON.stringify(Properties)) || JSON.stringify(Properties).includes(`"${id}"`),
    );
    expect(own.map(({ Properties }) => Properties.MaximumRetryAttempts)).toEqual([0, 0]);
    expect(retries).toHaveLength(3);
  });

  test('keeps each version that was deployed, because an execution that is under way goes on with it', () => {
    const versions = Object.values(template.findResources('AWS::Lambda::Version')) as (Resource &
      Readonly<Record<string, unknown>>)[];
    expect(versions.map(({ DeletionPolicy, UpdateReplacePolicy }) => [DeletionPolicy, UpdateReplacePolicy])).toEqual([
      ['Retain', 'Retain'],
    ]);
  });

  test('has a log group that is kept when deletion is switched off or the stack is destroyed; that of the report is not', () => {
    const groups = template.findResources('AWS::Logs::LogGroup') as Readonly<
      Record<string, { readonly DeletionPolicy?: string; readonly UpdateReplacePolicy?: string }>
    >;
    const policies = Object.entries(groups).map(([id, { DeletionPolicy, UpdateReplacePolicy }]) => [
      id.replace(/[0-9A-F]{8}$/, ''),
      DeletionPolicy,
      UpdateReplacePolicy,
    ]);
    expect(policies.sort()).toEqual([
      ['RetentionDeletionLogs', 'Retain', 'Retain'],
      ['RetentionReportLogs', 'Delete', 'Delete'],
    ]);
  });

  test('checkpoints its own executions and reads its own alias alone, and has the right to before it can be started', () => {
    const [checkpoint] = own.filter((statement) => actionsOf(statement).includes('lambda:CheckpointDurableExecution'));
    const [id] = Object.entries(template.findResources('AWS::Lambda::Function')).find(
      ([, { Properties }]) => 'DurableConfig' in Properties,
    ) ?? [''];
    expect(checkpoint?.Resource).toEqual({ 'Fn::Join': ['', [{ 'Fn::GetAtt': [id, 'Arn'] }, ':*']] });
    const [read] = own.filter((statement) => actionsOf(statement).includes('lambda:GetAlias'));
    expect(read?.Resource).toEqual([
      { 'Fn::GetAtt': [id, 'Arn'] },
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': [id, 'Arn'] }, ':live']] },
    ]);
    const [alias] = Object.values(template.findResources('AWS::Lambda::Alias'));
    expect(alias?.Properties.Name).toBe('live');
    expect(JSON.stringify(alias?.DependsOn)).toContain('Checkpoints');
  });

  test('is told what it needs, and the report function which one it is', () => {
    const environment = ({ Properties }: Resource): Record<string, string> => {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      return Object.fromEntries(
        Object.entries(Variables).map(([name, value]) => [
          name,
          name === 'KEPT_DAYS' ? String(value) : JSON.stringify(value),
        ]),
      );
    };
    const [own = {}, report = {}] = [durable[0], functions.find((each) => !durable.includes(each))].map(
      (each) => each && environment(each),
    );
    expect(parseDeletionEnv({ ...own, DELETION_MODE: deletion, AWS_REGION: 'us-east-1' }).mode).toBe(deletion);
    expect(own.DELETION_MODE).toBe(`"${deletion}"`);
    const { deletion: told } = parseEnv({ ...report, DELETION_MODE: deletion, AWS_REGION: 'us-east-1' });
    expect(told).toMatchObject({ mode: deletion, functionArn: expect.stringContaining('Alias') });
  });

  test('has a schedule of its own only where it is automatic, which starts the alias daily and never twice', () => {
    const schedules = (Object.values(template.findResources('AWS::Scheduler::Schedule')) as Resource[]).filter(
      ({ Properties }) => String(Properties.Description).startsWith('Deletes'),
    );
    expect(schedules).toHaveLength(deletion === 'automatic' ? 1 : 0);
    for (const { Properties } of schedules) {
      expect(Properties).toMatchObject({
        ScheduleExpression: 'cron(47 13 * * ? *)',
        ScheduleExpressionTimezone: 'Europe/Berlin',
        Target: {
          Arn: { Ref: expect.stringContaining('Alias') },
          Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}',
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      });
    }
  });

  test('is watched by the metrics of its executions: a handler that throws is no error of its invocation', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')) as Resource[];
    const watched = JSON.stringify(
      alarms.filter(({ Properties }) => String(Properties.AlarmDescription).endsWith('#deletion-failed')),
    );
    for (const metric of ['DurableExecutionFailed', 'DurableExecutionTimedOut', 'Errors'])
      expect(watched).toContain(`"MetricName":"${metric}"`);
  });

  test('is watched: a failed run, and a snapshot that could not be deleted', () => {
    const alarms = (Object.values(template.findResources('AWS::CloudWatch::Alarm')) as Resource[]).map(
      ({ Properties }) => String(Properties.AlarmDescription),
    );
    expect(alarms.filter((text) => /#deletions?-failed$/.test(text))).toHaveLength(2);
    const runbook = readFileSync(join(__dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');
    for (const name of ['deletion-failed', 'deletions-failed']) expect(runbook).toContain(`\n## ${name}\n`);
  });
});

describe('a hold is denied by the role, whatever the code does', () => {
  const denials = roleStatements(synthesized({ deletion: 'approve', configuration: OWN }), DELETION).filter(
    (statement) =>
      statement.Effect === 'Deny' && actionsOf(statement).some((action) => action.startsWith('lightsail:')),
  );

  const like = (pattern: string, value: string): boolean =>
    new RegExp(
      `^${pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('?', '.')
        .replaceAll('*', '.*')}$`,
    ).test(value);

  /**
   * As IAM evaluates a statement: every operator and every key in it must hold; a negated one holds where the key is
   * absent.
   */
  function isDenied(tags: Readonly<Record<string, string>>): boolean {
    return denials.some(({ Condition = {} }) =>
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, expected]) => {
          const value = tags[key.replace('aws:ResourceTag/', '')];
          const patterns = [expected].flat();
          switch (operator) {
            case 'Null':
              return (value === undefined) === (expected === 'true');
            case 'StringNotLike':
              return value === undefined || !patterns.some((pattern) => like(pattern, value));
            default:
              throw new Error(`this test knows no ${operator}`);
          }
        }),
      ),
    );
  }

  test.each([
    ['without a value', { 'retention:hold': '' }, true],
    ['with a word', { 'retention:hold': 'forever' }, true],
    ['with a broken date', { 'retention:hold': 'until 2027-1-31' }, true],
    ['with a blank before its date', { 'retention:hold': ' 2027-01-31' }, true],
    ['through a day, which the code evaluates', { 'retention:hold': 'until 2027-01-31' }, false],
    ['through a bare day, which the code evaluates', { 'retention:hold': '2027-01-31' }, false],
    ['under the configured prefix', { 'backup:hold': '' }, true],
    ['under the configured prefix through a day', { 'backup:hold': 'until 2027-01-31' }, false],
    ['of both keys, one with a day', { 'retention:hold': '', 'backup:hold': '2027-01-31' }, true],
    ['by a configured key', { no_delete: '' }, true],
    ['by another configured key, whatever its value', { keep: '2027-01-31' }, true],
    ['by the stack that owns it', { 'aws:cloudformation:stack-name': 'shop' }, true],
    ['not at all', {}, false],
    ['not, though it has tags', { env: 'prod', 'retention:policy': 'short' }, false],
  ])('held %s', (_, tags, denied) => {
    expect(isDenied(tags)).toBe(denied);
  });

  test('for all three deletes, on everything', () => {
    for (const statement of denials) {
      expect([...actionsOf(statement)].sort()).toEqual(Object.keys(DELETES).sort());
      expect(statement.Resource).toBe('*');
    }
  });
});

test.each(MODES)('refuses to deploy deletion (%s) with a policy that nobody wrote, in one sentence', (deletion) => {
  const configuration = { ...PROPS.configuration, origin: 'built-in' };
  expect(() => synthesized({ deletion, configuration })).toThrow(
    expect.objectContaining({
      code: 'config.built-in',
      message: expect.stringMatching(/^cannot deploy deletion [^\n]*retention\.yaml[^\n]*$/),
    }),
  );
  expect(() => synthesized({ configuration })).not.toThrow();
});

describe.each(MODES)('the AwsSolutions pack finds nothing, %s', (deletion) => {
  afterEach(() => jest.restoreAllMocks());

  test.each<[string, (stack: Stack) => Partial<SnapshotRetentionProps>]>([
    ['smallest', () => ({})],
    ['with a key of its own', (stack) => ({ encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) })],
    [
      'with what was made elsewhere',
      (stack) => ({
        topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine'),
        bucket: Bucket.fromBucketName(stack, 'Bucket', 'mine'),
      }),
    ],
  ])('in a stack %s, in a named account or in any', (_, props) => {
    jest.spyOn(console, 'error').mockReturnValue();
    for (const env of [{ account: '123456789012', region: 'eu-central-1' }, {}]) {
      const app = quickApp();
      Validations.of(app).addPlugins(new AwsSolutionsChecks());
      const stack = new Stack(app, 'LightsailRetention', 'account' in env ? { env } : {});
      const made = 'account' in env ? props(stack) : {};
      new SnapshotRetention(stack, 'Retention', { ...PROPS, ...made, deletion });
      expect(() => app.synth()).not.toThrow();
    }
  });
});
