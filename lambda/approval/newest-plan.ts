import { instantOfId, parseInstant } from '../core/time/instant';
import { CLOCK_TOLERANCE_MS, MAX_LATE_MS } from '../core/time/tolerance';
import { HOUR_MS } from '../core/time/units';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { PLAN_ID, PLANS, planFile } from '../storage/keys';

/** A plan is made within a day of the time in its id, and an hour: of more distance (ms), the later id is the newer one. */
const MAX_APART_MS = 2 * MAX_LATE_MS + HOUR_MS;

/** When a plan was made (epoch ms), by its lines before the items; null: not known. */
async function madeAt(store: Store, id: string): Promise<number | null> {
  for await (const line of (await store.lines(planFile(id))) ?? []) {
    const [, text] = /^ "createdAt": "([^"]+)"/.exec(line) ?? [];
    if (text !== undefined) return parseInstant(text);
    if (line.startsWith(' "items"')) return null;
  }
  return null;
}

/**
 * Returns the id of the newest plan that a report made; null: there is none. Ids begin with the time of their report:
 * one without a time, or of a time to come, does not count. Of two attempts for one time, the later one counts.
 */
export async function newestPlanId(store: Store, now: number): Promise<string | null> {
  const names = await store.list(PLANS);
  const timeOf = (id: string): number => instantOfId(id) ?? Number.POSITIVE_INFINITY;
  const isMade = (id: string): boolean => PLAN_ID.test(id) && timeOf(id) <= now + CLOCK_TOLERANCE_MS;
  const ids = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : [])).filter(isMade);
  const last = ids.reduce((time, id) => Math.max(time, timeOf(id)), 0);
  const near = ids.filter((id) => timeOf(id) >= last - MAX_APART_MS).sort();
  if (near.length <= 1) return near[0] ?? null;
  const dated = await eachOf(near, async (id) => ({ id, at: (await madeAt(store, id)) ?? timeOf(id) }));
  return dated.reduce((newest, each) => (each.at >= newest.at ? each : newest)).id;
}
