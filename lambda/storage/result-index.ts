/**
 * The index of results: what `history` reads instead of every result. It is a view: `results/<plan id>.json` is the
 * record, and an index that lacks a result is completed from the listing of `results/`. A page is JSON on lines, so
 * that its first line tells which plans it has.
 */

import type { ApplyResult } from '../core/plan/outcome';
import { jsonText } from '../core/util/safe-text';
import type { Store, StoredObject } from '../ports/ports';
import { LOCK_FILE, RESULT_INDEX, RESULT_INDEX_NAME, RESULTS, resultIndexPage } from './keys';
import { APPLY_RESULT, parseStored, RESULT_INDEX_HEAD } from './schemas';

/** A result as the index lists it. */
export interface IndexedPlan {
  /** The id of its plan. */
  readonly id: string;
  /** When the store wrote the result that was indexed (epoch ms); null: not known. */
  readonly storedAt: number | null;
  readonly status: ApplyResult['status'];
  readonly startedAt: string;
  readonly updatedAt: string;
  /** The result in one sentence. */
  readonly summary: string;
}

/** Returns the line of a result. A finished one is never replaced, so that its time tells nothing. */
export function indexedPlan(result: ApplyResult, storedAt: number | null, summary: string): IndexedPlan {
  const { plan, status, startedAt, updatedAt } = result;
  return { id: plan.id, storedAt: status === 'finished' ? null : storedAt, status, startedAt, updatedAt, summary };
}

/** The first line of a page. `plans` null: it cannot be read. */
export interface IndexPageHead {
  readonly number: number;
  readonly plans: readonly IndexedPlan[] | null;
}

/** A result on a page of the index. */
export interface IndexedLine {
  readonly plan: IndexedPlan;
  /** The result as JSON on one line, with its members in the order in which they were stored. */
  readonly line: string;
}

/** A result with its line in the index. */
export interface IndexedResult extends IndexedLine {
  readonly result: ApplyResult;
}

const HEAD_END = ',"results":[';
const END_LINE = ']}';

/** A page as an object, a line for each result. */
export function indexPageObject(number: number, results: readonly IndexedLine[]): StoredObject {
  const head = jsonText({ schemaVersion: 1, plans: results.map(({ plan }) => plan) });
  const lines = results.map(({ line }, index) => `${line}${index < results.length - 1 ? ',' : ''}\n`);
  const body = [`${head.slice(0, -1)}${HEAD_END}\n`, ...lines, `${END_LINE}\n`];
  return { key: resultIndexPage(number), contentType: 'application/json', body };
}

const parseHead = (line: string): readonly IndexedPlan[] | null =>
  line.endsWith(HEAD_END) ? (parseStored(RESULT_INDEX_HEAD, `${line}${END_LINE}`)?.plans ?? null) : null;

/**
 * Splits a page into the lines of its results, without parsing them; null where it is not as it was written. A line that
 * is kept keeps the text of the page.
 */
export function splitIndexPage(text: string): readonly IndexedLine[] | null {
  const [head = '', ...lines] = text.split('\n');
  const plans = parseHead(head);
  if (plans === null || lines.length !== plans.length + 2) return null;
  if (lines.at(-1) !== '' || lines.at(-2) !== END_LINE) return null;
  const split = plans.map((plan, index): IndexedLine | null => {
    const [written = '', end] = [lines[index], index < plans.length - 1 ? ',' : ''];
    return written.endsWith(`}${end}`) ? { plan, line: written.slice(0, written.length - end.length) } : null;
  });
  return split.includes(null) ? null : split.filter((each) => each !== null);
}

/** Parses a page, one result at a time; null where it is not as it was written. `convert`: what to keep of each. */
export function parseIndexPage<T>(text: string, convert: (indexed: IndexedResult) => T): readonly T[] | null {
  const lines = splitIndexPage(text);
  if (lines === null) return null;
  const converted: T[] = [];
  for (const { plan, line } of lines) {
    const result = parseStored(APPLY_RESULT, line);
    if (result?.plan.id !== plan.id) return null;
    converted.push(convert({ plan, line, result }));
  }
  return converted;
}

/** Returns the numbers of the pages that there are, in order. */
export async function listIndexPages(store: Store): Promise<readonly number[]> {
  const names = await store.list(RESULT_INDEX);
  return names.flatMap((name) => {
    const [, digits] = RESULT_INDEX_NAME.exec(name) ?? [];
    return digits === undefined ? [] : [Number(digits)];
  });
}

async function readHead(store: Store, number: number): Promise<IndexPageHead> {
  for await (const line of (await store.lines(resultIndexPage(number))) ?? []) {
    return { number, plans: parseHead(line) };
  }
  return { number, plans: null };
}

/** Reads the first line of each page, in order. */
export async function readIndexHeads(store: Store): Promise<readonly IndexPageHead[]> {
  const heads: IndexPageHead[] = [];
  for (const number of await listIndexPages(store)) heads.push(await readHead(store, number));
  return heads;
}

/** Returns the plans that the index lists, by id. A later line of a plan replaces an earlier one, a finished one stays. */
export function indexedPlans(plans: Iterable<IndexedPlan>): ReadonlyMap<string, IndexedPlan> {
  const byId = new Map<string, IndexedPlan>();
  for (const plan of plans) if (byId.get(plan.id)?.status !== 'finished') byId.set(plan.id, plan);
  return byId;
}

/** Whether the index has a result as it is stored. A finished result is never replaced. */
export const isIndexed = (plan: IndexedPlan | undefined, storedAt: number | null): boolean =>
  plan !== undefined && (plan.status === 'finished' || (storedAt !== null && plan.storedAt === storedAt));

/** Returns the state in which the index has the result of a plan; null: it has none. */
export async function statusInIndex(store: Store, id: string): Promise<IndexedPlan['status'] | null> {
  const heads = await readIndexHeads(store);
  return indexedPlans(heads.flatMap(({ plans }) => plans ?? [])).get(id)?.status ?? null;
}

/** Returns the ids of the plans whose results have these names. */
export const resultIds = (names: Iterable<string>): readonly string[] =>
  [...names]
    .filter((name) => name.endsWith('.json') && `${RESULTS}${name}` !== LOCK_FILE)
    .map((name) => name.slice(0, -'.json'.length));

/** Lists the results that are stored: the id of each plan, and the store's own time (epoch ms; null: not known). */
export async function listResults(store: Store): Promise<ReadonlyMap<string, number | null>> {
  const times = await store.listDated(RESULTS);
  return new Map(resultIds(times.keys()).map((id) => [id, times.get(`${id}.json`) ?? null]));
}

/** Whether a later result has all outcomes of an earlier one, and what the first run of the plan wrote. */
export function isContinued(earlier: ApplyResult, later: ApplyResult): boolean {
  // A run whose approval names a report adds it where the first one had none.
  const report = earlier.report ?? later.report;
  const headOf = ({ plan, account, config, approvedBy, startedAt }: ApplyResult, ofReport: string | null): string =>
    jsonText([plan, account, config, ofReport, approvedBy, startedAt]);
  const items = new Set(later.items.map((item) => jsonText(item)));
  return (
    headOf(earlier, report) === headOf(later, later.report) && earlier.items.every((item) => items.has(jsonText(item)))
  );
}

/** Whether a result is an earlier view of an unfinished plan: it has no outcome that the later one has not. */
export const isEarlierView = (earlier: ApplyResult, later: ApplyResult): boolean =>
  earlier.status === 'unfinished' && earlier.updatedAt <= later.updatedAt && isContinued(earlier, later);
