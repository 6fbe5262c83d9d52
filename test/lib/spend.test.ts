import type { Template } from 'aws-cdk-lib/assertions';
import { RetentionError } from '../../lambda/core/util/errors';
import { checkProps } from '../../lib/check-props';
import type { SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { actionsOf, PROPS, statementsOf, synthesized } from './synthesized';

const configured = (spend: boolean): Partial<SnapshotRetentionProps> => ({
  configuration: { origin: 'retention.yaml', config: { version: 1, report: { spend } } },
});

const rolesWith = (template: Template, action: string): readonly string[] =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .filter((policy) => statementsOf([policy]).flatMap(actionsOf).includes(action))
    .map(({ Properties }) => String(Properties.Roles[0].Ref).replace(/[0-9A-F]{8}$/, ''));

const mentionsBills = (template: Template): boolean => JSON.stringify(template.toJSON()).includes('bills/');

describe('the permission to read the bill', () => {
  test('is in no template without report.spend, and neither is a folder for bills', () => {
    for (const template of [synthesized(), synthesized(configured(false)), synthesized({ deletion: 'automatic' })]) {
      expect(JSON.stringify(template.toJSON())).not.toContain('ce:Get');
      expect(mentionsBills(template)).toBe(false);
    }
  });

  test.each([
    ['where the configuration says so', configured(true)],
    ['where the property says so too', { ...configured(true), spend: true }],
    ['and not that of the deletion', { ...configured(true), deletion: 'automatic' as const }],
  ])('belongs to the report role, %s', (_, props) => {
    const template = synthesized(props);
    expect(rolesWith(template, 'ce:GetCostAndUsage')).toEqual(['RetentionReportRole']);
    const statements = statementsOf(template.toJSON());
    expect(statements.flatMap(actionsOf).filter((action) => action.startsWith('ce:'))).toEqual(['ce:GetCostAndUsage']);
    const listing = statements.find(({ Action }) => Action === 's3:ListBucket');
    expect(listing?.Condition?.StringLikeIfExists?.['s3:prefix']).toContain('bills/*');
  });

  test('comes with a lifecycle rule for stored bills, as old as reports', () => {
    const [bucket] = Object.values(synthesized(configured(true)).findResources('AWS::S3::Bucket'));
    const rules = bucket?.Properties.LifecycleConfiguration.Rules as { Id: string }[];
    expect(rules).toContainEqual({ Id: 'bills', Prefix: 'bills/', ExpirationInDays: 400, Status: 'Enabled' });
  });

  test.each([
    [
      true,
      false,
      'spend: got true, and the configuration says report.spend: false; write report: { spend: true } there',
    ],
    [false, true, 'spend: got false, and the configuration says report.spend: true; remove it there'],
    ['on', true, 'spend: got "on", expected true or false'],
  ])('is refused where spend is %j and the configuration says %j', (spend, inFile, message) => {
    const given = { ...PROPS, ...configured(inFile), spend } as SnapshotRetentionProps;
    expect(() => checkProps(given)).toThrow(RetentionError);
    expect(() => checkProps(given)).toThrow(expect.objectContaining({ code: 'props.spend', message }));
  });
});
