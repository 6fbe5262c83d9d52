import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { RetentionError } from '../../lambda/core/util/errors';
import { memberRoleTemplate } from '../../lib/member-role';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { actionsOf, PROPS, quickApp, statementsOf, synthesized } from './synthesized';

const ROOT = 'arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12';
const UNIT = 'arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-11111111';
const ORGANIZATION = { organization: { targets: [ROOT] } };

/** A construct in a stack of an account. */
function deployedIn(account: string | undefined, props: Partial<SnapshotRetentionProps>): Template {
  const env = account === undefined ? {} : { env: { account, region: 'eu-central-1' } };
  const stack = new Stack(quickApp(), 'Hub', env);
  new SnapshotRetention(stack, 'Retention', { ...PROPS, ...props });
  return Template.fromStack(stack);
}

const stackSetOf = (template: Template): Readonly<Record<string, unknown>> =>
  Object.values(template.findResources('AWS::CloudFormation::StackSet'))[0]?.Properties ?? {};

function refusalOf(props: object): { readonly code: string; readonly message: string } {
  try {
    deployedIn('111122223333', props);
  } catch (error) {
    if (error instanceof RetentionError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the read role of a member account', () => {
  const template = memberRoleTemplate();
  const text = JSON.stringify(template);

  test('is one role without assets, in a template that a stack set accepts', () => {
    const { Resources } = template as { readonly Resources: Record<string, { readonly Type: string }> };
    expect(Object.values(Resources).map(({ Type }) => Type)).toEqual(['AWS::IAM::Role']);
    expect(text.length).toBeLessThan(51_200);
    expect(text).not.toMatch(/S3Bucket|S3Key|Fn::Sub|AssetParameters|cdk/i);
  });

  test('can do exactly what the report role may read in its own account, and delete nothing', () => {
    const [allowed] = statementsOf(template).filter((statement) => !actionsOf(statement).includes('sts:AssumeRole'));
    const report = statementsOf(synthesized().toJSON()).filter((statement) =>
      actionsOf(statement).includes('lightsail:GetRegions'),
    );
    expect([...actionsOf(allowed ?? { Effect: '' })].sort()).toEqual(
      [...actionsOf(report[0] ?? { Effect: '' })].sort(),
    );
    expect(actionsOf(allowed ?? { Effect: '' }).filter((action) => !/^lightsail:Get[A-Z]\w+$/.test(action))).toEqual(
      [],
    );
    expect(statementsOf(template).flatMap(actionsOf).join()).not.toMatch(/delete|terminate|remove|\*/i);
    expect(text).not.toContain('ManagedPolicyArns');
  });

  test('trusts one role of the account of the hub, in its organization, with an external id', () => {
    const [trust] = statementsOf(template).filter((statement) => actionsOf(statement).includes('sts:AssumeRole'));
    expect(trust?.Condition).toEqual({
      ArnEquals: { 'aws:PrincipalArn': { Ref: 'HubRoleArn' } },
      StringEquals: { 'aws:PrincipalOrgID': { Ref: 'OrganizationId' }, 'sts:ExternalId': { Ref: 'ExternalId' } },
    });
    expect(JSON.stringify(trust?.Principal)).toMatch(/"Ref":"HubRoleArn".*":root"/);
  });
});

describe('a deployment for an organization', () => {
  test('makes one stack set of that role, which follows accounts that join and leave', () => {
    const template = deployedIn('111122223333', { organization: { targets: [UNIT], roleNameQualifier: 'two' } });
    template.resourceCountIs('AWS::CloudFormation::StackSet', 1);
    expect(stackSetOf(template)).toMatchObject({
      PermissionModel: 'SERVICE_MANAGED',
      CallAs: 'SELF',
      AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: false },
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      TemplateBody: JSON.stringify(memberRoleTemplate()),
      StackInstancesGroup: [
        { DeploymentTargets: { OrganizationalUnitIds: ['ou-ab12-11111111'] }, Regions: ['eu-central-1'] },
      ],
      Parameters: [
        { ParameterKey: 'RoleName', ParameterValue: 'lightsail-retention-read-two' },
        { ParameterKey: 'HubRoleArn', ParameterValue: { 'Fn::GetAtt': [expect.stringMatching(/ReportRole/), 'Arn'] } },
        { ParameterKey: 'OrganizationId', ParameterValue: 'o-a1b2c3d4e5' },
        { ParameterKey: 'ExternalId', ParameterValue: expect.anything() },
      ],
    });
  });

  test('calls StackSets as a delegated administrator outside of the management account, decided late if need be', () => {
    expect(stackSetOf(deployedIn('123456789012', ORGANIZATION)).CallAs).toBe('DELEGATED_ADMIN');
    const late = deployedIn(undefined, ORGANIZATION);
    expect(stackSetOf(late).CallAs).toEqual({ 'Fn::If': [expect.any(String), 'SELF', 'DELEGATED_ADMIN'] });
    expect(Object.values(late.toJSON().Conditions)).toContainEqual({
      'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '111122223333'],
    });
  });

  test('lets the report role assume that one role in any account, and nothing else anywhere', () => {
    const template = deployedIn('111122223333', ORGANIZATION);
    const assuming = statementsOf(template.findResources('AWS::IAM::Policy')).filter((statement) =>
      actionsOf(statement).includes('sts:AssumeRole'),
    );
    expect(assuming).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Resource: 'arn:aws:iam::*:role/lightsail-retention-read-111122223333',
      },
    ]);
  });

  test('has a function of the organization that lists accounts and invokes the other, and can read no snapshot', () => {
    const template = deployedIn('111122223333', ORGANIZATION);
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      JSON.stringify(Properties.Roles).includes('OrganizationRole'),
    );
    const allowed = statementsOf(policies).filter(({ Effect }) => Effect === 'Allow');
    expect([...new Set(allowed.flatMap(actionsOf))].sort()).toEqual([
      'lambda:CheckpointDurableExecution',
      'lambda:GetDurableExecutionState',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'organizations:ListAccounts',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'sns:ListSubscriptionsByTopic',
      'sns:Publish',
      'sqs:SendMessage',
    ]);
    const written = allowed.filter((statement) => actionsOf(statement).includes('s3:PutObject'));
    expect(JSON.stringify(written)).not.toMatch(/plans|results/);
    const denied = statementsOf(policies).filter(({ Sid }) => Sid === 'WriteOnce');
    expect(JSON.stringify(denied)).toContain('/evidence/*');
  });

  test('reads the bill of all accounts where the configuration says so: that function alone, and no other', () => {
    const configuration = { origin: 'retention.yaml', config: { version: 1, report: { spend: true } } };
    const template = deployedIn('111122223333', { ...ORGANIZATION, configuration });
    const roles = Object.values(template.findResources('AWS::IAM::Policy'))
      .filter((policy) => statementsOf([policy]).flatMap(actionsOf).includes('ce:GetCostAndUsage'))
      .map(({ Properties }) => JSON.stringify(Properties.Roles));
    expect(roles).toEqual([expect.stringContaining('OrganizationRole')]);
    const text = JSON.stringify(template.toJSON());
    expect(text).toContain('"Prefix":"bills/"');
    const withBills = Object.values(template.findResources('AWS::IAM::Policy')).filter((policy) =>
      JSON.stringify(policy).includes('/bills/*'),
    );
    expect(withBills.map(({ Properties }) => JSON.stringify(Properties.Roles))).toEqual(roles);
    const without = JSON.stringify(deployedIn('111122223333', ORGANIZATION).toJSON());
    expect(without).not.toMatch(/bills\/|ce:Get/);
  });

  test('may put events on the bus where events are on, and is the only function that knows the bus', () => {
    const busesOf = (props: Partial<SnapshotRetentionProps>) => {
      const template = deployedIn('111122223333', props);
      const statements = statementsOf(template.toJSON()).filter((each) => actionsOf(each).includes('events:PutEvents'));
      const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
      const knowing = functions.filter(
        ([, { Properties }]) => Properties.Environment.Variables.EVENT_BUS !== undefined,
      );
      return { statements: statements.length, knowing: knowing.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')) };
    };
    expect(busesOf(ORGANIZATION)).toEqual({ statements: 0, knowing: [] });
    expect(busesOf({ ...ORGANIZATION, events: true })).toEqual({
      statements: 1,
      knowing: ['RetentionOrganizationFunction'],
    });
  });

  test('is started by the schedule, by its alias; no check for a first report runs before roles exist', () => {
    const template = deployedIn('111122223333', ORGANIZATION);
    const schedules = Object.values(template.findResources('AWS::Scheduler::Schedule')).map(
      ({ Properties }) => Properties.Target as { readonly Arn: unknown; readonly Input: string },
    );
    expect(schedules.map(({ Input }) => Object.keys(JSON.parse(Input))).sort()).toEqual([['check'], ['scheduledTime']]);
    for (const { Arn } of schedules) expect(Arn).toEqual({ Ref: expect.stringMatching(/OrganizationAlias/) });
  });

  test('subscribes people to messages about the organization and to alarms, which have no attributes', () => {
    const template = deployedIn('111122223333', ORGANIZATION);
    template.hasResourceProperties('AWS::SNS::Subscription', {
      FilterPolicy: { scope: ['organization', { exists: false }] },
    });
    synthesized().hasResourceProperties('AWS::SNS::Subscription', { FilterPolicy: Match.absent() });
  });

  test('alarms when its report fails, and when three reports could not read an account', () => {
    const alarms = JSON.stringify(deployedIn('111122223333', ORGANIZATION).findResources('AWS::CloudWatch::Alarm'));
    for (const section of ['organization-failed', 'accounts-missed']) expect(alarms).toContain(`#${section}`);
    expect(alarms).toContain('"AccountsMissed"');
  });

  test.each<[string, object, RegExp]>([
    ['no targets', { organization: { targets: [] } }, /^organization: got targets \[\], expected a list of ARNs/],
    ['an id', { organization: { targets: ['r-ab12'] } }, /got the target "r-ab12", expected the ARN of a root/],
    [
      'two organizations',
      { organization: { targets: [ROOT, ROOT.replace('o-a1b2c3d4e5', 'o-zzzzzzzzzz')] } },
      /got targets of o-a1b2c3d4e5 and o-zzzzzzzzzz, expected one organization/,
    ],
    [
      'a qualifier with a slash',
      { organization: { targets: [ROOT], roleNameQualifier: 'a/b' } },
      /got the roleNameQualifier "a\/b"/,
    ],
    [
      'deletion',
      { ...ORGANIZATION, deletion: 'approve' },
      /cannot be deployed together with deletion "approve": nothing deletes in other accounts yet/,
    ],
  ])('is refused with %s, in one sentence', (_, props, message) => {
    const { code, message: text } = refusalOf(props);
    expect(code).toBe('props.organization');
    expect(text).toMatch(message);
    expect(text).not.toContain('\n');
  });

  test('is what messages for each account need: without it, synth warns that they have no effect', () => {
    const quiet = jest.spyOn(console, 'error').mockReturnValue();
    const configuration = {
      origin: 'retention.yaml',
      config: { version: 1, organization: { accountMessages: true } },
    };
    const warnings = (props: Partial<SnapshotRetentionProps>): number => {
      const stack = new Stack(quickApp(), 'Hub', { env: { account: '111122223333', region: 'eu-central-1' } });
      new SnapshotRetention(stack, 'Retention', { ...PROPS, configuration, ...props });
      return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('accountMessages has no effect'))
        .length;
    };
    expect([warnings({}), warnings(ORGANIZATION)]).toEqual([1, 0]);
    quiet.mockRestore();
  });

  test('warns of an organizational unit as target where the configuration includes accounts outside of it', () => {
    const warnings = (targets: readonly string[], include?: readonly string[]): number => {
      const stack = new Stack(quickApp(), 'Hub', { env: { account: '111122223333', region: 'eu-central-1' } });
      const config = { version: 1, ...(include !== undefined && { organization: { accounts: { include } } }) };
      const configuration = { origin: 'retention.yaml', config };
      new SnapshotRetention(stack, 'Retention', { ...PROPS, configuration, organization: { targets } });
      const pattern = Match.stringLikeRegexp('include to \\["ou:\\*/ou-ab12-11111111/\\*"\\]');
      return Annotations.fromStack(stack).findWarning('*', pattern).length;
    };
    expect([warnings([UNIT]), warnings([UNIT], ['ou:*/ou-ab12-11111111/*']), warnings([ROOT])]).toEqual([1, 0, 0]);
  });

  test('is refused for two hubs of one app that would make the same role', () => {
    const stack = new Stack(quickApp(), 'Hub', { env: { account: '111122223333', region: 'eu-central-1' } });
    new SnapshotRetention(stack, 'One', { ...PROPS, ...ORGANIZATION });
    expect(() => new SnapshotRetention(stack, 'Two', { ...PROPS, ...ORGANIZATION })).toThrow(
      /One makes the role lightsail-retention-read-111122223333 in every account too/,
    );
    const other = { organization: { targets: [ROOT], roleNameQualifier: 'two' } };
    expect(() => new SnapshotRetention(stack, 'Three', { ...PROPS, ...other })).not.toThrow();
  });
});
