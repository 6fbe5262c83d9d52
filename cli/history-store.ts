import { join } from 'node:path';
import { option, ownCommand, type RunOptions } from '../lambda/core/report/command-line';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import type { Store } from '../lambda/ports/ports';
import { PLANS, REPORTS, RESULTS } from '../lambda/storage/keys';
import { type Caller, explainAccess, findCaller, requireCredentials, sayEndpoints } from './aws';
import { readDeployment } from './doctor-names';
import { findDeployments } from './doctor-stacks';
import { folderStore, isFolder } from './folder-store';
import { bucketStore } from './plan-place';
import type { Terminal } from './terminal';

/** Where results are: options of `history` and of `explain`. */
export interface StoreOptions {
  readonly store?: string | undefined;
  readonly stack?: string | undefined;
  readonly profile?: string | undefined;
}

/** A store of results, opened for reading. */
export interface HistoryPlace {
  /** For people: the place as it was given. */
  readonly where: string;
  /** The options of a command that name the place. */
  readonly options: readonly string[];
  readonly store: Store;
  /** Whether deletions of a deployment are recorded here: then there may be none yet. */
  readonly isDeployment: () => Promise<boolean>;
  /** Returns the error that says what is wrong with the credentials, where that is the cause. */
  readonly explain: (error: unknown) => unknown;
}

/** A command of this project over the same place. */
export const ownStoreCommand = (args: readonly string[], { options }: HistoryPlace, run: RunOptions): string =>
  ownCommand([...args, ...options], run);

/** The folder that `apply --local` writes into, seen from the working directory. */
export const DEFAULT_FOLDER = 'results';

const EXPECTED_STORE =
  'expected the folder results/ that "apply --local" wrote, or s3://BUCKET; --stack NAME finds the bucket of a deployment';

const storeRefusal = (code: 'history.no-store' | 'usage.history', message: string): RetentionError =>
  new RetentionError(code, message);

/** The same store with other keys. */
function mapKeys(store: Store, keyOf: (key: string) => string): Store {
  return {
    locate: (key) => store.locate(keyOf(key)),
    put: (object) => store.put({ ...object, key: keyOf(object.key) }),
    putIfAbsent: (object) => store.putIfAbsent({ ...object, key: keyOf(object.key) }),
    replaceIf: (object, version) => store.replaceIf({ ...object, key: keyOf(object.key) }, version),
    getVersioned: (key) => store.getVersioned(keyOf(key)),
    get: (key) => store.get(keyOf(key)),
    lines: (key) => store.lines(keyOf(key)),
    list: (prefix) => store.list(keyOf(prefix)),
    getDated: (key) => store.getDated(keyOf(key)),
    listDated: (prefix) => store.listDated(keyOf(prefix)),
    listDeep: (prefix) => store.listDeep(keyOf(prefix)),
    listAfter: (prefix, after) => store.listAfter(keyOf(prefix), after),
    fingerprint: (key, version) => store.fingerprint(keyOf(key), version),
  };
}

/** The folders at the top of a place, of which a folder of results has none. */
const PARTS: readonly string[] = [RESULTS, REPORTS, PLANS];

/** Names in `results/` that this program gives: of results and their records, and of its other files. */
export const OWN_NAME = /^(?:(?:auto-)?\d{8}T\d{6}Z|lock\.json$|index$|evidence$)/;

/** Names in `results/` that only results and their lock have. */
const RESULT_NAME = /^(?:(?:auto-)?\d{8}T\d{6}Z|lock\.json$)/;

/** Whether results are directly in a place: folders of other names may be beside them, but none of results. */
const hasResults = (names: readonly string[], folders: readonly string[]): boolean =>
  !folders.includes(RESULTS) && names.some((name) => RESULT_NAME.test(name));

/** The folder of results itself as a place. `around`: how a key leads out of it. */
const asResults = (store: Store, around: string): Store =>
  mapKeys(store, (key) => (key.startsWith(RESULTS) ? key.slice(RESULTS.length) : `${around}${key}`));

/** Opens a folder: one that contains `results/`, or the folder of results itself, whatever its name. */
async function openFolder(path: string): Promise<HistoryPlace> {
  const where = oneLine(path);
  const there = await isFolder(path);
  if (there === null)
    throw storeRefusal('history.no-store', `cannot read the history: there is no folder ${where}; ${EXPECTED_STORE}`);
  if (!there)
    throw storeRefusal('history.no-store', `cannot read the history: ${where} is no folder; ${EXPECTED_STORE}`);
  const folder = folderStore(path);
  // In a folder that may not be read, what is read next fails with its name.
  const isPart = (part: string): Promise<boolean | null> => isFolder(join(path, part)).catch(() => null);
  const parts = await Promise.all(PARTS.map(async (part) => ((await isPart(part)) ? [part] : [])));
  const folders = parts.flat();
  const isParent = folders.length > 0 && !hasResults(await folder.list(''), folders);
  const store = isParent ? folder : asResults(folder, '../');
  const options = option('--store', path);
  return { where: path, options, store, isDeployment: async () => false, explain: (error) => error };
}

/** Whether a copy of a folder of results, without the folder around it, is at the top of a store. */
async function isOfResults(store: Store): Promise<boolean> {
  const { names } = await store.listAfter('', '');
  const folders = names.map((name) => `${name}/`).filter((name) => PARTS.includes(name));
  return hasResults(names, folders) || (folders.length === 0 && names.some((name) => OWN_NAME.test(name)));
}

/** Opens a bucket, or a copy of one, or of local results, under a prefix. */
async function openBucket(bucket: string, prefix: string, caller: Caller): Promise<HistoryPlace> {
  const whole = bucketStore(bucket, caller);
  const found = prefix === '' ? whole : mapKeys(whole, (key) => `${prefix}/${key}`);
  // Where the top may not be listed, it is the bucket of a deployment.
  const store = (await isOfResults(found).catch(() => false)) ? asResults(found, 'around-the-copy/') : found;
  const isDeployment = async (): Promise<boolean> =>
    (await store.list(REPORTS)).length > 0 || (await store.list(PLANS)).length > 0;
  const where = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const options = option('--store', where);
  return { where, options, store, isDeployment, explain: (error) => explainAccess(error, caller) };
}

async function openCaller(profile: string | undefined, terminal: Terminal): Promise<Caller> {
  const caller = await findCaller(profile, terminal.env);
  sayEndpoints(caller, terminal);
  await requireCredentials(caller);
  return caller;
}

/** Finds the bucket of a deployed stack. */
async function bucketOfStack(stack: string, caller: Caller): Promise<string> {
  const { found, findings } = await findDeployments(caller, stack);
  const deployments = await Promise.all(found.map((each) => readDeployment(caller, each)));
  const buckets = new Set(deployments.flatMap((deployment) => deployment.bucket ?? []));
  const [bucket, ...others] = buckets;
  if (bucket !== undefined && others.length === 0) return bucket;
  const why = findings.map(({ message }) => message).join('; ');
  const reason = others.length > 0 ? `it has ${buckets.size} buckets` : why || 'its bucket could not be found';
  throw storeRefusal(
    'history.no-store',
    `cannot read the history of the stack ${oneLine(stack)}: ${oneLine(reason)}; pass --store s3://BUCKET`,
  );
}

/** Opens the place of results that the options name; by default `results/` in the working directory. */
export async function openHistory({ store, stack, profile }: StoreOptions, terminal: Terminal): Promise<HistoryPlace> {
  if (store !== undefined && stack !== undefined)
    throw storeRefusal('usage.history', '--store and --stack do not go together; choose one of them');
  if (stack !== undefined) {
    const caller = await openCaller(profile, terminal);
    const place = await openBucket(await bucketOfStack(stack, caller), '', caller);
    return { ...place, options: option('--stack', stack) };
  }
  const place = store ?? DEFAULT_FOLDER;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(place) && place !== '') return openFolder(place);
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(place) ?? [];
  if (bucket === undefined)
    throw storeRefusal('usage.history', `got --store ${oneLine(place) || "''"}; ${EXPECTED_STORE}`);
  const parts = path.split('/').filter((part) => part !== '');
  const prefix = (parts.at(-1) === DEFAULT_FOLDER ? parts.slice(0, -1) : parts).join('/');
  return openBucket(bucket, prefix, await openCaller(profile, terminal));
}
