import type { AnnouncedStarts } from '../core/plan/grace-period';
import { hasChanges } from '../core/report/report-diff';
import type { Report } from '../core/report/report-model';
import { compactInstant } from '../core/time/instant';
import { RetentionError } from '../core/util/errors';
import type { Channel, ChatChannel, Clock, Store } from '../ports/ports';
import { withTimeout } from '../ports/with-timeout';
import { renderChat } from '../render/chat';
import { invokeCommand } from '../render/deletion-commands';
import { renderEmail } from '../render/email';
import type { PlanLimits } from '../render/first-clean-up';
import { messageAttributes } from '../render/message-attributes';
import type { DeployedRun, TextContext } from '../render/report-header';
import { FAILED_BY_HAND, INDEX_PAGE, reportFiles, runTime, SENT, SENT_BY_HAND } from '../storage/keys';
import { type Claim, claimRun, noteRun, SEND_TIMEOUT_MS } from './send-lock';

export interface SendPorts {
  readonly store: Store;
  readonly channel: Channel;
  readonly clock: Clock;
  /** Gets a short message, too; absent where none is set up. */
  readonly chat?: ChatChannel;
}

export type Delivery = 'sent' | 'already-sent' | 'switched-off';

/** The delivery of the e-mail, and of the chat message where there is a chat, with the reason why that failed. */
export interface Sending {
  readonly delivery: Delivery;
  readonly chat?: 'sent' | 'failed';
  readonly chatFailure?: string;
}

/** Time limit (ms) of a chat message: the e-mail was sent already, and the run is to end. */
const CHAT_TIMEOUT_MS = 10_000;

export interface SendOptions {
  readonly scheduledAt: number | null;
  /** Whether the report's files and its plan are stored, and whether it is listed among all reports. */
  readonly stored: boolean;
  readonly listed: boolean;
  readonly send: 'always' | 'expiring' | 'changed';
  readonly tagPrefix: string;
  /** The configured limits of a plan; absent: the report does not name them. */
  readonly limits?: PlanLimits;
  readonly run: DeployedRun;
  /** How long automatic deletion waits, as configured. */
  readonly grace: string;
  /** Whether the check for the first report started the run. */
  readonly isFirstCheck: boolean;
  /** Whether no report was made before this one. */
  readonly isFirstReport: boolean;
  /** The head of the evidence chain; null: the report is not recorded. Absent: none is. */
  readonly evidenceHead?: string | null;
  /** Absent: none is deployed. */
  readonly deletion?: DeletionNotice;
  /** The name of the dashboard; absent: none is deployed. */
  readonly dashboard?: string;
  /** Confirmed subscriptions of people; null: not known. */
  readonly confirmedSubscribers: number | null;
}

/** The deployed deletion, as a report announces it. */
export interface DeletionNotice {
  readonly mode: 'approve' | 'automatic';
  /** The alias by which it is invoked. */
  readonly functionArn: string;
  /**
   * By ARN, the first local day on which a snapshot may be deleted: the report counts down to it. Null: not known, so
   * nothing is announced.
   */
  readonly due: ReadonlyMap<string, string> | null;
  /** Whether a deletion of earlier reports may still run; null: not known. Absent: none does. */
  readonly isDeleting?: boolean | null;
  /** When the oldest report that counts for it was made (epoch ms). */
  readonly countedFrom?: number;
  /** The starts of the days in `due`, in the order of the plan; absent: not known. */
  readonly starts?: AnnouncedStarts;
  /** The expression of the report's schedule; absent: not known. */
  readonly reportSchedule?: string;
  /** The name of the schedule that starts the deletion. */
  readonly schedule?: string;
  /** Whether a person can also approve on the dashboard. */
  readonly approval?: 'dashboard';
}

/**
 * Whether the configuration wants this report to be sent: an empty or unchanged one can be switched off, an incomplete
 * one never, nor one that counts down to a deletion.
 */
export function wantsSending(
  report: Report,
  send: 'always' | 'expiring' | 'changed',
  deletion?: DeletionNotice,
): boolean {
  if (deletion?.mode === 'automatic' && ((deletion.due?.size ?? 0) > 0 || report.totals.expire > 0)) return true;
  if (send === 'always' || !report.complete || report.problems.length > 0) return true;
  if (send === 'expiring') return report.totals.expire > 0;
  return report.changes === null || hasChanges(report.changes);
}

function contextOf(
  { store }: SendPorts,
  { reportId, plan }: Report,
  {
    stored,
    listed,
    tagPrefix,
    run,
    grace,
    isFirstReport,
    deletion,
    limits,
    dashboard,
    confirmedSubscribers,
    evidenceHead,
  }: SendOptions,
): TextContext {
  const files = reportFiles(reportId);
  const shared = {
    run,
    confirmedSubscribers,
    deletionMode: deletion?.mode ?? 'off',
    grace,
    tagPrefix,
    isFirstReport,
    ...(limits !== undefined && { limits }),
    ...(dashboard !== undefined && { dashboard }),
    ...(deletion?.approval === 'dashboard' && { approvesOnDashboard: true }),
    ...(deletion?.schedule !== undefined && { deletionSchedule: deletion.schedule }),
    ...(deletion?.isDeleting !== undefined && { isDeleting: deletion.isDeleting }),
    ...(evidenceHead !== undefined && { evidenceHead }),
  } as const;
  if (!stored) return { ...shared, fullReport: null, files: [], applyCommand: null };
  return {
    ...shared,
    fullReport: store.locate(files.html),
    files: [files.json, files.csv, files.html].map((key) => store.locate(key)),
    applyCommand: deletion === undefined ? null : invokeCommand(plan, deletion.functionArn),
    ...(deletion === undefined ? {} : { due: deletion.due ?? new Map() }),
    ...(listed && { index: store.locate(INDEX_PAGE) }),
  };
}

/**
 * Sends a report as e-mail, once for each scheduled time (`scheduledAt` null sends always), and then to the chat.
 * Rejects when the e-mail fails; a failure of the chat is only returned.
 */
export async function sendReport(ports: SendPorts, report: Report, options: SendOptions): Promise<Sending> {
  if (!wantsSending(report, options.send, options.deletion)) return { delivery: 'switched-off' };
  const context = contextOf(ports, report, options);
  const delivery = await sendEmail(ports, report, context, options);
  if (delivery !== 'sent' || ports.chat === undefined) return { delivery };
  try {
    await ports.chat.post(renderChat(report, context), AbortSignal.timeout(CHAT_TIMEOUT_MS));
    return { delivery, chat: 'sent' };
  } catch (error) {
    return { delivery, chat: 'failed', chatFailure: error instanceof Error ? error.message : String(error) };
  }
}

/** Time limit (ms) of the claim. */
const CLAIM_TIMEOUT_MS = 15_000;

/**
 * Claims the sending; null where the store fails: a report that arrives twice is better than one that does not arrive.
 */
async function claimSending(store: Store, scheduledAt: number, now: number): Promise<Claim | null> {
  const { value, failure } = await withTimeout('claim the sending', CLAIM_TIMEOUT_MS, () =>
    claimRun(store, scheduledAt, now),
  );
  if (failure instanceof RetentionError && failure.code.startsWith('run.')) throw failure;
  return value;
}

async function sendEmail(
  { store, channel, clock }: SendPorts,
  report: Report,
  context: TextContext,
  options: SendOptions,
): Promise<Delivery> {
  const message = { ...renderEmail(report, context), attributes: messageAttributes(report) };
  const { scheduledAt } = options;
  const { reportId, plan } = report;
  const noted = {
    reportId,
    digest: plan.digest,
    confirmed: context.confirmedSubscribers,
    announced: options.deletion?.mode === 'automatic' && options.deletion.due !== null,
    ...(options.isFirstCheck && { firstCheck: true as const }),
    ...(options.deletion?.mode === 'automatic' &&
      options.deletion.reportSchedule !== undefined && { schedule: options.deletion.reportSchedule }),
    ...(options.deletion?.countedFrom !== undefined && {
      countedFrom: new Date(options.deletion.countedFrom).toISOString(),
    }),
    ...(options.deletion?.starts !== undefined && { starts: options.deletion.starts }),
  };
  const note = (name: string): Promise<void> =>
    noteRun(store, scheduledAt === null ? runTime(reportId) : compactInstant(scheduledAt), name, {
      at: clock(),
      ...noted,
    });
  const send = async (abortSignal: AbortSignal | undefined, sent: string, failed: string | null): Promise<Delivery> => {
    try {
      await channel.send(message, abortSignal);
    } catch (error) {
      if (failed !== null) await note(failed);
      throw error;
    }
    await note(sent);
    return 'sent';
  };
  if (scheduledAt === null) return send(undefined, SENT_BY_HAND, FAILED_BY_HAND);
  const claim = await claimSending(store, scheduledAt, clock());
  if (claim?.state === 'sent') return 'already-sent';
  return send(AbortSignal.timeout(SEND_TIMEOUT_MS), SENT, claim === null ? null : `failed-${claim.attempt}`);
}
