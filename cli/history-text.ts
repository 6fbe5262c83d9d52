import type { HistoryEntry, HistoryItem, HistoryOutcome } from '../lambda/core/plan/history';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { oneLine } from '../lambda/core/util/safe-text';
import { approvalText } from '../lambda/render/approval';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { zoneText } from '../lambda/render/phrases';
import { wrap } from '../lambda/render/terminal';
import { tableText } from '../lambda/render/text-table';

const OUTCOME_WORDS: Readonly<Record<HistoryOutcome, string>> = {
  deleted: 'deleted',
  'already-gone': 'already gone',
  spared: 'skipped',
  changed: 'skipped',
  failed: 'failed',
  unknown: 'not known',
};

const time = (instant: string, zone: Zone): string => localMinute(Date.parse(instant), zone);

/** `9 deleted, 1 skipped`. */
function countsText(items: readonly HistoryItem[]): string {
  const counts = new Map<string, number>();
  for (const { entry } of items) {
    const word = OUTCOME_WORDS[entry.outcome];
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([word, count]) => `${formatNumber(count)} ${word}`).join(', ');
}

function decisionText({ policy, reasons }: HistoryEntry): string {
  const texts = reasons.map(({ text }) => oneLine(text)).join('; ');
  const parts = [policy === null ? '' : `policy ${oneLine(policy)}`, texts].filter((part) => part !== '');
  return parts.length === 0 ? 'reasons not recorded' : parts.join(': ');
}

/** What the snapshot was, what became of it, and why. */
function explanationOf({ entry }: HistoryItem, zone: Zone): string {
  const { kind, region, source, createdAt, code, text } = entry;
  const from = source === null ? 'no source' : `of ${oneLine(source)}`;
  const made = createdAt === null ? '' : `, made ${time(createdAt, zone)}`;
  const facts = `${kind} in ${oneLine(region)}, ${from}${made}`;
  const outcome = entry.outcome === 'deleted' && text === 'deleted' ? '' : `${oneLine(text)} [${oneLine(code)}]`;
  const request = entry.requestId === null ? '' : `request ${oneLine(entry.requestId)}`;
  return [facts, outcome, decisionText(entry), request].filter((part) => part !== '').join('; ');
}

const HEADER = ['WHEN', 'OUTCOME', 'SNAPSHOT', 'DETAILS'] as const;

const rowOf = (item: HistoryItem, zone: Zone): readonly string[] => {
  const { at, outcome, name } = item.entry;
  return [time(at, zone), OUTCOME_WORDS[outcome], oneLine(name), explanationOf(item, zone)];
};

/** Groups entries by plan and approval, in their order. */
function groupsOf(items: readonly HistoryItem[]): readonly (readonly HistoryItem[])[] {
  const groups = new Map<string, HistoryItem[]>();
  for (const item of items) {
    const key = JSON.stringify([item.entry.plan, item.entry.approvedBy]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Renders entries of the history, by plan: who approved it, and a row for each snapshot. */
export function* historyText(items: readonly HistoryItem[], zone: Zone, columns: number): Generator<string> {
  const groups = groupsOf(items);
  yield wrap(`${formatCount(items.length, 'snapshot')}: ${countsText(items)}. ${zoneText(zone)}.`, columns, '');
  for (const group of groups) {
    const [first] = group;
    if (first === undefined) continue;
    const { plan, report, approvedBy } = first.entry;
    const from = report === null || report === plan.id ? '' : ` of the report ${oneLine(report)}`;
    yield '\n';
    yield wrap(`Plan ${oneLine(plan.id)}${from}: ${countsText(group)}.`, columns, '');
    const approval = approvedBy === null ? 'The approval is not recorded.' : `Approved by ${approvalText(approvedBy)}.`;
    yield wrap(approval, columns, '');
    yield `\n${tableText([HEADER, ...group.map((item) => rowOf(item, zone))], columns)}`;
  }
}
