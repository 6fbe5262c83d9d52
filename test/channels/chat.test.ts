import { SNSClient } from '@aws-sdk/client-sns';
import { startEmulator } from '../../emulator/server';
import { chatChannel } from '../../lambda/channels/chat';
import { renderChat } from '../../lambda/render/chat';
import { CONTEXT } from '../render/sample-reports';
import { aReport, expired } from '../support/report-builder';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:chat';
const account = { accountId: '123456789012', regions: ['eu-central-1'], data: {} };
const notification = renderChat(aReport([expired()]), CONTEXT);

const clientOf = (endpoint: string) =>
  new SNSClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });

describe('the chat topic', () => {
  it('gets the notification as the whole message', async () => {
    const emulator = await startEmulator({ account, topics: [{ arn: TOPIC, subscriptions: [] }] });
    try {
      await chatChannel(clientOf(emulator.url), TOPIC).post(notification);
      expect(emulator.published.map(({ message }) => JSON.parse(message))).toEqual([notification]);
    } finally {
      await emulator.close();
    }
  });

  it('refuses with the topic and the remedy when it cannot be published to', async () => {
    const emulator = await startEmulator({ account, topics: [] });
    try {
      await expect(chatChannel(clientOf(emulator.url), TOPIC).post(notification)).rejects.toMatchObject({
        code: 'channel.chat',
        message: expect.stringContaining(`${TOPIC}: got NotFound`),
      });
    } finally {
      await emulator.close();
    }
  });
});
