import type { Store } from '../ports/ports';
import { EVIDENCE, LOCAL_EVIDENCE, PLANS, REPORTS, RESULT_INDEX, RESULTS } from '../storage/keys';
import { isFailure, type ReadFailure, readOrFailure } from '../storage/read-or-failure';
import type { BrokenLink } from './evidence-chain';
import { timeOfId } from './verify-index';

/** Places of reports, plans, results and their files that no record names. */
export interface Unrecorded {
  readonly unrecorded: readonly string[];
  /** Those that are older than the chain, by their ids and by the times of the store. */
  readonly older: readonly string[];
}

/** Matches what no record names: renderings, what a report keeps for the next one, notes of runs, the lock. */
export const NOT_RECORDED = [
  /^reports\/index\.(?:json|html)$/,
  /^reports\/[^/]+\/(?:report\.(?:html|csv)|state\.json)$/,
  // Of an organization: what its roll-up, which is recorded, was made from.
  /^reports\/[^/]+\/(?:accounts\.json|batches\/\d+\.json|\d{12}\/[^/]+)$/,
  /^results\/[^/]+\.html$/,
  /^results\/[^/]+\/(?:mailed|ended-[^/]+)\.json$/,
  /^results\/(?:lock\.json|\.lock\.json\.v\d+)$/,
];

/** Matches what the checks of the chain and of the index name themselves: all but hidden files and deeper folders. */
const CHECKED_ELSEWHERE = [
  /^(?:results\/)?evidence\/[^./][^/]*$/,
  /^results\/index\/(?:[^./][^/]*|\.\d{5}\.json\.v\d+)$/,
];

/** The id of the report or plan of an object, by its key below the folder of all of them. */
const idOfKey = (rest: string): string => {
  const [first = '', ...deeper] = rest.split('/');
  return deeper.length > 0 ? first : (first.split('.', 1)[0] ?? '');
};

interface Searched {
  readonly store: Store;
  /** EVIDENCE or LOCAL_EVIDENCE. */
  readonly folder: string;
}

/** The defect of a folder that cannot be listed: what is below it is not known. */
function unlisted(
  { store, folder }: Searched,
  top: string,
  { failure, fault, path }: ReadFailure,
): Omit<BrokenLink, 'number'> {
  const place = path ?? store.locate(top);
  const isOf = (key: string): boolean => place.replace(/[/\\]$/, '') === store.locate(key).replace(/[/\\]$/, '');
  const message = `${failure}; what is in no record was not searched there`;
  if (isOf(RESULT_INDEX)) return { fault: `index.${fault}`, place, message };
  return { fault: isOf(folder) ? `record.${fault}` : `object.${fault}`, place, message };
}

/** Finds what is stored and is in no record. `since`: the time of the first record (epoch ms). */
export async function findUnrecorded(
  searched: Searched,
  recorded: ReadonlySet<string>,
  since: number,
): Promise<Unrecorded & { readonly broken: readonly Omit<BrokenLink, 'number'>[] }> {
  const { store, folder } = searched;
  const isBucket = folder === EVIDENCE;
  const found: Record<keyof Unrecorded, string[]> = { unrecorded: [], older: [] };
  const broken: Omit<BrokenLink, 'number'>[] = [];
  for (const top of isBucket ? [REPORTS, PLANS, EVIDENCE, RESULTS] : [RESULTS]) {
    const listed = await readOrFailure(store.listDeep(top));
    if (isFailure(listed)) {
      broken.push(unlisted(searched, top, listed));
      continue;
    }
    for (const [rest, storedAt] of listed) {
      const key = top + rest;
      if (recorded.has(key) || [...NOT_RECORDED, ...CHECKED_ELSEWHERE].some((each) => each.test(key))) continue;
      // Another chain in the same place is named as a whole.
      if (isBucket && key.startsWith(LOCAL_EVIDENCE)) continue;
      const isOlder = (timeOfId(idOfKey(rest)) ?? 0) < since && (storedAt ?? 0) < since;
      found[isOlder ? 'older' : 'unrecorded'].push(store.locate(key));
    }
  }
  return { ...found, broken };
}
