import type { Approval } from '../plan/outcome';
import { accountFailure } from './account-failure';
import type { Report, Totals } from './report-model';
import type { AccountStatus, RollUp } from './roll-up';

/** The source of every event: what the pattern of a rule names. */
export const EVENT_SOURCE = 'lightsail-retention';

/** The detail types, by the `type` of the detail. EventBridge accepts at most 128 characters. */
export const DETAIL_TYPES = {
  report: 'Lightsail Snapshot Report',
  plan: 'Lightsail Snapshot Deletion Plan',
  'account-failed': 'Lightsail Snapshot Account Failure',
  'deletion-started': 'Lightsail Snapshot Deletion Started',
  'deletion-ended': 'Lightsail Snapshot Deletion Ended',
} as const;

interface EventIdentity {
  readonly schemaVersion: 1;
  /** The same each time the same event is sent: receivers drop duplicates by it. */
  readonly id: string;
}

/** A report that was made. */
interface ReportEvent extends EventIdentity {
  readonly type: 'report';
  readonly reportId: string;
  /** Null: not known, or the report is on an organization. */
  readonly account: string | null;
  /** Of a report on an organization: how many accounts it covers, and how many were not read in full. */
  readonly accounts?: number;
  readonly accountsUnread?: number;
  readonly complete: boolean;
  /** Where the report is as JSON (`s3://…`); null: it is not stored. */
  readonly location: string | null;
  /** What happened to its e-mail. */
  readonly email: 'sent' | 'switched-off';
  /** The digest of the configuration. */
  readonly config: string;
  readonly totals: Totals;
}

/** A stored plan that lists snapshots. It has no digest: an event alone can approve nothing. */
interface PlanEvent extends EventIdentity {
  readonly type: 'plan';
  readonly planId: string;
  readonly account: string | null;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly snapshots: number;
  readonly sizeGb: number;
  /** US dollars per month, at most. */
  readonly monthlyCostCeiling: number;
  /** The code of why it cannot be applied; null: it can be. */
  readonly blocked: string | null;
  /** The deletion that is deployed. */
  readonly deletion: 'off' | 'approve' | 'automatic';
}

/** An account that a report could not read in full. */
interface AccountFailed extends EventIdentity {
  readonly type: 'account-failed';
  readonly reportId: string;
  readonly account: string | null;
  readonly status: Exclude<AccountStatus, 'read'>;
  /** The code of the first error. */
  readonly code: string;
}

/** A run of the deletion function over one plan. */
interface RunIdentity {
  readonly planId: string;
  /** The name of the durable execution. */
  readonly execution: string;
  /** How the plan was approved; null: not known. */
  readonly approvedBy: Approval['kind'] | null;
}

interface DeletionStarted extends EventIdentity, RunIdentity {
  readonly type: 'deletion-started';
}

/** The end of a run; a plan that is refused has a start too. */
interface DeletionEnded extends EventIdentity, RunIdentity {
  readonly type: 'deletion-ended';
  readonly state: 'finished' | 'refused' | 'stopped' | 'failed';
  /** The code of why it ended early; null: it finished. */
  readonly code: string | null;
  /** Counts of the whole plan, earlier runs of it included; null: they could not be read. */
  readonly totals: {
    readonly deleted: number;
    readonly alreadyGone: number;
    readonly spared: number;
    readonly changed: number;
    readonly failed: number;
    readonly open: number;
  } | null;
}

/** The detail of an event: totals and ids, never lists or names. */
export type RetentionEvent = ReportEvent | PlanEvent | AccountFailed | DeletionStarted | DeletionEnded;

/** The event of an account that was not read in full. */
const accountFailed = (facts: Pick<AccountFailed, 'reportId' | 'account' | 'status' | 'code'>): RetentionEvent => ({
  ...{ schemaVersion: 1, type: 'account-failed', id: `account-failed/${facts.reportId}/${facts.account ?? 'unknown'}` },
  ...facts,
});

/** The events of a report: the report, its plan if that is stored and lists snapshots, and that it is incomplete. */
export function reportEvents(
  report: Report,
  { location, email, deletion }: Pick<ReportEvent, 'location' | 'email'> & Pick<PlanEvent, 'deletion'>,
): readonly RetentionEvent[] {
  const { reportId, account, complete, config, totals, plan } = report;
  const made: ReportEvent = {
    ...{ schemaVersion: 1, type: 'report', id: `report/${reportId}` },
    ...{ reportId, account, complete, location, email, config: config.digest, totals },
  };
  const failure = complete ? null : accountFailure(report);
  const failed =
    failure === null ? [] : [accountFailed({ reportId, account, status: failure.status, code: failure.error.code })];
  if (location === null || plan.count === 0) return [made, ...failed];
  const planned: PlanEvent = {
    ...{ schemaVersion: 1, type: 'plan', id: `plan/${plan.id}`, planId: plan.id, account },
    expiresAt: new Date(plan.expiresAt).toISOString(),
    snapshots: plan.count,
    sizeGb: totals.expireSizeGb,
    monthlyCostCeiling: totals.expireMonthlyCostCeiling,
    blocked: plan.blocked?.code ?? null,
    deletion,
  };
  return [made, planned, ...failed];
}

/** The events of a report on an organization: the report, and each account that was not read in full. */
export function rollUpEvents(
  { reportId, complete, accounts, totals }: RollUp,
  { location, email, config }: Pick<ReportEvent, 'location' | 'email' | 'config'>,
): readonly RetentionEvent[] {
  const failed = accounts.flatMap(({ id, status, error }) =>
    status === 'read' ? [] : [accountFailed({ reportId, account: id, status, code: error?.code ?? 'unknown' })],
  );
  const made: ReportEvent = {
    ...{ schemaVersion: 1, type: 'report', id: `report/${reportId}`, reportId, account: null },
    ...{ accounts: accounts.length, accountsUnread: failed.length },
    ...{ complete, location, email, config, totals },
  };
  return [made, ...failed];
}

/** The start of a run; `run` is what no other execution has. */
export const deletionStarted = (run: string, identity: RunIdentity): RetentionEvent => ({
  ...{ schemaVersion: 1, type: 'deletion-started', id: `deletion-started/${run}` },
  ...identity,
});

export const deletionEnded = (
  run: string,
  identity: RunIdentity,
  end: Pick<DeletionEnded, 'state' | 'code' | 'totals'>,
): RetentionEvent => ({
  ...{ schemaVersion: 1, type: 'deletion-ended', id: `deletion-ended/${run}` },
  ...identity,
  ...end,
});
