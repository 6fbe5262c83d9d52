/**
 * The days that reports told people. Each report records its days before anyone can read them, in an object that is
 * named by the latest of them: a listing shows which are still to come, whatever was reported since.
 */

import { type AnnouncedStarts, announcedItems, type ReportRun, type ToldDays } from '../core/plan/grace-period';
import type { NewPlan, Plan } from '../core/plan/plan';
import type { Digest, Store } from '../ports/ports';
import { jsonObject } from './json-object';
import { planFile, RUNS, toldFile, toldUntil } from './keys';
import { readPlan } from './report-history';
import { parseStored, TOLD_NOTE } from './schemas';

/** Records the starts that a report tells for the items of its plan; nothing where it tells none. */
export async function recordTold(
  store: Store,
  { id, digest, config }: Pick<NewPlan, 'id' | 'digest' | 'config'>,
  starts: AnnouncedStarts,
): Promise<void> {
  const until = starts.reduce((last, [start]) => Math.max(last, start ?? last), Number.NEGATIVE_INFINITY);
  if (until === Number.NEGATIVE_INFINITY) return;
  await store.putIfAbsent(jsonObject(toldFile(id, until), { reportId: id, digest, config: config.digest, starts }));
}

/** Reads the days that were told and are still to come after an instant (epoch ms). `runs` have plans read before. */
export async function readTold(
  store: Store,
  digest: Digest,
  now: number,
  runs: readonly ReportRun[],
): Promise<readonly ToldDays[]> {
  const known = new Map<string, Plan>();
  for (const { plans } of runs) for (const each of plans) if (each !== null) known.set(each.plan.id, each.plan);
  const told: ToldDays[] = [];
  for (const name of (await store.listDeep(RUNS)).keys()) {
    const until = toldUntil(name);
    if (until === null || until <= now) continue;
    const note = parseStored(TOLD_NOTE, await store.get(`${RUNS}${name}`));
    const { reportId = '', config = null, starts = [] } = note ?? {};
    const plan = known.get(reportId) ?? readPlan(await store.get(planFile(reportId)), reportId, digest);
    told.push({ until, config, items: plan?.digest === note?.digest && plan ? announcedItems(plan, starts) : null });
  }
  return told;
}
