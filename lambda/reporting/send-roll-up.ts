import type { Config } from '../core/policy/config';
import type { FollowedRollUp } from '../core/report/account-changes';
import { compactInstant } from '../core/time/instant';
import type { Message } from '../ports/ports';
import { FAILED_BY_HAND, runTime, SENT, SENT_BY_HAND } from '../storage/keys';
import { claimRun, noteRun, SEND_TIMEOUT_MS } from './send-lock';
import type { Delivery, SendPorts } from './send-report';

export interface RollUpMessage {
  readonly reportId: string;
  /** Of the roll-up. */
  readonly digest: string;
  readonly scheduledAt: number | null;
  readonly message: Message;
  readonly confirmedSubscribers: number | null;
}

/** Whether the message about an organization is to be sent, as `report.send` says. */
export function wantsRollUp(
  { complete, totals, warnings, accounts, changes }: FollowedRollUp,
  send: Config['report']['send'],
): boolean {
  if (send === 'always' || !complete || totals.problems > 0 || warnings !== undefined) return true;
  const { since: _, ...lists } = changes ?? { since: '' };
  if (Object.values(lists).some(({ length }) => length > 0)) return true;
  if (send === 'expiring') return totals.expire > 0;
  return changes === null || accounts.some(({ changed }) => changed !== false);
}

/** Sends the message about an organization, once for each scheduled time (`scheduledAt` null sends always). */
export async function sendRollUp(
  { store, channel, clock }: SendPorts,
  { reportId, digest, scheduledAt, message, confirmedSubscribers }: RollUpMessage,
): Promise<Delivery> {
  const time = scheduledAt === null ? runTime(reportId) : compactInstant(scheduledAt);
  const note = (name: string): Promise<void> =>
    noteRun(store, time, name, { at: clock(), reportId, digest, confirmed: confirmedSubscribers, announced: false });
  const claim = scheduledAt === null ? null : await claimRun(store, scheduledAt, clock());
  if (claim?.state === 'sent') return 'already-sent';
  try {
    await channel.send(message, AbortSignal.timeout(SEND_TIMEOUT_MS));
  } catch (error) {
    await note(claim === null ? FAILED_BY_HAND : `failed-${claim.attempt}`);
    throw error;
  }
  // Without its note it is sent all the same: a step that failed here would send it again.
  await note(claim === null ? SENT_BY_HAND : SENT).catch(() => undefined);
  return 'sent';
}
