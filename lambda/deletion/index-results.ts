import { jsonText } from '../core/util/safe-text';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { resultSentence } from '../render/result-text';
import { type PlanKey, resultFile, resultIndexPage } from '../storage/keys';
import {
  type IndexedLine,
  type IndexedPlan,
  type IndexPageHead,
  indexedPlan,
  indexedPlans,
  indexPageObject,
  isIndexed,
  listResults,
  readIndexHeads,
  splitIndexPage,
  statusInIndex,
} from '../storage/result-index';
import { APPLY_RESULT, parseStored } from '../storage/schemas';
import { isFinished } from './outcome-files';
import { isLockedByOther } from './run-lock';

/** A page has at most this many results, */
export const MAX_RESULTS_PER_PAGE = 100;
/**
 * and grows to about this many characters: so many that 1,000 results of 800 snapshots are less than 20 pages, and so
 * few that a function of 512 MB can write one.
 */
export const MAX_PAGE_LENGTH = 40_000_000;

/** At most this many results are added at once: after an upgrade, the runs that follow add the others. */
const MAX_ADDED = 200;
/** One round fills a page. What other writers, or many results, leave after so many rounds is left to the next run. */
const MAX_ROUNDS = 10;

/** Whether a run is one of those that index. */
type IsOwnRun = (run: string) => boolean;

type Listed = readonly [id: string, storedAt: number | null];

/** The results that the index lacks, newest first. */
function missingIn(heads: readonly IndexPageHead[], stored: ReadonlyMap<string, number | null>): readonly Listed[] {
  const indexed = indexedPlans(heads.flatMap(({ plans }) => plans ?? []));
  return [...stored]
    .filter(([id, storedAt]) => !isIndexed(indexed.get(id), storedAt))
    .filter(([id, storedAt]) => storedAt !== null || !indexed.has(id))
    .sort(([, a], [, b]) => (b ?? 0) - (a ?? 0))
    .slice(0, MAX_ADDED);
}

/**
 * Reads results. One that is gone, or cannot be read, is left to `history`, which names it; that of a plan which another
 * run applies is left to that run, because a report takes a deletion whose result is indexed for one that has ended.
 */
async function readResults(
  store: Store,
  listed: readonly Listed[],
  isOwnRun: IsOwnRun,
): Promise<readonly IndexedLine[]> {
  const results = await eachOf(listed, async ([id, storedAt]): Promise<IndexedLine | null> => {
    const text = await store.get(resultFile(id));
    const result = parseStored(APPLY_RESULT, text);
    if (text === null || result === null || result.plan.id !== id) return null;
    if (result.status === 'unfinished' && (await isLockedByOther(store, id, isOwnRun))) return null;
    return { plan: indexedPlan(result, storedAt, resultSentence(result)), line: jsonText(JSON.parse(text)) };
  });
  return results.filter((each) => each !== null);
}

/** How many results fit into a page that has `used` results of `length` characters; at least one into an empty page. */
function fitting(results: readonly IndexedLine[], used: number, length: number): number {
  let [count, total] = [0, length];
  for (const { line } of results) {
    total += line.length;
    if (used + count >= MAX_RESULTS_PER_PAGE || (total > MAX_PAGE_LENGTH && used + count > 0)) break;
    count += 1;
  }
  return count;
}

/** Adds results to the last page, or to a new one. Returns how many were added; null: another writer was faster. */
async function append(store: Store, last: number, results: readonly IndexedLine[]): Promise<number | null> {
  const page = last === 0 ? null : await store.getVersioned(resultIndexPage(last));
  const before = page === null ? null : splitIndexPage(page.text);
  // Another writer has added one of them meanwhile.
  const isKnown = ({ plan }: IndexedLine): boolean =>
    before?.some((each) => each.plan.id === plan.id && each.plan.status === 'finished') === true;
  if (results.some(isKnown)) return null;
  const count = page === null || before === null ? 0 : fitting(results, before.length, page.text.length);
  if (page !== null && before !== null && count > 0) {
    const object = indexPageObject(last, [...before, ...results.slice(0, count)]);
    return (await store.replaceIf(object, page.version)) ? count : null;
  }
  const first = fitting(results, 0, 0);
  return (await store.putIfAbsent(indexPageObject(last + 1, results.slice(0, first)))) ? first : null;
}

/**
 * Adds to the index each stored result that it lacks, those of runs that died before they did so included. Any number
 * of writers may run at once: a page is replaced only as it was read.
 */
export async function indexResults(store: Store, isOwnRun: IsOwnRun = () => false): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const heads = await readIndexHeads(store);
    const results = await readResults(store, missingIn(heads, await listResults(store)), isOwnRun);
    if (results.length === 0 || (await append(store, heads.at(-1)?.number ?? 0, results)) === results.length) return;
  }
}

/** Adds to the index what it lacks. Returns the state of a plan's result in it; null: it has none. */
export async function indexPlan(
  store: Store,
  plan: PlanKey,
  isOwnRun: IsOwnRun,
): Promise<IndexedPlan['status'] | null> {
  // Before it is read for the index: another run may finish it after that.
  const isOver = await isFinished(store, plan);
  await indexResults(store, isOwnRun);
  if (isOver) return 'finished';
  return (await statusInIndex(store, plan.id)) === null ? null : 'unfinished';
}
