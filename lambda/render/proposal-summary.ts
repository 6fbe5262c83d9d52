import { gbMonthPrice, roundMoney, snapshotGb } from '../core/policy/cost';
import { groupKey } from '../core/policy/decide';
import type { EvaluatedSnapshot, Report } from '../core/report/report-model';
import { joinNames } from '../core/util/join-names';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { sourceName } from './phrases';
import { wrap } from './terminal';

/** What a proposed configuration comes to, and the commands that follow. */
export interface ProposalSummary {
  readonly file: string;
  readonly policies: number;
  readonly rules: number;
  /** A report by the proposed configuration. */
  readonly report: Report;
  /** What each command is for, and the command. */
  readonly commands: readonly { readonly purpose: string; readonly command: string }[];
}

/** The snapshots of one source, counted. */
interface SourceTotals {
  readonly name: string;
  readonly kind: string;
  readonly region: string;
  readonly policy: string;
  keep: number;
  expire: number;
}

const MAX_SOURCES = 50;
const MAX_SOURCES_NAMED = 12;
const MIN_SUMMARY_COLUMNS = 60;
const MIN_NAME = 12;

function totalsBySource(items: readonly EvaluatedSnapshot[]): readonly SourceTotals[] {
  const totals = new Map<string, SourceTotals>();
  for (const { snapshot, policy, verdict } of items) {
    const key = groupKey(snapshot, snapshot.arn ?? '');
    const found = totals.get(key) ?? {
      name: sourceName(snapshot),
      kind: snapshot.kind,
      region: snapshot.region,
      policy: oneLine(policy?.name ?? '-'),
      keep: 0,
      expire: 0,
    };
    found[verdict] += 1;
    totals.set(key, found);
  }
  return [...totals.values()].sort((a, b) => b.expire - a.expire || (a.name < b.name ? -1 : 1));
}

const cutName = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

/** A table of text: numbers to the right, the first column cut to what is left of the width. */
function proposalTable(
  rows: readonly (readonly string[])[],
  columns: number,
  numbers: readonly number[],
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  const first = Math.min(widths[0] ?? 0, Math.max(MIN_NAME, columns - others));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const width = i === 0 ? first : (widths[i] ?? 0);
        return numbers.includes(i) ? cell.padStart(width) : cutName(cell, width).padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function sourceTable(report: Report, columns: number): readonly string[] {
  const all = totalsBySource(report.items);
  if (all.length === 0) return [];
  const rows = all
    .slice(0, MAX_SOURCES)
    .map(({ name, kind, region, policy, keep, expire }) => [
      name,
      kind,
      region,
      policy,
      formatNumber(keep),
      formatNumber(expire),
    ]);
  const lines = proposalTable([['SOURCE', 'KIND', 'REGION', 'POLICY', 'KEEP', 'EXPIRE'], ...rows], columns, [4, 5]);
  const more = all.length - MAX_SOURCES;
  return more > 0 ? [...lines, `and ${formatCount(more, 'more source', 'more sources')}`] : lines;
}

/** The snapshots of deleted sources: all kept, and usually the first thing to decide about. */
function orphanText({ items, pricing }: Report): string | null {
  const orphans = items.filter(({ sourceExists, verdict }) => sourceExists === false && verdict === 'keep');
  if (orphans.length === 0) return null;
  const names = [...new Set(orphans.map(({ snapshot }) => sourceName(snapshot)))];
  const ceiling = roundMoney(
    orphans.reduce(
      (sum, { snapshot }) => sum + (snapshotGb(snapshot) ?? 0) * gbMonthPrice(pricing, snapshot.region),
      0,
    ),
  );
  return `${formatCount(orphans.length, 'snapshot')} of deleted sources ${orphans.length === 1 ? 'is' : 'are'} kept (up to ${formatDollars(ceiling)} a month): ${joinNames(names, MAX_SOURCES_NAMED)}.`;
}

const problemText = ({ problems }: Report): string | null =>
  problems.length === 0
    ? null
    : `${formatCount(problems.length, 'problem')}, such as a tag that names an unknown policy, ${problems.length === 1 ? 'keeps' : 'keep'} snapshots. The report lists ${problems.length === 1 ? 'it' : 'them'}.`;

function proposalOutcome({ totals }: Report): string {
  if (totals.snapshots === 0) return 'The account has no manual snapshot yet, so the file is a general start.';
  return `It would expire ${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} (up to ${formatDollars(totals.expireMonthlyCostCeiling)} a month) and keep ${formatNumber(totals.keep)}. Nothing was deleted.`;
}

/** What a proposed configuration would keep and expire, in totals and by source, and the next commands. */
export function* renderProposalSummary(summary: ProposalSummary, width: number): Generator<string> {
  const { file, policies, rules, report, commands } = summary;
  const columns = Math.max(MIN_SUMMARY_COLUMNS, width);
  const made = `${formatCount(policies, 'policy', 'policies')} and ${formatCount(rules, 'rule')}`;
  yield wrap(`Wrote ${oneLine(file)} with ${made}. ${proposalOutcome(report)}`, columns, '');
  const lines = sourceTable(report, columns);
  if (lines.length > 0) yield `\n${lines.join('\n')}\n`;
  for (const text of [orphanText(report), problemText(report)]) if (text !== null) yield `\n${wrap(text, columns, '')}`;
  yield '\nNext steps (commands for a POSIX shell):\n';
  for (const { purpose, command } of commands) yield `${wrap(purpose, columns, '  ')}    ${command}\n`;
}
