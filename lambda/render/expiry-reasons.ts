import { describeReason, type Reason } from '../core/policy/reason';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from './numbers';
import { policyText } from './phrases';

/** The reasons of an expiring snapshot as text: those it shares with its group, and its own. */
export interface ExpiryReasons {
  readonly shared: string;
  readonly own: string;
}

const UNIT_NAMES: Readonly<Record<string, string>> = { y: 'year', mo: 'month', w: 'week', d: 'day', h: 'hour' };

/** `30 days`, `1 year 6 months`; a duration of another form stays as it is. */
export function durationText(text: string): string {
  if (!/^(\d+(y|mo|w|d|h))+$/.test(text)) return text;
  return [...text.matchAll(/(\d+)(y|mo|w|d|h)/g)]
    .map(([, amount, unit = '']) => formatCount(Number(amount), UNIT_NAMES[unit] ?? unit))
    .join(' ');
}

function summaryOf(reason: Reason): string {
  if (reason.kind === 'old') return `it is older than ${durationText(reason.duration)}`;
  return reason.kind === 'passed' ? 'its expire-on date has passed' : 'newer snapshots fill its slots';
}

/** Summarizes why a snapshot expires: its policy, and each kind of reason once. */
export function expirySummary({ policy, reasons }: EvaluatedSnapshot): string {
  const summary = [...new Set(reasons.map(summaryOf))].join(', and ');
  return `${policyText(policy)}. ${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}`;
}

const reasonTexts = ({ reasons }: EvaluatedSnapshot): readonly string[] =>
  reasons.map((reason) => oneLine(describeReason(reason)));

/**
 * Explains why each of these snapshots expires, in their order. Reasons that all snapshots of one summary share are in
 * `shared`.
 */
export function explainExpiry(group: readonly EvaluatedSnapshot[]): readonly ExpiryReasons[] {
  const common = new Map<string, readonly string[]>();
  for (const item of group) {
    const summary = expirySummary(item);
    const reasons = reasonTexts(item);
    common.set(summary, common.get(summary)?.filter((reason) => reasons.includes(reason)) ?? reasons);
  }
  return group.map((item) => {
    const summary = expirySummary(item);
    const shared = common.get(summary) ?? [];
    return {
      shared: shared.length === 0 ? `Why: ${summary}` : `Why: ${summary} (${shared.join('; ')})`,
      own: reasonTexts(item)
        .filter((reason) => !shared.includes(reason))
        .join('; '),
    };
  });
}
