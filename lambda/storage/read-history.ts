import type { HistoryGap, OpenPlan } from '../core/plan/history';
import { type ApplyResult, countOutcomes } from '../core/plan/outcome';
import { jsonText } from '../core/util/safe-text';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import {
  LOCAL_EVIDENCE,
  RECORD_FOLDER_NAME,
  RESULT_INDEX,
  RESULTS,
  resultFile,
  resultFolder,
  resultIndexPage,
} from './keys';
import { isFailure, type ReadFailure, readOrFailure } from './read-or-failure';
import {
  type IndexedPlan,
  indexedPlans,
  isEarlierView,
  listIndexPages,
  listResults,
  parseIndexPage,
  resultIds,
} from './result-index';
import { APPLY_RESULT, parseStored, VERSIONED } from './schemas';

/** What is recorded in a store of results. */
export interface StoredHistory {
  /** One result for each plan. */
  readonly results: readonly ApplyResult[];
  /** What is missing, altered or cannot be read: the results may lack it. */
  readonly gaps: readonly HistoryGap[];
  /** Plans of which not every snapshot has an outcome. */
  readonly open: readonly OpenPlan[];
  /** Places of results that the index has otherwise: those of the record count. */
  readonly contradicted: readonly string[];
  /** How many of the results are those of the index. */
  readonly fromIndex: number;
  /** Names directly in `results/`. */
  readonly names: readonly string[];
}

/** What reads the record of an unfinished plan. */
export type ReadRecord = (known: { readonly id: string; readonly views: readonly ApplyResult[] }) => Promise<{
  readonly result: ApplyResult | null;
  readonly gaps: readonly HistoryGap[];
  readonly open: OpenPlan | null;
}>;

interface ListedResult {
  readonly plan: IndexedPlan;
  readonly result: ApplyResult;
}

/** Whether an entry of the index tells of its result what that has. */
function isConsistent({ plan: { id, status, startedAt, updatedAt }, result }: ListedResult): boolean {
  const { plan, unsettled = [], items, totals } = result;
  const isSame = jsonText([plan.id, result.status, result.startedAt, result.updatedAt]);
  const hasAll = items.length === plan.count && unsettled.length === 0;
  return (
    isSame === jsonText([id, status, startedAt, updatedAt]) &&
    (status === 'unfinished' || hasAll) &&
    jsonText(countOutcomes(plan.count, items)) === jsonText(totals)
  );
}

/** Reads the results of all plans: finished ones in the index from there, the others one by one. */
class HistoryReader {
  private readonly gaps: HistoryGap[] = [];
  private readonly open: OpenPlan[] = [];
  private readonly contradicted: string[] = [];
  private readonly results = new Map<string, ApplyResult>();
  private indexed: ReadonlyMap<string, ListedResult> = new Map();

  constructor(
    private readonly store: Store,
    private readonly readRecord: ReadRecord,
  ) {}

  async read(): Promise<StoredHistory> {
    const { store } = this;
    const names = await store.list(RESULTS);
    const stored = await listResults(store);
    // A directory that has the name of a result, for example.
    for (const id of resultIds(names)) if (!stored.has(id)) this.add('altered', resultFile(id), id);
    await this.readIndex();
    const isTaken = (id: string): boolean => {
      const entry = this.indexed.get(id);
      return entry?.plan.status === 'finished' && isConsistent(entry);
    };
    for (const [id, { result }] of this.indexed) if (isTaken(id)) this.results.set(id, result);
    const fromIndex = this.results.size;
    const ids = new Set([...stored.keys(), ...this.indexed.keys()]);
    await eachOf(
      [...ids].filter((id) => !isTaken(id)),
      (id) => this.readResult(id),
    );
    await this.findLostResults(names);
    const { open, contradicted } = this;
    return { results: [...this.results.values()], gaps: this.allGaps(), open, contradicted, fromIndex, names };
  }

  /** All gaps in order of their places; of one place, the first that was found. */
  private allGaps(): readonly HistoryGap[] {
    const gaps = new Map<string, HistoryGap>();
    for (const gap of this.gaps) if (!gaps.has(gap.place)) gaps.set(gap.place, gap);
    return [...gaps.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
  }

  private add(state: HistoryGap['state'], key: string, plan: string | null = null): void {
    this.gaps.push({ state, place: this.store.locate(key), plan, names: [] });
  }

  private async readIndex(): Promise<void> {
    const { store } = this;
    const numbers = await readOrFailure(listIndexPages(store));
    if (isFailure(numbers)) return this.add(numbers.fault, RESULT_INDEX);
    const pages = await eachOf(numbers, async (number) => {
      const text = await readOrFailure(store.get(resultIndexPage(number)));
      if (text === null) return [];
      const page = isFailure(text) ? null : parseIndexPage(text, ({ plan, result }) => ({ plan, result }));
      if (page === null) this.add(isFailure(text) ? text.fault : 'altered', resultIndexPage(number));
      return page ?? [];
    });
    const entries = pages.flat();
    const latest = indexedPlans(entries.map(({ plan }) => plan));
    this.indexed = new Map(
      entries.flatMap((entry) => (latest.get(entry.plan.id) === entry.plan ? [[entry.plan.id, entry]] : [])),
    );
  }

  /** Reads a stored result, and the record of its plan where that is unfinished. */
  private async readResult(id: string): Promise<void> {
    const { store } = this;
    const text = await readOrFailure(store.get(resultFile(id)));
    const entry = this.indexed.get(id);
    if (text === null) return this.readLost(id);
    const result = isFailure(text) ? null : parseStored(APPLY_RESULT, text);
    if (result === null || result.plan.id !== id) return this.readDamaged(id, text);
    const isOther = entry !== undefined && !isEarlierView(entry.result, result);
    if (isOther) this.contradicted.push(store.locate(resultFile(id)));
    if (result.status === 'finished') this.results.set(id, result);
    else await this.complete(id, [result, ...(entry === undefined || isOther ? [] : [entry.result])]);
  }

  /** Takes what the index and the record have of a plan whose stored result cannot be used. */
  private async readDamaged(id: string, text: string | ReadFailure): Promise<void> {
    this.add(isFailure(text) ? text.fault : 'altered', resultFile(id), id);
    const version = isFailure(text) ? 1 : (parseStored(VERSIONED, text)?.schemaVersion ?? 1);
    // What a later version records, this one does not know.
    if (version === 1) await this.takeIndexed(id);
  }

  private async takeIndexed(id: string): Promise<OpenPlan | null> {
    const entry = this.indexed.get(id);
    if (entry?.result.status !== 'finished') return this.complete(id, entry === undefined ? [] : [entry.result]);
    this.results.set(id, entry.result);
    return null;
  }

  /** Takes what the index and the record have of a plan that has no stored result. */
  private async readLost(id: string): Promise<void> {
    const open = await this.takeIndexed(id);
    // A run that was killed early wrote none.
    if (this.results.has(id) || open?.hasOpenRun !== true) this.add('missing', resultFile(id), id);
  }

  private async complete(id: string, views: readonly ApplyResult[]): Promise<OpenPlan | null> {
    const { result, gaps, open } = await this.readRecord({ id, views });
    if (result !== null) this.results.set(id, result);
    this.gaps.push(...gaps);
    if (open !== null) this.open.push(open);
    return open;
  }

  /** Finds folders of attempts and outcomes, and evidence records, whose results are not there. */
  private async findLostResults(names: readonly string[]): Promise<void> {
    const { store } = this;
    const folders = names.filter(
      (name) => !name.includes('.') && !this.results.has(name) && !names.includes(`${name}.json`),
    );
    const ofPlans = folders.filter((name) => ![LOCAL_EVIDENCE, RESULT_INDEX].includes(resultFolder(name)));
    // Local results have their chain among them. The first record is that of an approval, which is in another folder.
    if (this.results.size === 0 && resultIds(names).length === 0 && ofPlans.length === 0)
      if ((await store.list(LOCAL_EVIDENCE)).length > 0) {
        const place = `the results that the records in ${store.locate(LOCAL_EVIDENCE)} name`;
        this.gaps.push({ state: 'missing', place, plan: null, names: [] });
      }
    for (const name of ofPlans) {
      const listed = await readOrFailure(store.list(resultFolder(name)));
      // A file, a pipe or a link can have the name of a folder.
      if (isFailure(listed) && listed.fault === 'unreadable') this.add('unreadable', resultFolder(name), name);
      else if (!isFailure(listed) && listed.some((each) => RECORD_FOLDER_NAME.test(each))) await this.readLost(name);
    }
  }
}

/**
 * Reads what is recorded in a store of results. With the index, it reads one object for up to a hundred finished
 * results, and a few for each other one. `readRecord` reads the record of an unfinished plan.
 */
export const readHistory = (store: Store, readRecord: ReadRecord): Promise<StoredHistory> =>
  new HistoryReader(store, readRecord).read();
