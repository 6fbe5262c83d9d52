import { randomUUID } from 'node:crypto';
import { ServiceRefusal } from './service-error';
import { element, queryAnswer } from './xml';

/** A topic of the emulated SNS. `confirmed: false` is a subscription that still waits for its link to be clicked. */
export interface Topic {
  readonly arn: string;
  readonly subscriptions: readonly {
    readonly protocol: string;
    readonly endpoint: string;
    readonly confirmed: boolean;
  }[];
}

/** A message that was published. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number;
}

const SNS_NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
const MAX_MESSAGE_BYTES = 262_144;
const A_PAGE = 100;

const invalidParameter = (message: string) =>
  new ServiceRefusal({ code: 'InvalidParameter', message: `Invalid parameter: ${message}` });

function topicOf(topics: readonly Topic[], arn: string | null, region: string): Topic {
  if (arn === null || !/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+(\.fifo)?$/.test(arn) || arn.split(':')[3] !== region)
    throw invalidParameter('TopicArn');
  const topic = topics.find((each) => each.arn === arn);
  if (!topic) throw new ServiceRefusal({ code: 'NotFound', message: 'Topic does not exist', status: 404 });
  return topic;
}

function attributesOf(form: URLSearchParams): PublishedMessage['attributes'] {
  const attributes: Record<string, { type: string; value: string }> = {};
  for (let i = 1; form.has(`MessageAttributes.entry.${i}.Name`); i++) {
    const at = `MessageAttributes.entry.${i}`;
    const name = form.get(`${at}.Name`) ?? '';
    const type = form.get(`${at}.Value.DataType`) ?? '';
    const value = form.get(`${at}.Value.StringValue`) ?? form.get(`${at}.Value.BinaryValue`) ?? '';
    const refusal = (message: string) =>
      new ServiceRefusal({ code: 'ParameterValueInvalid', message: `The message attribute '${name}' ${message}` });
    if (!/^(?!aws\.|amazon\.)[\w-]+(\.[\w-]+)*$/i.test(name) || name.length > 256)
      throw refusal('has a name that is not valid.');
    if (!/^(String|Number|Binary)(\.[\w.-]+)?$/.test(type))
      throw refusal(
        `has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    if (value === '') throw refusal('must contain a non-empty message attribute value.');
    if (type.startsWith('Number') && !Number.isFinite(Number(value)))
      throw refusal('has a value that is not a number.');
    if (name in attributes) throw refusal('is given twice.');
    attributes[name] = { type, value };
  }
  return attributes;
}

function checkSubject(subject: string): void {
  // Lightsail's reports go by e-mail, whose subject takes printable ASCII only.
  if (subject.length > 99 || !/^[\x21-\x7e][\x20-\x7e]*$/.test(subject)) throw invalidParameter('Subject');
}

/**
 * Carries out one SNS call (query protocol: what the AWS CLI, boto3 and the JavaScript SDK send) and returns its XML.
 */
export function answerSns(
  form: URLSearchParams,
  world: {
    readonly topics: readonly Topic[];
    readonly region: string;
    readonly publish: (message: PublishedMessage) => void;
    readonly now: () => number;
  },
  requestId: string,
): string {
  const operation = form.get('Action') ?? '';
  if (operation === 'Publish') {
    const topic = topicOf(world.topics, form.get('TopicArn') ?? form.get('TargetArn'), world.region);
    const message = form.get('Message') ?? '';
    const subject = form.get('Subject');
    if (message === '') throw invalidParameter('Empty message');
    if (subject !== null) checkSubject(subject);
    const attributes = attributesOf(form);
    const texts = Object.entries(attributes).flatMap(([name, { type, value }]) => [name, type, value]);
    if ([message, ...texts].reduce((bytes, text) => bytes + Buffer.byteLength(text), 0) > MAX_MESSAGE_BYTES)
      throw invalidParameter('Message too long');
    const messageId = randomUUID();
    world.publish({ messageId, topicArn: topic.arn, subject, message, attributes, at: world.now() });
    return queryAnswer(operation, SNS_NAMESPACE, element('MessageId', messageId), requestId);
  }
  if (operation === 'ListSubscriptionsByTopic') {
    const topic = topicOf(world.topics, form.get('TopicArn'), world.region);
    const token = form.get('NextToken') ?? '';
    const offset =
      token === '' ? 0 : Number(/^page-(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1] ?? Number.NaN);
    if (Number.isNaN(offset)) throw invalidParameter('NextToken');
    const members = topic.subscriptions.slice(offset, offset + A_PAGE).map(({ protocol, endpoint, confirmed }, i) => {
      const id = `00000000-0000-4000-8000-${String(offset + i).padStart(12, '0')}`;
      const arn = confirmed ? `${topic.arn}:${id}` : 'PendingConfirmation';
      return `<member>${element('TopicArn', topic.arn)}${element('Protocol', protocol)}${element('SubscriptionArn', arn)}${element('Owner', topic.arn.split(':')[4])}${element('Endpoint', endpoint)}</member>`;
    });
    const next =
      offset + A_PAGE < topic.subscriptions.length
        ? Buffer.from(`page-${offset + A_PAGE}`).toString('base64url')
        : undefined;
    return queryAnswer(
      operation,
      SNS_NAMESPACE,
      `<Subscriptions>${members.join('')}</Subscriptions>${element('NextToken', next)}`,
      requestId,
    );
  }
  throw new ServiceRefusal({
    code: 'InvalidAction',
    message: `The action ${operation} is not valid for this endpoint.`,
  });
}
