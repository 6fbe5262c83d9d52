import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { describeWith, isInstalled } from '../support/optional';
import { PROPS, quickApp, synthesized } from './synthesized';

/** Where .cfnlintrc.yaml says what is noise. */
const ROOT = join(__dirname, '..', '..');

const VARIANTS: Readonly<Record<string, Partial<SnapshotRetentionProps>>> = {
  smallest: {},
  'not watched': { monitoring: 'off' },
  'alarms alone': { monitoring: 'alarms' },
  'with deletion on approval': { deletion: 'approve' },
  'with deletion': { deletion: 'automatic' },
  'for an organization': {
    organization: { targets: ['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'] },
  },
  locked: { lockReportsFor: Duration.days(30), keepReportsFor: Duration.days(90) },
};

describeWith(isInstalled('cfn-lint'), 'cfn-lint', 'cfn-lint', () => {
  const work = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
  afterAll(() => rmSync(work, { recursive: true }));

  function lint(template: Template): string {
    const file = join(work, 'template.json');
    writeFileSync(file, JSON.stringify(template.toJSON()));
    return execFileSync('cfn-lint', ['--', file], { cwd: ROOT, encoding: 'utf8' });
  }

  test.each(Object.entries(VARIANTS))(
    'finds nothing in the template, %s',
    (_, props) => {
      expect(lint(synthesized(props))).toBe('');
    },
    120_000,
  );

  test('finds nothing in the template, with what was made in another region', () => {
    const stack = new Stack(quickApp(), 'Mine');
    const topic = Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:mine');
    const bucket = Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'mine', region: 'eu-central-1' });
    new SnapshotRetention(stack, 'Retention', { ...PROPS, topic, bucket, monitoring: 'off' });
    expect(lint(Template.fromStack(stack))).toBe('');
  }, 120_000);
});
