import type { ReportState } from '../core/changes';
import { RetentionError } from '../core/errors';
import { instantOfId } from '../core/instant';
import type { NewPlan } from '../core/plan';
import { recall } from '../core/remember';
import type { Report } from '../core/report-model';
import { renderCsv } from '../render/csv';
import { renderHtml } from '../render/html';
import { renderJson } from '../render/json';
import { renderPlan } from '../render/plan';
import { stateOf } from './make-report';
import type { Store } from './ports';
import { indexReports } from './report-index';

/** The files of a report, beside each other under `reports/<id>/`. */
export const reportFiles = (reportId: string): Readonly<Record<'json' | 'csv' | 'html' | 'state', string>> => ({
  json: `reports/${reportId}/report.json`,
  csv: `reports/${reportId}/report.csv`,
  html: `reports/${reportId}/report.html`,
  state: `reports/${reportId}/state.json`,
});

export const planFile = (id: string): string => `plans/${id}.json`;

/** Stores the files of a report, and its plan, which is written once and never again; then the index of all reports. */
export async function storeReport(store: Store, report: Report, plan: NewPlan, tagPrefix: string): Promise<void> {
  const files = reportFiles(report.reportId);
  await store.put({ key: files.json, contentType: 'application/json', body: renderJson(report) });
  await store.put({ key: files.csv, contentType: 'text/csv; charset=utf-8', body: renderCsv(report) });
  await store.put({ key: files.html, contentType: 'text/html; charset=utf-8', body: renderHtml(report, { stored: true, tagPrefix }) });
  if (!(await store.putIfAbsent({ key: planFile(plan.id), contentType: 'application/json', body: renderPlan(plan) })))
    throw new RetentionError(
      'plan.exists',
      'bug',
      `cannot store the plan ${plan.id}: a plan of that id is there already, and plans never change`,
    );
  await store.put({ key: files.state, contentType: 'application/json', body: stateChunks(stateOf(report)) });
  await indexReports(store, report);
}

/**
 * The newest report stored for an earlier time than `reportId`'s, or null. An unreadable state counts as none: the report then says that
 * it has nothing to compare with.
 */
export async function previousState(store: Store, reportId: string): Promise<ReportState | null> {
  const timeOf = (id: string): string => id.slice(0, 16);
  const ids = (await store.list('reports/')).filter((name) => instantOfId(name) !== null && timeOf(name) < timeOf(reportId));
  for (const id of ids.reverse().slice(0, 5)) {
    const text = await store.get(reportFiles(id).state);
    const state = text === null ? null : parseState(text);
    if (state !== null) return state;
  }
  return null;
}

/** A state as JSON in chunks. */
function* stateChunks({ snapshots, ...head }: ReportState): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"snapshots":[`;
  let separator = '\n';
  for (const block of snapshots) {
    yield `${separator}${JSON.stringify(block)}`;
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** Reads it to the end, so that nothing in it can fail later. */
function isReadable(state: ReportState): boolean {
  for (const _ of recall(state.snapshots));
  const readable = state.lists.every(({ region, kind }) => typeof region === 'string' && typeof kind === 'string');
  return state.schemaVersion === 1 && readable && !Number.isNaN(Date.parse(state.evaluatedAt));
}

function parseState(text: string): ReportState | null {
  try {
    const state = JSON.parse(text) as ReportState;
    return isReadable(state) ? state : null;
  } catch {
    return null;
  }
}
