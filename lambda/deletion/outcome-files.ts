import { type ApplyResult, type ItemDetails, type ItemResult, NO_ITEM_DETAILS, OUTCOMES } from '../core/plan/outcome';
import type { Plan } from '../core/plan/plan';
import { RetentionError } from '../core/util/errors';
import type { Store } from '../ports/ports';
import { type PlanKey, RECORD_NAME, recordFile, recordFolder, resultFile } from '../storage/keys';
import { refusal } from './refusals';

/**
 * Which run may send the delete of an item. `open`: a delete may have been sent. `cancelled`: certainly none was. `settled`: none will be, and
 * the outcome is known. `earlier`: a delete of an earlier run may have been sent. Each replacement has the next `revision`, so that no two
 * contents are equal.
 */
export interface Attempt {
  readonly arn: string;
  readonly name: string;
  readonly run: string;
  readonly revision: number;
  readonly state: 'open' | 'cancelled' | 'settled';
  readonly earlier: boolean;
  readonly at: string;
  readonly facts: ItemDetails;
  /** Of a settled one. */
  readonly outcome: ItemResult | null;
}

export interface StoredAttempt {
  readonly attempt: Attempt;
  readonly version: string;
}

/** What is recorded of a plan: outcomes, and the attempts that have none, by ARN. */
export interface Records {
  readonly recorded: ReadonlyMap<string, ItemResult>;
  readonly attempts: ReadonlyMap<string, StoredAttempt>;
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFacts = (value: unknown): value is ItemDetails =>
  isObject(value) &&
  (value.source === null || typeof value.source === 'string') &&
  [value.sizeGb, value.monthlyCostCeiling].every((figure) => figure === null || typeof figure === 'number');

const isItemResult = (value: unknown): value is ItemResult =>
  isObject(value) &&
  ['arn', 'name', 'region', 'createdAt', 'code', 'text', 'at'].every((member) => typeof value[member] === 'string') &&
  OUTCOMES.some((outcome) => outcome === value.outcome);

const isResult = (value: unknown): value is ApplyResult =>
  isObject(value) &&
  value.schemaVersion === 1 &&
  isObject(value.plan) &&
  (value.status === 'finished' || value.status === 'unfinished') &&
  typeof value.startedAt === 'string' &&
  typeof value.updatedAt === 'string' &&
  Array.isArray(value.items) &&
  value.items.every(isItemResult);

/** The attempt that JSON describes; null where it describes none. */
function asAttempt(value: unknown): Attempt | null {
  if (!isObject(value)) return null;
  const { arn, name, run, revision, state, earlier, at, facts, outcome } = value;
  if (typeof arn !== 'string' || typeof name !== 'string' || typeof run !== 'string' || typeof at !== 'string')
    return null;
  if (typeof revision !== 'number') return null;
  const known = {
    arn,
    name,
    run,
    revision,
    earlier: earlier !== false,
    at,
    facts: isFacts(facts) ? facts : NO_ITEM_DETAILS,
  };
  if (state === 'open' || state === 'cancelled') return { ...known, state, outcome: null };
  return state === 'settled' && isItemResult(outcome) ? { ...known, state, outcome } : null;
}

/** Parsed JSON; undefined for what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// What happened must be known before anything else happens: an unreadable record is never taken for none.
/** Returns the failure of a record that cannot be read. */
export const unreadableRecord = (message: string): RetentionError => new RetentionError('result.unreadable', message);

const unreadable = (store: Store, key: string): RetentionError =>
  unreadableRecord(
    `cannot tell what was done already: ${store.locate(key)} is not as it was written; restore it, or make a new plan with a new report`,
  );

/** The stored result of a plan, or null. Refuses plan.altered when it is that of another plan of this id. */
export async function readResult(store: Store, plan: PlanKey): Promise<ApplyResult | null> {
  const key = resultFile(plan.id);
  const text = await store.get(key);
  if (text === null) return null;
  const json = parsed(text);
  if (!isResult(json)) throw unreadable(store, key);
  if (json.plan.digest !== plan.digest)
    throw refusal(
      'plan.altered',
      `a plan of the id ${plan.id} with the digest ${json.plan.digest} was applied before, and this one's is ${plan.digest}: make a new plan with a new report`,
    );
  return json;
}

/** The attempt of an item with its version, or null. */
export async function readAttempt(store: Store, plan: PlanKey, position: number): Promise<StoredAttempt | null> {
  const key = recordFile(plan, position, 'attempt');
  const stored = await store.getVersioned(key);
  if (stored === null) return null;
  const attempt = asAttempt(parsed(stored.text));
  if (attempt === null) throw unreadable(store, key);
  return { attempt, version: stored.version };
}

/** The recorded outcome of an item, or null. */
export async function readItemOutcome(store: Store, plan: PlanKey, position: number): Promise<ItemResult | null> {
  const key = recordFile(plan, position, 'outcome');
  const text = await store.get(key);
  if (text === null) return null;
  const json = parsed(text);
  if (!isItemResult(json)) throw unreadable(store, key);
  return json;
}

const READS_AT_ONCE = 16;

/** Does work on each of many, a few at a time. */
export async function eachOf<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < all.length; from += READS_AT_ONCE)
    for (const each of await Promise.all(all.slice(from, from + READS_AT_ONCE).map(work))) done.push(each);
  return done;
}

/**
 * Reads the attempts and outcomes of a plan. Outcomes that are `known` (a view has them) are not read again; `items`: the plan's, in order,
 * where they are at hand.
 */
export async function readRecords(
  store: Store,
  plan: PlanKey,
  known: ReadonlyMap<string, ItemResult>,
  items: Plan['items'] = [],
): Promise<Records> {
  const found = (await store.list(recordFolder(plan))).flatMap((name) => {
    const [, position, kind] = RECORD_NAME.exec(name) ?? [];
    return position === undefined ? [] : [{ position: Number(position), kind }];
  });
  const isKnown = (position: number): boolean => known.has(items[position]?.arn ?? '');
  const done = new Set(found.flatMap(({ position, kind }) => (kind === 'outcome' ? [position] : [])));
  const outcomes = await eachOf(
    [...done].filter((position) => !isKnown(position)),
    (position) => readItemOutcome(store, plan, position),
  );
  const recorded = new Map(known);
  for (const outcome of outcomes.filter((each) => each !== null).sort((a, b) => (a.at < b.at ? -1 : 1)))
    recorded.set(outcome.arn, outcome);

  const open = found.filter(({ position, kind }) => kind === 'attempt' && !done.has(position) && !isKnown(position));
  const attempts = new Map<string, StoredAttempt>();
  for (const stored of await eachOf(open, ({ position }) => readAttempt(store, plan, position))) {
    if (stored === null) continue;
    const { arn, outcome } = stored.attempt;
    if (outcome !== null) recorded.set(arn, outcome);
    else if (!recorded.has(arn)) attempts.set(arn, stored);
  }
  return { recorded, attempts };
}

/** What was known of the snapshots whose delete may have been sent and that have no outcome, by ARN. */
export const unsettledIn = ({ attempts }: Records): Map<string, ItemDetails> =>
  new Map(
    [...attempts.values()].flatMap(({ attempt }) =>
      attempt.state === 'open' ? [[attempt.arn, attempt.facts] as const] : [],
    ),
  );
