import { App, Duration, Stack } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { configure, SnapshotRetention } from 'lightsail-retention';

const app = new App();
const stack = new Stack(app, 'Backups', { env: { account: '111111111111', region: 'eu-central-1' } });
new SnapshotRetention(stack, 'Retention', {
  configuration: configure({ version: 1, policies: { standard: { keep: { daily: 14 } } }, default: 'standard' }),
  emails: ['you@example.com'],
  deletion: 'approve',
  events: true,
});

/** Events that no target accepted. */
const lost = new Queue(stack, 'Lost', { enforceSSL: true, retentionPeriod: Duration.days(14) });

/** Every event, for a program. It drops an event whose `detail.id` it has seen. */
const events = new Queue(stack, 'Events', { enforceSSL: true, deadLetterQueue: { queue: lost, maxReceiveCount: 5 } });
new Rule(stack, 'EventsToQueue', {
  description: 'Sends every event of snapshot retention to a queue',
  // Other accounts can put events with this source on a shared bus, but not with this account.
  eventPattern: { source: ['lightsail-retention'], account: [stack.account] },
  targets: [new SqsQueue(events, { deadLetterQueue: lost })],
});

/** The topic of a channel in Amazon Q Developer in chat applications. It shows this notification format only. */
const chat = new Topic(stack, 'Chat', { enforceSSL: true });
/** Writes a message to the chat. */
const toChat = (title: string, description: string): SnsTopic =>
  new SnsTopic(chat, {
    deadLetterQueue: lost,
    message: RuleTargetInput.fromObject({
      version: '1.0',
      source: 'custom',
      content: { textType: 'client-markdown', title, description },
    }),
  });
const detail = (name: string): string => EventField.fromPath(`$.detail.${name}`);

new Rule(stack, 'PlansToChat', {
  description: 'Sends plans that can be approved to a chat',
  eventPattern: {
    source: ['lightsail-retention'],
    account: [stack.account],
    detailType: ['Lightsail Snapshot Deletion Plan'],
    detail: { blocked: [null] },
  },
  targets: [
    toChat(
      'A plan waits for approval',
      `Plan ${detail('planId')} lists ${detail('snapshots')} snapshots. Read the e-mail of the report before you approve it.`,
    ),
  ],
});
new Rule(stack, 'FailuresToChat', {
  description: 'Sends accounts that could not be read in full to a chat',
  eventPattern: {
    source: ['lightsail-retention'],
    account: [stack.account],
    detailType: ['Lightsail Snapshot Account Failure'],
  },
  targets: [
    toChat(
      'An account could not be read in full',
      `Account ${detail('account')}: ${detail('status')} (${detail('code')}). The report ${detail('reportId')} names what is missing.`,
    ),
  ],
});
app.synth();
