/**
 * Schemas of all JSON that is read back from the store. Unknown members are allowed in each of them except a plan,
 * which its digest covers.
 */

import * as z from 'zod/mini';
import {
  APPROVAL_KINDS,
  type ApplyResult,
  type Approval,
  type ItemDetails,
  type ItemResult,
  NO_ITEM_DETAILS,
  OUTCOMES,
  type SendingApproval,
} from '../core/plan/outcome';
import { DECIMAL, type Plan } from '../core/plan/plan';
import { MAX_REASON_LENGTH } from '../core/policy/reason-summary';
import type { FollowedRollUp } from '../core/report/account-changes';
import type { ReportHead } from '../core/report/report-diff';
import type { Blocked, Totals } from '../core/report/report-model';
import type { AccountStatus, RollUpAccount } from '../core/report/roll-up';
import { parseArn } from '../core/snapshot/arn';
import { KINDS, type Kind } from '../core/snapshot/snapshot';
import type { IndexBlock } from '../core/snapshot/snapshot-index';
import { parseInstant } from '../core/time/instant';
import { PLAN_ID } from './keys';

const oneOrMore = z.string({ error: 'a text' }).check(z.minLength(1, { error: 'a text' }));
const matching = (pattern: RegExp, expected: string) =>
  z.string({ error: expected }).check(z.regex(pattern, { error: expected }));
const EXACT_INSTANT = 'an instant such as 2026-11-23T08:00:00.000Z';
const exactInstant = z
  .string({ error: EXACT_INSTANT })
  .check(
    z.refine((text) => parseInstant(text) !== null && new Date(text).toISOString() === text, { error: EXACT_INSTANT }),
  );
const kind = z.enum(KINDS, { error: KINDS.join(', ') });
/** A code or a kind as this version knows it; a newer version may have written another one. */
const known = <T extends string>() =>
  z.custom<T>((value) => typeof value === 'string' && value !== '', { error: 'a text' });
const account = z.nullable(matching(/^\d{12}$/, 'an account number of 12 digits'));
const digest = matching(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits');
const listSchema = <T extends z.core.SomeType>(element: T) => z.array(element, { error: 'a list' });
const decimal = z.nullable(matching(DECIMAL, 'a decimal number as a text, or null'));
const planId = matching(PLAN_ID, 'an id of letters, digits, "-", "_" and ".", other than "lock"');
const textOrNull = z.nullable(oneOrMore);
const REASON_LENGTH = `a sentence of at most ${MAX_REASON_LENGTH} characters`;
const shortSentence = z
  .string({ error: REASON_LENGTH })
  .check(z.minLength(1, { error: REASON_LENGTH }), z.maxLength(MAX_REASON_LENGTH, { error: REASON_LENGTH }));
const exactly = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape, { error: 'an object' });

/** A plan. Each message says what was expected. */
export const PLAN: z.ZodMiniType<Plan> = exactly({
  schemaVersion: z.literal(1, { error: '1' }),
  id: planId,
  account,
  scopes: listSchema(exactly({ account, region: oneOrMore, kind })),
  createdAt: exactInstant,
  expiresAt: exactInstant,
  config: exactly({ origin: oneOrMore, digest }),
  complete: z.boolean({ error: 'true or false' }),
  caps: z.exactOptional(z.literal('raised', { error: 'raised, or no such member' })),
  blocked: z.nullable(exactly({ code: known<Blocked['code']>(), message: oneOrMore })),
  items: listSchema(
    exactly({
      arn: oneOrMore,
      name: oneOrMore,
      kind,
      account,
      region: oneOrMore,
      createdAt: exactInstant,
      // All of these or none: `parsePlan` checks that.
      policy: z.exactOptional(textOrNull),
      source: z.exactOptional(textOrNull),
      sizeGb: z.exactOptional(decimal),
      monthlyCostCeiling: z.exactOptional(decimal),
      reason: z.exactOptional(shortSentence),
    }),
  ),
  digest,
});

/** The digest of a plan, which tells the folder of its files. */
export const PLAN_DIGEST = z.looseObject({ digest });

/** The id and the digest of a plan. */
export const PLAN_KEY = z.looseObject({ id: planId, digest });

/** Any JSON object: one that was cut off is none. */
export const JSON_OBJECT = z.looseObject({});

/** The version of a stored object. */
export const VERSIONED = z.looseObject({ schemaVersion: z.number() });

const amount = z.nullable(z.number());
/** A member that records of earlier versions lack. */
const addedLater = <T extends z.core.$ZodType>(schema: T, absent: z.core.util.NoUndefined<z.core.output<T>>) =>
  z._default(schema, absent);
const FACTS = {
  source: z.nullable(z.string()),
  sourceArn: z.exactOptional(z.string()),
  sizeGb: amount,
  monthlyCostCeiling: amount,
  policy: addedLater(z.nullable(z.string()), null),
  reasons: addedLater(z.array(z.looseObject({ code: z.string(), text: z.string() })), []),
};
/** Who approved a run. */
export const APPROVAL: z.ZodMiniType<Approval> = z.looseObject({
  kind: z.enum(APPROVAL_KINDS),
  arn: z.nullable(z.string()),
  claimed: z.boolean(),
  announcedBy: z.exactOptional(z.array(z.string())),
});
const facts: z.ZodMiniType<ItemDetails> = z.looseObject(FACTS);

/** The outcome of an item. */
export const ITEM_RESULT: z.ZodMiniType<ItemResult> = z.looseObject({
  ...FACTS,
  arn: z.string(),
  name: z.string(),
  kind: z.enum(KINDS),
  account: z.nullable(z.string()),
  region: z.string(),
  createdAt: z.string(),
  outcome: z.enum(OUTCOMES),
  code: z.string(),
  text: z.string(),
  at: z.string(),
  requestId: addedLater(z.nullable(z.string()), null),
  approvedBy: z.exactOptional(APPROVAL),
  mayStillBeDeleted: z.exactOptional(z.literal(true)),
});

/** The totals of a result, as the published schema of it has them too. */
export const RESULT_TOTALS = {
  requested: z.number(),
  deleted: z.number(),
  alreadyGone: z.number(),
  spared: z.number(),
  changed: z.number(),
  failed: z.number(),
  open: z.number(),
  freedGb: z.number(),
  freedMonthlyCostCeiling: z.number(),
  currency: z.literal('USD'),
};
/** An entry of a journal of the first version. `withdrawn`: a delete that certainly was not sent. */
type JournalEntry =
  | { readonly result: ItemResult }
  | { readonly sent: string; readonly at: string; readonly facts: ItemDetails }
  | { readonly withdrawn: string };

/** A journal of the first version. */
export const JOURNAL: z.ZodMiniType<{ readonly entries: readonly JournalEntry[] }> = z.looseObject({
  entries: z.array(
    z.union([
      z.looseObject({ result: ITEM_RESULT }),
      z.looseObject({ sent: z.string(), at: z.string(), facts: z.catch(facts, NO_ITEM_DETAILS) }),
      z.looseObject({ withdrawn: z.string() }),
    ]),
  ),
});

/** The result of a plan. */
export const APPLY_RESULT: z.ZodMiniType<ApplyResult> = z.looseObject({
  schemaVersion: z.literal(1),
  plan: z.looseObject({ id: planId, digest: z.string(), count: z.number() }),
  account: z.nullable(z.string()),
  approvedBy: addedLater(z.nullable(APPROVAL), null),
  config: addedLater(z.nullable(z.looseObject({ origin: z.string(), digest: z.string() })), null),
  report: addedLater(z.nullable(z.string()), null),
  status: z.enum(['unfinished', 'finished']),
  startedAt: z.string(),
  updatedAt: z.string(),
  totals: z.looseObject(RESULT_TOTALS),
  unsettled: z.exactOptional(
    z.array(
      z.looseObject({
        ...{ ...FACTS, arn: z.string(), name: z.nullable(z.string()), at: z.exactOptional(z.string()) },
        createdAt: z.exactOptional(z.string()),
        approvedBy: z.exactOptional(z.nullable(APPROVAL)),
      }),
    ),
  ),
  items: z.array(ITEM_RESULT),
});

/** A page of the index of results. `plans` has a member for each of `results`, in the same order. */
const indexedPlan = z.looseObject({
  id: planId,
  storedAt: z.nullable(z.number()),
  status: z.enum(['unfinished', 'finished']),
  startedAt: z.string(),
  updatedAt: z.string(),
  summary: z.string(),
});

/** The first line of a page, completed: what the page has, without the results. */
export const RESULT_INDEX_HEAD = z.looseObject({ schemaVersion: z.literal(1), plans: z.array(indexedPlan) });

interface AttemptBase {
  readonly arn: string;
  readonly name: string;
  readonly run: string;
  readonly revision: number;
  readonly earlier: boolean;
  readonly approvedBy: SendingApproval;
  readonly at: string;
  readonly facts: ItemDetails;
}

/**
 * Which run may send the delete of an item. `open`: a delete may have been sent. `cancelled`: certainly none was.
 * `settled`: none will be, and the outcome is known. `earlier`: an earlier run may have sent a delete. Each replacement
 * has the next `revision`, so that no two contents are equal.
 */
export type Attempt = AttemptBase &
  (
    | { readonly state: 'open' | 'cancelled'; readonly outcome: null }
    | { readonly state: 'settled'; readonly outcome: ItemResult }
  );

const attemptBase = {
  arn: z.string(),
  name: z.string(),
  run: z.string(),
  revision: z.number(),
  // Where it is not known, a delete may have been sent.
  earlier: z.catch(z.boolean(), true),
  approvedBy: z.catch(z.nullable(z.union([z.literal('first'), APPROVAL])), null),
  at: z.string(),
  facts: z.catch(facts, NO_ITEM_DETAILS),
};

export const ATTEMPT: z.ZodMiniType<Attempt> = z.union([
  z.looseObject({ ...attemptBase, state: z.enum(['open', 'cancelled']), outcome: z.catch(z.null(), null) }),
  z.looseObject({ ...attemptBase, state: z.literal('settled'), outcome: ITEM_RESULT }),
]);

/** The lock of the run that applies a plan. `plan`: its id. `at`: when it was last renewed. */
export const LOCK = z.looseObject({
  plan: z.string(),
  owner: z.looseObject({
    host: z.string(),
    pid: z.number(),
    run: z.string(),
    namespace: z.catch(z.optional(z.string()), undefined),
  }),
  at: z
    .pipe(
      z.string(),
      z.transform((text): number => Date.parse(text)),
    )
    .check(z.refine((at) => !Number.isNaN(at))),
  released: z.catch(z.boolean(), false),
});

/** How an execution ended, with its run and the digest of its plan. `run` absent: a note of an earlier version. */
export const EXECUTION_END = z.looseObject({
  digest: z.string(),
  run: z.exactOptional(z.string()),
  end: z.union([
    z.looseObject({ state: z.literal('finished') }),
    z.looseObject({
      state: z.enum(['refused', 'stopped', 'failed']),
      code: z.string(),
      text: z.string(),
      otherPlan: z.exactOptional(z.string()),
    }),
  ]),
});

/** The objects of evidence. */
export const EVIDENCE_KINDS = ['report', 'plan', 'approval', 'result'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** The object that an evidence record names. */
export interface EvidenceRef {
  readonly key: string;
  /** The id of its version, where the store keeps versions. */
  readonly version?: string;
  /** The instant (ISO 8601) until which the object is kept at least; absent: it is never removed. */
  readonly keptUntil?: string;
}

/** A record of the evidence chain. */
export interface EvidenceRecord {
  readonly schemaVersion: 1;
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  readonly kind: EvidenceKind;
  readonly ref: EvidenceRef;
  /** SHA-256 over the exact bytes of the object, 64 lower-case hex digits. */
  readonly sha256: string;
  /** SHA-256 over the exact bytes of the record before; null: this is the first one. */
  readonly previous: string | null;
}

const sha256 = matching(/^[0-9a-f]{64}$/, '64 hex digits');

export const EVIDENCE_RECORD: z.ZodMiniType<EvidenceRecord> = z.looseObject({
  schemaVersion: z.literal(1),
  number: z.int().check(z.positive()),
  at: exactInstant,
  kind: z.enum(EVIDENCE_KINDS),
  ref: z.looseObject({
    key: oneOrMore,
    version: z.exactOptional(oneOrMore),
    keptUntil: z.exactOptional(exactInstant),
  }),
  sha256,
  previous: z.nullable(sha256),
});

const instantOrNull = z.catch(z.pipe(z.string(), z.transform(parseInstant)), null);

const starts = z.array(z.tuple([z.nullable(z.number()), z.number()]));

/** The note that a report was e-mailed. All that cannot be read in it counts as not noted. */
export const SENT_NOTE = z.looseObject({
  reportId: z.pipe(z.unknown().check(z.refine((id) => id !== undefined)), z.transform(String)),
  digest: z.catch(z.nullable(z.string()), null),
  confirmed: z.catch(z.nullable(z.number()), null),
  announced: z.catch(z.boolean(), false),
  at: instantOrNull,
  countedFrom: instantOrNull,
  schedule: z.catch(z.nullable(z.string()), null),
  starts: z.catch(z.nullable(starts), null),
  firstCheck: z.catch(z.boolean(), false),
});

/** The days that a report tells. */
export const TOLD_NOTE = z.looseObject({ reportId: z.string(), digest: z.string(), config: z.string(), starts });

const arn = z.string().check(z.refine((text) => parseArn(text) !== null));

/** The first line of a report's state. */
export const REPORT_HEAD: z.ZodMiniType<ReportHead> = z.looseObject({
  schemaVersion: z.literal(1),
  reportId: z.string(),
  evaluatedAt: z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)))),
  complete: z.boolean(),
  lists: z.array(z.looseObject({ region: z.string(), kind: known<Kind>(), snapshots: z.exactOptional(z.number()) })),
  // Anything but a list of ARNs counts as none: then the sources are read by name again.
  gone: z.catch(z.array(arn), []),
});

/** A line of a report's state. */
export const STATE_BLOCK: z.ZodMiniType<IndexBlock> = z.tuple([z.string(), known<Kind>(), z.string(), z.string()]);

/** The index of reports. Only the outcomes and the deletions are read back. */
export const REPORT_INDEX = z.looseObject({
  // Indexes of earlier versions list no deletions.
  deletions: z.catch(z.array(z.looseObject({ planId: z.string(), at: z.string(), outcome: z.string() })), []),
  reports: z.array(
    z.looseObject({
      reportId: z.string(),
      outcome: z.catch(z.nullable(z.string()), null),
      totals: z.catch(
        z.nullable(z.object({ keep: z.number(), expire: z.number(), monthlyCostCeiling: z.number() })),
        null,
      ),
      files: z.catch(z.optional(z.looseObject({ json: z.string() })), undefined),
    }),
  ),
});

const member = { id: z.string(), name: z.nullable(z.string()), ou: z.nullable(z.string()) };

/** The accounts that a report on an organization is to read. */
export const ACCOUNT_LIST = z.looseObject({
  schemaVersion: z.literal(1),
  selected: z.array(z.looseObject(member)),
  notActive: z.array(z.looseObject({ ...member, state: z.nullable(z.string()) })),
  warnings: z.array(z.string()),
});

/** The totals of a report, as the published schemas have them too. */
export const REPORT_TOTALS = {
  snapshots: z.number(),
  keep: z.number(),
  expire: z.number(),
  held: z.number(),
  unmanaged: z.number(),
  problems: z.number(),
  sizeGb: z.number(),
  expireSizeGb: z.number(),
  monthlyCostCeiling: z.number(),
  expireMonthlyCostCeiling: z.number(),
  currency: z.literal('USD'),
};

const totals: z.ZodMiniType<Totals> = z.looseObject(REPORT_TOTALS);

/** What snapshots of one value of a tag cost, as the published schema has it too. */
export const TAG_COSTS = {
  value: z.nullable(z.string()),
  snapshots: z.number(),
  expire: z.number(),
  monthlyCostCeiling: z.number(),
  expireMonthlyCostCeiling: z.number(),
  unknownSizes: z.number(),
};

/** The bill of a roll-up, as the published schema has it too. */
export const ROLL_UP_SPEND = {
  month: z.string(),
  final: z.boolean(),
  currency: z.literal('USD'),
  total: z.number(),
  byAccount: z.record(z.string(), z.number()),
  otherAccounts: z.number(),
};

const accountRow = {
  ...member,
  status: known<AccountStatus>(),
  error: z.nullable(z.looseObject({ code: z.string(), message: z.string() })),
  reportId: z.nullable(z.string()),
  totals: z.nullable(totals),
  notRead: z.exactOptional(z.array(z.string())),
  deniedRegions: z.exactOptional(z.array(z.string())),
  changed: z.exactOptional(z.boolean()),
  byTag: z.exactOptional(z.array(z.looseObject(TAG_COSTS))),
};

/** What one batch of accounts has read. */
export const BATCH_ROWS: z.ZodMiniType<{ readonly schemaVersion: 1; readonly accounts: readonly RollUpAccount[] }> =
  z.looseObject({ schemaVersion: z.literal(1), accounts: z.array(z.looseObject(accountRow)) });

const namedAccounts = z.array(z.looseObject({ id: z.string(), name: z.nullable(z.string()) }));

/** The roll-up of a report on an organization. */
export const SUMMARY: z.ZodMiniType<FollowedRollUp> = z.looseObject({
  schemaVersion: z.literal(1),
  reportId: z.string(),
  complete: z.boolean(),
  accounts: z.array(z.looseObject({ ...accountRow, unreadReports: z.number() })),
  totals,
  costTag: z.exactOptional(z.string()),
  warnings: z.exactOptional(z.array(z.string())),
  // A roll-up is sent with its bill or without it: no fault of it stops a message.
  spend: z.catch(z.nullable(z.looseObject(ROLL_UP_SPEND)), null),
  spendUnread: z.exactOptional(z.looseObject({ cause: z.string(), remedy: z.string() })),
  changes: z.nullable(
    z.looseObject({
      since: z.string(),
      joined: namedAccounts,
      left: namedAccounts,
      moved: z.array(z.looseObject({ id: z.string(), name: z.nullable(z.string()), from: z.string(), to: z.string() })),
      suspended: namedAccounts,
      lostRole: namedAccounts,
    }),
  ),
});

/** The final bill of a month: decimal texts in US dollars. */
export const MONTHLY_BILL = z.looseObject({
  schemaVersion: z.literal(1),
  month: z.string(),
  currency: z.literal('USD'),
  total: z.string(),
  byRegion: z.record(z.string(), z.string()),
});

/** The final bill of a month by account: decimal texts in US dollars. */
export const ACCOUNT_BILLS = z.looseObject({
  schemaVersion: z.literal(1),
  month: z.string(),
  currency: z.literal('USD'),
  byAccount: z.record(z.string(), z.string()),
});

/** Returns what a JSON text describes, or null where it is not JSON, or not as its schema has it. */
export function parseStored<T>(schema: z.ZodMiniType<T>, text: string | null): T | null {
  try {
    const { data } = z.safeParse(schema, JSON.parse(text ?? 'null'));
    return data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
