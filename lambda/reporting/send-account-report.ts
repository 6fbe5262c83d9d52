import type { Config } from '../core/policy/config';
import type { MemberAccount } from '../core/policy/policy';
import { MESSAGE_SCOPES } from '../core/report/message-scope';
import type { Report } from '../core/report/report-model';
import type { Channel, Message, Store } from '../ports/ports';
import { renderEmail } from '../render/email';
import { emailSubject } from '../render/email-layout';
import { messageAttributes } from '../render/message-attributes';
import type { DeployedRun } from '../render/report-header';
import { accountStore } from '../storage/account-store';
import { accountMailedFile, reportFiles } from '../storage/keys';
import { wantsSending } from './send-report';

/** The message about one account: that of its report, with the name of the account in the subject. */
function messageOf(store: Store, report: Report, account: MemberAccount, config: Config, run: DeployedRun): Message {
  const files = reportFiles(report.reportId);
  const place = (key: string): string => accountStore(store, account.id).locate(key);
  const { subject, body } = renderEmail(report, {
    run,
    fullReport: place(files.html),
    files: [files.json, files.csv, files.html].map(place),
    applyCommand: null,
    confirmedSubscribers: null,
    deletionMode: 'off',
    grace: config.deletion.grace.text,
    tagPrefix: config.tagPrefix,
    limits: config.caps,
  });
  return {
    subject: emailSubject([`${account.name ?? account.id}: ${subject.replace(/^\[Lightsail\] /, '')}`]),
    body,
    attributes: { ...messageAttributes(report), scope: MESSAGE_SCOPES.account, account: account.id },
  };
}

/**
 * Sends the message about one account of an organization, for subscribers that filter by it. A try that follows on one
 * that sent it sends nothing.
 */
export async function sendAccountReport(
  { store, channel }: { readonly store: Store; readonly channel: Channel },
  report: Report,
  { account, config, run }: { readonly account: MemberAccount; readonly config: Config; readonly run: DeployedRun },
): Promise<void> {
  if (!wantsSending(report, config.report.send)) return;
  const key = accountMailedFile(report.reportId, account.id);
  if ((await store.get(key)) !== null) return;
  await channel.send(messageOf(store, report, account, config, run));
  await store.putIfAbsent({ key, contentType: 'text/plain', body: ['sent'] });
}
