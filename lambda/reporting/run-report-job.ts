import { countdown } from '../core/plan/grace-period';
import type { NewPlan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import type { Report } from '../core/report/report-model';
import { dayLabel, dayOf, subtractDuration, wallClock } from '../core/time/period';
import { RetentionError } from '../core/util/errors';
import type { InventoryProgress } from '../ports/ports';
import { inTime } from '../ports/with-timeout';
import { runTime } from '../storage/keys';
import { readRuns } from '../storage/report-history';
import { type MadeReport, type MakeReportPorts, makeReport } from './make-report';
import { indexReports } from './report-index';
import { wasSent } from './send-lock';
import { type DeletionNotice, type Sending, type SendPorts, sendReport } from './send-report';
import { previousReport, storeReport } from './store-report';

export interface RunRequest {
  readonly reportId: string;
  readonly config: Config;
  /** The scheduled time (epoch ms) by which a run is idempotent; null for a run by hand, which always sends. */
  readonly scheduledAt: number | null;
  /** Where the function runs. */
  readonly region: string;
  /** Epoch ms after which nothing more is read, so that there is time left to report. */
  readonly deadline: number | null;
  /** Epoch ms by which the report must be stored, so that there is time left to send it; absent: whenever it is. */
  readonly storeUntil?: number;
  /** The deletion that is deployed; absent where there is none. */
  readonly deletion?: Omit<DeletionNotice, keyof ToldDays>;
}

/** How long (ms) each look at what earlier runs left may take, before anything is read. */
const LOOK_LIMIT = 30_000;

type ToldDays = Pick<DeletionNotice, 'due' | 'countedFrom'>;

/** On which day each snapshot of a plan goes at the earliest, where nobody has to approve it. */
async function dueDays(
  { store, digest, clock }: MakeReportPorts & SendPorts,
  { config, reportId }: RunRequest,
  plan: NewPlan,
): Promise<ToldDays> {
  const runs = await readRuns(store, digest, subtractDuration(clock(), config.deletion.grace, config.zone));
  const earlier = runs.filter(({ time }) => time !== runTime(reportId));
  const { due, countedFrom } = countdown(plan, earlier, config);
  return {
    due: new Map([...due].map(([arn, at]) => [arn, dayLabel(dayOf(wallClock(at, config.zone)))] as const)),
    countedFrom,
  };
}

/** What a run came to; without numbers where a duplicate delivery found the report sent. */
export type RunResult =
  | { readonly reportId: string; readonly delivery: 'already-sent' }
  | (Sending & {
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

const NO_DAYS: ToldDays = { due: null };

/** What became of the files of a report; `failures` say what could not be done. */
interface Kept {
  readonly stored: boolean;
  readonly listed: boolean;
  readonly days: ToldDays;
  readonly failures: readonly Error[];
}

/** Stores a report and tells the days of its countdown, as far as that goes: whatever fails, the report is still to be sent. */
async function keepReport(
  ports: MakeReportPorts & SendPorts,
  request: RunRequest,
  { report, plan }: MadeReport,
): Promise<Kept> {
  const { config, deletion, storeUntil } = request;
  const left = (): number | null => (storeUntil === undefined ? null : Math.max(0, storeUntil - ports.clock()));
  const storing = await inTime('store the report', left(), (signal) =>
    storeReport(ports.store, report, plan, config.tagPrefix, signal),
  );
  if (storing.failure !== null) return { stored: false, listed: false, days: NO_DAYS, failures: [storing.failure] };
  const listing = await inTime('list the report among the others', left(), () => indexReports(ports.store, report));
  const days = await inTime('tell the days of deletions', left(), async () =>
    deletion?.mode === 'automatic' ? dueDays(ports, request, plan) : { due: new Map<string, string>() },
  );
  const failures = [listing.failure, days.failure].filter((failure) => failure !== null);
  return { stored: true, listed: listing.failure === null, days: days.value ?? NO_DAYS, failures };
}

/** A report as it is sent: with what could not be done as problems, and where it was not stored with a plan that nobody may apply. */
function asSent(report: Report, { stored, failures }: Kept): Report {
  const code = stored ? 'report.unfinished' : 'report.not-stored';
  const problems = [...report.problems, ...failures.map(({ message }) => ({ code, arn: null, message }))];
  const totals = { ...report.totals, problems: problems.length };
  if (stored) return { ...report, problems, totals };
  const blocked = { code: 'report.not-stored', message: 'the report and its plan could not be stored' } as const;
  return { ...report, problems, totals, plan: { ...report.plan, blocked } };
}

const notKept = (reportId: string, stored: boolean, failures: readonly Error[]): RetentionError =>
  new RetentionError(
    stored ? 'report.unfinished' : 'report.not-stored',
    `the report ${reportId} went out ${stored ? 'and is stored, but what goes with it was not done' : 'and could not be stored'}: ${failures.map(({ message }) => message).join('; ')}; mend the cause, and make a report by hand`,
    { cause: failures[0] },
  );

/**
 * The scheduled job: compare with the last report, list and decide, store, send once. A duplicate delivery does nothing. A store that fails
 * keeps no report from being sent; the run then rejects after the sending, so that somebody looks.
 */
export async function runReport(
  ports: MakeReportPorts & SendPorts,
  request: RunRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<RunResult> {
  const { reportId, config, scheduledAt } = request;
  const startedAt = ports.clock();
  // Not known is not sent: the claim before the sending looks again.
  const before = await inTime(
    'look whether the report was sent',
    LOOK_LIMIT,
    async () => scheduledAt !== null && wasSent(ports.store, scheduledAt),
  );
  if (before.value === true) return { reportId, delivery: 'already-sent' };
  const last = await inTime('find the report before', LOOK_LIMIT, () => previousReport(ports.store, reportId));
  const previous = last.failure === null ? last.value : { unread: last.failure };
  const inventory = { regions: config.regions, kinds: config.kinds, deadline: request.deadline };
  const made = await makeReport(ports, { reportId, config, at: null, inventory, previous }, progress);
  const kept = await keepReport(ports, request, made);
  const report = asSent(made.report, kept);
  const sending = await sendReport(ports, report, {
    scheduledAt,
    stored: kept.stored,
    listed: kept.listed,
    send: config.report.send,
    tagPrefix: config.tagPrefix,
    region: request.region,
    grace: config.deletion.grace.text,
    ...(request.deletion && { deletion: { ...request.deletion, ...kept.days } }),
  });
  if (kept.failures.length > 0) throw notKept(reportId, kept.stored, kept.failures);
  const { snapshots, expire: expiring, held, problems, sizeGb, monthlyCostCeiling } = report.totals;
  return {
    reportId,
    ...sending,
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
