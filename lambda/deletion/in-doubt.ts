import { DAY_MS } from '../core/time/units';
import { eachOf } from '../ports/each-of';
import type { Clock, Store } from '../ports/ports';
import { LOCK_FILE, RECORD_NAME, RESULTS, recordFolder, resultFile } from '../storage/keys';
import { APPLY_RESULT, type Attempt, parseStored } from '../storage/schemas';
import { readAttempt, unreadableStored } from './outcome-files';

/** A delete whose end is not known counts as one that may still be carried out for this long (ms). */
const MAX_DOUBT_MS = DAY_MS;

const LOCK_NAME = LOCK_FILE.slice(RESULTS.length);

/** Returns the attempts of a plan that have neither ended nor an outcome. */
async function readOpenAttempts(
  store: Store,
  plan: { readonly id: string; readonly digest: string },
): Promise<readonly Attempt[]> {
  const found = (await store.list(recordFolder(plan))).flatMap((name) => {
    const [, digits, kind] = RECORD_NAME.exec(name) ?? [];
    return digits === undefined ? [] : [{ position: Number(digits), kind }];
  });
  const done = new Set(found.flatMap(({ position, kind }) => (kind === 'outcome' ? [position] : [])));
  const open = found.filter(({ position }) => !done.has(position));
  const stored = await eachOf(open, ({ position }) => readAttempt(store, plan, position));
  return stored.flatMap((each) => (each?.attempt.state === 'open' ? [each.attempt] : []));
}

/**
 * Returns the ARNs of the snapshots that a delete of another plan of the place may still remove: it was sent within a
 * day, and its end is not known. Throws `result.unreadable` where that cannot be read.
 */
export async function readInDoubtElsewhere(store: Store, clock: Clock, planId: string): Promise<ReadonlySet<string>> {
  const since = clock() - MAX_DOUBT_MS;
  const own = resultFile(planId).slice(RESULTS.length);
  const recent = [...(await store.listDated(RESULTS))].flatMap(([name, storedAt]) =>
    name.endsWith('.json') && name !== own && name !== LOCK_NAME && (storedAt ?? since) >= since ? [name] : [],
  );
  const arns = await eachOf(recent, async (name): Promise<readonly string[]> => {
    const key = `${RESULTS}${name}`;
    const text = await store.get(key);
    if (text === null) return [];
    const result = parseStored(APPLY_RESULT, text);
    if (result === null) throw unreadableStored(store, key);
    const failed = result.items.filter(({ mayStillBeDeleted }) => mayStillBeDeleted === true);
    const open = result.status === 'finished' ? [] : await readOpenAttempts(store, result.plan);
    return [...failed, ...open].map(({ arn }) => arn);
  });
  return new Set(arns.flat());
}
