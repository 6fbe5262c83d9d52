import { describeReason } from '../core/policy/reason';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { policyText } from './phrases';

/** What people read of a snapshot's reasons: what is said once for it and its like, and what is left to say of it alone. */
export interface ExpiryReasons {
  readonly shared: string;
  readonly own: string;
}

/** What the policy does to an expiring snapshot, in the words of somebody who is in a hurry. */
export function expirySummary({ policy, reasons }: EvaluatedSnapshot): string {
  const timed = reasons.some(({ kind }) => kind === 'old' || kind === 'passed');
  const counted = reasons.some(({ kind }) => kind !== 'old' && kind !== 'passed');
  const does = [counted ? 'keeps newer ones instead' : '', timed ? 'gives no more time' : '']
    .filter((part) => part !== '')
    .join(', and ');
  return `${policyText(policy)}, ${does}`;
}

const reasonTexts = ({ reasons }: EvaluatedSnapshot): readonly string[] =>
  reasons.map((reason) => oneLine(describeReason(reason)));

/** Why each of these expiring snapshots goes, in their order: first in short, then exactly; reasons that all of a policy share stand with what they share. */
export function explainExpiry(group: readonly EvaluatedSnapshot[]): readonly ExpiryReasons[] {
  const common = new Map<string, readonly string[]>();
  for (const item of group) {
    const short = expirySummary(item);
    const reasons = reasonTexts(item);
    common.set(short, common.get(short)?.filter((reason) => reasons.includes(reason)) ?? reasons);
  }
  return group.map((item) => {
    const short = expirySummary(item);
    const shared = common.get(short) ?? [];
    return {
      shared: shared.length === 0 ? `Why: ${short}` : `Why: ${short} (${shared.join('; ')})`,
      own: reasonTexts(item)
        .filter((reason) => !shared.includes(reason))
        .join('; '),
    };
  });
}
