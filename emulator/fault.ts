import * as z from 'zod';
import { LISTS } from './account';

const texts = z.union([z.string(), z.array(z.string()).min(1)]);
const faultTag = z.strictObject({ key: z.string().min(1), value: z.string().optional() });
const faultRow = z.looseObject({
  name: z.string().optional(),
  arn: z.string().optional(),
  createdAt: z.number().optional(),
  tags: z.array(faultTag).optional(),
});
const faultList = z.enum(LISTS);

/** Which calls a fault applies to. Texts may hold `*`; what is left out matches all. */
const selector = {
  service: z.enum(['lightsail', 'sns', 's3', 'sts', 'organizations', 'ce', 'events']).default('lightsail'),
  /** The accounts whose credentials sign the call. */
  accounts: texts.optional(),
  regions: texts.optional(),
  operations: texts.optional(),
  /** What the call names: a resource, an operation's id, an object's key, a topic. */
  names: texts.optional(),
  /** Lets this many matching calls pass first. */
  after: z.int().min(0).default(0),
  /** Then applies to every n-th of them. */
  every: z.int().min(1).default(1),
  /** And at most this often. */
  times: z.int().min(1).optional(),
  /** What counts as one series of calls: all that match, those of one region, or repetitions of the very same call. */
  per: z.enum(['all', 'region', 'call']).default('all'),
  /** Applies with this probability, by the scenario's seed. */
  chance: z.number().min(0).max(1).default(1),
};

const target = { region: z.string().optional(), resource: z.string(), list: faultList.optional() };
/** A change to the world; without `region` in the region of the call. `reuse` gives the name to a new resource. */
const change = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('tag'), ...target, tags: z.array(faultTag).min(1) }),
  z.strictObject({ action: z.literal('untag'), ...target, keys: z.array(z.string()).min(1) }),
  z.strictObject({ action: z.literal('delete'), ...target }),
  z.strictObject({ action: z.literal('reuse'), ...target, row: faultRow.optional() }),
]);

/** One fault, as data. */
export const faultSchema = z.discriminatedUnion('fault', [
  /** Answers with an error. */
  z.strictObject({
    fault: z.literal('error'),
    ...selector,
    code: z.string().min(1),
    message: z.string().optional(),
    tip: z.string().optional(),
    status: z.int().min(400).max(599).optional(),
  }),
  /** AccessDeniedException in the words of IAM: who denies it is in the message alone. */
  z.strictObject({
    fault: z.literal('deny'),
    ...selector,
    by: z.enum(['service-control-policy', 'identity-policy', 'nothing-allows']).default('service-control-policy'),
  }),
  /**
   * ThrottlingException: on the selected calls, or on those beyond a rate for each region, of which `burst` may come at
   * once (a second's).
   */
  z.strictObject({
    fault: z.literal('throttle'),
    ...selector,
    perSecond: z.number().positive().optional(),
    burst: z.int().min(1).optional(),
  }),
  /** Answers with these bytes, such as a proxy's page or half a body. */
  z.strictObject({
    fault: z.literal('answer'),
    ...selector,
    status: z.int().min(200).max(599),
    contentType: z.string().default('text/html'),
    body: z.string(),
  }),
  /** Cuts the connection; `during`: in the middle of the answer; `after`: the work was done and the answer is lost. */
  z.strictObject({
    fault: z.literal('reset'),
    ...selector,
    when: z.enum(['before', 'during', 'after']).default('before'),
  }),
  /**
   * Never answers: silent from the start, `busy`: but says again and again that it is at work, `during`: but begins to.
   */
  z.strictObject({
    fault: z.literal('hang'),
    ...selector,
    when: z.enum(['before', 'busy', 'during']).default('before'),
  }),
  /** Answers this much later. */
  z.strictObject({ fault: z.literal('latency'), ...selector, ms: z.number().min(0) }),
  /**
   * `endless`: a fresh token after every page, without end; `repeated`: the token that was sent comes back; `loop`: the
   * last page leads back; `empty`: the last token is an empty text.
   */
  z.strictObject({ fault: z.literal('tokens'), ...selector, mode: z.enum(['endless', 'repeated', 'loop', 'empty']) }),
  /** A row appears on two pages (twice on a single one): identical, or with different content. */
  z.strictObject({ fault: z.literal('rows'), ...selector, mode: z.enum(['duplicate', 'conflict']) }),
  /** Lists leave out the rows whose names match; a reading by name still finds them. */
  z.strictObject({ fault: z.literal('omit'), ...selector, rows: texts }),
  /** The first rows of a list are deleted just before the call is answered, so that all others move up. */
  z.strictObject({ fault: z.literal('shift'), ...selector, rows: z.int().min(1).default(1) }),
  /** Lists are as they were so many changes ago, or as they were at the start; a reading by name is up to date. */
  z.strictObject({
    fault: z.literal('stale'),
    ...selector,
    changes: z.union([z.int().min(1), z.literal('all')]).default('all'),
  }),
  /** Bends answers: the list is absent, or rows gain and lose members. `rows` selects them by name. */
  z.strictObject({
    fault: z.literal('shape'),
    ...selector,
    rows: texts.optional(),
    add: z.record(z.string(), z.unknown()).optional(),
    drop: z.array(z.string()).optional(),
    dropList: z.boolean().default(false),
  }),
  /**
   * How deletes and tag changes go on: after `polls` readings (or never) they end so. More than one operation: `count`.
   */
  z.strictObject({
    fault: z.literal('operation'),
    ...selector,
    status: z.enum(['Succeeded', 'Completed', 'Failed']).default('Succeeded'),
    polls: z.union([z.int().min(0), z.literal('never')]).default(0),
    count: z.int().min(0).max(10).default(1),
    errorCode: z.string().optional(),
    errorDetails: z.string().optional(),
  }),
  /** Entries of PutEvents fail, those of some detail types or all: the call itself succeeds. */
  z.strictObject({
    fault: z.literal('entries'),
    ...selector,
    detailTypes: texts.optional(),
    code: z.string().min(1).default('InternalFailure'),
    message: z.string().default('Internal failure.'),
  }),
  /** Changes the account just before or after the selected calls (once, unless `times` says otherwise). */
  z.strictObject({
    fault: z.literal('change'),
    ...selector,
    times: z.int().min(1).default(1),
    when: z.enum(['before', 'after']).default('before'),
    change,
  }),
]);

/** A fault as it is written: defaults may be left out. */
export type FaultInput = z.input<typeof faultSchema>;
/** A validated fault. */
export type EmulatorFault = z.output<typeof faultSchema>;
/** The fault of one name. */
export type FaultOf<Name extends EmulatorFault['fault']> = Extract<EmulatorFault, { fault: Name }>;
/** A change to the world, as data. */
export type Change = z.output<typeof change>;
export { faultRow as rowSchema };
