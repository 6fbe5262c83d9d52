import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { RetentionStack } from '../../lib/retention-stack';
import { SnapshotRetention } from '../../lib/snapshot-retention';
import { PROPS, quickApp, statementsOf, synthesized } from './synthesized';

const HOME = { account: '123456789012', region: 'eu-central-1' };
const OTHER = { account: '210987654321', region: 'eu-central-1' };

/** A stack whose events go on a bus. */
function withBus(make: (stack: Stack) => boolean | IEventBus, env: { account: string; region: string } = HOME): Stack {
  const stack = new Stack(quickApp(), 'Mine', { env });
  new SnapshotRetention(stack, 'Retention', { ...PROPS, deletion: 'automatic', events: make(stack) });
  return stack;
}

/** A cast for exactOptionalPropertyTypes: to it, the CDK's own bus is no IEventBus. */
const aBus = (stack: Stack, eventBusName?: string): IEventBus =>
  new EventBus(stack, 'Bus', eventBusName === undefined ? {} : { eventBusName }) as IEventBus;
const named = (name: string) => (stack: Stack) => EventBus.fromEventBusName(stack, 'Bus', name);
const byArn = (arn: string) => (stack: Stack) => EventBus.fromEventBusArn(stack, 'Bus', arn);

/** The statements of events, and the buses that the functions are told. */
const eventParts = (template: Template) => ({
  statements: statementsOf(template.toJSON()).filter(({ Action }) => [Action].flat().join().includes('events:')),
  buses: Object.values(template.findResources('AWS::Lambda::Function')).map(
    ({ Properties }) => Properties.Environment.Variables.EVENT_BUS,
  ),
});

it('a stack that does not ask for events may not put any, and its functions know no bus', () => {
  for (const props of [{ deletion: 'automatic' }, { deletion: 'automatic', events: false }] as const)
    expect(eventParts(synthesized(props))).toEqual({ statements: [], buses: [undefined, undefined] });
});

it('each function may put events on the default bus, and on no other', () => {
  const { statements, buses } = eventParts(Template.fromStack(withBus(() => true)));
  const [bus] = buses;
  expect(JSON.stringify(bus)).toContain(':events:eu-central-1:123456789012:event-bus/default');
  expect(buses).toEqual([bus, bus]);
  const statement = { Effect: 'Allow', Action: 'events:PutEvents', Resource: bus };
  expect(statements).toEqual([statement, statement]);
});

it('a bus of the app is named by its ARN', () => {
  const { statements, buses } = eventParts(Template.fromStack(withBus((stack) => aBus(stack))));
  expect(buses[0]).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^Bus/), 'Arn'] });
  expect(statements.map(({ Resource }) => Resource)).toEqual(buses);
});

it.each<[string, (stack: Stack) => IEventBus, RegExp]>([
  [
    'of another region',
    byArn('arn:aws:events:us-east-1:123456789012:event-bus/mine'),
    /another region: got one in us-east-1/,
  ],
  ['of a partner', named('aws.partner/example.com/1'), /of a partner, on which only the partner can put events/],
  ['with a name that no bus can have', named('my bus'), /got the name "my bus", which no bus can have/],
  ['with too long a name', named('b'.repeat(257)), /which no bus can have/],
  [
    'of an account without 12 digits',
    byArn('arn:aws:events:eu-central-1:1234:event-bus/mine'),
    /account "1234", which/,
  ],
])('a bus %s is refused at synth', (_, make, message) => {
  expect(() => withBus(make)).toThrow(
    expect.objectContaining({ code: 'props.events', message: expect.stringMatching(message) }),
  );
});

it('a bus of another account that the app makes is opened to this account', () => {
  const app = quickApp();
  const platform = new Stack(app, 'Platform', { env: OTHER });
  const bus = aBus(platform, 'shared');
  const stack = new Stack(app, 'Mine', { env: HOME });
  new SnapshotRetention(stack, 'Retention', { ...PROPS, events: bus });
  Template.fromStack(platform).hasResourceProperties('AWS::Events::EventBusPolicy', {
    Statement: Match.objectLike({
      Action: 'events:PutEvents',
      Principal: { AWS: 'arn:aws:iam::123456789012:root' },
    }),
  });
  expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('events: '))).toEqual([]);
});

it.each<[string, (stack: Stack) => IEventBus, boolean]>([
  ['an imported bus of another account', byArn('arn:aws:events:eu-central-1:210987654321:event-bus/mine'), true],
  ['an imported bus of this account', byArn('arn:aws:events:eu-central-1:123456789012:event-bus/mine'), false],
])('a warning names what the policy must allow, only where it is needed: %s', (_, make, isWarned) => {
  const warnings = Annotations.fromStack(withBus(make)).findWarning(
    '*',
    Match.stringLikeRegexp(
      'the policy of the bus is not changed from here: it must allow account 123456789012 events:PutEvents',
    ),
  );
  expect(warnings).toHaveLength(isWarned ? 1 : 0);
});

it('the stack that `-c events=on` deploys puts events on the default bus', () => {
  const template = Template.fromStack(new RetentionStack(quickApp(), 'LightsailRetention', { ...PROPS, events: true }));
  expect(eventParts(template).buses).toHaveLength(1);
  expect(eventParts(template).statements).toHaveLength(1);
});
