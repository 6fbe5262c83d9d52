import type { RollUp } from '../core/report/roll-up';
import { escapeJson } from '../core/util/safe-text';

/** A report of the roll-up, by the number of its account: its JSON in chunks. */
export type AccountReport = readonly [account: string, chunks: Iterable<string>];

/** Renders the roll-up as JSON, in chunks, one account per line. `reports`: the whole report of each account too. */
export function* renderRollUpJson(rollUp: RollUp, reports?: Iterable<AccountReport>): Generator<string> {
  const { schemaVersion, reportId, complete, accounts, totals, spend, spendUnread, costTag } = rollUp;
  const head = JSON.stringify({ schemaVersion, reportId, complete, costTag });
  yield `${escapeJson(head).slice(0, -1)},\n"accounts":[`;
  for (const [index, { id, name, ou, status, error, reportId: own, totals: sums, ...parts }] of accounts.entries()) {
    const { notRead, deniedRegions, byTag } = parts;
    const first = { id, name, ou, status, error, reportId: own, totals: sums };
    const row = JSON.stringify({ ...first, notRead, deniedRegions, byTag });
    yield `${index === 0 ? '\n' : ',\n'}${escapeJson(row)}`;
  }
  yield `\n],\n"totals":${JSON.stringify(totals)},\n"spend":${JSON.stringify(spend)}`;
  if (spendUnread !== undefined) yield `,\n"spendUnread":${escapeJson(JSON.stringify(spendUnread))}`;
  if (reports !== undefined) {
    yield ',\n"reports":{';
    let isFirst = true;
    for (const [account, chunks] of reports) {
      yield `${isFirst ? '\n' : ',\n'}${JSON.stringify(account)}:`;
      yield* chunks;
      isFirst = false;
    }
    yield '}';
  }
  yield '}\n';
}
