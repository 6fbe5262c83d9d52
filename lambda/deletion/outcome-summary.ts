import { type ApplyResult, countOutcomes, type ItemResult, unsettledOf } from '../core/plan/outcome';
import { parsePlan } from '../core/plan/parse-plan';
import type { Plan } from '../core/plan/plan';
import type { Store } from '../ports/ports';
import { renderResultJson } from '../render/result-json';
import { type PlanKey, planFile, recordFolder, resultFile } from '../storage/keys';
import { readRecords, readResult, unreadableRecord, unsettledIn } from './outcome-files';
import { isRefusal } from './refusals';
import { releaseLock } from './run-lock';

/** The result of a plan; undefined where the stored one belongs to another plan of that id. */
async function ownResult(store: Store, plan: PlanKey): Promise<ApplyResult | null | undefined> {
  try {
    return await readResult(store, plan);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** The items of a plan, for their count and their names; null where the plan is gone. */
async function itemsOf(store: Store, { id, digest }: PlanKey): Promise<Plan['items'] | null> {
  const text = await store.get(planFile(id));
  try {
    const parsed = parsePlan(JSON.parse(text ?? 'null'));
    return parsed.ok && parsed.plan.digest === digest ? parsed.plan.items : null;
  } catch {
    return null;
  }
}

/**
 * Returns what was done of a plan by all of its runs, also by those that died before they wrote their result: the record tells. Null where
 * nothing is recorded, or the record belongs to another plan of that id.
 */
export async function readOutcome(store: Store, plan: PlanKey): Promise<ApplyResult | null> {
  const result = await ownResult(store, plan);
  if (result === undefined) return null;
  if (result?.status === 'finished') return result;
  const known = new Map((result?.items ?? []).map((item): [string, ItemResult] => [item.arn, item]));
  const planned = await itemsOf(store, plan);
  const records = await readRecords(store, plan, known, planned ?? []);
  const unsettled = unsettledIn(records);
  if (result === null && records.recorded.size === 0 && unsettled.size === 0) return null;
  const count = result?.plan.count ?? planned?.length;
  if (count === undefined)
    throw unreadableRecord(
      `cannot tell what was done: ${store.locate(recordFolder(plan))} has records, and neither ${store.locate(resultFile(plan.id))} nor the plan is there; restore one of them`,
    );
  const items = [...records.recorded.values()];
  const instants = [
    ...items.map(({ at }) => at),
    ...[...records.attempts.values()].map(({ attempt }) => attempt.at),
  ].sort();
  const [first, last] = [instants[0] ?? result?.startedAt ?? '', instants.at(-1) ?? ''];
  return {
    schemaVersion: 1,
    plan: { id: plan.id, digest: plan.digest, count },
    account: result?.account ?? items[0]?.account ?? null,
    status: items.length === count ? 'finished' : 'unfinished',
    startedAt: result?.startedAt ?? first,
    updatedAt: result === null || last > result.updatedAt ? last : result.updatedAt,
    totals: countOutcomes(count, items),
    ...(unsettled.size === 0 ? {} : { unsettled: unsettledOf(unsettled, planned ?? []) }),
    items,
  };
}

/** How often a view is written again because the record grew while it was written. */
const WRITES = 5;

/** Writes the result of a plan from its record, for a run that ended without doing so, and releases the lock of that run. */
export async function settleOutcome(store: Store, plan: PlanKey, isOwnRun: (run: string) => boolean): Promise<void> {
  for (let writes = 0, items = -1; writes < WRITES; writes += 1) {
    const outcome = await readOutcome(store, plan);
    if (outcome === null || outcome.items.length === items) break;
    items = outcome.items.length;
    await store.put({ key: resultFile(plan.id), contentType: 'application/json', body: renderResultJson(outcome) });
  }
  await releaseLock(store, plan.id, isOwnRun);
}
