import { countdown } from '../core/automatic';
import type { Config } from '../core/config';
import { before, dayLabel, dayOf, wallClock } from '../core/period';
import type { NewPlan } from '../core/plan';
import { runTime, wasSent } from './claim-run';
import { type MakeReportPorts, makeReport } from './make-report';
import type { InventoryProgress } from './ports';
import { readRuns } from './report-history';
import { type DeletionNotice, type Sending, type SendPorts, sendReport } from './send-report';
import { previousReport, storeReport } from './store-report';

export interface RunRequest {
  readonly reportId: string;
  readonly config: Config;
  /** The scheduled time (epoch ms) by which a run is idempotent; null for a run by hand, which always sends. */
  readonly scheduledAt: number | null;
  /** Epoch ms after which nothing more is read, so that there is time left to report. */
  readonly deadline: number | null;
  /** The deletion that is deployed; absent where there is none. */
  readonly deletion?: Omit<DeletionNotice, 'due'>;
}

/** On which day each snapshot of a plan goes at the earliest, where nobody has to approve it. */
async function dueDays(
  { store, digest, clock }: MakeReportPorts & SendPorts,
  { config, reportId }: RunRequest,
  plan: NewPlan,
): Promise<DeletionNotice['due']> {
  const runs = await readRuns(store, digest, before(clock(), config.deletion.grace, config.zone));
  const earlier = runs.filter(({ time }) => time !== runTime(reportId));
  return new Map([...countdown(plan, earlier, config)].map(([arn, at]) => [arn, dayLabel(dayOf(wallClock(at, config.zone)))] as const));
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

/** The scheduled job: compare with the last report, list and decide, store, send once. A duplicate delivery does nothing. */
export async function runReport(
  ports: MakeReportPorts & SendPorts,
  request: RunRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<RunResult> {
  const { reportId, config, scheduledAt } = request;
  const startedAt = ports.clock();
  if (scheduledAt !== null && (await wasSent(ports.store, scheduledAt))) return { reportId, delivery: 'already-sent' };
  const previous = await previousReport(ports.store, reportId);
  const inventory = { regions: config.regions, kinds: config.kinds, deadline: request.deadline };
  const { report, plan } = await makeReport(ports, { reportId, config, at: null, inventory, previous }, progress);
  await storeReport(ports.store, report, plan, config.tagPrefix, previous);
  const due = request.deletion?.mode === 'automatic' ? await dueDays(ports, request, plan) : new Map<string, string>();
  const sending = await sendReport(ports, report, {
    scheduledAt,
    send: config.report.send,
    tagPrefix: config.tagPrefix,
    grace: config.deletion.grace.text,
    ...(request.deletion && { deletion: { ...request.deletion, due } }),
  });
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
