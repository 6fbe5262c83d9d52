import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { RetentionStack } from '../../lib/retention-stack';
import type { SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { actionsOf, PROPS, quickApp, statementsOf, synthesized } from './synthesized';

/** Design section 8: what a report calls. Written out here, so that a change of the role shows in review. */
const READS = [
  'lightsail:GetAutoSnapshots',
  'lightsail:GetDiskSnapshots',
  'lightsail:GetDisks',
  'lightsail:GetInstanceSnapshots',
  'lightsail:GetInstances',
  'lightsail:GetRegions',
  'lightsail:GetRelationalDatabaseSnapshots',
  'lightsail:GetRelationalDatabases',
];

const VARIANTS: Readonly<Record<string, Partial<SnapshotRetentionProps>>> = {
  smallest: {},
  'without subscribers': { emails: [] },
  'every day': { schedule: 'rate(1 day)' },
};

describe.each(Object.entries(VARIANTS))('the policies of the stack, %s', (_, props) => {
  const template = synthesized(props);
  const statements = statementsOf(template.toJSON());
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');

  test('name the reads of a report and no other Lightsail action, in any spelling', () => {
    const lightsail = statements.flatMap(actionsOf).filter((action) => /^lightsail:/i.test(action));
    expect(lightsail.sort()).toEqual(READS);
    expect(
      JSON.stringify(template.toJSON())
        .match(/lightsail:[\w*]+/gi)
        ?.sort(),
    ).toEqual(READS);
  });

  test('allow nothing by wildcard or by exclusion, and attach no policy that is written elsewhere', () => {
    expect(allowed.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
    expect(statements.filter((statement) => 'NotAction' in statement || 'NotResource' in statement)).toEqual([]);
    expect(JSON.stringify(template.toJSON())).not.toContain('ManagedPolicyArns');
  });

  test('let the report role read Lightsail, publish to its topic, read and write its prefixes, write its logs and its dead letters', () => {
    const role = Object.entries(template.findResources('AWS::IAM::Role')).find(([, { Properties }]) =>
      Properties.Description.startsWith('Lists Lightsail'),
    )?.[0];
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role),
    );
    expect(statementsOf(policies).map((statement) => [actionsOf(statement), statement.Resource, statement.Condition])).toMatchSnapshot();
  });

  test('let nobody delete an object, a topic, a queue or a log', () => {
    expect(allowed.flatMap(actionsOf).filter((action) => /delete|terminate|remove/i.test(action))).toEqual([]);
  });
});

describe('the AwsSolutions pack', () => {
  const checked = (): App => {
    const app = quickApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks());
    return app;
  };

  test('finds nothing in the stack', () => {
    const app = checked();
    new RetentionStack(app, 'LightsailRetention', PROPS);
    expect(() => app.synth()).not.toThrow();
  });

  test('refuses a queue that nobody gave a reason for', () => {
    const app = checked();
    new Queue(new Stack(app, 'Other'), 'Queue');
    expect(() => app.synth()).toThrow();
  });
});
