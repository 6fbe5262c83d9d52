import type { Report } from '../core/report-model';
import { messageAttributes } from '../render/attributes';
import { renderChat } from '../render/chat';
import { renderEmail } from '../render/email';
import type { TextContext } from '../render/frame';
import { claimRun, noteRun, SEND_LIMIT } from './claim-run';
import type { Channel, ChatChannel, Clock, Store } from './ports';
import { reportFiles } from './store-report';

export interface SendPorts {
  readonly store: Store;
  readonly channel: Channel;
  readonly clock: Clock;
  /** Where a short message goes as well; absent where none is set up. */
  readonly chat?: ChatChannel;
}

export type Delivery = 'sent' | 'already-sent' | 'switched-off';

/** What became of the e-mail, and of the chat message where there is a chat; `chatFailure` says why it failed. */
export interface Sending {
  readonly delivery: Delivery;
  readonly chat?: 'sent' | 'failed';
  readonly chatFailure?: string;
}

/** How long (ms) a chat may take: the e-mail is out already, and the run wants to end. */
const CHAT_LIMIT = 10_000;

export interface SendOptions {
  readonly scheduledAt: number | null;
  readonly send: 'always' | 'expiring' | 'changed';
  readonly tagPrefix: string;
}

/** Whether the configuration wants this report to be sent: an empty or unchanged one can be switched off, an incomplete one never. */
export function wantsSending(report: Report, send: 'always' | 'expiring' | 'changed'): boolean {
  if (send === 'always' || !report.complete || report.problems.length > 0) return true;
  if (send === 'expiring') return report.totals.expire > 0;
  const { changes } = report;
  return changes === null || changes.added.length + changes.gone.length + changes.newlyExpiring.length + changes.newlyHeld.length > 0;
}

async function contextOf({ store, channel }: SendPorts, { reportId }: Report, tagPrefix: string): Promise<TextContext> {
  const files = reportFiles(reportId);
  return {
    fullReport: store.locate(files.html),
    files: [files.json, files.csv, files.html].map((key) => store.locate(key)),
    applyCommand: null,
    confirmedSubscribers: await channel.confirmedSubscribers(),
    deletionMode: 'off',
    tagPrefix,
  };
}

/**
 * Sends a stored report as e-mail, once for each scheduled time (`scheduledAt` null sends always), and then to the chat. Rejects when the e-mail
 * fails; a chat that fails is told and harms nothing.
 */
export async function sendReport(ports: SendPorts, report: Report, options: SendOptions): Promise<Sending> {
  if (!wantsSending(report, options.send)) return { delivery: 'switched-off' };
  const context = await contextOf(ports, report, options.tagPrefix);
  const delivery = await sendEmail(ports, report, context, options);
  if (delivery !== 'sent' || ports.chat === undefined) return { delivery };
  try {
    await ports.chat.post(renderChat(report, context), AbortSignal.timeout(CHAT_LIMIT));
    return { delivery, chat: 'sent' };
  } catch (error) {
    return { delivery, chat: 'failed', chatFailure: error instanceof Error ? error.message : String(error) };
  }
}

async function sendEmail(
  { store, channel, clock }: SendPorts,
  report: Report,
  context: TextContext,
  options: SendOptions,
): Promise<Delivery> {
  const message = { ...renderEmail(report, context), attributes: messageAttributes(report) };
  if (options.scheduledAt === null) {
    await channel.send(message);
    return 'sent';
  }
  const { scheduledAt } = options;
  const claim = await claimRun(store, scheduledAt, clock());
  if (claim.state === 'sent') return 'already-sent';
  const note = (name: string): Promise<void> => noteRun(store, scheduledAt, name, clock(), report.reportId);
  try {
    await channel.send(message, AbortSignal.timeout(SEND_LIMIT));
  } catch (error) {
    await note(`failed-${claim.attempt}`);
    throw error;
  }
  await note('sent');
  return 'sent';
}
