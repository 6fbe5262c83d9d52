import type { NewPlan } from '../core/plan/plan';
import { s3ObjectLink } from '../core/report/console-links';
import type { PreviousReport, ReportState } from '../core/report/report-diff';
import type { Report } from '../core/report/report-model';
import type { IndexBlock } from '../core/snapshot/snapshot-index';
import { instantOfId } from '../core/time/instant';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import type { Store, StoredObject } from '../ports/ports';
import { renderCsv } from '../render/csv';
import { renderHtml } from '../render/html';
import { renderJson } from '../render/json';
import type { PageContext, PageLinks } from '../render/page/page-context';
import { renderPlanJson } from '../render/plan';
import { INDEX_PAGE, planFile, REPORTS, reportFiles } from '../storage/keys';
import { parseStored, REPORT_HEAD, STATE_BLOCK } from '../storage/schemas';
import { stateOf } from './make-report';

/** The surroundings of a page that is stored. */
export type StoredPage = Omit<PageContext, 'stored' | 'links'>;

/**
 * Stores the files of a report, and last its plan; each is written once and never replaced. Nothing can be deleted on a
 * report of which another file is missing, nor on one whose storing `signal` ended.
 */
export async function storeReport(
  store: Store,
  report: Report,
  plan: NewPlan,
  page: StoredPage,
  signal?: AbortSignal,
): Promise<void> {
  const files = reportFiles(report.reportId);
  await storeFile(store, { key: files.json, contentType: 'application/json', body: renderJson(report, page.due) });
  await storeFile(store, { key: files.csv, contentType: 'text/csv; charset=utf-8', body: renderCsv(report) });
  await storeFile(store, {
    key: files.html,
    contentType: 'text/html; charset=utf-8',
    body: renderHtml(report, { ...page, stored: true, links: linksOf(store, report, page) }),
  });
  await storeFile(store, { key: files.state, contentType: 'application/json', body: stateChunks(stateOf(report)) });
  if (signal?.aborted === true) return;
  await storePlan(store, plan);
}

/** The links of a stored page: of a bucket, those of the console, where a file can be opened; else relative ones. */
function linksOf(store: Store, { reportId, changes }: Report, { run }: StoredPage): PageLinks {
  const { json, csv } = reportFiles(reportId);
  const link = (key: string): string =>
    (run?.kind === 'deployed' ? s3ObjectLink(store.locate(key), run.region) : null) ??
    `../${key.slice(REPORTS.length)}`;
  const previous = changes === null ? null : link(reportFiles(changes.previousReportId).html);
  return { json: link(json), csv: link(csv), index: link(INDEX_PAGE), previous };
}

/**
 * Writes a file of a report. No other report has its id, so a file that exists was written by a try whose answer was
 * lost.
 */
async function storeFile(store: Store, object: StoredObject): Promise<void> {
  if (await store.putIfAbsent(object)) return;
  const folder = object.key.slice(0, object.key.lastIndexOf('/') + 1);
  if ((await store.listDated(folder)).has(object.key.slice(folder.length))) return;
  throw new RetentionError(
    'report.conflict',
    `cannot write ${store.locate(object.key)}: the store answered that it exists, and does not have it; make a report again`,
  );
}

async function storePlan(store: Store, plan: NewPlan): Promise<void> {
  const key = planFile(plan.id);
  let failure: unknown;
  const isNew = await store
    .putIfAbsent({ key, contentType: 'application/json', body: renderPlanJson(plan) })
    .catch((error: unknown) => {
      failure = error;
      return false;
    });
  if (isNew) return;
  // Where the answer to a try was lost, it is the same plan.
  const stored = await store.get(key).catch((error: unknown) => Promise.reject(failure ?? error));
  if (stored === [...renderPlanJson(plan)].join('')) return;
  if (failure !== undefined) throw failure;
  throw new RetentionError(
    'plan.exists',
    `cannot store the plan ${plan.id}: another plan of that id is there already, and plans never change`,
  );
}

/** The newest earlier report, and whether there is none at all. */
export interface EarlierReports {
  readonly newest: PreviousReport | null;
  readonly isFirst: boolean;
}

/**
 * Returns the newest report stored for an earlier time than `reportId`'s, or null. One whose head is unreadable counts
 * as none. Its snapshots are read on demand, with a SyntaxError where they are not as they were written.
 */
export async function previousReport(store: Store, reportId: string): Promise<EarlierReports> {
  const timeOf = (id: string): string => id.slice(0, 16);
  const ids = (await store.list(REPORTS)).filter(
    (name) => instantOfId(name) !== null && timeOf(name) < timeOf(reportId),
  );
  for (const id of ids.reverse().slice(0, 5)) {
    const key = reportFiles(id).state;
    const head = parseStored(REPORT_HEAD, `${await firstLine(store, key)}${END}`);
    if (head === null) continue;
    const newest = { ...head, snapshots: { [Symbol.asyncIterator]: () => blocksOf(store, key) } };
    return { newest, isFirst: false };
  }
  return { newest: null, isFirst: ids.length === 0 };
}

/**
 * A state as JSON in chunks: its head on a line, then a line for each block, so that it can be read without being held.
 */
function* stateChunks({ snapshots, ...head }: ReportState): Generator<string> {
  yield `${jsonText(head).slice(0, -1)},"snapshots":[`;
  let separator = '\n';
  for (const block of snapshots) {
    yield `${separator}${jsonText(block)}`;
    separator = ',\n';
  }
  yield '\n]}\n';
}

const END = ']}';

async function firstLine(store: Store, key: string): Promise<string> {
  for await (const line of (await store.lines(key)) ?? []) return line;
  return '';
}

function parseBlock(line: string): IndexBlock {
  const block = parseStored(STATE_BLOCK, line.replace(/,$/, ''));
  if (block === null) throw new SyntaxError('a line of a state is no block of snapshots');
  return block;
}

async function* blocksOf(store: Store, key: string): AsyncGenerator<IndexBlock> {
  let [first, ended] = [true, false];
  for await (const line of (await store.lines(key)) ?? []) {
    ended = line === END;
    if (!first && !ended) yield parseBlock(line);
    first = false;
  }
  if (!ended) throw new SyntaxError('a state ends in the middle');
}
