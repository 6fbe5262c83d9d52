import type { Config } from '../core/policy/config';
import type { FollowedRollUp, NamedAccount } from '../core/report/account-changes';
import { s3ObjectLink } from '../core/report/console-links';
import type { Store } from '../ports/ports';
import { renderRollUpCsv } from '../render/roll-up-csv';
import { renderRollUpEmail } from '../render/roll-up-email';
import { renderRollUpHtml } from '../render/roll-up-html';
import { accountKey, reportFiles } from '../storage/keys';
import { indexReport } from './report-index';

/** Stores the page and the table of a roll-up, and lists it among the reports. A try before may have stored them. */
export async function storeRollUp(
  store: Store,
  rollUp: FollowedRollUp,
  missed: readonly NamedAccount[],
  { zone }: Pick<Config, 'zone'>,
  region: string,
): Promise<void> {
  const { reportId, complete, totals } = rollUp;
  const { html, csv } = reportFiles(reportId);
  const link = (key: string): string =>
    s3ObjectLink(store.locate(key), region) ?? `../${key.replace(/^reports\//, '')}`;
  await store.putIfAbsent({ key: csv, contentType: 'text/csv; charset=utf-8', body: renderRollUpCsv(rollUp) });
  await store.putIfAbsent({
    key: html,
    contentType: 'text/html; charset=utf-8',
    body: renderRollUpHtml(
      rollUp,
      { details: new Map(), jsonCommand: null },
      ({ id, reportId: own }) => (own === null ? null : link(accountKey(html, id))),
      { changes: rollUp.changes, missed },
    ),
  });
  const { keep, expire, monthlyCostCeiling } = totals;
  const entry = {
    outcome: renderRollUpEmail(rollUp).subject,
    totals: complete ? { keep, expire, monthlyCostCeiling } : null,
    json: 'summary.json',
  };
  await indexReport(store, { reportId, zone, entry }, { deletes: false, region });
}
