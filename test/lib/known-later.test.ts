import { App, CfnParameter, Duration, Fn, Lazy, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { RetentionError } from '../../lambda/core/util/errors';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS } from './synthesized';

type Given = Readonly<Partial<Record<keyof SnapshotRetentionProps, unknown>>>;

const ENV = { account: '123456789012', region: 'eu-central-1' };

function built(given: (stack: Stack) => Given, context: object = {}): { readonly app: App; readonly stack: Stack } {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [], ...context } });
  const stack = new Stack(app, 'Stack', { env: ENV });
  new SnapshotRetention(stack, 'Retention', { ...PROPS, ...given(stack) } as SnapshotRetentionProps);
  return { app, stack };
}

const lookup = (stack: Stack, name = '/ops'): string => StringParameter.valueFromLookup(stack, name);

describe('a value that `cdk synth` has still to look up does not stop it from doing so', () => {
  test.each<[string, (stack: Stack) => Given]>([
    ['an address', (stack) => ({ emails: [lookup(stack)] })],
    ['the domain of an address', (stack) => ({ emails: [`ops@${lookup(stack)}`] })],
    ['a list of addresses', (stack) => ({ emails: lookup(stack).split(',') })],
    ['a schedule', (stack) => ({ schedule: lookup(stack) })],
    ['a part of a schedule', (stack) => ({ schedule: `cron(0 ${lookup(stack)} * * ? *)` })],
    ['a level of monitoring', (stack) => ({ monitoring: lookup(stack) })],
    ['a way to delete', (stack) => ({ deletion: lookup(stack) })],
    [
      'a time zone',
      (stack) => ({ configuration: { origin: 'retention.yaml', config: { version: 1, timezone: lookup(stack) } } }),
    ],
    [
      'a policy',
      (stack) => ({
        configuration: {
          origin: 'retention.yaml',
          config: { version: 1, policies: { short: { expireAfter: lookup(stack) } } },
        },
      }),
    ],
  ])('%s', (_, given) => {
    const { app } = built(given);
    expect(app.synth().manifest.missing).toEqual([expect.objectContaining({ provider: 'ssm' })]);
  });

  test('once it is found, it counts', () => {
    const key = 'ssm:account=123456789012:parameterName=/ops:region=eu-central-1';
    const { stack } = built((own) => ({ emails: [lookup(own)] }), { [key]: 'ops@example.com' });
    Template.fromStack(stack).hasResourceProperties('AWS::SNS::Subscription', { Endpoint: 'ops@example.com' });
    expect(() => built((own) => ({ schedule: lookup(own) }), { [key]: 'daily' })).toThrow(
      'schedule "daily": expected cron',
    );
  });
});

const later = (stack: Stack): string => new CfnParameter(stack, 'Later').valueAsString;

describe('a value that is known at deployment only is refused where it has to be known here, in one sentence without a token', () => {
  test.each<[string, string, (stack: Stack) => Given]>([
    [
      'props.emails',
      'take each out of it, as in [Fn.select(0, list)]',
      () => ({ emails: Fn.split(',', Fn.importValue('Emails')) }),
    ],
    ['props.emails', 'take each out of it', () => ({ emails: Token.asList({ Ref: 'Emails' }) })],
    ['props.emails', 'take each out of it', () => ({ emails: Lazy.list({ produce: () => ['a@example.com'] }) })],
    [
      'props.emails',
      'take each out of it',
      () => ({ emails: ['a@example.com', ...Fn.split(',', Fn.importValue('Emails'))] }),
    ],
    ['props.emails', 'expected a list of addresses', (stack) => ({ emails: later(stack) })],
    ['context.schedule', 'such as cron(', (stack) => ({ schedule: later(stack) })],
    ['context.schedule', 'such as cron(', (stack) => ({ schedule: `rate(${later(stack)} days)` })],
    ['props.monitoring', 'expected one of full, alarms, off', (stack) => ({ monitoring: later(stack) })],
    ['props.deletion', 'expected one of off, approve, automatic', (stack) => ({ deletion: later(stack) })],
    [
      'props.logRetention',
      'expected one of RetentionDays',
      () => ({ logRetention: Lazy.number({ produce: () => 30 }) }),
    ],
    [
      'props.keepReportsFor',
      'expected a Duration that is known here',
      () => ({ keepReportsFor: Duration.days(Lazy.number({ produce: () => 30 })) }),
    ],
    ['props.topic', 'expected a topic', (stack) => ({ topic: later(stack) })],
    ['props.bucket', 'expected a bucket', (stack) => ({ bucket: later(stack) })],
    [
      'props.configuration',
      'the functions carry it in their code',
      (stack) => ({ configuration: { origin: 'retention.yaml', config: { version: 1, timezone: later(stack) } } }),
    ],
    [
      'props.configuration',
      'the functions carry it in their code',
      (stack) => ({ configuration: { origin: 'retention.yaml', config: { version: 1, holdTags: [later(stack)] } } }),
    ],
  ])('%s: %s', (code, text, given) => {
    const refusal = (): unknown => {
      try {
        return built(given);
      } catch (error) {
        return error;
      }
    };
    const error = refusal();
    expect(error).toBeInstanceOf(RetentionError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(String(error)).toContain('known');
    expect(String(error)).not.toMatch(/Token\[|\n|e\+\d/);
  });
});

test('an address out of a list that is known later is subscribed', () => {
  const { stack } = built(() => ({ emails: Fn.split(',', Fn.importValue('Emails'), 2) }));
  expect(Object.keys(Template.fromStack(stack).findResources('AWS::SNS::Subscription'))).toHaveLength(2);
});
