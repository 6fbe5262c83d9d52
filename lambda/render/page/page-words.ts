import {
  COUNT_RULES,
  type CountRule,
  type Keep,
  type Policy,
  type PolicyUse,
  WITHIN_RULES,
} from '../../core/policy/policy';
import type { Reason } from '../../core/policy/reason';
import { durationText } from '../../core/policy/reason-summary';
import type { EvaluatedSnapshot } from '../../core/report/report-model';
import { periodLabel } from '../../core/time/period';
import { oneLine } from '../../core/util/safe-text';
import { dayInWords, monthName, shortDayText } from '../day-text';
import { formatCount, formatNumber } from '../numbers';

/** `a`, `a and b`, `a, b or c`. */
export function joinWords(parts: readonly string[], last: 'and' | 'or'): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1)}`;
}

const capitalized = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

const latestText = (count: number): string => (count === 1 ? 'the latest' : `the ${formatNumber(count)} latest`);

/** What the keep rules keep of each source, in words. */
function keptWords({ counts, within }: Keep): readonly string[] {
  const kept: string[] = [];
  for (const rule of COUNT_RULES) {
    const count = counts[rule];
    if (count !== undefined) kept.push(rule === 'last' ? latestText(count) : `${formatNumber(count)} ${rule}`);
  }
  for (const rule of WITHIN_RULES) {
    const duration = within[rule];
    if (duration === undefined) continue;
    const every = rule === 'within' ? 'those' : `one ${rule.slice(6).toLowerCase()}`;
    kept.push(`${every} within ${durationText(duration.text)} of the newest`);
  }
  return kept;
}

/** The reasons for which a policy expires a snapshot, as one sentence that can be checked against a calendar. */
export function policySentence({ keep, expireAfter, expireOn }: Policy): string {
  if (expireOn !== null) return `Kept through ${dayInWords(expireOn)}, and that day has passed.`;
  const kept = keep === null || keep === 'all' ? [] : keptWords(keep);
  const age = expireAfter === null ? '' : `Older than ${durationText(expireAfter.text)}`;
  if (kept.length === 0) return `${age}.`;
  const list = kept.length === 1 && kept[0] === latestText(1) ? kept[0] : `one of ${joinWords(kept, 'or')}`;
  return age === '' ? `Not ${list}.` : `${age}, and not ${list}.`;
}

/** Whether a configuration has a policy; others are written in tags. */
export const isNamedPolicy = ({ id }: Pick<PolicyUse, 'id'>): boolean => !id.startsWith('inline ');

/** `Policy standard`, `Policy short, from a tag on the source`, `Tag on the source: last=3 monthly=6`. */
export function policyOrigin(use: PolicyUse): string {
  const name = oneLine(use.name);
  if (use.origin === 'default') return `Policy ${name}`;
  if (use.origin === 'rule') return `Policy ${name}, by the rule “${oneLine(use.rule ?? '')}”`;
  const where = use.origin === 'snapshot-tag' ? 'on the snapshot' : 'on the source';
  return isNamedPolicy(use) ? `Policy ${name}, from a tag ${where}` : `Tag ${where}: ${name}`;
}

const RULE_WORDS: Readonly<Record<string, string>> = {
  last: 'latest',
  expireAfter: 'age',
  minKeep: 'minimum kept',
  minAge: 'minimum age',
  all: 'keep all',
  'expire-on': 'expire-on date',
};

function keptSentence(reasons: readonly Reason[]): string {
  const rules = [...new Set(reasons.map(({ code }) => RULE_WORDS[code] ?? code))];
  const rest = rules.length - 2;
  if (rest <= 0) return `Kept by ${joinWords(rules, 'and')}`;
  return `Kept by ${rules.slice(0, 2).join(', ')} and ${formatCount(rest, 'more rule')}`;
}

/** The rules that explain best why a snapshot is not kept, the best first. */
const EXPLAINING: readonly CountRule[] = ['monthly', 'weekly', 'daily', 'yearly', 'hourly', 'last'];

const periodText = (rule: CountRule, label: string): string =>
  rule === 'monthly' ? monthName(Number(label.slice(-2))) : label;

function coverage(reasons: readonly Reason[]): string | null {
  for (const rule of EXPLAINING) {
    const reason = reasons.find(({ code, kind }) => code === rule && kind === 'taken');
    if (reason?.kind === 'taken')
      return `${periodText(rule, periodLabel(rule, reason.period))} is covered by ${oneLine(reason.by)}`;
  }
  for (const rule of EXPLAINING) {
    const reason = reasons.find(({ code, kind }) => code === rule && kind === 'full');
    if (reason?.kind !== 'full') continue;
    if (rule === 'last') return reason.of === 1 ? 'a newer one is there' : `${reason.of} newer ones are there`;
    return `the ${formatNumber(reason.of)} ${rule} snapshots are newer`;
  }
  const outside = reasons.find(({ kind }) => kind === 'outside');
  if (outside?.kind !== 'outside') return null;
  return `it is not within ${durationText(outside.duration)} of ${oneLine(outside.newest)}`;
}

const dayOfNumber = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** Why a snapshot expires, in one sentence. */
function expiredSentence(reasons: readonly Reason[]): string {
  const parts: string[] = [];
  const covered = coverage(reasons);
  if (covered !== null) parts.push(covered);
  for (const reason of reasons) {
    if (reason.kind === 'old')
      parts.push(`${durationText(reason.duration)} old on ${shortDayText(dayOfNumber(reason.day))}`);
    if (reason.kind === 'passed') parts.push(`kept through ${dayInWords(reason.day)}, which has passed`);
  }
  return capitalized(parts.join('; '));
}

/** Why a decision is as it is, in one sentence; all reasons are beside it. */
export function whySentence({ verdict, reasons }: Pick<EvaluatedSnapshot, 'verdict' | 'reasons'>): string {
  if (verdict === 'expire') return expiredSentence(reasons);
  const excluded = reasons.find(({ kind }) => kind === 'excluded');
  return excluded?.kind === 'excluded' ? capitalized(oneLine(excluded.text)) : keptSentence(reasons);
}
