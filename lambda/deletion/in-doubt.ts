import type { ApplyResult } from '../core/plan/outcome';
import { DAY_MS } from '../core/time/units';
import { eachOf } from '../ports/each-of';
import type { Clock, Store } from '../ports/ports';
import { RECORD_FOLDER_NAME, resultFile, resultFolder } from '../storage/keys';
import { listResults } from '../storage/result-index';
import { APPLY_RESULT, parseStored } from '../storage/schemas';
import { hasEarlierJournal } from './earlier-journal';
import { byArn, doubtfulOf, readRecords, unreadableRecord } from './outcome-files';

/** A delete whose end is not known counts as one that may still be carried out for this long (ms). */
const MAX_DOUBT_MS = DAY_MS;

/** Whether a run of a plan recorded attempts. A run records each before its delete is sent. */
const hasAttempts = async (store: Store, planId: string): Promise<boolean> =>
  (await store.list(resultFolder(planId))).some((name) => RECORD_FOLDER_NAME.test(name));

/** Results of the first version do not tell which delete that failed may still be carried out: then each may be. */
const failedInEarlierVersion = ({ config, items }: ApplyResult): readonly string[] =>
  config === null ? items.flatMap(({ arn, outcome }) => (outcome === 'failed' ? [arn] : [])) : [];

/**
 * Returns the ARNs of the snapshots that a delete of another plan of the place may still remove: it was sent within a
 * day, and its end is not known. The result of a run that died can lack what that run recorded last, so its record
 * counts. Throws `result.unreadable` where that cannot be read.
 */
export async function readInDoubtElsewhere(store: Store, clock: Clock, planId: string): Promise<readonly string[]> {
  const since = clock() - MAX_DOUBT_MS;
  const recent = [...(await listResults(store))].flatMap(([id, storedAt]) =>
    id !== planId && (storedAt ?? since) >= since ? [{ id, until: (storedAt ?? clock()) + MAX_DOUBT_MS }] : [],
  );
  const arns = await eachOf(recent, async ({ id, until }): Promise<readonly string[]> => {
    const key = resultFile(id);
    const text = await store.get(key);
    if (text === null) return [];
    const result = parseStored(APPLY_RESULT, text);
    if (result === null) {
      // Without attempts, it is another file, or the result of a plan of which no delete was sent.
      if (!(await hasAttempts(store, id))) return [];
      throw unreadableRecord(
        `cannot tell which deletes of another plan may still be carried out: ${store.locate(key)} is not as it was written; keep a copy of it and restore it, or apply the plan again after ${new Date(until).toISOString()}`,
      );
    }
    const recorded = byArn(result);
    if (result.status === 'finished')
      return [...doubtfulOf({ recorded, attempts: new Map() }), ...failedInEarlierVersion(result)];
    if (await hasEarlierJournal(store, id))
      throw unreadableRecord(
        `cannot tell which deletes of another plan may still be carried out: an earlier version began it and did not finish it, ${store.locate(resultFolder(id))} has its journal; apply the plan again after ${new Date(until).toISOString()}`,
      );
    return doubtfulOf(await readRecords(store, result.plan, recorded, []));
  });
  return arns.flat();
}
