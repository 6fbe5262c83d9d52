import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import {
  EVIDENCE,
  LISTED_NAME,
  PLANS,
  planFile,
  RECORD_FOLDER_NAME,
  REPORT_JSON,
  REPORTS,
  RESULTS,
  reportFolder,
  resultFile,
  resultFolder,
} from '../storage/keys';
import { resultIds } from '../storage/result-index';
import { timeOfId } from './verify-index';

/** Places of reports, plans, results and their files that no record names. */
export interface Unrecorded {
  readonly unrecorded: readonly string[];
  /** Those that are older than the chain, by their ids and by the times of the store. */
  readonly older: readonly string[];
}

interface FoundObject {
  readonly key: string;
  /** The id of its report or plan. */
  readonly id: string;
  /** The store's own time (epoch ms); null: not known. */
  readonly storedAt: number | null;
}

async function filesIn(store: Store, folder: string, keyOf: (id: string) => string): Promise<readonly FoundObject[]> {
  const times = await store.listDated(folder);
  return resultIds(times.keys()).map((id) => ({ key: keyOf(id), id, storedAt: times.get(`${id}.json`) ?? null }));
}

async function reportsIn(store: Store): Promise<readonly FoundObject[]> {
  const found = await eachOf(await store.list(REPORTS), async (id) => {
    const folder = reportFolder(id);
    const storedAt = (await store.listDated(folder)).get(REPORT_JSON);
    return storedAt === undefined ? [] : [{ key: `${folder}${REPORT_JSON}`, id, storedAt }];
  });
  return found.flat();
}

/** The attempts, outcomes, approvals and lists of all plans. */
async function recordsIn(store: Store): Promise<readonly FoundObject[]> {
  const ids = (await store.list(RESULTS)).filter((name) => !/^(index|evidence)$|\.(json|html)$/.test(name));
  const found = await eachOf(ids, async (id) => {
    const folders = (await store.list(resultFolder(id))).filter((name) => RECORD_FOLDER_NAME.test(name));
    const files: FoundObject[] = [];
    for (const name of folders) {
      const folder = `${resultFolder(id)}${name}/`;
      for (const [file, storedAt] of await store.listDated(folder))
        if (LISTED_NAME.test(file) || file.startsWith('once-')) files.push({ key: folder + file, id, storedAt });
    }
    return files;
  });
  return found.flat();
}

/** Finds what is stored and is in no record. `since`: the time of the first record (epoch ms). */
export async function findUnrecorded(
  { store, folder }: { readonly store: Store; readonly folder: string },
  recorded: ReadonlySet<string>,
  since: number,
): Promise<Unrecorded> {
  const ofReports =
    folder === EVIDENCE ? [...(await reportsIn(store)), ...(await filesIn(store, PLANS, planFile))] : [];
  const ofResults = [...(await filesIn(store, RESULTS, resultFile)), ...(await recordsIn(store))];
  const found = [...ofReports, ...ofResults].filter(({ key }) => !recorded.has(key));
  const isOlder = ({ id, storedAt }: FoundObject): boolean => (timeOfId(id) ?? 0) < since && (storedAt ?? 0) < since;
  const placeOf = ({ key }: FoundObject): string => store.locate(key);
  return {
    unrecorded: found.filter((each) => !isOlder(each)).map(placeOf),
    older: found.filter(isOlder).map(placeOf),
  };
}
