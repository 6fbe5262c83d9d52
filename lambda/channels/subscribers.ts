import type { Subscription } from '@aws-sdk/client-sns';

/**
 * Protocols that end with a person; a queue, a function or a web address takes a message without anybody reading it.
 */
const PEOPLE = new Set(['email', 'email-json', 'sms']);

/** Whether a subscription is that of a person. */
export const isPerson = ({ Protocol }: Subscription): boolean => PEOPLE.has(Protocol ?? '');

/** Whether a subscription was confirmed: one that was not has a word for its ARN. */
export const isConfirmed = ({ SubscriptionArn }: Subscription): boolean => SubscriptionArn?.startsWith('arn:') ?? false;
