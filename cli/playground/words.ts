import {
  COUNT_RULES,
  type CountRule,
  type Policy,
  WITHIN_RULES,
  type WithinRule,
} from '../../lambda/core/policy/policy';
import { describeReason, type Reason } from '../../lambda/core/policy/reason';
import { durationText } from '../../lambda/core/policy/reason-summary';
import { OUT_OF_SCOPE } from '../../lambda/core/policy/scope';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import { localDay } from '../../lambda/core/time/period';
import { oneLine } from '../../lambda/core/util/safe-text';
import type { LegendLine } from '../../lambda/render/calendar';
import { dayInWords } from '../../lambda/render/day-text';
import { formatCount, formatNumber } from '../../lambda/render/numbers';
import { policyOrigin } from '../../lambda/render/page/page-words';
import type { PolicyTrial } from './evaluate-policy';

const PERIOD_WORDS: Readonly<Record<Exclude<CountRule, 'last'>, string>> = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};

/** `30 Nov 2026` of an instant in the zone of the policy. */
export const dayText = (instant: number, { zone }: PolicyTrial): string => dayInWords(localDay(instant, zone));

function countSentence(rule: CountRule, count: number): string {
  if (count === Number.POSITIVE_INFINITY)
    return rule === 'last' ? 'every snapshot' : `the newest of every ${PERIOD_WORDS[rule]}`;
  if (rule === 'last') return count === 1 ? 'the newest snapshot' : `the newest ${formatCount(count, 'snapshot')}`;
  const period = PERIOD_WORDS[rule];
  return count === 1 ? `the newest of the latest ${period}` : `the newest of each of the latest ${count} ${period}s`;
}

function withinSentence(rule: WithinRule, duration: string): string {
  const window = `within ${durationText(duration)} of the newest`;
  return rule === 'within'
    ? `every snapshot ${window}`
    : `the newest of each ${PERIOD_WORDS[rule.slice(6).toLowerCase() as Exclude<CountRule, 'last'>]} ${window}`;
}

/** What a rule of a policy keeps, in words; a keeper that is no rule has the text of the legend. */
export function ruleSentence({ code, text }: LegendLine, policy: Policy | null): string {
  const { keep = null, expireAfter = null } = policy ?? {};
  if (code === 'all') return 'every snapshot';
  if (code === 'expireAfter' && expireAfter !== null)
    return `every snapshot younger than ${durationText(expireAfter.text)}`;
  if (code === 'minKeep') return 'the newest of the source, independent of the rules';
  if (code === 'minAge') return 'what is too young to delete, independent of the rules';
  if (keep === null || keep === 'all') return text;
  const count = COUNT_RULES.find((rule) => rule === code);
  if (count !== undefined) return countSentence(count, keep.counts[count] ?? 0);
  const within = WITHIN_RULES.find((rule) => rule === code);
  const duration = within === undefined ? undefined : keep.within[within];
  return within === undefined || duration === undefined ? text : withinSentence(within, duration.text);
}

/** The result in one sentence. */
export function headlineWords(trial: PolicyTrial): string {
  const { kept, simulation, settings, at } = trial;
  const { made } = simulation;
  const start = settings.daysAhead === 0 ? 'Keeps' : `On ${dayText(at, trial)} it keeps`;
  const oldest = kept.at(-1)?.snapshot.createdAt;
  if (oldest == null) return `${start} no snapshot.`;
  const amount =
    kept.length === made
      ? `all ${formatCount(made, 'snapshot')}`
      : `${formatNumber(kept.length)} of ${formatCount(made, 'snapshot')}`;
  return `${start} ${made === 1 ? 'the only snapshot' : amount} and reaches back to ${dayText(oldest, trial)}.`;
}

/** Which policy decides, and why that one. */
export function policyWordsOf({ use, kept, settings, rules, isRead }: PolicyTrial): string {
  const name = oneLine(settings.source.name);
  if (!isRead) return `${name} is ${OUT_OF_SCOPE}: it is never read, so nothing expires.`;
  if (use === null) {
    const why = kept[0]?.reasons.map(describeReason).join('; ') ?? 'there is no snapshot';
    return `No policy decides about ${name}, so nothing expires: ${oneLine(why)}.`;
  }
  if (use.origin === 'rule') return `${policyOrigin(use)}, decides about ${name}.`;
  if (use.origin !== 'default') return `${policyOrigin(use)}. It decides about ${name}.`;
  const reason = rules === 0 ? 'It is the default.' : 'It is the default, because no rule matches.';
  return `Policy ${oneLine(use.name)} decides about ${name}. ${reason}`;
}

/** The reasons of the decision about a kept snapshot. */
export const keptReasons = ({ reasons }: Pick<EvaluatedSnapshot, 'reasons'>): string =>
  oneLine(reasons.map(describeReason).join('; '));

/** When a kept snapshot expires while the schedule goes on. */
export function expiryWords({ snapshot, status, reasons }: EvaluatedSnapshot, trial: PolicyTrial): string {
  if (!trial.isComplete) return '…';
  const expires = trial.expiry.get(snapshot.arn);
  if (expires !== undefined) return dayText(expires, trial);
  if (status !== 'managed' || reasons.some(({ code }: Reason) => code === 'all')) return 'never';
  return `after ${dayText(trial.runs.at(-1)?.now ?? trial.at, trial)}`;
}

/** The ages of a band. */
export function bandWords({ from, upTo }: { readonly from: number; readonly upTo: number | null }): string {
  if (upTo === null) return 'More than 1 year';
  const end = upTo === 365 ? '1 year' : `${upTo} days`;
  return from === 0 ? `Up to ${end}` : `${from} days to ${end}`.replace(/^(\d+) days to (\d+ days)$/, '$1 to $2');
}

/** How far apart restore points are. */
export function gapWords(days: number | null): string {
  if (days === null) return '';
  return days === 0 ? 'less than a day apart' : `at most ${formatCount(days, 'day')} apart`;
}
