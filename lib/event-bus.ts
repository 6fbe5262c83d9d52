import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { otherAccount } from './other-accounts';
import { requireRegion } from './own-resources';
import { refusedProperty } from './refused-property';

/** A bus that an account can make, and the default one; those of partners contain a slash. */
const BUS_NAME = /^[.\-_A-Za-z0-9]{1,256}$/;

/** Refuses a bus that cannot exist, or that accepts no events of others. */
function requireUsable({ eventBusName: name, env: { account } }: IEventBus): void {
  const refused = (got: string): Error =>
    refusedProperty(
      'events',
      `events: got ${got}; expected a bus such as EventBus.fromEventBusName(this, 'Bus', 'mine'), or true for the default bus`,
    );
  if (!Token.isUnresolved(name) && name.startsWith('aws.'))
    throw refused(`the bus ${JSON.stringify(name)} of a partner, on which only the partner can put events`);
  if (!Token.isUnresolved(name) && !BUS_NAME.test(name))
    throw refused(`the name ${JSON.stringify(name)}, which no bus can have`);
  if (!Token.isUnresolved(account) && !/^\d{12}$/.test(account))
    throw refused(`a bus of the account ${JSON.stringify(account)}, which has not 12 digits`);
}

/** Lets the stack's account use a bus of another. Warns if the policy of the bus cannot be changed from here. */
function completeBusPolicy(scope: Construct, bus: IEventBus): void {
  const isOther = otherAccount(scope, bus);
  if (isOther === false) return;
  const { account } = Stack.of(scope);
  // A bus that the app makes holds its resource. Not by its class, because an app can have two copies of the CDK.
  if (isOther === true && bus.node.defaultChild !== undefined) {
    (bus as EventBus).addToResourcePolicy(
      new PolicyStatement({
        sid: `SnapshotRetention${scope.node.addr.slice(0, 8)}`,
        principals: [new AccountPrincipal(account)],
        actions: ['events:PutEvents'],
        resources: [bus.eventBusArn],
      }),
    );
    return;
  }
  const condition = isOther === true ? '' : ', if it is of another account';
  const ours = Token.isUnresolved(account) ? "the stack's account" : `account ${account}`;
  Annotations.of(scope).addWarningV2(
    'lightsail-retention:events',
    `events: the policy of the bus is not changed from here: it must allow ${ours} events:PutEvents${condition}`,
  );
}

/** The bus that gets events; null: none are sent. Refuses one that cannot get them. */
export function busFor(scope: Construct, events: boolean | IEventBus | undefined): IEventBus | null {
  if (events === undefined || events === false) return null;
  if (events === true) return EventBus.fromEventBusName(scope, 'DefaultBus', 'default');
  requireUsable(events);
  requireRegion(scope, 'events', events);
  completeBusPolicy(scope, events);
  return events;
}

/** Permission to put events on one bus, and on no other. */
export const putStatement = ({ eventBusArn }: IEventBus): PolicyStatement =>
  new PolicyStatement({ actions: ['events:PutEvents'], resources: [eventBusArn] });
