import { instantOfId } from '../core/time/instant';
import { CLOCK_TOLERANCE_MS } from '../core/time/tolerance';
import type { Store } from '../ports/ports';
import { PLAN_ID, PLANS } from '../storage/keys';

/**
 * Returns the id of the newest plan that a report made; null: there is none. Ids begin with the time of their report:
 * one without a time, or of a time to come, does not count.
 */
export async function newestPlanId(store: Store, now: number): Promise<string | null> {
  const names = await store.list(PLANS);
  const isMade = (id: string): boolean =>
    PLAN_ID.test(id) && (instantOfId(id) ?? Number.POSITIVE_INFINITY) <= now + CLOCK_TOLERANCE_MS;
  const ids = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));
  return ids.filter(isMade).sort().at(-1) ?? null;
}
