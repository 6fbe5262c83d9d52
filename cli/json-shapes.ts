import * as z from 'zod/mini';
import { REPORT_TOTALS, RESULT_TOTALS, ROLL_UP_SPEND, TAG_COSTS } from '../lambda/storage/schemas';

/**
 * The JSON that commands print. The types of the renderers and the published schemas (`schemas/`) are made from these
 * shapes; only types are imported where a command runs. Members may be added, never changed. Instants are ISO 8601 in
 * UTC.
 */

const VERSION_SHAPE = z.literal(1);
const TEXT_OR_NULL = z.nullable(z.string());
const NUMBER_OR_NULL = z.nullable(z.number());
const KIND_SHAPE = z.enum(['instance', 'disk', 'database']);
const VERDICT = z.enum(['keep', 'expire']);
const REASON = z.object({ code: z.string(), text: z.string() });
const FAULT = z.object({ code: z.string(), message: z.string() });
const CONFIG_SHAPE = z.object({ origin: z.string(), digest: z.string() });
const TAGS = z.record(z.string(), TEXT_OR_NULL);
const SOURCE_SHAPE = z.nullable(z.object({ name: TEXT_OR_NULL, arn: TEXT_OR_NULL, exists: z.nullable(z.boolean()) }));
const PLANNED = {
  arn: z.string(),
  name: z.string(),
  kind: KIND_SHAPE,
  account: TEXT_OR_NULL,
  region: z.string(),
  createdAt: z.string(),
};

/** A snapshot as `report --format json` has it. */
const SNAPSHOT = z.object({
  arn: TEXT_OR_NULL,
  name: TEXT_OR_NULL,
  kind: KIND_SHAPE,
  account: TEXT_OR_NULL,
  region: z.string(),
  createdAt: TEXT_OR_NULL,
  ageDays: NUMBER_OR_NULL,
  sizeGb: NUMBER_OR_NULL,
  state: TEXT_OR_NULL,
  fromAutoSnapshot: z.boolean(),
  tags: TAGS,
  supportCode: z.optional(z.string()),
  blueprint: z.optional(z.string()),
  bundle: z.optional(z.string()),
  engine: z.optional(z.string()),
  engineVersion: z.optional(z.string()),
  attachedDisks: z.optional(
    z.array(
      z.object({ name: TEXT_OR_NULL, path: TEXT_OR_NULL, sizeGb: NUMBER_OR_NULL, system: z.nullable(z.boolean()) }),
    ),
  ),
  source: SOURCE_SHAPE,
  verdict: VERDICT,
  status: z.enum(['managed', 'held', 'problem', 'unfinished', 'future', 'automatic-copy', 'unmanaged']),
  policy: z.nullable(
    z.object({
      name: z.string(),
      origin: z.enum(['snapshot-tag', 'source-tag', 'rule', 'default']),
      rule: z.optional(z.string()),
    }),
  ),
  reasons: z.array(REASON),
  monthlyCostCeiling: NUMBER_OR_NULL,
  deleteOn: z.optional(z.string()),
});

const PROBLEM = z.object({ code: z.string(), arn: TEXT_OR_NULL, message: z.string() });

const TOTALS = z.object(REPORT_TOTALS);

const LIST_STATUS = z.enum(['read', 'failed', 'disabled', 'denied']);

const REPORT_SHAPE = z.object({
  schemaVersion: VERSION_SHAPE,
  reportId: z.string(),
  generatedAt: z.string(),
  evaluatedAt: z.string(),
  timezone: z.string(),
  config: CONFIG_SHAPE,
  complete: z.boolean(),
  allRegions: z.boolean(),
  scopes: z.array(
    z.object({
      account: TEXT_OR_NULL,
      region: z.string(),
      kind: KIND_SHAPE,
      status: LIST_STATUS,
      sources: LIST_STATUS,
      pages: z.number(),
      snapshots: z.number(),
      error: z.optional(FAULT),
    }),
  ),
  totals: TOTALS,
  snapshots: z.array(SNAPSHOT),
  sources: z.array(
    z.object({
      arn: z.string(),
      name: TEXT_OR_NULL,
      kind: KIND_SHAPE,
      account: TEXT_OR_NULL,
      region: z.string(),
      exists: z.nullable(z.boolean()),
      tags: TAGS,
      newest: TEXT_OR_NULL,
      stale: z.boolean(),
    }),
  ),
  changes: z.nullable(
    z.object({
      since: z.string(),
      added: z.array(z.string()),
      removed: z.array(z.string()),
      newlyExpiring: z.array(z.string()),
      newlyHeld: z.array(z.string()),
    }),
  ),
  automaticSnapshots: z.nullable(
    z.object({
      count: z.number(),
      leftovers: z.array(z.object({ source: TEXT_OR_NULL, count: z.number(), newest: TEXT_OR_NULL })),
    }),
  ),
  spend: z.nullable(
    z.object({
      month: z.string(),
      final: z.boolean(),
      currency: z.literal('USD'),
      total: z.number(),
      byRegion: z.record(z.string(), z.number()),
    }),
  ),
  problems: z.array(PROBLEM),
  plan: z.object({
    id: z.string(),
    digest: z.string(),
    expiresAt: z.string(),
    count: z.number(),
    blocked: z.nullable(FAULT),
  }),
});

/** An account of an organization: how far it was read. */
const MEMBER_STATUS = {
  id: z.string(),
  name: TEXT_OR_NULL,
  ou: TEXT_OR_NULL,
  status: z.enum(['read', 'incomplete', 'no-role', 'not-active', 'failed']),
  error: z.nullable(FAULT),
};
const MEMBERS = z.optional(z.array(z.object(MEMBER_STATUS)));

/** `report --account`: the roll-up, and the report of each account that was read. */
const ROLL_UP_SHAPE = z.object({
  schemaVersion: VERSION_SHAPE,
  reportId: z.string(),
  complete: z.boolean(),
  costTag: z.optional(z.string()),
  accounts: z.array(
    z.object({
      ...MEMBER_STATUS,
      reportId: TEXT_OR_NULL,
      totals: z.nullable(TOTALS),
      notRead: z.optional(z.array(z.string())),
      deniedRegions: z.optional(z.array(z.string())),
      byTag: z.optional(z.array(z.object(TAG_COSTS))),
    }),
  ),
  totals: TOTALS,
  spend: z.nullable(z.object(ROLL_UP_SPEND)),
  spendUnread: z.optional(z.object({ cause: z.string(), remedy: z.string() })),
  reports: z.optional(z.record(z.string(), REPORT_SHAPE)),
});

/** Members with a list have an entry for each configuration, in the order of `policies`. */
const COMPARISON = z.object({
  schemaVersion: VERSION_SHAPE,
  evaluatedAt: z.string(),
  inventory: z.string(),
  complete: z.boolean(),
  accounts: MEMBERS,
  policies: z.array(z.object({ file: z.string(), digest: z.string(), totals: TOTALS })),
  changes: z.array(
    z.object({
      arn: TEXT_OR_NULL,
      name: TEXT_OR_NULL,
      kind: KIND_SHAPE,
      account: TEXT_OR_NULL,
      region: z.string(),
      createdAt: TEXT_OR_NULL,
      source: SOURCE_SHAPE,
      against: z.number(),
      from: VERDICT,
      to: VERDICT,
      policy: z.object({ from: TEXT_OR_NULL, to: TEXT_OR_NULL }),
      reasons: z.object({ from: z.array(REASON), to: z.array(REASON) }),
      monthlyCostCeiling: NUMBER_OR_NULL,
    }),
  ),
  sources: z.array(
    z.object({
      arn: z.string(),
      name: TEXT_OR_NULL,
      kind: KIND_SHAPE,
      account: TEXT_OR_NULL,
      region: z.string(),
      kept: z.array(z.number()),
      newestKeptAgeDays: z.array(NUMBER_OR_NULL),
      oldestKeptAgeDays: z.array(NUMBER_OR_NULL),
      longestGapDays: z.array(NUMBER_OR_NULL),
    }),
  ),
});

const OUTCOME = z.enum(['deleted', 'already-gone', 'spared', 'changed', 'failed']);

const APPROVAL_SHAPE = z.object({
  kind: z.enum(['caller', 'dashboard', 'automatic']),
  arn: TEXT_OR_NULL,
  claimed: z.boolean(),
  announcedBy: z.optional(z.array(z.string())),
});

/** The outcome of a planned snapshot, as `history` lists it. `createdAt` null: the plan is no longer stored. */
const HISTORY_ENTRY = z.object({
  ...{ ...PLANNED, createdAt: TEXT_OR_NULL },
  source: TEXT_OR_NULL,
  outcome: z.enum([...OUTCOME.options, 'unknown']),
  at: z.string(),
  reasons: z.array(REASON),
  policy: TEXT_OR_NULL,
  plan: z.object({ id: z.string(), digest: z.string() }),
  report: TEXT_OR_NULL,
  approvedBy: z.nullable(APPROVAL_SHAPE),
  requestId: TEXT_OR_NULL,
  code: z.string(),
  text: z.string(),
  mayStillBeDeleted: z.boolean(),
});

const HISTORY_SHAPE = z.array(HISTORY_ENTRY);

/** What is recorded of a planned snapshot besides its identity. */
const RECORDED = {
  source: TEXT_OR_NULL,
  sourceArn: z.optional(z.string()),
  sizeGb: NUMBER_OR_NULL,
  monthlyCostCeiling: NUMBER_OR_NULL,
  policy: TEXT_OR_NULL,
  reasons: z.array(REASON),
};

/** The result of a plan: the file `results/<plan id>.json`. */
const APPLY_RESULT_SHAPE = z.object({
  schemaVersion: VERSION_SHAPE,
  plan: z.object({ id: z.string(), digest: z.string(), count: z.number() }),
  account: TEXT_OR_NULL,
  approvedBy: z.nullable(APPROVAL_SHAPE),
  config: z.nullable(CONFIG_SHAPE),
  report: TEXT_OR_NULL,
  status: z.enum(['unfinished', 'finished']),
  startedAt: z.string(),
  updatedAt: z.string(),
  totals: z.object(RESULT_TOTALS),
  unsettled: z.optional(
    z.array(
      z.object({
        ...{ arn: z.string(), name: TEXT_OR_NULL, createdAt: z.optional(z.string()), at: z.optional(z.string()) },
        ...RECORDED,
        approvedBy: z.optional(z.nullable(APPROVAL_SHAPE)),
      }),
    ),
  ),
  items: z.array(
    z.object({
      ...PLANNED,
      ...RECORDED,
      outcome: OUTCOME,
      code: z.string(),
      text: z.string(),
      at: z.string(),
      requestId: TEXT_OR_NULL,
      approvedBy: z.optional(APPROVAL_SHAPE),
      mayStillBeDeleted: z.optional(z.literal(true)),
    }),
  ),
});

/** The verification of an evidence chain. `head`: `NUMBER:SHA256`; `broken`: the first broken link first. */
const HISTORY_VERIFY = z.object({
  schemaVersion: VERSION_SHAPE,
  place: z.string(),
  whole: z.boolean(),
  records: z.number(),
  head: TEXT_OR_NULL,
  from: TEXT_OR_NULL,
  to: TEXT_OR_NULL,
  broken: z.array(z.object({ number: z.number(), fault: z.string(), place: z.string(), message: z.string() })),
  remedies: z.record(z.string(), z.string()),
  expired: z.number(),
  unrecorded: z.array(z.string()),
  older: z.array(z.string()),
  unproven: z.array(z.string()),
  otherPlans: z.array(z.string()),
  unlisted: z.array(z.string()),
  afterHead: z.array(z.string()),
  withoutResult: z.array(z.string()),
  replaced: z.array(z.string()),
});

const EXPLAINED = {
  schemaVersion: VERSION_SHAPE,
  evaluatedAt: z.string(),
  timezone: z.string(),
  complete: z.boolean(),
};

/** What the account tells of each outcome that is not known, and what to do. */
const UNKNOWN_ANSWERS = z.array(
  z.object({
    arn: z.string(),
    name: z.string(),
    account: z.enum(['exists', 'gone', 'not-read']),
    text: z.string(),
    command: TEXT_OR_NULL,
  }),
);

const EXPLAIN = z.union([
  z.object({
    ...EXPLAINED,
    type: z.literal('snapshot'),
    snapshot: SNAPSHOT,
    outcomes: HISTORY_SHAPE,
    sameName: HISTORY_SHAPE,
    unknown: UNKNOWN_ANSWERS,
    steps: z.array(
      z.object({
        title: z.string(),
        lines: z.array(z.union([z.object({ text: z.string() }), z.object({ command: z.string() })])),
      }),
    ),
  }),
  z.object({
    ...EXPLAINED,
    type: z.literal('source'),
    source: z.object({
      arn: TEXT_OR_NULL,
      name: TEXT_OR_NULL,
      kind: KIND_SHAPE,
      region: z.string(),
      exists: z.nullable(z.boolean()),
      tags: z.nullable(TAGS),
    }),
    snapshots: z.array(SNAPSHOT),
  }),
  z.object({ ...EXPLAINED, type: z.literal('history'), entries: HISTORY_SHAPE, unknown: UNKNOWN_ANSWERS }),
]);

const CHECK = z.object({
  valid: z.boolean(),
  errors: z.array(
    z.object({
      path: z.string(),
      line: NUMBER_OR_NULL,
      column: NUMBER_OR_NULL,
      message: z.string(),
      suggestion: TEXT_OR_NULL,
    }),
  ),
  warnings: z.array(z.object({ code: z.string(), rule: TEXT_OR_NULL, by: TEXT_OR_NULL, message: z.string() })),
  live: z.optional(
    z.object({
      complete: z.boolean(),
      accounts: MEMBERS,
      tagProblems: z.array(PROBLEM),
      otherProblems: z.array(PROBLEM),
      snapshots: z.number(),
      policies: z.array(z.object({ name: z.string(), snapshots: z.number(), byTagsOnly: z.boolean() })),
      idleRules: z.array(z.string()),
      held: z.number(),
      unmanaged: z.number(),
    }),
  ),
});

const SIMULATION = z.object({
  policy: z.object({ name: TEXT_OR_NULL, text: z.string() }),
  schedule: z.object({ every: z.string(), for: z.string(), until: z.string() }),
  timezone: z.string(),
  pricing: z.object({ sizeGb: z.number(), gbMonth: z.number(), currency: z.literal('USD') }),
  made: z.number(),
  kept: z.number(),
  monthlyCostCeiling: z.number(),
  rules: z.array(z.object({ code: z.string(), mark: z.string(), text: z.string(), keeps: z.number() })),
  months: z.array(
    z.object({
      month: z.string(),
      made: z.number(),
      kept: z.number(),
      atOnce: z.number(),
      monthlyCostCeiling: z.number(),
    }),
  ),
  days: z.array(
    z.object({
      date: z.string(),
      made: z.number(),
      kept: z.array(z.object({ createdAt: z.string(), reasons: z.array(REASON) })),
    }),
  ),
});

const POINTS = z.object({ now: z.number(), inAMonth: z.number(), inAYear: z.number() });

/** One simulation, or several side by side. */
const SIMULATE = z.union([
  z.extend(SIMULATION, { schemaVersion: VERSION_SHAPE }),
  z.object({
    schemaVersion: VERSION_SHAPE,
    simulations: z.array(
      z.extend(SIMULATION, {
        outlook: z.object({
          kept: POINTS,
          monthlyCostCeiling: POINTS,
          longestGapDays: z.nullable(z.number()),
          oldestAgeDays: z.nullable(z.number()),
          restorePoints: z.array(z.object({ upToDays: z.nullable(z.number()), count: z.number() })),
        }),
      }),
    ),
  }),
]);

const DOCTOR = z.object({
  schemaVersion: VERSION_SHAPE,
  usage: z.enum(['command-line', 'deployed']),
  endpoint: TEXT_OR_NULL,
  healthy: z.boolean(),
  conclusion: z.string(),
  checks: z.array(
    z.object({
      check: z.string(),
      state: z.enum(['ok', 'warning', 'failed', 'unknown']),
      message: z.string(),
      remedy: TEXT_OR_NULL,
    }),
  ),
  deployments: z.array(
    z.object({
      stack: z.string(),
      construct: z.string(),
      names: z.array(z.object({ label: z.string(), name: z.string() })),
    }),
  ),
});

const DRY_RUN = z.object({
  schemaVersion: VERSION_SHAPE,
  plan: z.object({
    id: z.string(),
    digest: z.string(),
    createdAt: z.string(),
    expiresAt: z.string(),
    count: z.number(),
    caps: z.enum(['configured', 'raised']),
  }),
  account: TEXT_OR_NULL,
  evaluatedAt: z.string(),
  refusal: z.nullable(FAULT),
  totals: z.object({
    wouldDelete: z.number(),
    wouldNotDelete: z.number(),
    notChecked: z.number(),
    doneBefore: z.number(),
    sizeGb: z.number(),
    monthlyCostCeiling: z.number(),
    currency: z.literal('USD'),
  }),
  wouldDelete: z.array(
    z.object({
      ...PLANNED,
      ageDays: NUMBER_OR_NULL,
      source: SOURCE_SHAPE,
      policy: TEXT_OR_NULL,
      reasons: z.array(REASON),
      sizeGb: NUMBER_OR_NULL,
      monthlyCostCeiling: NUMBER_OR_NULL,
    }),
  ),
  wouldNotDelete: z.array(
    z.object({
      ...PLANNED,
      outcome: OUTCOME,
      code: z.string(),
      text: z.string(),
    }),
  ),
});

/** Data of which nothing is changed. */
type Frozen<T> = T extends readonly (infer Element)[]
  ? readonly Frozen<Element>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** Each shape by the name of its published schema: `schemas/<name>.schema.json`. */
export const JSON_SHAPES = {
  report: REPORT_SHAPE,
  explain: EXPLAIN,
  'roll-up': ROLL_UP_SHAPE,
  check: CHECK,
  compare: COMPARISON,
  simulate: SIMULATE,
  doctor: DOCTOR,
  'apply-dry-run': DRY_RUN,
  'apply-result': APPLY_RESULT_SHAPE,
  history: HISTORY_SHAPE,
  'history-verify': HISTORY_VERIFY,
} as const;

export type ExplainJson = Frozen<z.output<typeof EXPLAIN>>;
export type DoctorJson = Frozen<z.output<typeof DOCTOR>>;
export type HistoryVerifyJson = Frozen<z.output<typeof HISTORY_VERIFY>>;
export type HistoryJson = Frozen<z.output<typeof HISTORY_SHAPE>>;
export type DryRunJson = Frozen<z.output<typeof DRY_RUN>>;
