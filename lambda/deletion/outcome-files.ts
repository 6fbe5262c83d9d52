import {
  type ApplyResult,
  countOutcomes,
  type ItemDetails,
  type ItemResult,
  type RunOrigin,
  type SentDelete,
  unsettledOf,
} from '../core/plan/outcome';
import type { PlanItem } from '../core/plan/plan';
import { RetentionError } from '../core/util/errors';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { EMPTY_RECORD } from '../storage/json-object';
import { type PlanKey, RECORD_NAME, recordFile, recordFolder, resultFile } from '../storage/keys';
import { APPLY_RESULT, ATTEMPT, type Attempt, ITEM_RESULT, parseStored } from '../storage/schemas';
import { refusal } from './refusals';

export interface StoredAttempt {
  readonly attempt: Attempt;
  readonly version: string;
}

/** The outcomes that are recorded of a plan, and the attempts that have none, by ARN. */
export interface Records {
  readonly recorded: ReadonlyMap<string, ItemResult>;
  readonly attempts: ReadonlyMap<string, StoredAttempt>;
}

/** Returns the failure of a record that cannot be read. */
export const unreadableRecord = (message: string): RetentionError => new RetentionError('result.unreadable', message);

/**
 * Makes the error of a stored record that is not as it was written. It is never treated as an absent one: earlier
 * deletes must be known before another is sent.
 */
export const unreadableStored = (store: Store, key: string, text?: string): RetentionError =>
  unreadableRecord(
    `cannot tell what was done already: ${store.locate(key)} ${
      text === ''
        ? `${EMPTY_RECORD}, and run the same again`
        : 'is not as it was written; keep a copy of it and restore it, or apply a new plan a day after the last deletion'
    }`,
  );

/** Returns the stored result of a plan, or null. Refuses plan.altered when it is that of another plan of this id. */
export async function readResult(store: Store, plan: PlanKey): Promise<ApplyResult | null> {
  const key = resultFile(plan.id);
  const text = await store.get(key);
  if (text === null) return null;
  const result = parseStored(APPLY_RESULT, text);
  if (result === null) throw unreadableStored(store, key, text);
  if (result.plan.digest === plan.digest) return result;
  throw refusal(
    'plan.altered',
    `a plan of the id ${plan.id} with the digest ${result.plan.digest} was applied before, and this one's is ${plan.digest}: make a new plan with a new report`,
  );
}

/** Whether the stored result of a plan is finished: it is final, and no run replaces it. */
export const isFinished = async (store: Store, { id, digest }: PlanKey): Promise<boolean> => {
  const result = parseStored(APPLY_RESULT, await store.get(resultFile(id)));
  return result?.status === 'finished' && result.plan.digest === digest;
};

/** Returns the attempt of an item with its version, or null. */
export async function readAttempt(store: Store, plan: PlanKey, position: number): Promise<StoredAttempt | null> {
  const key = recordFile(plan, position, 'attempt');
  const stored = await store.getVersioned(key);
  if (stored === null) return null;
  const attempt = parseStored(ATTEMPT, stored.text);
  if (attempt === null) throw unreadableStored(store, key, stored.text);
  return { attempt, version: stored.version };
}

/** Returns the recorded outcome of an item, or null. */
export async function readItemOutcome(store: Store, plan: PlanKey, position: number): Promise<ItemResult | null> {
  const key = recordFile(plan, position, 'outcome');
  const text = await store.get(key);
  if (text === null) return null;
  const outcome = parseStored(ITEM_RESULT, text);
  if (outcome === null) throw unreadableStored(store, key, text);
  return outcome;
}

/** The positions of the items of a plan that have an outcome, and of those that have an attempt alone. */
interface RecordedPositions {
  readonly done: readonly number[];
  readonly open: readonly number[];
}

/** Lists which items of a plan have an outcome or an attempt. */
async function listRecords(store: Store, plan: PlanKey): Promise<RecordedPositions> {
  const found = (await store.list(recordFolder(plan))).flatMap((name) => {
    const [, digits, kind] = RECORD_NAME.exec(name) ?? [];
    return digits === undefined ? [] : [{ position: Number(digits), kind }];
  });
  const done = new Set(found.flatMap(({ position, kind }) => (kind === 'outcome' ? [position] : [])));
  const open = found.flatMap(({ position }) => (done.has(position) ? [] : [position]));
  return { done: [...done], open };
}

/**
 * Reads the attempts and outcomes of a plan. Outcomes that are `known` are not read again, where `items`, the plan's,
 * tells their positions.
 */
export async function readRecords(
  store: Store,
  plan: PlanKey,
  known: ReadonlyMap<string, ItemResult>,
  items: readonly PlanItem[],
): Promise<Records> {
  const listed = await listRecords(store, plan);
  const isUnknown = (position: number): boolean => !known.has(items[position]?.arn ?? '');
  const done = listed.done.filter(isUnknown);
  const outcomes = await eachOf(done, (position) => readItemOutcome(store, plan, position));
  const recorded = new Map(known);
  for (const outcome of outcomes.filter((each) => each !== null).sort((a, b) => (a.at < b.at ? -1 : 1)))
    recorded.set(outcome.arn, outcome);

  const open = listed.open.filter(isUnknown);
  const attempts = new Map<string, StoredAttempt>();
  for (const stored of await eachOf(open, (position) => readAttempt(store, plan, position))) {
    if (stored === null) continue;
    const { arn, outcome } = stored.attempt;
    if (outcome !== null) recorded.set(arn, outcome);
    else if (!recorded.has(arn)) attempts.set(arn, stored);
  }
  return { recorded, attempts };
}

/** Returns the facts of the snapshots whose delete may have been sent and that have no outcome, by ARN. */
export const unsettledOfRecords = ({ attempts }: Records): Map<string, ItemDetails> =>
  new Map(
    [...attempts.values()].flatMap(({ attempt }) =>
      attempt.state === 'open' ? [[attempt.arn, attempt.facts] as const] : [],
    ),
  );

/** Returns the ARNs of the snapshots whose delete may still be carried out. */
export const doubtfulOf = (records: Records): readonly string[] => [
  ...unsettledOfRecords(records).keys(),
  ...[...records.recorded.values()].flatMap(({ arn, mayStillBeDeleted }) => (mayStillBeDeleted === true ? [arn] : [])),
];

/** Outcomes by ARN, as a result lists them. */
export const byArn = (result: ApplyResult | null): ReadonlyMap<string, ItemResult> =>
  new Map((result?.items ?? []).map((item) => [item.arn, item]));

type ResultHead = Pick<ApplyResult, 'plan' | 'account' | 'config' | 'startedAt' | 'updatedAt'>;

interface ResultInput extends ResultHead, RunOrigin {
  readonly recorded: ReadonlyMap<string, ItemResult>;
  readonly unsettled: ReadonlyMap<string, SentDelete>;
  /** The items of the plan; null where it is no longer stored. */
  readonly planned: readonly PlanItem[] | null;
}

/** Makes the result of a plan: a view of its attempts and outcomes. */
export function makeResult({ plan, recorded, unsettled, planned, ...rest }: ResultInput): ApplyResult {
  const items = [...recorded.values()];
  const isFinished = planned?.every(({ arn }) => recorded.has(arn)) ?? items.length === plan.count;
  return {
    schemaVersion: 1,
    plan,
    account: rest.account,
    approvedBy: rest.approvedBy,
    config: rest.config,
    report: rest.report,
    status: isFinished ? 'finished' : 'unfinished',
    startedAt: rest.startedAt,
    updatedAt: rest.updatedAt,
    totals: countOutcomes(plan.count, items),
    ...(unsettled.size === 0 ? {} : { unsettled: unsettledOf(unsettled, planned ?? [], rest.approvedBy) }),
    items,
  };
}
