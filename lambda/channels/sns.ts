import {
  type MessageAttributeValue,
  PublishCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { RetentionError } from '../core/util/errors';
import type { Channel } from '../ports/ports';
import { isConfirmed, isPerson } from './subscribers';

const attributeValue = (value: string | number): MessageAttributeValue =>
  typeof value === 'number'
    ? { DataType: 'Number', StringValue: String(value) }
    : { DataType: 'String', StringValue: value };

/** An SNS topic as a channel: plain-text e-mail, with message attributes that subscribers can filter by. */
export function snsChannel(client: SNSClient, topicArn: string): Channel {
  return {
    async send({ subject, body, attributes }, abortSignal) {
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, attributeValue(value)]),
      );
      try {
        await client.send(
          new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: body, MessageAttributes }),
          {
            ...(abortSignal && { abortSignal }),
          },
        );
      } catch (cause) {
        const name = cause instanceof Error ? cause.name : 'unknown error';
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new RetentionError(
          'channel.sns',
          `cannot publish the report to ${topicArn}: got ${name} (${message}); check that the topic exists and that this role may publish to it`,
          { cause },
        );
      }
    },
    async confirmedSubscribers() {
      try {
        let confirmed = 0;
        for await (const page of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn }))
          confirmed += (page.Subscriptions ?? []).filter((each) => isPerson(each) && isConfirmed(each)).length;
        return confirmed;
      } catch {
        return null;
      }
    },
  };
}
