/**
 * Object keys: the layout of the bucket, and of the folder into which the command line writes results. The functions,
 * the command line, IAM policies and lifecycle rules take every key and prefix from here.
 */

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

/** The index of all reports, as JSON and as a page. */
export const INDEX_JSON = `${REPORTS}index.json`;
export const INDEX_PAGE = `${REPORTS}index.html`;

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

/** The note that a run of this time began: one that leaves nothing else did not end well. */
export const begunFile = (time: string): string => `${runFolder(time)}begun.txt`;

/** The claim of one attempt to e-mail the report of a scheduled run. */
export const claimFile = (time: string, attempt: number): string => `${runFolder(time)}claim-${attempt}.txt`;

/** The time of the newest report that any daily check found. */
export const REPORT_DUE_SINCE = `${RUNS}awaited-since.txt`;

/** The note that a report was delivered to a person, after which no first report is due. */
export const FIRST_REPORT = `${RUNS}first-report.txt`;

/** The result of a plan, as JSON and as a page. */
export const resultFile = (planId: string): string => `${RESULTS}${planId}.json`;
export const resultPage = (planId: string): string => `${RESULTS}${planId}.html`;

/** The folder of everything else that is stored about a plan's deletion. */
export const resultFolder = (planId: string): string => `${RESULTS}${planId}/`;

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

/** Matches the name of a record within its folder: position and kind. */
export const RECORD_NAME = /^(\d+)\.(attempt|outcome)\.json$/;

/** Every object in a folder, as an IAM pattern. */
export const everyObject = (folder: string): string => `${folder}*`;

/**
 * Objects that a report writes once and never replaces, as IAM patterns: plans, the files of each report, and the notes
 * of its sending. The index, the time since which a report is due, and results are replaced.
 */
export const WRITE_ONCE = [everyObject(PLANS), `${REPORTS}????????T??????Z-*/*`, `${RUNS}????????T??????Z/*`] as const;

/** Objects that a deletion writes once, as IAM patterns: plans of its own, and the outcome of each snapshot. */
export const DELETION_WRITES_ONCE = [everyObject(PLANS), `${RESULTS}*.outcome.json`] as const;

/** Plans that the deletion function makes in automatic mode, as an IAM pattern. */
export const AUTOMATIC_PLANS = `${PLANS}auto-*`;
