import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { RetentionStack } from '../../lib/retention-stack';
import { PROPS, quickApp } from './synthesized';

const NAME = 'lightsailretention-reports-1a2b3c';

describe('the stack with the bucket of an earlier deployment', () => {
  const stack = new RetentionStack(quickApp(), 'LightsailRetention', {
    ...PROPS,
    deletion: 'approve',
    bucketName: NAME,
  });
  const template = Template.fromStack(stack);

  test('makes no bucket, and keeps reports in the one that it has', () => {
    template.resourceCountIs('AWS::S3::Bucket', 0);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ BUCKET: NAME }) },
    });
    template.hasOutput('BucketName', { Value: NAME });
  });

  test('may write there, and replaces no plan and no evidence', () => {
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(policies).toContain(`:s3:::${NAME}/plans/*`);
    expect(policies).toContain('s3:if-none-match');
  });

  test('warns of what the policy of the bucket lost with the earlier stack', () => {
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp(
        '^bucket: its settings are not changed from here: its policy must deny requests without TLS',
      ),
    );
  });
});
