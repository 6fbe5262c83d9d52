import { buildEnv, parseDeletionEnv, parseEnv } from '../../lambda/runtime/env';

const settings = { topicArn: 'arn:aws:sns:eu-central-1:123456789012:topic', bucket: 'reports-of-us' };

test('what is deployed is what is read, with the region that Lambda sets', () => {
  expect(parseEnv({ ...buildEnv(settings), AWS_REGION: 'eu-central-1' })).toEqual({
    ...settings,
    region: 'eu-central-1',
  });
});

test('a chat is optional, and read where it is deployed', () => {
  const chatTopicArn = 'arn:aws:sns:eu-central-1:123456789012:chat';
  expect(parseEnv({ ...buildEnv({ ...settings, chatTopicArn }), AWS_REGION: 'eu-central-1' }).chatTopicArn).toBe(
    chatTopicArn,
  );
  expect(parseEnv({ ...buildEnv(settings), CHAT_TOPIC_ARN: ' ', AWS_REGION: 'eu-central-1' })).not.toHaveProperty(
    'chatTopicArn',
  );
});

test('a bus is optional, and both functions read it where it is deployed', () => {
  const eventBus = 'arn:aws:events:eu-central-1:123456789012:event-bus/default';
  const deployed = { ...buildEnv({ ...settings, eventBus, deletionMode: 'approve' }), AWS_REGION: 'eu-central-1' };
  expect([parseEnv(deployed).eventBus, parseDeletionEnv(deployed).eventBus]).toEqual([eventBus, eventBus]);
  expect(parseEnv({ ...buildEnv(settings), AWS_REGION: 'eu-central-1' })).not.toHaveProperty('eventBus');
});

test('an approval on the dashboard is optional, and part of the deletion where it is deployed', () => {
  const deployed = { ...buildEnv({ ...settings, deletionFunction: 'live', deletionMode: 'approve' }), AWS_REGION: 'r' };
  expect(parseEnv(deployed).deletion).toEqual({ functionArn: 'live', mode: 'approve' });
  expect(parseEnv({ ...deployed, APPROVAL: 'other' }).deletion).not.toHaveProperty('approval');
  expect(parseEnv({ ...deployed, APPROVAL: 'dashboard' }).deletion).toHaveProperty('approval', 'dashboard');
});

test('refuses an environment with every missing name at once, a blank one included', () => {
  expect(() => parseEnv({ TOPIC_ARN: settings.topicArn, BUCKET: ' ' })).toThrow(
    expect.objectContaining({ code: 'env.missing', message: expect.stringMatching(/BUCKET, AWS_REGION not set/) }),
  );
  expect(() => parseEnv({ BUCKET: 'b', AWS_REGION: 'r' })).toThrow(/variable TOPIC_ARN not set/);
});
