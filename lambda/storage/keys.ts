/**
 * Object keys: the layout of the bucket, and of the folder into which the command line writes results. The functions,
 * the command line, IAM policies and lifecycle rules take every key and prefix from here.
 */

import { compactInstant, instantOfId } from '../core/time/instant';

/** Folders: reports with their index; plans; notes of the runs that made reports; results of plans. */
export const REPORTS = 'reports/';
export const PLANS = 'plans/';
export const RUNS = 'runs/';
export const RESULTS = 'results/';

/** The file of a report that its other files are made from. */
export const REPORT_JSON = 'report.json';

/** The folder of a report. */
export const reportFolder = (reportId: string): string => `${REPORTS}${reportId}/`;

/** The files of a report, all in its folder. */
export const reportFiles = (reportId: string): Readonly<Record<'json' | 'csv' | 'html' | 'state', string>> => ({
  json: `${reportFolder(reportId)}${REPORT_JSON}`,
  csv: `${reportFolder(reportId)}report.csv`,
  html: `${reportFolder(reportId)}report.html`,
  state: `${reportFolder(reportId)}state.json`,
});

/** The roll-up of a report on an organization: all accounts with their totals. */
export const summaryFile = (reportId: string): string => `${reportFolder(reportId)}summary.json`;

/** The accounts that a report on an organization is to read. */
export const accountsFile = (reportId: string): string => `${reportFolder(reportId)}accounts.json`;

/** The accounts that one batch of it has read, with their totals. */
export const batchFile = (reportId: string, batch: number): string =>
  `${reportFolder(reportId)}batches/${String(batch).padStart(4, '0')}.json`;

/** The note that the report of one account was e-mailed. */
export const accountMailedFile = (reportId: string, account: string): string =>
  `${reportFolder(reportId)}${account}/mailed.txt`;

/** The place of a file of a report, or of its plan, where it is that of one account of an organization. */
export const accountKey = (key: string, account: string): string =>
  key
    .replace(/^reports\/([^/]+)\//, (_, id: string) => `${reportFolder(id)}${account}/`)
    .replace(/^plans\/([^/]+)\.json$/, (_, id: string) => `${reportFolder(id)}${account}/plan.json`);

/** The index of all reports, as JSON and as a page. */
export const INDEX_JSON = `${REPORTS}index.json`;
export const INDEX_PAGE = `${REPORTS}index.html`;

/**
 * The shape of the id of a plan. It becomes part of keys beside the key of the lock, which file systems may find in any
 * letter case.
 */
export const PLAN_ID = /^(?!lock(?:\.json)?$)\w[\w.-]{0,127}$/i;

/** The plan of a report, or one that the deletion function made for itself. */
export const planFile = (id: string): string => `${PLANS}${id}.json`;

/** The time (`20261123T080000Z`) of a report's run, by its id. */
export const runTime = (reportId: string): string => reportId.split('-', 1)[0] ?? '';

/** The folder of the notes of the runs of one time (`20261123T080000Z`). */
export const runFolder = (time: string): string => `${RUNS}${time}/`;

/** The note that a report was e-mailed: by a scheduled run, or by one that was started by hand and claims nothing. */
export const SENT = 'sent';
export const SENT_BY_HAND = 'sent-by-hand';

/**
 * The note that a report of a run by hand could not be e-mailed. A scheduled run numbers its notes: `failed-<attempt>`.
 */
export const FAILED_BY_HAND = 'failed-by-hand';

/** A note of a run, named SENT, SENT_BY_HAND, FAILED_BY_HAND or `failed-<attempt>`. */
export const noteFile = (time: string, name: string): string => `${runFolder(time)}${name}.json`;

/** The note that the run that makes a report began: one that leaves nothing else did not end well. */
export const begunFile = (reportId: string): string => `${runFolder(runTime(reportId))}begun-${reportId}.txt`;

/** Matches the name of such a note in the folder of its time. */
export const BEGUN_NAME = /^begun-/;

/** The days that a report tells, of which the last start is at `until` (epoch ms). */
export const toldFile = (reportId: string, until: number): string =>
  `${runFolder(runTime(reportId))}told-${compactInstant(Math.ceil(until / 1_000) * 1_000)}-${reportId}.json`;

/** Returns the last start (epoch ms) of the days in an object, by its name in the folder of all runs; null: another. */
export function toldUntil(name: string): number | null {
  const [, id] = /^[^/]+\/told-([^/]+)\.json$/.exec(name) ?? [];
  return id === undefined ? null : instantOfId(id);
}

/** The claim of one attempt to e-mail the report of a scheduled run. */
export const claimFile = (time: string, attempt: number): string => `${runFolder(time)}claim-${attempt}.txt`;

/** The time of the newest report that any daily check found. */
export const REPORT_DUE_SINCE = `${RUNS}awaited-since.txt`;

/** The note that a report was delivered to a person, after which no first report is due. */
export const FIRST_REPORT = `${RUNS}first-report.txt`;

/** The folder of final bills, and the bill of a month (`2026-10`): of one account, or of each of an organization. */
export const BILLS = 'bills/';
export const billFile = (month: string): string => `${BILLS}${month}.json`;
export const accountBillsFile = (month: string): string => `${BILLS}accounts/${month}.json`;

/** The result of a plan, as JSON and as a page. */
export const resultFile = (planId: string): string => `${RESULTS}${planId}.json`;
export const resultPage = (planId: string): string => `${RESULTS}${planId}.html`;

/** The folder of everything else that is stored about a plan's deletion. */
export const resultFolder = (planId: string): string => `${RESULTS}${planId}/`;

/** The index of results: numbered pages, each with the results of up to MAX_RESULTS_PER_PAGE plans. */
export const RESULT_INDEX = `${RESULTS}index/`;

/** A page of the index of results. */
export const resultIndexPage = (number: number): string => `${RESULT_INDEX}${String(number).padStart(5, '0')}.json`;

/** Matches the name of a page within the index: its number. */
export const RESULT_INDEX_NAME = /^(\d{5})\.json$/;

/** The lock of the run that applies a plan of this place, whichever plan that is. */
export const LOCK_FILE = `${RESULTS}lock.json`;

/** The note that the result of a plan was e-mailed. */
export const resultMailedFile = (planId: string): string => `${resultFolder(planId)}mailed.json`;

/** The plan that a record belongs to. */
export interface PlanKey {
  readonly id: string;
  readonly digest: string;
}

/**
 * The folder of a plan's attempts and outcomes. The digest is in it: an altered plan of the same id never finds those
 * of the original.
 */
export const recordFolder = ({ id, digest }: PlanKey): string =>
  `${resultFolder(id)}${digest.replace(/^sha256:/, '').slice(0, 16)}/`;

/** The attempt or the outcome of an item, named by its position in the plan. */
export const recordFile = (plan: PlanKey, position: number, kind: 'attempt' | 'outcome'): string =>
  `${recordFolder(plan)}${String(position).padStart(6, '0')}.${kind}.json`;

/** Matches the name of the folder of attempts and outcomes within the folder of a plan. */
export const RECORD_FOLDER_NAME = /^[0-9a-f]{16}$/;

/**
 * Matches the end of the key of an object that runs replace only as they read it: an attempt, the lock, or a page of the
 * index of results. A folder has their later versions in hidden files; every other key is read at exactly its path.
 */
export const REPLACED_AS_READ = /(?:^|[/\\])(?:\d{6,}\.attempt\.json|lock\.json|index[/\\]\d{5}\.json)$/;

/** Matches the name of a record within its folder: position and kind. */
export const RECORD_NAME = /^(\d+)\.(attempt|outcome)\.json$/;

/** Matches the claims and journals of the first version within the folder of a plan. */
export const EARLIER_JOURNAL_NAME = /^(?:claim-\d+|\d+-\d+)\.json$/;

/** The evidence chain of a bucket, and that of a folder, which has nothing but results. */
export const EVIDENCE = 'evidence/';
export const LOCAL_EVIDENCE = `${RESULTS}evidence/`;

const NUMBER_DIGITS = 8;

/** The name of an evidence record in its folder: its number. */
export const evidenceName = (number: number): string => `${String(number).padStart(NUMBER_DIGITS, '0')}.json`;

/** Returns the number of an evidence record by its name; null for another name. */
export function evidenceNumber(name: string): number | null {
  const number = Number.parseInt(name, 10);
  return name === evidenceName(number) && number > 0 ? number : null;
}

/** The approval of a plan for one run. */
export const approvalFile = (plan: PlanKey, run: string): string => `${recordFolder(plan)}once-approval-${run}.json`;

/** Returns the run of an approval by its key. */
export const runOfApproval = (key: string): string => /\/once-approval-([^/]+)\.json$/.exec(key)?.[1] ?? '';

/** A copy of the plan file that a run from the command line applied. */
export const planCopyFile = (plan: PlanKey): string => `${recordFolder(plan)}once-plan.json`;

/** A list of the files of a plan with their hashes, by the hash of the list. */
export const fileListFile = (plan: PlanKey, sha256: string): string =>
  `${recordFolder(plan)}once-files-${sha256.slice(0, 16)}.sha256`;

/** Matches the name of such a list in the folder of a plan. */
export const FILE_LIST_NAME = /^once-files-[0-9a-f]{16}\.sha256$/;

/** Returns the key by which runs read a listed file: a folder has a replaced object under a hidden name. */
export const readKeyOf = (key: string): string => key.replace(/\/\.([^/]+)\.v\d+$/, '/$1');

/** Matches the keys that records of each kind name. */
export const EVIDENCE_KEYS = {
  report: /^reports\/\w[\w.-]*\/(?:report|summary)\.json$/,
  plan: /^plans\/\w[\w.-]*\.json$|^results\/\w[\w.-]*\/[0-9a-f]{16}\/once-plan\.json$/,
  approval: /^results\/\w[\w.-]*\/[0-9a-f]{16}\/once-approval-[^/\\]+\.json$/,
  result: /^results\/\w[\w.-]*\/[0-9a-f]{16}\/once-files-[0-9a-f]{16}\.sha256$/,
} as const;

/** Matches the names in the folder of a plan that such a list has. */
export const LISTED_NAME = /^\d+\.(attempt|outcome)\.json$|^once-approval-.+\.json$/;

/** Matches the name of an approval in the folder of a plan. */
export const APPROVAL_NAME = /^once-approval-/;

/** Whether a later run of an unfinished plan may replace a file that a list names: an attempt, or the result. */
export const isReplaced = (key: string): boolean => /^results\/[^/]+\.json$|\.attempt\.json$/.test(key);

/** The note of how an execution ended. */
export const endedFile = (planId: string, execution: string): string =>
  `${resultFolder(planId)}ended-${execution}.json`;

/** Every object in a folder, as an IAM pattern. */
export const everyObject = (folder: string): string => `${folder}*`;

/**
 * Objects that a report writes once and never replaces, as IAM patterns: plans, the files of each report, and the notes
 * of its sending, and evidence. The index, the time since which a report is due, and results are replaced.
 */
export const WRITE_ONCE = [
  everyObject(PLANS),
  `${REPORTS}????????T??????Z-*/*`,
  `${RUNS}????????T??????Z/*`,
  everyObject(EVIDENCE),
] as const;

/**
 * Objects that a deletion writes once, as IAM patterns: plans of its own, the outcome of each snapshot, approvals,
 * lists of files, and evidence.
 */
export const DELETION_WRITES_ONCE = [
  everyObject(PLANS),
  `${RESULTS}*.outcome.json`,
  `${RESULTS}*/once-*`,
  everyObject(EVIDENCE),
] as const;

/** How long (days) a deployment keeps reports, plans and results by default: a year and a month. */
export const DEFAULT_KEPT_DAYS = 400;

/** Folders of objects that Object Lock covers. */
export const LOCKED_FOLDERS = [EVIDENCE, PLANS, RESULTS] as const;

/** The start of the ids of plans that the deletion function makes in automatic mode, and these as an IAM pattern. */
export const AUTOMATIC_PREFIX = 'auto-';
export const AUTOMATIC_PLANS = everyObject(`${PLANS}${AUTOMATIC_PREFIX}`);
