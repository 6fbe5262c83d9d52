import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import type { ChatChannel } from '../ports/ports';

/** The topic of a chat as a channel: Amazon Q Developer in chat applications passes its custom notifications on to Slack or Teams. */
export function chatChannel(client: SNSClient, topicArn: string): ChatChannel {
  return {
    async post(notification, abortSignal) {
      try {
        const command = new PublishCommand({ TopicArn: topicArn, Message: jsonText(notification) });
        await client.send(command, abortSignal === undefined ? {} : { abortSignal });
      } catch (cause) {
        const name = cause instanceof Error ? cause.name : 'unknown error';
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new RetentionError(
          'channel.chat',
          `cannot publish the chat message to ${topicArn}: got ${name} (${message}); check that the topic exists and that this role may publish to it`,
          { cause },
        );
      }
    },
  };
}
