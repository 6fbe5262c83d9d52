import { describeReason } from '../core/policy/reason';
import { summarizeReasons } from '../core/policy/reason-summary';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { policyText } from './phrases';

/** The reasons of an expiring snapshot as text: those it shares with its group, and its own. */
export interface ExpiryReasons {
  readonly shared: string;
  readonly own: string;
}

/** Summarizes why a snapshot expires: its policy, and each kind of reason once. */
export const expirySummary = ({ policy, reasons }: EvaluatedSnapshot): string =>
  `${policyText(policy)}. ${summarizeReasons(reasons)}`;

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
