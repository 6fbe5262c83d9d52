import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RetentionError } from '../../lambda/core/util/errors';
import { readContext } from '../../lib/context';
import { checkSchedule } from '../../lib/schedule-expression';

/** The code and sentence of a refusal. */
function refusal(work: () => unknown): { readonly code: string; readonly message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof RetentionError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

const email = 'a@example.com';

test('an address is enough', () => {
  expect(readContext({ email })).toEqual({
    emails: [email],
    configPath: null,
    schedule: 'cron(0 8 ? * MON *)',
    monitoring: 'full',
    deletion: 'off',
    approval: 'off',
    organization: false,
    events: false,
    bucketName: null,
  });
});

test('several addresses are separated by commas, and each is subscribed once', () => {
  expect(readContext({ email: 'a@example.com, b.c+d@mail.example.com,a@example.com' }).emails).toEqual([
    email,
    'b.c+d@mail.example.com',
  ]);
  expect(readContext({ email: 'a@example.com,A@Example.COM' }).emails).toEqual([email]);
});

test('a configuration and a schedule are taken as named', () => {
  expect(
    readContext({
      email,
      config: 'policies/mine.yaml',
      schedule: 'rate(7 days)',
      deletion: 'approve',
      approval: 'dashboard',
      monitoring: 'alarms',
      organization: 'on',
      events: 'on',
      bucket: 'mine.reports-1',
    }),
  ).toEqual({
    emails: [email],
    configPath: 'policies/mine.yaml',
    schedule: 'rate(7 days)',
    monitoring: 'alarms',
    deletion: 'approve',
    approval: 'dashboard',
    organization: true,
    events: true,
    bucketName: 'mine.reports-1',
  });
});

test.each([
  ['on', true],
  ['off', false],
])('spend is %s where it is named, and else as the configuration says', (spend, expected) => {
  expect(readContext({ email, spend }).spend).toBe(expected);
  expect(readContext({ email })).not.toHaveProperty('spend');
});

test('keys of CDK itself are none of ours', () => {
  const cdk = {
    '@aws-cdk/core:newStyle': true,
    'aws:cdk:bundling-stacks': [],
    'availability-zones:account=123456789012:region=eu-central-1': ['eu-central-1a'],
    'acknowledged-issue-numbers': [12345],
    'cli-telemetry': false,
  };
  expect(readContext({ email, ...cdk }).emails).toEqual([email]);
});

test("every key that the CDK's command line writes into context is none of ours", () => {
  const cli = readFileSync(join(dirname(require.resolve('aws-cdk/package.json')), 'lib', 'index.js'), 'utf8');
  const written = [...cli.matchAll(/\bcontext\.set\("([^"]+)"/g)].map(([, key = '']) => key);
  expect(written).toEqual(expect.arrayContaining(['acknowledged-issue-numbers', 'cli-telemetry']));
  for (const key of written) expect(readContext({ email, [key]: true }).emails).toEqual([email]);
});

test.each(['foo', 'region', 'configuration'])(
  'refuses the key %s, which would be ignored and the default deployed',
  (key) => {
    expect(() => readContext({ email: 'you@example.com', [key]: 'x' })).toThrow(
      expect.objectContaining({ code: 'context.unknown' }),
    );
  },
);

test.each([
  ['context.email', {}, 'missing'],
  ['context.email', { email: '' }, 'email'],
  ['context.email', { email: true }, 'true'],
  ['context.email', { email: 'somebody' }, '"somebody" is no e-mail address'],
  ['context.email', { email: 'a@example.com,' }, '"" is no e-mail address'],
  ['context.email', { email: 'a@example.com;b@example.com' }, 'separated by commas'],
  ['context.email', { email: 'Somebody <a@example.com>' }, 'no e-mail address'],
  ['context.email', { email: 'a@localhost' }, 'no e-mail address'],
  ['context.config', { email, config: ' ' }, 'config'],
  ['context.schedule', { email, schedule: 'every monday' }, 'every monday'],
  ['context.schedule', { email, schedule: '' }, 'schedule'],
  ['context.approval', { email, approval: 'console' }, 'expected off, dashboard, as in -c approval=dashboard'],
  ['context.approval', { email, approval: true }, 'true'],
  ['context.organization', { email, organization: 'yes' }, 'expected on or off, as in -c organization=on'],
  ['context.deletion', { email, deletion: 'yes' }, 'expected off, approve, automatic'],
  ['context.deletion', { email, deletion: 'Approve' }, 'expected off, approve, automatic'],
  ['context.email', { email: ['a@example.com'] }, 'email'],
  ['context.email', { email: null }, 'missing'],
  ['context.email', { email: 'a@example.com b@example.com' }, 'no e-mail address'],
  ['context.email', { email: 'a@@example.com' }, 'no e-mail address'],
  ['context.email', { email: 'a@example.com\r\nBcc: b@example.com' }, 'no e-mail address'],
  ['context.config', { email, config: {} }, '{}'],
  ['context.schedule', { email, schedule: 7 }, '7'],
  ['context.schedule', { email, schedule: 'rate(1 minute)' }, 'at least 15 minutes'],
  ['context.schedule', { email, schedule: 'rate(7 day s)' }, 'neither'],
  ['context.deletion', { email, deletion: '' }, 'deletion'],
  ['context.deletion', { email, deletion: ['approve'] }, '["approve"]'],
  ['context.monitoring', { email, monitoring: '' }, 'monitoring'],
  ['context.monitoring', { email, monitoring: 'Full' }, 'expected full, alarms, off'],
  ['context.config', { email, config: 7 }, '7'],
  ['context.schedule', { email, schedule: 'cron(0 8 31 2 ? *)' }, 'it would never fire'],
  ['context.schedule', { email, schedule: true }, 'true'],
  ['context.deletion', { email, deletion: false }, 'false'],
  ['context.monitoring', { email, monitoring: 'on' }, 'expected full, alarms, off'],
  ['context.monitoring', { email, monitoring: true }, 'true'],
  ['context.spend', { email, spend: 'yes' }, 'expected on, off'],
  ['context.spend', { email, spend: true }, 'true'],
  ['context.events', { email, events: 'yes' }, 'expected off, on, as in -c events=on'],
  ['context.events', { email, events: true }, 'true'],
  ['context.bucket', { email, bucket: 'Mine' }, '"Mine": expected the name of a bucket'],
  ['context.bucket', { email, bucket: 's3://mine' }, 'expected the name of a bucket'],
  ['context.bucket', { email, bucket: 'a..b' }, 'expected the name of a bucket'],
  ['context.bucket', { email, bucket: 'ab' }, 'expected the name of a bucket'],
  ['context.unknown', { email, monitring: 'off' }, 'did you mean "monitoring"?'],
  ['context.unknown', { emails: email }, 'did you mean "email"?'],
  ['context.unknown', { email, scedule: 'rate(1 day)' }, 'did you mean "schedule"?'],
  ['context.unknown', { email, Deletion: 'off' }, 'did you mean "deletion"?'],
])('refuses with %s: %j', (code, context, text) => {
  const refused = refusal(() => readContext(context));
  expect(refused.code).toBe(code);
  expect(refused.message).toContain(text);
  expect(refused.message).not.toMatch(/\n|\.$/);
});

test.each([
  'cron(0 8 ? * MON *)',
  'cron(0/15 8-17 ? * MON-FRI *)',
  'cron(30 6 1,15 JAN,JUL ? 2026-2030)',
  'cron(0 8 L * ? *)',
  'cron(0 8 15W * ? *)',
  'cron(0 8 ? * 6#3 *)',
  'cron(0 8 ? * fri#1 *)',
  'cron(0 8 ? * 6L *)',
  'rate(1 hour)',
  'rate(7 days)',
])('takes %s as it stands', (text) => {
  expect(checkSchedule(text)).toBe(text);
});

test.each([
  ['0 8 * * 1', 'neither'],
  ['cron(0 8 * * 1)', '5 fields'],
  ['cron(0 8 ? * MON * *)', '7 fields'],
  ['cron(0 8 * * MON *)', 'exactly one'],
  ['cron(0 8 ? * ? *)', 'exactly one'],
  ['cron(60 8 ? * MON *)', '"60" is no minutes'],
  ['cron(0 24 ? * MON *)', '"24" is no hours'],
  ['cron(0 8 32 * ? *)', '"32" is no day of month'],
  ['cron(0 8 ? 13 MON *)', '"13" is no month'],
  ['cron(0 8 ? * MONDAY *)', '"MONDAY" is no day of week'],
  ['cron(0 8 ? * 0 *)', '"0" is no day of week'],
  ['cron(0 8 ? * MON 1969)', '"1969" is no year'],
  ['cron(? 8 ? * MON *)', '"?" is no minutes'],
  ['cron(0, 8 ? * MON *)', '"0," is no minutes'],
  ['cron(0/0 8 ? * MON *)', '"0/0" is no minutes'],
  ['cron()', '1 field'],
  ['rate(0 days)', 'neither'],
  ['rate(7)', 'neither'],
  ['rate(7 weeks)', 'neither'],
  ['at(2027-01-01T08:00:00)', 'neither'],
])('refuses the schedule %s', (schedule, text) => {
  const refused = refusal(() => checkSchedule(schedule));
  expect(refused.code).toBe('context.schedule');
  expect(refused.message).toContain(schedule);
  expect(refused.message).toContain(text);
});
