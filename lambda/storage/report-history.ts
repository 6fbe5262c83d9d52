import { type DatedPlan, GRACE_MARGIN_MS, type MailNote, type ReportRun } from '../core/plan/grace-period';
import type { Plan } from '../core/plan/plan';
import { instantOfId } from '../core/time/instant';
import { MAX_LATE_MS } from '../core/time/tolerance';
import type { Digest, Store } from '../ports/ports';
import {
  BEGUN_NAME,
  noteFile,
  PLANS,
  planFile,
  REPORT_JSON,
  REPORTS,
  RUNS,
  reportFolder,
  runFolder,
  runTime,
  SENT,
  SENT_BY_HAND,
} from './keys';
import { parsePlan } from './parse-plan';
import { parseStored, SENT_NOTE } from './schemas';

/**
 * A report is made within this (ms) of the time in its id: the maximum delay of its run, and the duration of the run.
 */
const FROM_ID = MAX_LATE_MS + 60 * 60_000;

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** Returns a stored plan; null where it is not as it was written. */
export function readPlan(text: string | null, id: string, digest: Digest): Plan | null {
  const json = parseJson(text);
  if (typeof json !== 'object' || json === null) return null;
  const { digest: written, ...content } = json as Readonly<Record<string, unknown>>;
  const parsed = parsePlan(json);
  return parsed.ok && parsed.plan.id === id && written === digest(content) ? parsed.plan : null;
}

/** Returns the note of the report of a time that was e-mailed; null: none was. */
export async function readMailed(store: Store, time: string): Promise<MailNote | null> {
  for (const name of [SENT, SENT_BY_HAND]) {
    const dated = await store.getDated(noteFile(time, name));
    const note = parseStored(SENT_NOTE, dated?.text ?? null);
    if (dated === null || note === null) continue;
    return {
      ...note,
      isScheduled: name === SENT && !note.firstCheck,
      // A note is small. One that was uploaded in parts has the time at which that was started, and could have been
      // finished today.
      storedAt: dated.inParts ? null : dated.storedAt,
    };
  }
  return null;
}

/** Returns a stored plan with the times of its objects; null where it cannot be read, or is not as it was written. */
async function readStoredPlan(store: Store, digest: Digest, id: string): Promise<DatedPlan | null> {
  const dated = await store.getDated(planFile(id));
  const plan = readPlan(dated?.text ?? null, id, digest);
  if (dated === null || plan === null) return null;
  const report = await store.listDated(reportFolder(id));
  // A blocked plan can have any number of items, and none of them counts for a grace period.
  const counted = plan.blocked === null ? plan : { ...plan, items: [] };
  return { plan: counted, storedAt: dated.storedAt, reportStoredAt: report.get(REPORT_JSON) ?? null };
}

/** The times of the runs whose report was e-mailed. */
async function mailedTimes(store: Store): Promise<ReadonlySet<string>> {
  const notes = new Set([SENT, SENT_BY_HAND].map((name) => `${name}.json`));
  const files = [...(await store.listDeep(RUNS)).keys()].map((file) => file.split('/'));
  return new Set(files.flatMap(([time, name]) => (time !== undefined && notes.has(name ?? '') ? [time] : [])));
}

/** The times of all report runs, newest first, with the ids of their plans. */
async function listRuns(store: Store): Promise<ReadonlyMap<string, readonly string[]>> {
  const ids = new Map<string, string[]>();
  const note = (id: string, hasPlan: boolean): void => {
    if (instantOfId(id) === null) return;
    const time = runTime(id);
    const known = ids.get(time) ?? [];
    ids.set(time, hasPlan ? [...known, id] : known);
  };
  for (const name of await store.list(REPORTS)) note(name, false);
  // A report that was e-mailed and could not be stored is listed only here.
  for (const time of await store.list(RUNS)) note(`${time}-`, false);
  for (const name of await store.list(PLANS)) {
    const id = name.slice(0, -'.json'.length);
    if (name.endsWith('.json') && ids.has(runTime(id))) note(id, true);
  }
  return new Map([...ids].sort(([a], [b]) => (a < b ? 1 : -1)));
}

/** When the store wrote the last note that a run of a time began (epoch ms): an event can be sent again; null: never. */
async function lastBegun(store: Store, time: string): Promise<number | null> {
  const notes = [...(await store.listDated(runFolder(time)))].filter(([name]) => BEGUN_NAME.test(name));
  return notes.reduce<number | null>((last, [, at]) => Math.max(last ?? 0, at ?? 0), null);
}

async function readRun(store: Store, digest: Digest, time: string, ids: readonly string[]): Promise<ReportRun> {
  const plans = await Promise.all(ids.map((id) => readStoredPlan(store, digest, id)));
  const mailed = await readMailed(store, time);
  const begunAt = mailed === null ? await lastBegun(store, time) : null;
  return { time, plans, mailed, ...(begunAt !== null && { begunAt }) };
}

/**
 * The reports that were made since an instant (epoch ms), and in the days before it in which the grace period of a
 * report can still run, and at least one from before those; newest first. They reach back to the newest report that was
 * e-mailed, without those before it that were not. What is left of a report that was never finished, and so never had a
 * plan, counts only as one that was not e-mailed. A plan of a time at which no report run began was stored by a person,
 * and belongs to no run.
 */
export async function readRuns(store: Store, digest: Digest, since: number): Promise<readonly ReportRun[]> {
  const ids = await listRuns(store);
  const runs: ReportRun[] = [];
  let left = [...ids.keys()];
  for (let time = left.shift(); time !== undefined; time = left.shift()) {
    const run = await readRun(store, digest, time, ids.get(time) ?? []);
    const wasMailed = run.mailed !== null || runs.some(({ mailed }) => mailed !== null);
    runs.push(run);
    if ((instantOfId(`${time}-`) ?? 0) > since - GRACE_MARGIN_MS - FROM_ID) continue;
    if (wasMailed) break;
    // The newest e-mail tells when a rate fires, also where reports without deletions are not sent.
    const sent = await mailedTimes(store);
    left = left.filter((each) => sent.has(each));
  }
  return runs;
}
