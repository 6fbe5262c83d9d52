import { SNSClient } from '@aws-sdk/client-sns';
import { startEmulator } from '../../emulator/server';
import { snsChannel } from '../../lambda/channels/sns';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const account = { accountId: '123456789012', regions: ['eu-central-1'], data: {} };

type Subscriptions = { readonly protocol: string; readonly endpoint: string; readonly confirmed?: boolean }[];

async function countOf(subscriptions: Subscriptions, topicArn = TOPIC): Promise<number | null> {
  const emulator = await startEmulator({ account, topics: [{ arn: TOPIC, subscriptions }] });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  try {
    const client = new SNSClient({ endpoint: emulator.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
    return await snsChannel(client, topicArn).confirmedSubscribers();
  } finally {
    await emulator.close();
  }
}

describe('the confirmed subscribers of a topic', () => {
  it.each([
    ['email', 'ops@example.com'],
    ['email-json', 'ops@example.com'],
    ['sms', '+15550100'],
  ])('are those that a person reads: %s', async (protocol, endpoint) => {
    expect(await countOf([{ protocol, endpoint }])).toBe(1);
    expect(await countOf([{ protocol, endpoint, confirmed: false }])).toBe(0);
  });

  it.each([
    ['sqs', 'arn:aws:sqs:eu-central-1:123456789012:queue'],
    ['lambda', 'arn:aws:lambda:eu-central-1:123456789012:function:forwarder'],
    ['https', 'https://example.com/hook'],
    ['http', 'http://example.com/hook'],
    ['firehose', 'arn:aws:firehose:eu-central-1:123456789012:deliverystream/archive'],
    ['application', 'arn:aws:sns:eu-central-1:123456789012:endpoint/APNS/app/1'],
    ['something-new', 'somewhere'],
  ])('are not programs: %s', async (protocol, endpoint) => {
    expect(await countOf([{ protocol, endpoint }])).toBe(0);
  });

  it('are counted over all pages', async () => {
    const programs = Array.from({ length: 150 }, (_, i) => ({
      protocol: 'sqs',
      endpoint: `arn:aws:sqs:eu-central-1:123456789012:q${i}`,
    }));
    expect(await countOf([...programs, { protocol: 'email', endpoint: 'ops@example.com' }])).toBe(1);
  });

  it('are not known where the topic cannot be asked', async () => {
    expect(await countOf([], `${TOPIC}-gone`)).toBeNull();
  });
});
