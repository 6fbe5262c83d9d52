import { RetentionError } from '../core/errors';
import { type ApplyResult, totalsOf, unsettledOf } from '../core/outcome';
import { parsePlan } from '../core/parse-plan';
import type { Plan } from '../core/plan';
import { renderResultJson } from '../render/result-json';
import { claimKey, claimText, latestClaim } from './ledger';
import { readJournal, readResult, resultFile, resultFolder } from './ledger-files';
import type { Store } from './ports';
import { isRefusal } from './refusals';
import { planFile } from './store-report';

type PlanRef = Pick<Plan, 'id' | 'digest'>;

/** The result of a plan as it stands; undefined where what is there belongs to another plan of that id. */
async function ownResult(store: Store, plan: PlanRef): Promise<ApplyResult | null | undefined> {
  try {
    return await readResult(store, plan);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** The items of a plan, for their count and their names; null where the plan is not there any more. */
async function itemsOf(store: Store, { id, digest }: PlanRef): Promise<Plan['items'] | null> {
  const text = await store.get(planFile(id));
  try {
    const parsed = parsePlan(JSON.parse(text ?? 'null'));
    return parsed.ok && parsed.plan.digest === digest ? parsed.plan.items : null;
  } catch {
    return null;
  }
}

/**
 * What was done of a plan, by all runs of it, those included that died before they could write their result: their journals tell. Null where
 * nothing is recorded, or what is there belongs to another plan of that id.
 */
export async function readOutcome(store: Store, plan: PlanRef): Promise<ApplyResult | null> {
  const result = await ownResult(store, plan);
  if (result === undefined) return null;
  if (result?.status === 'finished') return result;
  const { recorded, sent, lastSign } = await readJournal(store, plan.id, null, result);
  if (result === null && recorded.size === 0 && sent.size === 0) return null;
  const planned = result === null || sent.size > 0 ? await itemsOf(store, plan) : null;
  const count = result?.plan.count ?? planned?.length;
  if (count === undefined)
    throw new RetentionError(
      'result.unreadable',
      'operator',
      `cannot tell what was done: ${store.locate(resultFolder(plan.id))} has a journal, and neither ${store.locate(resultFile(plan.id))} nor the plan is there; restore one of them`,
    );
  const items = [...recorded.values()];
  const signedAt = new Date(lastSign).toISOString();
  return {
    schemaVersion: 1,
    plan: { id: plan.id, digest: plan.digest, count },
    account: result?.account ?? items[0]?.account ?? null,
    status: items.length === count ? 'finished' : 'unfinished',
    startedAt: result?.startedAt ?? signedAt,
    updatedAt: result === null || signedAt > result.updatedAt ? signedAt : result.updatedAt,
    totals: totalsOf(count, items),
    ...(sent.size === 0 ? {} : { unsettled: unsettledOf(sent, planned ?? []) }),
    items,
  };
}

/**
 * Writes the result of a run that ended without doing so, and lets its claim go. For a run that does nothing more. Only while that run has the
 * newest claim and holds it: else it is not its to write.
 */
export async function settleLedger(store: Store, plan: PlanRef, run: string): Promise<void> {
  const outcome = await readOutcome(store, plan);
  const claim = await latestClaim(store, plan.id);
  if (claim === null || claim.released || claim.owner.run !== run) return;
  if (outcome !== null) await store.put({ key: resultFile(plan.id), contentType: 'application/json', body: renderResultJson(outcome) });
  await store.put({
    key: claimKey(plan.id, claim.number),
    contentType: 'application/json',
    body: [claimText({ ...claim, released: true })],
  });
}
