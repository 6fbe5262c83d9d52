import type { ApplyResult, SentDelete } from '../core/plan/outcome';
import type { PlanItem } from '../core/plan/plan';
import type { Store } from '../ports/ports';
import { renderResultJson } from '../render/result-json';
import { type PlanKey, planFile, recordFolder, resultFile } from '../storage/keys';
import { PLAN, parseStored } from '../storage/schemas';
import { readEarlierJournal } from './earlier-journal';
import {
  byArn,
  isFinished,
  makeResult,
  type Records,
  readRecords,
  readResult,
  unreadableRecord,
} from './outcome-files';
import { isRefusal } from './refusals';
import { expireLock, isLockedByOther } from './run-lock';

/** Returns the result of a plan; undefined where the stored one belongs to another plan of that id. */
async function ownResult(store: Store, plan: PlanKey): Promise<ApplyResult | null | undefined> {
  try {
    return await readResult(store, plan);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Returns the items of a plan, for their count and their names; null where the plan is no longer stored. */
async function itemsOf(store: Store, { id, digest }: PlanKey): Promise<readonly PlanItem[] | null> {
  const plan = parseStored(PLAN, await store.get(planFile(id)));
  return plan?.digest === digest ? plan.items : null;
}

/** What the attempts have of the snapshots whose delete may have been sent and that have no outcome, by ARN. */
const sentDeletes = ({ attempts }: Records): ReadonlyMap<string, SentDelete> =>
  new Map(
    [...attempts.values()].flatMap(({ attempt: { arn, name, at, approvedBy, facts, state } }) =>
      state === 'open' ? [[arn, { name, at, approvedBy, ...facts }] as const] : [],
    ),
  );

/** Adds what a journal of the first version has, which writes its result before it deletes. */
async function withEarlierJournal(store: Store, result: ApplyResult | null, records: Records) {
  const journal = result === null ? null : await readEarlierJournal(store, result.plan.id);
  const recorded = new Map([...(journal?.recorded ?? []), ...records.recorded]);
  const sent = [...(journal?.sent ?? []), ...sentDeletes(records)];
  return { ...records, recorded, unsettled: new Map(sent.filter(([arn]) => !recorded.has(arn))) };
}

/**
 * Returns what all runs of a plan did, those that died before they wrote their result included. Null where nothing is
 * recorded, or the record belongs to another plan of that id.
 */
export async function readOutcome(store: Store, plan: PlanKey): Promise<ApplyResult | null> {
  const result = await ownResult(store, plan);
  if (result === undefined) return null;
  if (result?.status === 'finished') return result;
  const planned = await itemsOf(store, plan);
  const records = await withEarlierJournal(store, result, await readRecords(store, plan, byArn(result), planned ?? []));
  const { recorded, unsettled } = records;
  if (result === null && recorded.size === 0 && unsettled.size === 0) return null;
  const count = result?.plan.count ?? planned?.length;
  if (count === undefined)
    throw unreadableRecord(
      `cannot tell what was done: ${store.locate(recordFolder(plan))} has records, and neither ${store.locate(resultFile(plan.id))} nor the plan is there; restore one of them`,
    );
  return makeResult({
    ...headOf(result, records),
    plan: { id: plan.id, digest: plan.digest, count },
    recorded,
    unsettled,
    planned,
  });
}

/** The head of a result that is made from records: that of the result, or what the records tell where it was lost. */
function headOf(result: ApplyResult | null, { recorded, attempts }: Records) {
  const outcomes = [...recorded.values()];
  const instants = [...outcomes, ...[...attempts.values()].map(({ attempt }) => attempt)].map(({ at }) => at);
  if (result !== null) instants.push(result.updatedAt);
  instants.sort();
  const updatedAt = instants.at(-1) ?? '';
  if (result !== null) return { ...result, updatedAt };
  const [startedAt = ''] = instants;
  return { account: outcomes[0]?.account ?? null, startedAt, updatedAt, approvedBy: null, config: null, report: null };
}

/** A view is written again at most this often because the record grew while it was written. */
const MAX_WRITES = 5;

/**
 * Writes the result of a plan from its record, for a run that ended without doing so, and ends the lock of that
 * run. While another run applies the plan, that one writes the result, and may finish it at any moment.
 */
export async function settleOutcome(store: Store, plan: PlanKey, isOwnRun: (run: string) => boolean): Promise<void> {
  for (let writes = 0, items = -1; writes < MAX_WRITES; writes += 1) {
    const outcome = await readOutcome(store, plan);
    if (outcome === null || outcome.items.length === items) break;
    if ((await isLockedByOther(store, plan.id, isOwnRun)) || (await isFinished(store, plan))) break;
    items = outcome.items.length;
    await store.put({ key: resultFile(plan.id), contentType: 'application/json', body: renderResultJson(outcome) });
  }
  await expireLock(store, isOwnRun);
}
