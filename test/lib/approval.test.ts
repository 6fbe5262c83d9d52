import type { Template } from 'aws-cdk-lib/assertions';
import { isAllowed, statementsOfRole, textOf } from '../support/policy-evaluator';
import { actionsOf, elsewhere, synthesized } from './synthesized';

const DASHBOARD = { deletion: 'approve', approval: 'dashboard' } as const;
const template = synthesized(DASHBOARD);
const VIEW = 'Reads plans and results for the dashboard.';
const APPROVE = 'Reads plans and results and invokes the deletion function.';

const idsOf = (from: Template, type: string, named: string): readonly string[] =>
  Object.keys(from.findResources(type)).filter((id) => id.includes(named));

describe('the roles of an approval on the dashboard', () => {
  const bucket = `<${idsOf(template, 'AWS::S3::Bucket', 'Store')[0]}.Arn>`;
  const alias = `<${idsOf(template, 'AWS::Lambda::Alias', 'Deletion')[0]}>`;
  const roles = {
    view: statementsOfRole(template.toJSON(), VIEW),
    approve: statementsOfRole(template.toJSON(), APPROVE),
  };

  test('the role of the view can list and read plans and results, write its log, and do nothing else', () => {
    expect(roles.view.flatMap((each) => actionsOf(each as never)).sort()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:GetObject',
      's3:ListBucket',
    ]);
    for (const folder of ['plans', 'results'])
      expect(isAllowed(roles.view, { action: 's3:GetObject', resource: `${bucket}/${folder}/a` })).toBe(true);
    for (const folder of ['reports', 'runs', 'evidence', 'other'])
      expect(isAllowed(roles.view, { action: 's3:GetObject', resource: `${bucket}/${folder}/a` })).toBe(false);
  });

  test('the role of the approval can list and read plans and results, write its log, and invoke one alias', () => {
    expect(roles.approve.flatMap((each) => actionsOf(each as never)).sort()).toEqual([
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:GetObject',
      's3:ListBucket',
    ]);
    for (const folder of ['plans', 'results'])
      expect(isAllowed(roles.approve, { action: 's3:GetObject', resource: `${bucket}/${folder}/a` })).toBe(true);
    for (const folder of ['reports', 'runs', 'evidence', 'other'])
      expect(isAllowed(roles.approve, { action: 's3:GetObject', resource: `${bucket}/${folder}/a` })).toBe(false);
    const invoked = roles.approve.filter((each) => actionsOf(each as never).includes('lambda:InvokeFunction'));
    expect(invoked.map(({ Resource }) => textOf(Resource))).toEqual([alias]);
  });

  test.each(Object.entries(roles))('the role of %s lists the folders of plans and results alone', (_, statements) => {
    const list = (prefix: string): boolean =>
      isAllowed(statements, { action: 's3:ListBucket', resource: bucket, context: { 's3:prefix': prefix } });
    expect(['plans/', 'results/', 'reports/', 'evidence/'].map(list)).toEqual([true, true, false, false]);
  });

  test('both may decrypt with the key of the bucket, and encrypt nothing', () => {
    const keyed = synthesized((stack) => ({ ...DASHBOARD, ...elsewhere(stack) })).toJSON();
    for (const role of [VIEW, APPROVE]) {
      const kms = statementsOfRole(keyed, role).flatMap((each) => actionsOf(each as never));
      expect(kms.filter((action) => action.startsWith('kms:'))).toEqual(['kms:Decrypt']);
    }
  });
});

describe('the functions of an approval on the dashboard', () => {
  test('each knows the bucket and the function that comes next, and no other one', () => {
    const [approve] = idsOf(template, 'AWS::Lambda::Function', 'ApprovalApprove');
    const [alias] = idsOf(template, 'AWS::Lambda::Alias', 'Deletion');
    const bucket = { Ref: idsOf(template, 'AWS::S3::Bucket', 'Store')[0] };
    const environments = Object.entries(template.findResources('AWS::Lambda::Function'))
      .filter(([id]) => id.includes('Approval'))
      .map(([, { Properties }]) => Properties.Environment.Variables);
    expect(environments).toEqual([
      { BUCKET: bucket, DELETION_FUNCTION: { Ref: alias } },
      { BUCKET: bucket, APPROVE_FUNCTION: { 'Fn::GetAtt': [approve, 'Arn'] } },
    ]);
  });

  test('the report is told that its plans can be approved on the dashboard, and of which name that is', () => {
    const report = Object.entries(template.findResources('AWS::Lambda::Function')).find(([id]) =>
      id.includes('ReportFunction'),
    );
    const { APPROVAL, DASHBOARD: named } = report?.[1].Properties.Environment.Variables ?? {};
    expect([APPROVAL, named]).toEqual(['dashboard', expect.anything()]);
  });

  test('nothing but a person invokes them: no permission, no schedule and no address leads to them', () => {
    template.resourceCountIs('AWS::Lambda::Permission', 0);
    template.resourceCountIs('AWS::Lambda::Url', 0);
    expect(JSON.stringify(template.findResources('AWS::Scheduler::Schedule'))).not.toContain('Approval');
  });

  test('their logs are kept as the others, and that of an approval outlives the function', () => {
    const groups = Object.entries(template.findResources('AWS::Logs::LogGroup')).map(
      ([id, { DeletionPolicy, Properties }]) => [
        id.replace(/[0-9A-F]{8}$/, ''),
        DeletionPolicy,
        Properties.RetentionInDays,
      ],
    );
    expect(groups).toEqual(
      expect.arrayContaining([
        ['RetentionApprovalApproveLogs', 'Retain', 90],
        ['RetentionApprovalViewLogs', 'Delete', 90],
      ]),
    );
  });
});

describe('the dashboard', () => {
  const bodyOf = (from: Template): string =>
    textOf(Object.values(from.findResources('AWS::CloudWatch::Dashboard'))[0]?.Properties.DashboardBody);

  test('has one custom widget, which calls the view and never the approval', () => {
    const { widgets } = JSON.parse(bodyOf(template)) as {
      readonly widgets: readonly { readonly type: string; readonly properties: Record<string, unknown> }[];
    };
    const custom = widgets.filter(({ type }) => type === 'custom');
    expect(custom.map(({ properties }) => properties)).toEqual([
      {
        title: 'The newest plan: approve its deletion',
        endpoint: `<${idsOf(template, 'AWS::Lambda::Function', 'ApprovalView')[0]}.Arn>`,
        updateOn: { refresh: true, resize: false, timeRange: false },
      },
    ]);
  });

  test('has none where plans are approved by a command', () => {
    expect(bodyOf(synthesized({ deletion: 'approve' }))).not.toContain('"custom"');
  });
});

test('a stack without an approval on the dashboard has the same template as before', () => {
  expect(synthesized({ deletion: 'approve', approval: 'off' }).toJSON()).toEqual(
    synthesized({ deletion: 'approve' }).toJSON(),
  );
  expect(JSON.stringify(synthesized({ deletion: 'approve' }).toJSON())).not.toContain('Approval');
});

test('the alarm counts the errors of both functions', () => {
  const [alarm] = Object.entries(template.findResources('AWS::CloudWatch::Alarm')).filter(([id]) =>
    id.includes('ApprovalFailed'),
  );
  expect(alarm?.[1].Properties.AlarmDescription).toContain('#approval-failed');
  const metrics =
    (alarm?.[1].Properties.Metrics as readonly { readonly MetricStat?: { readonly Metric: unknown } }[]) ?? [];
  expect(metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]))).toEqual([
    expect.objectContaining({ MetricName: 'Errors' }),
    expect.objectContaining({ MetricName: 'Errors' }),
  ]);
});

test.each([
  [{ approval: 'dashboard' }, /got dashboard with deletion off, expected deletion approve: nothing is deployed/],
  [{ approval: 'dashboard', deletion: 'automatic' }, /expected deletion approve: a schedule approves the plans/],
  [{ approval: 'dashboard', deletion: 'approve', monitoring: 'alarms' }, /got dashboard with monitoring alarms/],
  [{ approval: 'dashboard', deletion: 'approve', monitoring: 'off' }, /got dashboard with monitoring off/],
  [{ approval: 'console', deletion: 'approve' }, /got "console", expected one of off, dashboard/],
])('refuses %j in a sentence', (props, message) => {
  expect(() => synthesized(props as never)).toThrow(
    expect.objectContaining({ code: 'props.approval', message: expect.stringMatching(message) }),
  );
});
