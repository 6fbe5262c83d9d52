import { DAY_MS } from '../core/time/units';
import { eachOf } from '../ports/each-of';
import type { Clock, Store } from '../ports/ports';
import { resultFile } from '../storage/keys';
import { listResults } from '../storage/result-index';
import { APPLY_RESULT, parseStored } from '../storage/schemas';
import { byArn, doubtfulOf, readRecords, unreadableStored } from './outcome-files';

/** A delete whose end is not known counts as one that may still be carried out for this long (ms). */
const MAX_DOUBT_MS = DAY_MS;

/**
 * Returns the ARNs of the snapshots that a delete of another plan of the place may still remove: it was sent within a
 * day, and its end is not known. The result of a run that died can lack what that run recorded last, so its record
 * counts. Throws `result.unreadable` where that cannot be read.
 */
export async function readInDoubtElsewhere(store: Store, clock: Clock, planId: string): Promise<readonly string[]> {
  const since = clock() - MAX_DOUBT_MS;
  const recent = [...(await listResults(store))].flatMap(([id, storedAt]) =>
    id !== planId && (storedAt ?? since) >= since ? [id] : [],
  );
  const arns = await eachOf(recent, async (id): Promise<readonly string[]> => {
    const key = resultFile(id);
    const text = await store.get(key);
    if (text === null) return [];
    const result = parseStored(APPLY_RESULT, text);
    if (result === null) throw unreadableStored(store, key);
    const recorded = byArn(result);
    return doubtfulOf(
      result.status === 'finished'
        ? { recorded, attempts: new Map() }
        : await readRecords(store, result.plan, recorded, []),
    );
  });
  return arns.flat();
}
