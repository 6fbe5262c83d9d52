import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { EVIDENCE, LOCK_FILE, PLANS, REPORTS, RESULTS, reportFolder, resultFolder } from '../storage/keys';
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

/** Matches what no record names: renderings, what a report keeps for the next one, notes of runs, and the lock. */
const NOT_RECORDED = /\.(?:html|csv)$|^state\.json$|^mailed\.json$|^ended-.+\.json$/;

/** The objects directly in a folder. `idOf`: the id of the report or plan of each name. */
async function objectsIn(
  store: Store,
  folder: string,
  idOf: (name: string) => string,
): Promise<readonly FoundObject[]> {
  const times = await store.listDated(folder);
  return [...times]
    .filter(([name]) => !NOT_RECORDED.test(name) && folder + name !== LOCK_FILE)
    .map(([name, storedAt]) => ({ key: folder + name, id: idOf(name), storedAt }));
}

const idOfName = (name: string): string => name.split('.', 1)[0] ?? '';

async function reportsIn(store: Store): Promise<readonly FoundObject[]> {
  const found = await eachOf(await store.list(REPORTS), (id) => objectsIn(store, reportFolder(id), () => id));
  return found.flat();
}

/** The attempts, outcomes, approvals and lists of all plans, and what else is in their folders. */
async function recordsIn(store: Store, files: ReadonlySet<string>): Promise<readonly FoundObject[]> {
  const ids = (await store.list(RESULTS)).filter((name) => !/^(index|evidence)$/.test(name) && !files.has(name));
  const found = await eachOf(ids, async (id) => {
    const objects = [...(await objectsIn(store, resultFolder(id), () => id))];
    for (const name of await store.list(resultFolder(id)))
      objects.push(...(await objectsIn(store, `${resultFolder(id)}${name}/`, () => id)));
    return objects;
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
    folder === EVIDENCE ? [...(await reportsIn(store)), ...(await objectsIn(store, PLANS, idOfName))] : [];
  const names = new Set((await store.listDated(RESULTS)).keys());
  const ofResults = [...(await objectsIn(store, RESULTS, idOfName)), ...(await recordsIn(store, names))];
  const found = [...ofReports, ...ofResults].filter(({ key }) => !recorded.has(key));
  const isOlder = ({ id, storedAt }: FoundObject): boolean => (timeOfId(id) ?? 0) < since && (storedAt ?? 0) < since;
  const placeOf = ({ key }: FoundObject): string => store.locate(key);
  return {
    unrecorded: found.filter((each) => !isOlder(each)).map(placeOf),
    older: found.filter(isOlder).map(placeOf),
  };
}
