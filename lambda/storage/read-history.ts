import type { ApplyResult } from '../core/plan/outcome';
import { RetentionError } from '../core/util/errors';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import {
  EARLIER_JOURNAL_NAME,
  LOCAL_EVIDENCE,
  RECORD_FOLDER_NAME,
  RECORD_NAME,
  RESULT_INDEX,
  RESULTS,
  recordFolder,
  resultFile,
  resultFolder,
  resultIndexPage,
} from './keys';
import {
  type IndexedPlan,
  indexedPlans,
  isIndexed,
  listIndexPages,
  listResults,
  parseIndexPage,
  resultIds,
} from './result-index';
import { APPLY_RESULT, parseStored } from './schemas';

/** What is recorded in a store of results. */
export interface StoredHistory {
  /** One result for each plan. */
  readonly results: readonly ApplyResult[];
  /** Places of results and pages that are missing, or that cannot be read. What they have may be missing above. */
  readonly unreadable: readonly string[];
  /** Names directly in `results/`. */
  readonly names: readonly string[];
}

interface ListedResult {
  readonly plan: IndexedPlan;
  readonly result: ApplyResult;
}

/** Reads an object; null: there is none. Empty: it is a link that leads nowhere, a pipe, or a file without access. */
const readIfRegular = (store: Store, key: string): Promise<string | null> =>
  store.get(key).catch((error: unknown) => {
    if (error instanceof RetentionError && error.code === 'store.folder') return '';
    throw error;
  });

/** A result that was read. `state` tells why there is none. */
type ReadResult =
  | { readonly state: 'read'; readonly result: ApplyResult }
  | { readonly state: 'gone' }
  | { readonly state: 'unreadable' };

/**
 * Reads the results of all plans: those in the index from there, the others one by one. `complete` returns an
 * unfinished result with what runs recorded since it was written.
 */
class HistoryReader {
  private readonly unreadable: string[] = [];

  constructor(
    private readonly store: Store,
    private readonly complete: (result: ApplyResult) => Promise<ApplyResult>,
  ) {}

  async read(): Promise<StoredHistory> {
    const { store } = this;
    const names = await store.list(RESULTS);
    const stored = await listResults(store);
    // A directory that has the name of a result, for example.
    for (const id of resultIds(names)) if (!stored.has(id)) this.unreadable.push(store.locate(resultFile(id)));
    const indexed = await this.readIndex();
    const plans = indexedPlans(indexed.map(({ plan }) => plan));
    const outdated = await this.findOutdated(indexed.filter(({ plan }) => plans.get(plan.id) === plan));
    const isCurrent = ([id, storedAt]: readonly [string, number | null]): boolean =>
      isIndexed(plans.get(id), storedAt) && !outdated.has(id);
    const direct = [...stored].filter((each) => !isCurrent(each));
    const read = await eachOf(direct, ([id]) => this.readResult(id));
    const results = new Map<string, ApplyResult>();
    for (const { plan, result } of indexed) if (plans.get(plan.id) === plan) results.set(plan.id, result);
    for (const [index, each] of read.entries()) {
      const [id = ''] = direct[index] ?? [];
      if (each.state === 'read') results.set(id, each.result);
      else if (each.state === 'unreadable') this.unreadable.push(store.locate(resultFile(id)));
    }
    await this.findLostResults(names, results);
    return { results: [...results.values()], unreadable: [...this.unreadable].sort(), names };
  }

  private async readIndex(): Promise<readonly ListedResult[]> {
    const { store } = this;
    const numbers = await listIndexPages(store).catch((error: unknown) => {
      if (!(error instanceof RetentionError) || error.code !== 'store.folder') throw error;
      this.unreadable.push(store.locate(RESULT_INDEX));
      return [];
    });
    const pages = await eachOf(numbers, async (number) => {
      const text = await readIfRegular(store, resultIndexPage(number));
      return { number, results: text === null ? [] : parseIndexPage(text, ({ plan, result }) => ({ plan, result })) };
    });
    for (const { number, results } of pages)
      if (results === null) this.unreadable.push(store.locate(resultIndexPage(number)));
    return pages.flatMap(({ results }) => results ?? []);
  }

  /**
   * Finds the unfinished results that lack an outcome or an attempt that is recorded: a run that died did not write them
   * again. One of the first version always counts, because its journal may have more.
   */
  private async findOutdated(indexed: readonly ListedResult[]): Promise<ReadonlySet<string>> {
    const open = indexed.filter(({ plan }) => plan.status === 'unfinished');
    const names = await eachOf(open, ({ result }) => this.store.list(recordFolder(result.plan)));
    const isOutdated = ({ result }: ListedResult, index: number): boolean => {
      const count = (kind: string): number =>
        (names[index] ?? []).filter((name) => RECORD_NAME.exec(name)?.[2] === kind).length;
      return count('outcome') > result.items.length || count('attempt') > count('outcome');
    };
    const others = await eachOf(open, ({ plan }) => this.store.list(resultFolder(plan.id)));
    const isEarlier = (index: number): boolean =>
      others[index]?.some((name) => EARLIER_JOURNAL_NAME.test(name)) === true;
    return new Set(open.filter((each, i) => isEarlier(i) || isOutdated(each, i)).map(({ plan }) => plan.id));
  }

  private async readResult(id: string): Promise<ReadResult> {
    const text = await readIfRegular(this.store, resultFile(id));
    if (text === null) return { state: 'gone' };
    const result = parseStored(APPLY_RESULT, text);
    if (result === null || result.plan.id !== id) return { state: 'unreadable' };
    return { state: 'read', result: result.status === 'finished' ? result : await this.completed(result) };
  }

  /** Adds the outcomes that were recorded since; where one of them cannot be read, the result is used as it is. */
  private async completed(result: ApplyResult): Promise<ApplyResult> {
    try {
      return await this.complete(result);
    } catch (error) {
      if (!(error instanceof RetentionError) || error.code !== 'result.unreadable') throw error;
      this.unreadable.push(this.store.locate(recordFolder(result.plan)));
      return result;
    }
  }

  /** Returns the names in a folder; none where a file, a pipe or a link has its name. */
  private async listIfFolder(folder: string): Promise<readonly string[]> {
    try {
      return await this.store.list(folder);
    } catch (error) {
      if (!(error instanceof RetentionError) || error.code !== 'store.folder') throw error;
      const isDenied = (error.cause as { readonly code?: unknown } | undefined)?.code !== undefined;
      if (isDenied) this.unreadable.push(this.store.locate(folder));
      return [];
    }
  }

  /** Finds folders of attempts and outcomes, and evidence records, whose results are not there. */
  private async findLostResults(names: readonly string[], results: ReadonlyMap<string, ApplyResult>): Promise<void> {
    const { store } = this;
    const folders = names.filter(
      (name) => !name.includes('.') && !results.has(name) && !names.includes(`${name}.json`),
    );
    const ofPlans = folders.filter((name) => ![LOCAL_EVIDENCE, RESULT_INDEX].includes(resultFolder(name)));
    // Local results have their chain among them. The first record is that of an approval, which is in another folder.
    if (results.size === 0 && resultIds(names).length === 0 && ofPlans.length === 0)
      if ((await store.list(LOCAL_EVIDENCE)).length > 0)
        this.unreadable.push(`the results that the records in ${store.locate(LOCAL_EVIDENCE)} name`);
    const contents = await eachOf(ofPlans, (name) => this.listIfFolder(resultFolder(name)));
    for (const [index, name] of ofPlans.entries())
      if (contents[index]?.some((each) => RECORD_FOLDER_NAME.test(each)))
        this.unreadable.push(store.locate(resultFile(name)));
  }
}

/**
 * Reads what is recorded in a store of results. With the index, it reads one object for up to a hundred results, and
 * one for each result that the index lacks.
 */
export const readHistory = (
  store: Store,
  complete: (result: ApplyResult) => Promise<ApplyResult>,
): Promise<StoredHistory> => new HistoryReader(store, complete).read();
