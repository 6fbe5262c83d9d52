import { synthesized } from './synthesized';

/**
 * Another logical id is another resource: what had the old one is removed, or left behind. Those that hold something,
 * or that people and other stacks refer to, are written out here, so that a refactoring which moves them shows in
 * review.
 */
const IDS: Readonly<Record<string, readonly string[]>> = {
  'AWS::S3::Bucket': ['RetentionStoreBucketCC601A1A'],
  'AWS::SNS::Topic': ['RetentionTopic189D3939'],
  'AWS::SNS::Subscription': ['RetentionTopicaexamplecom321763B1'],
  'AWS::SQS::Queue': ['RetentionDeadLettersA4E08868'],
  'AWS::Lambda::Function': ['RetentionReportFunction86956D17'],
  'AWS::Logs::LogGroup': ['RetentionReportLogs44303451'],
  'AWS::Scheduler::Schedule': [
    'RetentionSchedule647D68E7',
    'RetentionFirstReport2DF6C8FB',
    'RetentionMonitoringAgeCheck08F40783',
  ],
};

/**
 * What deletion adds: with another function or alias, what people and schedules start is gone, and with another log
 * group its history.
 */
const IDS_OF_DELETION: Readonly<Record<string, readonly string[]>> = {
  'AWS::Lambda::Function': ['RetentionDeletionFunction8EB11A69'],
  'AWS::Lambda::Alias': ['RetentionDeletionAliasC6AB8FDB'],
  'AWS::Logs::LogGroup': ['RetentionDeletionLogs40C0579B'],
  'AWS::Scheduler::Schedule': ['RetentionDeletionSchedule47F09BB0'],
};

const template = synthesized();
const deleting = synthesized({ deletion: 'automatic' });

test.each(Object.entries(IDS))('%s keeps its logical id', (type, ids) => {
  expect(Object.keys(template.findResources(type))).toEqual(ids);
});

test.each(Object.keys({ ...IDS, ...IDS_OF_DELETION }))('%s keeps its logical id where there is deletion', (type) => {
  const ids = [...(IDS[type] ?? []), ...(IDS_OF_DELETION[type] ?? [])];
  expect(Object.keys(deleting.findResources(type)).sort()).toEqual(ids.sort());
});

test('the bucket and the topic have no name of their own, which would stand in the way of a second deployment', () => {
  const properties = (type: string): readonly string[] =>
    Object.keys(Object.values(template.findResources(type))[0]?.Properties ?? {});
  expect(properties('AWS::S3::Bucket')).not.toContain('BucketName');
  expect(properties('AWS::SNS::Topic')).not.toContain('TopicName');
});
