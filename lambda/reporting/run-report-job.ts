import { announcedStarts, countdown } from '../core/plan/grace-period';
import type { NewPlan } from '../core/plan/plan';
import { graceHistoryStart } from '../core/plan/timetable';
import type { Config } from '../core/policy/config';
import type { Report } from '../core/report/report-model';
import { reportEvents } from '../core/report/retention-event';
import { dayLabel, dayOf, wallClock } from '../core/time/period';
import { RetentionError } from '../core/util/errors';
import { type EventsSent, type PutEvents, sendEvents } from '../ports/event-bus';
import type { InventoryProgress } from '../ports/ports';
import { type TimedResult, withTimeout } from '../ports/with-timeout';
import { invokeCommand } from '../render/deletion-commands';
import type { SubjectContext } from '../render/email-subject';
import type { HistoryPoint } from '../render/page/page-context';
import type { DeployedRun } from '../render/report-header';
import { type EvidenceSettings, evidenceEntry, headText, recordEvidence } from '../storage/evidence';
import { begunFile, EVIDENCE, planFile, reportFiles, runTime } from '../storage/keys';
import { readRuns } from '../storage/report-history';
import { readTold, recordTold } from '../storage/told-days';
import { type MadeReport, type MakeReportPorts, makeReport } from './make-report';
import { indexReports, reportTotals } from './report-index';
import { inRunningDeletions } from './running-deletion';
import { wasSent } from './send-lock';
import { type DeletionNotice, type Sending, type SendOptions, type SendPorts, sendReport } from './send-report';
import { previousReport, type StoredPage, storeReport } from './store-report';

export interface RunPorts extends MakeReportPorts, SendPorts {
  /** Absent: nothing is recorded in the evidence chain. */
  readonly evidence?: EvidenceSettings;
  /** Absent: no events are sent. */
  readonly putEvents?: PutEvents;
}

export interface RunRequest {
  readonly reportId: string;
  readonly config: Config;
  /** The scheduled time (epoch ms) by which a run is idempotent; null for a run by hand, which always sends. */
  readonly scheduledAt: number | null;
  /** Where the function runs. */
  readonly region: string;
  readonly functionName?: string;
  /** The local day of the next report (`2026-12-07`); absent: not known. */
  readonly nextReport?: string;
  /** Epoch ms after which nothing more is read, so that there is time left to report. */
  readonly deadline: number | null;
  /** Epoch ms by which the report must be stored, so that there is time left to send it; absent: whenever it is. */
  readonly storeUntil?: number;
  /** The deletion that is deployed; absent where there is none. */
  readonly deletion?: Omit<DeletionNotice, keyof ReportCountdown>;
  /** Whether the check for the first report started this run: it is always sent, and tells nothing of the schedule. */
  readonly isFirstCheck?: boolean;
  /** The name of the dashboard; absent: none is deployed. */
  readonly dashboard?: string;
}

/** Time limit (ms) of each read of the store before the inventory. */
const READ_TIMEOUT_MS = 30_000;

type ReportCountdown = Pick<DeletionNotice, 'due' | 'isDeleting' | 'countedFrom' | 'starts'>;

/** The snapshots of a plan (ARNs) that a running deletion may still delete. */
const alsoIn = ({ items }: NewPlan, running: ReadonlySet<string>): readonly string[] =>
  Array.from(items, ({ arn }) => arn).filter((arn) => running.has(arn));

/**
 * Returns the first day on which each snapshot of a plan can be deleted automatically, which is the day of the report
 * where a deletion that runs may still delete it; none for a report that no person can receive, because it does not
 * count.
 */
async function dueDays(
  { store, digest, clock }: RunPorts,
  { config, reportId, scheduledAt, isFirstCheck = false, deletion }: RunRequest,
  plan: NewPlan,
  confirmedSubscribers: number | null,
  running: ReadonlySet<string>,
): Promise<ReportCountdown> {
  const { reportSchedule } = deletion ?? {};
  const settings = { ...config, ...(reportSchedule !== undefined && { reportSchedule }) };
  const runs = await readRuns(store, digest, graceHistoryStart(settings, clock()));
  const earlier = runs.filter(({ time }) => time !== runTime(reportId));
  const told = await readTold(store, digest, Date.parse(plan.createdAt), runs);
  const { due: first, ...from } = countdown(plan, earlier, told, settings, isFirstCheck ? null : scheduledAt);
  if ((confirmedSubscribers ?? 0) < 1) return { due: new Map(), ...from };
  const canCount = plan.complete && plan.blocked === null;
  const madeAt = Date.parse(plan.createdAt);
  const due = new Map([...first, ...(canCount ? alsoIn(plan, running) : []).map((arn) => [arn, madeAt] as const)]);
  const starts = announcedStarts(plan, due);
  // Before anyone can read them: a day that was told is never forgotten, whatever fails from here on.
  await recordTold(store, plan, starts);
  return {
    due: new Map([...due].map(([arn, at]) => [arn, dayLabel(dayOf(wallClock(at, config.zone)))] as const)),
    ...from,
    starts,
  };
}

/** The result of a run; without numbers where a duplicate delivery found the report sent. */
export type RunResult =
  | { readonly reportId: string; readonly delivery: 'already-sent' }
  | (Sending &
      Partial<EventsSent> & {
        readonly reportId: string;
        readonly complete: boolean;
        readonly incomplete: boolean;
        readonly snapshots: number;
        readonly expiring: number;
        readonly held: number;
        readonly problems: number;
        readonly sizeGb: number;
        readonly monthlyCostCeiling: number;
        readonly scopesFailed: number;
        /** How long the run took. */
        readonly seconds: number;
      });

const NO_DAYS: ReportCountdown = { due: null };
/** No countdown runs. */
const NO_COUNTDOWN: ReportCountdown = { due: new Map() };

/** What a report says of deletions to come and of those that run, and what could not be found of it. */
interface FoundDays {
  readonly days: ReportCountdown;
  readonly failures: readonly Error[];
}

/**
 * Finds what a report says of deletions. Where it is not known which of them run, it names no day: any could be wrong.
 * Nor does it where it could not note that it began, because a deletion that selects its snapshots does not see it then.
 */
async function findDays(
  ports: RunPorts,
  request: RunRequest,
  plan: NewPlan,
  { confirmedSubscribers, begun }: Pick<Surroundings, 'confirmedSubscribers' | 'begun'>,
  left: () => number | null,
): Promise<FoundDays> {
  const { store, digest, clock } = ports;
  if (request.deletion === undefined) return { days: NO_COUNTDOWN, failures: [] };
  const isAutomatic = request.deletion.mode === 'automatic';
  const running = await withTimeout('find the deletions that may still run', shorter(left()), () =>
    inRunningDeletions(store, digest, clock()),
  );
  if (running.failure !== null)
    return { days: { ...(isAutomatic ? NO_DAYS : NO_COUNTDOWN), isDeleting: null }, failures: [running.failure] };
  const arns = running.value;
  // What an incomplete report did not read can be among those that are deleted.
  const isDeleting = alsoIn(plan, arns).length > 0 || (!plan.complete && arns.size > 0);
  if (!isAutomatic) return { days: { ...NO_COUNTDOWN, isDeleting }, failures: [] };
  // A deletion that selects now does not see this report, and can begin.
  if (begun.failure !== null)
    return { days: { ...NO_DAYS, isDeleting: isDeleting || null }, failures: [begun.failure] };
  const days = await withTimeout('find the days of deletions', shorter(left()), () =>
    dueDays(ports, request, plan, confirmedSubscribers, arns),
  );
  const failures = days.failure === null ? [] : [days.failure];
  return { days: { ...(days.value ?? NO_DAYS), isDeleting }, failures };
}

/** Which parts of a report are stored, and why the others are not. */
interface Kept {
  readonly stored: boolean;
  readonly listed: boolean;
  readonly days: ReportCountdown;
  /** The head of the evidence chain; null: the report is not recorded. */
  readonly evidenceHead: string | null;
  readonly failures: readonly Error[];
}

/** Records a report and its plan. Returns the head of the chain; null where nothing is to be recorded. */
async function recordReport(
  { store, clock, evidence }: RunPorts,
  { reportId, plan }: Report,
  since: number,
): Promise<string | null> {
  if (evidence === undefined) return null;
  const ports = { ...evidence, store, clock, folder: EVIDENCE };
  const head = await recordEvidence(ports, [
    await evidenceEntry(ports, { kind: 'report', key: reportFiles(reportId).json, since }),
    await evidenceEntry(ports, { kind: 'plan', key: planFile(plan.id), since }),
  ]);
  return head === null ? null : headText(head);
}

/** A time limit for a read before the report is stored. */
const shorter = (limit: number | null): number => Math.min(READ_TIMEOUT_MS, limit ?? READ_TIMEOUT_MS);

/** The run, as its page and its e-mail refer to it. */
const runOf = ({ region, functionName, nextReport }: RunRequest): DeployedRun => ({
  kind: 'deployed',
  region,
  ...(functionName !== undefined && { functionName }),
  ...(nextReport !== undefined && { nextReport }),
});

const announcementOf = ({ due, isDeleting }: ReportCountdown): SubjectContext => ({
  ...(due !== null && { due }),
  ...(isDeleting !== undefined && { isDeleting }),
});

/** The surroundings of the stored page. */
const storedPageOf = (
  request: RunRequest,
  plan: NewPlan,
  days: ReportCountdown,
  history: readonly HistoryPoint[],
): StoredPage => {
  const { config, deletion } = request;
  return {
    tagPrefix: config.tagPrefix,
    config,
    deletionMode: deletion?.mode ?? 'off',
    run: runOf(request),
    history,
    ...announcementOf(days),
    ...(deletion?.schedule !== undefined && { deletionSchedule: deletion.schedule }),
    ...(deletion !== undefined && { applyCommand: invokeCommand(plan, deletion.functionArn) }),
  };
};

/** What a run knows besides its report. */
interface Surroundings {
  readonly confirmedSubscribers: number | null;
  /** Whether it could note that it began. */
  readonly begun: TimedResult<boolean>;
  readonly history: readonly HistoryPoint[];
}

/** Finds the days of the countdown of a report, and stores it. A failure is data: the report is still to be sent. */
async function keepReport(
  ports: RunPorts,
  request: RunRequest,
  { report, plan }: MadeReport,
  known: Surroundings,
): Promise<Kept> {
  const { deletion, storeUntil } = request;
  const left = (): number | null => (storeUntil === undefined ? null : Math.max(0, storeUntil - ports.clock()));
  const { days, failures: unknown } = await findDays(ports, request, plan, known, left);
  const page = storedPageOf(request, plan, days, known.history);
  const startedAt = ports.clock();
  const storing = await withTimeout('store the report', left(), (signal) =>
    storeReport(ports.store, report, plan, page, signal),
  );
  if (storing.failure !== null) {
    const { isDeleting = false } = days;
    const unstored = { stored: false, listed: false, days: { ...NO_DAYS, isDeleting }, evidenceHead: null };
    return { ...unstored, failures: [storing.failure] };
  }
  const recording = await withTimeout('record the report', left(), () => recordReport(ports, report, startedAt));
  const listing = await withTimeout('list the report among the others', left(), () =>
    indexReports(ports.store, report, deletion !== undefined, announcementOf(days), request.region),
  );
  const failures = [recording.failure, listing.failure, ...unknown].filter((failure) => failure !== null);
  return { stored: true, listed: listing.failure === null, days, evidenceHead: recording.value, failures };
}

/** Returns a report as it is sent: with failures as problems, and with a blocked plan where it was not stored. */
function asSent(report: Report, { stored, failures }: Kept): Report {
  const code = stored ? 'report.unfinished' : 'report.not-stored';
  const problems = [...report.problems, ...failures.map(({ message }) => ({ code, arn: null, message }))];
  const totals = { ...report.totals, problems: problems.length };
  if (stored) return { ...report, problems, totals };
  const blocked = { code: 'report.not-stored', message: 'the report and its plan could not be stored' } as const;
  return { ...report, problems, totals, plan: { ...report.plan, blocked } };
}

/** Told where neither the report nor the note of its run could be stored. */
const NOT_INTERRUPTED = new Error(
  'automatic deletion does not know of this report and may go on by earlier ones; to stop it, deploy with -c deletion=approve',
);

/** The options of sending a report that was kept in whole or in part. */
function sendOptions(
  request: RunRequest,
  { stored, listed, days }: Kept,
  known: Pick<SendOptions, 'isFirstReport' | 'confirmedSubscribers' | 'evidenceHead'>,
): SendOptions {
  const { config, scheduledAt, isFirstCheck = false, dashboard, deletion } = request;
  return {
    ...known,
    scheduledAt,
    stored,
    listed,
    send: isFirstCheck ? 'always' : config.report.send,
    isFirstCheck,
    tagPrefix: config.tagPrefix,
    limits: config.caps,
    run: runOf(request),
    grace: config.deletion.grace.text,
    ...(dashboard !== undefined && { dashboard }),
    ...(deletion && { deletion: { ...deletion, ...days } }),
  };
}

/** Sends the events of a report, unless another run sends the same report. */
async function announceReport(
  { putEvents, store }: RunPorts,
  report: Report,
  { delivery }: Sending,
  { stored }: Kept,
  { deletion }: RunRequest,
): Promise<Partial<EventsSent>> {
  if (putEvents === undefined || delivery === 'already-sent') return {};
  const location = stored ? store.locate(reportFiles(report.reportId).json) : null;
  const facts = { location, email: delivery, deletion: deletion?.mode ?? 'off' } as const;
  return sendEvents(putEvents, reportEvents(report, facts));
}

const notKept = (reportId: string, stored: boolean, failures: readonly Error[]): RetentionError =>
  new RetentionError(
    stored ? 'report.unfinished' : 'report.not-stored',
    `the report ${reportId} was sent ${stored ? 'and is stored, but not completely' : 'and could not be stored'}: ${failures.map(({ message }) => message).join('; ')}; fix the cause, and make a report by hand`,
    { cause: failures[0] },
  );

/**
 * Runs the scheduled job: compares with the previous report, lists and decides, stores, sends once. A duplicate
 * delivery does nothing. Where the store fails, the report is sent all the same; the run then rejects, so that an alarm
 * is raised.
 */
export async function runReport(
  ports: RunPorts,
  request: RunRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<RunResult> {
  const { reportId, config, scheduledAt } = request;
  const startedAt = ports.clock();
  // Where it is not known, it counts as not sent: the claim before the sending checks again.
  const before = await withTimeout(
    'check whether the report was sent',
    READ_TIMEOUT_MS,
    async () => scheduledAt !== null && wasSent(ports.store, scheduledAt),
  );
  if (before.value === true) return { reportId, delivery: 'already-sent' };
  const begun = await withTimeout('note that the run began', READ_TIMEOUT_MS, () =>
    ports.store.putIfAbsent({
      key: begunFile(reportId),
      contentType: 'text/plain',
      body: [new Date(startedAt).toISOString()],
    }),
  );
  const [last, history] = await Promise.all([
    withTimeout('find the previous report', READ_TIMEOUT_MS, () => previousReport(ports.store, reportId)),
    withTimeout('read the totals of earlier reports', READ_TIMEOUT_MS, () => reportTotals(ports.store)),
  ]);
  const previous = last.failure === null ? (last.value?.newest ?? null) : { unread: last.failure };
  const inventory = { regions: config.regions, kinds: config.kinds, deadline: request.deadline };
  const made = await makeReport(ports, { reportId, config, at: null, inventory, previous }, progress);
  const confirmedSubscribers = await ports.channel.confirmedSubscribers();
  const surroundings = { confirmedSubscribers, begun, history: history.value ?? [] };
  const kept = await keepReport(ports, request, made, surroundings);
  const isUnknown = begun.failure !== null && !kept.stored && request.deletion?.mode === 'automatic';
  const report = asSent(made.report, isUnknown ? { ...kept, failures: [...kept.failures, NOT_INTERRUPTED] } : kept);
  const isFirstReport = last.value?.isFirst === true;
  const evidenceHead = ports.evidence && { evidenceHead: kept.evidenceHead };
  const known = { isFirstReport, confirmedSubscribers, ...evidenceHead };
  const sending = await sendReport(ports, report, sendOptions(request, kept, known));
  const events = await announceReport(ports, report, sending, kept, request);
  const notPut = events.events === 'failed' ? [new Error(`the events were not put: ${events.eventsFailure}`)] : [];
  if (kept.failures.length > 0) throw notKept(reportId, kept.stored, [...kept.failures, ...notPut]);
  const { snapshots, expire: expiring, held, problems, sizeGb, monthlyCostCeiling } = report.totals;
  return {
    reportId,
    ...sending,
    ...events,
    complete: report.complete,
    incomplete: !report.complete,
    snapshots,
    expiring,
    held,
    problems,
    sizeGb,
    monthlyCostCeiling,
    scopesFailed: report.scopes.filter(({ status, sources }) => status === 'failed' || sources === 'failed').length,
    seconds: (ports.clock() - startedAt) / 1_000,
  };
}
