import type { Config, Pricing } from '../policy/config';
import { monthlyCostCeiling, snapshotGb } from '../policy/cost';
import { reasonSentence } from '../policy/reason-summary';
import type { Blocked, EvaluatedSnapshot, Scope } from '../report/report-model';
import type { Kind } from '../snapshot/snapshot';
import { addDuration } from '../time/period';
import { exactPercentText, percentText } from '../util/percent';

/** The identity of a planned snapshot. `createdAt` is ISO 8601. */
export interface PlannedIdentity {
  readonly arn: string;
  readonly name: string;
  readonly kind: Kind;
  readonly account: string | null;
  readonly region: string;
  readonly createdAt: string;
}

/** Details of a planned snapshot, for people. Only texts, so that an item is hashed as it is written. */
export interface PlanItemDetails {
  /** The name of its policy. */
  readonly policy: string | null;
  /** The name of its source, else the ARN; null: none is named. */
  readonly source: string | null;
  /** Decimal numbers; null: not known. The ceiling is in US dollars per month. */
  readonly sizeGb: string | null;
  readonly monthlyCostCeiling: string | null;
  /** One sentence of at most MAX_REASON_LENGTH characters. */
  readonly reason: string;
}

/** What a deletion may act on: one snapshot. An item has all details, or none in a plan of an earlier version. */
export interface PlanItem extends PlannedIdentity, Partial<PlanItemDetails> {}

/** The members of the details, in order. */
export const PLAN_ITEM_DETAILS = ['monthlyCostCeiling', 'policy', 'reason', 'sizeGb', 'source'] as const;

/** Plan items in order; those of a new plan are made one by one, again on each reading. */
export interface PlanItems extends Iterable<PlanItem> {
  readonly length: number;
}

/** The immutable list that a deletion may act on (design section 9). Times come from the real clock, as ISO 8601. */
export interface PlanContent<Items extends PlanItems = readonly PlanItem[]> {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly account: string | null;
  readonly scopes: readonly { readonly account: string | null; readonly region: string; readonly kind: Kind }[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly config: { readonly origin: string; readonly digest: string };
  readonly complete: boolean;
  /** Only in a plan whose caps a person raised to its own count. */
  readonly caps?: 'raised';
  readonly blocked: Blocked | null;
  readonly items: Items;
}

/** A plan with its digest: `sha256:` over the RFC 8785 JSON of everything else. */
export interface Plan<Items extends PlanItems = readonly PlanItem[]> extends PlanContent<Items> {
  readonly digest: string;
}

/** A plan as a report makes it. */
export type NewPlan = Plan<PlanItems>;

type Caps = Pick<Config['caps'], 'maxDeletions' | 'maxShare'>;

/** The caps of a plan: those of its configuration, or its own count where a person raised them. */
export const capsOf = (
  plan: Pick<PlanContent<PlanItems>, 'caps' | 'items'>,
  { caps }: { readonly caps: Caps },
): Caps => (plan.caps === 'raised' ? { maxDeletions: plan.items.length, maxShare: 1 } : caps);

const grouped = (amount: number): string => amount.toLocaleString('en-US');

/** The first cap that a number of deletions exceeds, with a message that names every exceeded cap; null: none. */
function exceededCap(count: number, snapshots: number, { maxDeletions, maxShare }: Caps): Blocked | null {
  const exceeded: Blocked[] = [];
  if (count > maxDeletions)
    exceeded.push({
      code: 'cap.max-deletions',
      message: `${grouped(count)} snapshots can be deleted, and caps.maxDeletions allows ${grouped(maxDeletions)}`,
    });
  // Divided, not multiplied: 0.29 × 100 is less than 29 in floating point, 29 / 100 is 0.29.
  if (count / snapshots > maxShare) {
    const share = `${grouped(count)} of ${grouped(snapshots)} snapshots (${percentText(count / snapshots, maxShare)})`;
    exceeded.push({
      code: 'cap.max-share',
      message: `${share} can be deleted, and caps.maxShare allows ${exactPercentText(maxShare)}`,
    });
  }
  const [first] = exceeded;
  return first === undefined ? null : { code: first.code, message: exceeded.map(({ message }) => message).join('; ') };
}

/**
 * Why a plan may not be applied, the first that holds: an incomplete inventory, the built-in policy, then the caps over
 * the whole run.
 */
export function blockOf(input: {
  readonly complete: boolean;
  readonly count: number;
  readonly snapshots: number;
  readonly config: { readonly origin: string; readonly caps: Caps };
}): Blocked | null {
  const { complete, count, snapshots, config } = input;
  if (!complete)
    return {
      code: 'inventory.incomplete',
      message: 'not everything could be read: fix what the report lists as not read; the next report makes a new plan',
    };
  if (config.origin === 'built-in')
    return {
      code: 'config.built-in',
      message:
        'the built-in starter policy only reports: write a retention.yaml with your own policy before anything can be deleted',
    };
  return exceededCap(count, snapshots, config.caps);
}

export interface PlanInput {
  readonly id: string;
  /** The real clock, epoch milliseconds. */
  readonly createdAt: number;
  readonly account: string | null;
  readonly scopes: readonly Scope[];
  readonly complete: boolean;
  readonly items: readonly EvaluatedSnapshot[];
  readonly config: Config;
  /** Whether the plan's caps are its own count. */
  readonly raiseCaps?: boolean;
}

/** Whether a plan may name a snapshot: it expires, and can be found again. */
function isPlanned({ verdict, snapshot: { arn, name, createdAt } }: EvaluatedSnapshot): boolean {
  return verdict === 'expire' && arn !== null && name !== null && createdAt !== null;
}

/** A number without exponent, as plans have it. */
export const DECIMAL = /^(?:0|[1-9]\d{0,20})(?:\.\d{1,30})?$/;

/** Writes a number for a plan; null where it is not known, or cannot be written without exponent. */
const decimalText = (amount: number | null, digits?: number): string | null => {
  if (amount === null) return null;
  const text = digits === undefined ? String(amount) : amount.toFixed(digits);
  return DECIMAL.test(text) ? text : null;
};

/** Members in the order of canonical JSON, so that a digest need not put each of thousands into it. */
function* plannedOf(items: readonly EvaluatedSnapshot[], pricing: Pricing): Generator<PlanItem> {
  for (const item of items) {
    const { arn, name, kind, account, region, createdAt, source } = item.snapshot;
    if (!isPlanned(item) || arn === null || name === null || createdAt === null) continue;
    yield {
      account,
      arn,
      createdAt: new Date(createdAt).toISOString(),
      kind,
      monthlyCostCeiling: decimalText(monthlyCostCeiling(item.snapshot, pricing), 2),
      name,
      policy: item.policy?.name ?? null,
      reason: reasonSentence(item.reasons),
      region,
      sizeGb: decimalText(snapshotGb(item.snapshot)),
      source: source?.name ?? source?.arn ?? null,
    };
  }
}

/**
 * The plan of a report: its expiring snapshots, in the report's order. An incomplete or blocked one says so and can
 * never be applied.
 */
export function makePlan({
  id,
  createdAt,
  account,
  scopes,
  complete,
  items,
  config,
  raiseCaps = false,
}: PlanInput): PlanContent<PlanItems> {
  const length = items.reduce((count, item) => count + (isPlanned(item) ? 1 : 0), 0);
  const planned: PlanItems = { length, [Symbol.iterator]: () => plannedOf(items, config.pricing) };
  const raised = raiseCaps ? { caps: 'raised' as const } : {};
  const caps = capsOf({ ...raised, items: planned }, config);
  return {
    schemaVersion: 1,
    id,
    account,
    scopes: scopes
      .filter(({ status }) => status === 'read')
      .map((scope) => ({ account: scope.account, region: scope.region, kind: scope.kind })),
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(addDuration(createdAt, config.deletion.planValidFor, config.zone)).toISOString(),
    config: { origin: config.origin, digest: config.digest },
    complete,
    ...raised,
    blocked: blockOf({ complete, count: length, snapshots: items.length, config: { origin: config.origin, caps } }),
    items: planned,
  };
}
