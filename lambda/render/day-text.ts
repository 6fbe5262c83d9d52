import { DAY_MS } from '../core/time/units';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** `November` of a month number from 1. */
export const monthName = (month: number): string => MONTHS[month - 1] ?? '';

/** `7 Dec 2026` of a local day (`2026-12-07`). */
export function dayInWords(day: string): string {
  const [, year = '', month = '', date = ''] = /^(.+)-(\d\d)-(\d\d)$/.exec(day) ?? [];
  return year === '' ? day : `${Number(date)} ${monthName(Number(month)).slice(0, 3)} ${year}`;
}

/** `7 Dec` of a local day. */
export const shortDayText = (day: string): string => dayInWords(day).replace(/ \S+$/, '');

/** `Monday` of a local day. */
export const weekdayName = (day: string): string => WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';

/** `Monday, 7 December` of a local day. */
export const longDayText = (day: string): string =>
  `${weekdayName(day)}, ${Number(day.slice(8))} ${monthName(Number(day.slice(5, 7)))}`;

/** `Monday, 7 December 2026` of a local day. */
export const fullDayText = (day: string): string => `${longDayText(day)} ${day.slice(0, 4)}`;

/** The local day that is a number of days after another. */
export const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
