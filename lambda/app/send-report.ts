import type { Report } from '../core/report-model';
import { messageAttributes } from '../render/attributes';
import { renderEmail } from '../render/email';
import { claimRun, noteRun, SEND_LIMIT } from './claim-run';
import type { Channel, Clock, Store } from './ports';
import { reportFiles } from './store-report';

export interface SendPorts {
  readonly store: Store;
  readonly channel: Channel;
  readonly clock: Clock;
}

export type Delivery = 'sent' | 'already-sent' | 'switched-off';

/** Whether the configuration wants this report to be sent: an empty or unchanged one can be switched off, an incomplete one never. */
export function wantsSending(report: Report, send: 'always' | 'expiring' | 'changed'): boolean {
  if (send === 'always' || !report.complete || report.problems.length > 0) return true;
  if (send === 'expiring') return report.totals.expire > 0;
  const { changes } = report;
  return changes === null || changes.added.length + changes.gone.length + changes.newlyExpiring.length + changes.newlyHeld.length > 0;
}

/** Sends a stored report as e-mail, once for each scheduled time; `scheduledAt` null sends always. */
export async function sendReport(
  { store, channel, clock }: SendPorts,
  report: Report,
  options: { readonly scheduledAt: number | null; readonly send: 'always' | 'expiring' | 'changed'; readonly tagPrefix: string },
): Promise<Delivery> {
  if (!wantsSending(report, options.send)) return 'switched-off';
  const files = reportFiles(report.reportId);
  const email = renderEmail(report, {
    fullReport: store.locate(files.html),
    files: [files.json, files.csv, files.html].map((key) => store.locate(key)),
    applyCommand: null,
    confirmedSubscribers: await channel.confirmedSubscribers(),
    deletionMode: 'off',
    tagPrefix: options.tagPrefix,
  });
  const message = { ...email, attributes: messageAttributes(report) };
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
