import { cloudShellLink, s3ObjectLink } from '../../../lambda/core/report/console-links';

test.each([
  ['eu-central-1', 'https://eu-central-1.console.aws.amazon.com/cloudshell/home?region=eu-central-1'],
  ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/cloudshell/home?region=us-gov-west-1'],
  ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/cloudshell/home?region=cn-north-1'],
])('CloudShell in %s has the address of its partition', (region, link) => {
  expect(cloudShellLink(region)).toBe(link);
});

test('an object in S3 has an address in the console, and another place has none', () => {
  expect(s3ObjectLink('s3://my-bucket/reports/a b/report.html', 'eu-west-1')).toBe(
    'https://eu-west-1.console.aws.amazon.com/s3/object/my-bucket?region=eu-west-1&prefix=reports/a%20b/report.html',
  );
  expect(s3ObjectLink('memory:reports/x', 'eu-west-1')).toBeNull();
});
