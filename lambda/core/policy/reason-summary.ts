import { oneLine } from '../util/safe-text';
import type { Reason } from './reason';

/** Maximum length of a sentence of `reasonSentence`. */
export const MAX_REASON_LENGTH = 200;

const UNIT_NAMES: Readonly<Record<string, string>> = { y: 'year', mo: 'month', w: 'week', d: 'day', h: 'hour' };

function unitText(amount: string, unit: string): string {
  const name = UNIT_NAMES[unit] ?? unit;
  return `${Number(amount).toLocaleString('en-US')} ${Number(amount) === 1 ? name : `${name}s`}`;
}

/** `30 days`, `1 year 6 months`; a duration of another form stays as it is. */
export function durationText(text: string): string {
  if (!/^(\d+(y|mo|w|d|h))+$/.test(text)) return text;
  return [...text.matchAll(/(\d+)(y|mo|w|d|h)/g)].map(([, amount = '', unit = '']) => unitText(amount, unit)).join(' ');
}

function summaryOf(reason: Reason): string {
  if (reason.kind === 'old') return `it is older than ${durationText(reason.duration)}`;
  return reason.kind === 'passed' ? 'its expire-on date has passed' : 'newer snapshots fill its slots';
}

/** Summarizes why a snapshot expires: `It is older than 30 days, and newer snapshots fill its slots`. */
export function summarizeReasons(reasons: readonly Reason[]): string {
  const summary = [...new Set(reasons.map(summaryOf))].join(', and ');
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}`;
}

/** Returns why a snapshot expires as one sentence of at most MAX_REASON_LENGTH characters, on one line. */
export function reasonSentence(reasons: readonly Reason[]): string {
  const sentence = `${oneLine(summarizeReasons(reasons))}.`;
  if (sentence === '.') return 'No rule keeps it.';
  if (sentence.length <= MAX_REASON_LENGTH) return sentence;
  return `${sentence.slice(0, MAX_REASON_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
