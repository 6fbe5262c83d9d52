import { COUNT_RULES, type Policy, WITHIN_RULES } from '../core/policy/policy';
import type { Reason } from '../core/policy/reason';

/** One rule of a policy in words: `daily 7`, `within 14d`, `expireAfter 30d`. */
export interface RuleWords {
  readonly code: Reason['code'];
  readonly text: string;
}

/** The rules of a policy, in the order of evaluation. */
export function ruleWords({ keep, expireAfter, expireOn }: Policy): readonly RuleWords[] {
  const words: RuleWords[] = [];
  if (keep === 'all') words.push({ code: 'all', text: 'keep all' });
  else if (keep !== null) {
    for (const code of COUNT_RULES) {
      const count = keep.counts[code];
      if (count !== undefined)
        words.push({ code, text: `${code} ${count === Number.POSITIVE_INFINITY ? 'unlimited' : count}` });
    }
    for (const code of WITHIN_RULES) {
      const duration = keep.within[code];
      if (duration !== undefined) words.push({ code, text: `${code} ${duration.text}` });
    }
  }
  if (expireAfter !== null) words.push({ code: 'expireAfter', text: `expireAfter ${expireAfter.text}` });
  if (expireOn !== null) words.push({ code: 'expire-on', text: `expire-on ${expireOn}` });
  return words;
}

/** A policy in one line: `last 3, daily 7, expireAfter 30d`. */
export const policyWords = (policy: Policy): string =>
  ruleWords(policy)
    .map(({ text }) => text)
    .join(', ');
