import type { ApplyResult } from '../core/plan/outcome';
import { instantOfId } from '../core/time/instant';
import { jsonText } from '../core/util/safe-text';
import { renderResultJson } from '../render/result-json';
import { resultSentence } from '../render/result-text';
import { LOCAL_EVIDENCE, RESULT_INDEX, RESULT_INDEX_NAME, resultFile } from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import {
  type IndexedResult,
  indexedPlan,
  indexedPlans,
  indexPageObject,
  isContinued,
  isEarlierView,
  listResults,
  parseIndexPage,
} from '../storage/result-index';
import { APPLY_RESULT, parseStored } from '../storage/schemas';
import type { BrokenLink, VerifyPorts } from './evidence-chain';
import { checkPageVersions, currentPageKey, pageVersions } from './page-versions';
import type { PlanEvidence } from './recorded-objects';

/** The time (epoch ms) in the id of a report or plan; null: it has none. */
export const timeOfId = (id: string): number | null => instantOfId(`${id.replace(/^auto-/, '')}-`);

/** The chain as far as the index depends on it. */
interface IndexedChain {
  readonly plans: ReadonlyMap<string, PlanEvidence>;
  /** The time of the first record (epoch ms). */
  readonly since: number;
  /** The number of the last record. */
  readonly last: number;
  /** Whether objects were removed after their time: the first pages of the index, too. */
  readonly hasExpired: boolean;
}

interface IndexFindings {
  readonly broken: readonly BrokenLink[];
  /** Places of entries that nothing proves now: neither their results nor the hashes of them are stored. */
  readonly unproven: readonly string[];
}

/** A result of a plan as it is stored now. */
interface StoredView {
  readonly sha256: string;
  readonly result: ApplyResult | null;
}

/** Compares the index of results, which `history` reads, with the results that were recorded and are stored. */
class IndexCheck {
  private readonly broken: BrokenLink[] = [];
  private readonly unproven: string[] = [];
  private readonly views = new Map<string, StoredView | null>();
  /** By the number of a page, the versions that replaced it in hidden files of a folder. */
  private versions: ReadonlyMap<number, readonly number[]> = new Map();

  constructor(
    private readonly ports: VerifyPorts,
    private readonly chain: IndexedChain,
  ) {}

  async run(): Promise<IndexFindings> {
    const { store } = this.ports;
    const entries: (readonly [number, IndexedResult])[] = [];
    let isWhole = true;
    /** The number of the next page; null: any, since earlier ones may have been removed after their time. */
    let due = this.chain.hasExpired ? null : 1;
    const names = await readOrFailure(store.list(RESULT_INDEX));
    if (isFailure(names)) {
      this.add(`index.${names.fault}`, store.locate(RESULT_INDEX), names.failure);
      return this.findings();
    }
    const deep = await readOrFailure(store.listDeep(RESULT_INDEX));
    const isOfFolder = (name: string): boolean => this.ports.folder === LOCAL_EVIDENCE || !names.includes(name);
    this.versions = pageVersions(isFailure(deep) ? [] : [...deep.keys()].filter(isOfFolder));
    for (const { fault, place, message } of await checkPageVersions(this.ports, this.versions))
      this.add(fault, place, message);
    for (const name of names) {
      const [, digits] = RESULT_INDEX_NAME.exec(name) ?? [];
      const place = digits === undefined ? store.locate(RESULT_INDEX + name) : this.placeOf(Number(digits));
      if (digits !== undefined) {
        if (due !== null && Number(digits) !== due)
          this.add('index.inserted', place, `${place} is a page of the index, and the page ${due} is missing`);
        due = Number(digits) + 1;
        const page = await this.readPage(Number(digits));
        isWhole &&= page !== null;
        entries.push(...(page ?? []).map((entry) => [Number(digits), entry] as const));
      } else if (this.ports.folder !== LOCAL_EVIDENCE || pageVersions([name]).size === 0)
        // A bucket with a copy of a folder has the hidden files of it, which were checked.
        this.add('index.inserted', place, `${place} is no page of the index of results`);
    }
    await this.checkEntries(entries, isWhole);
    return this.findings();
  }

  /** The place of the file that has a page. */
  private placeOf(number: number): string {
    return this.ports.store.locate(currentPageKey(number, this.versions.get(number)));
  }

  private findings(): IndexFindings {
    return { broken: this.broken, unproven: this.unproven };
  }

  /** Checks all entries, each with the number of its page. `isWhole`: whether these are all entries of the index. */
  private async checkEntries(entries: readonly (readonly [number, IndexedResult])[], isWhole: boolean): Promise<void> {
    const latest = indexedPlans(entries.map(([, { plan }]) => plan));
    const listed = await readOrFailure(listResults(this.ports.store));
    const times: ReadonlyMap<string, number | null> = isFailure(listed) ? new Map() : listed;
    for (const [number, entry] of entries) {
      const { id, storedAt } = entry.plan;
      const storeTime = times.get(id) ?? null;
      const isRead = latest.get(id) === entry.plan && storedAt !== null && storedAt === storeTime;
      await this.checkEntry(number, entry, isRead);
      await this.checkRecorded(number, id, storeTime);
    }
    this.checkRepeated(entries);
    if (isWhole)
      for (const plan of this.chain.plans.values()) await this.checkListed(plan, latest.get(plan.id)?.status);
  }

  private add(fault: BrokenLink['fault'], place: string, message: string, id = ''): void {
    const number = this.chain.plans.get(id)?.list?.number ?? this.chain.last;
    this.broken.push({ number, fault, place, message });
  }

  /** Reads a page; null where it is not as this version writes pages, which is noted. */
  private async readPage(number: number): Promise<readonly IndexedResult[] | null> {
    const { store } = this.ports;
    const text = await readOrFailure(store.get(currentPageKey(number, this.versions.get(number))));
    if (text === null) return [];
    const place = this.placeOf(number);
    if (isFailure(text)) {
      this.add(`index.${text.fault}`, text.path ?? place, text.failure);
      return null;
    }
    const page = parseIndexPage(text, (entry) => entry);
    if (page?.length === 0) this.add('index.inserted', place, `${place} has no result`);
    const isExact = page?.every(({ line }) => jsonText(JSON.parse(line)) === line) === true;
    if (page !== null && isExact && [...indexPageObject(number, page).body].join('') === text) return page;
    this.add('index.altered', place, `${place} is not as this version writes the index`);
    return page;
  }

  /** Names an entry whose result is stored and was not recorded, unless both are older than the chain. */
  private async checkRecorded(page: number, id: string, storeTime: number | null): Promise<void> {
    const { plans, since } = this.chain;
    if (plans.has(id) || (await this.viewOf(id)) === null) return;
    if ((timeOfId(id) ?? 0) < since && (storeTime ?? 0) < since) return;
    const place = this.placeOf(page);
    this.add('index.inserted', place, `${place} lists the plan ${id}, and its result is in no record`);
  }

  private async checkEntry(number: number, entry: IndexedResult, isRead: boolean): Promise<void> {
    const { plan, result, line } = entry;
    const { id, storedAt } = plan;
    const place = this.placeOf(number);
    const evidence = this.chain.plans.get(id);
    const sha256 = this.ports.hashText([...renderResultJson(JSON.parse(line))].join(''));
    const stored = await this.viewOf(id);
    const isSame = evidence?.views.has(sha256) === true || stored?.sha256 === sha256;
    const isOutdated = !isRead && stored?.result != null && isEarlierView(result, stored.result);
    const head = indexedPlan(result, storedAt, resultSentence(result));
    if (evidence?.views.has(sha256) === true) this.checkContinued(evidence, result, stored);
    if ((isSame || isOutdated) && jsonText(head) === jsonText(plan)) return;
    if (stored === null && (evidence?.views.size ?? 0) === 0) {
      // Nothing is left to compare it with.
      if (evidence !== undefined || (timeOfId(id) ?? 0) < this.chain.since) this.unproven.push(`${place} (plan ${id})`);
      else this.add('index.inserted', place, `${place} lists the plan ${id}, of which no result is stored or recorded`);
      return;
    }
    this.add('index.altered', place, `${place} lists the plan ${id} otherwise than its result was recorded`, id);
  }

  /** Names a result that a run may have replaced since, and that does not continue the recorded view of the index. */
  private checkContinued(
    { id, isFinal, open, views }: PlanEvidence,
    view: ApplyResult,
    stored: StoredView | null,
  ): void {
    const later = stored?.result ?? null;
    if (isFinal || open.size === 0 || stored === null || later === null || views.has(stored.sha256)) return;
    if (view.status === 'finished' || isContinued(view, later)) return;
    const place = this.ports.store.locate(resultFile(id));
    this.add('object.altered', place, `${place} does not continue the view of it that was recorded and indexed`, id);
  }

  /**
   * Names an entry that follows the finished one of its plan, or repeats an earlier one. The order of plans tells
   * nothing: an index that was lost is written again with the newest first.
   */
  private checkRepeated(entries: readonly (readonly [number, IndexedResult])[]): void {
    const seen = new Map<string, IndexedResult>();
    for (const [number, entry] of entries) {
      const place = this.placeOf(number);
      const { plan, line } = entry;
      const before = seen.get(plan.id);
      const isRepeated = before?.line === line && before.plan.storedAt === plan.storedAt;
      if (before?.plan.status === 'finished' || isRepeated)
        this.add('index.inserted', place, `${place} lists the plan ${plan.id} once more`, plan.id);
      seen.set(plan.id, entry);
    }
  }

  /** Checks that the index has a result that was in it when it was recorded. */
  private async checkListed({ id, isFinal, isIndexed }: PlanEvidence, status: string | undefined): Promise<void> {
    const isListed = status === 'finished' || (status === 'unfinished' && !isFinal);
    if (!isIndexed || isListed) return;
    // Results and pages may have been removed after their time.
    if (this.chain.hasExpired && (await this.viewOf(id)) === null) return;
    const place = this.ports.store.locate(RESULT_INDEX);
    this.add('index.missing', place, `${place} no longer lists the plan ${id}`, id);
  }

  private async viewOf(id: string): Promise<StoredView | null> {
    const known = this.views.get(id);
    if (known !== undefined) return known;
    const { store } = this.ports;
    const [text, found] = [
      await readOrFailure(store.get(resultFile(id))),
      await readOrFailure(store.fingerprint(resultFile(id))),
    ];
    const isThere = typeof text === 'string' && found !== null && 'sha256' in found;
    const view = isThere ? { sha256: found.sha256, result: parseStored(APPLY_RESULT, text) } : null;
    this.views.set(id, view);
    return view;
  }
}

/** Checks the index of results against the evidence of plans. */
export const verifyIndex = (ports: VerifyPorts, chain: IndexedChain): Promise<IndexFindings> =>
  new IndexCheck(ports, chain).run();
