import { DAY_MS } from '../../core/time/units';
import type { Zone } from '../../core/time/zone';
import type { PageData } from './data';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const FULL_MONTHS = [
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
export const monthName = (month: number): string => FULL_MONTHS[month - 1] ?? '';

/** `7 Dec 2026` of a local day (`2026-12-07`). */
export function dayInWords(day: string): string {
  const [, year = '', month = '', date = ''] = /^(.+)-(\d\d)-(\d\d)$/.exec(day) ?? [];
  return year === '' ? day : `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
}

/** `7 Dec` of a local day. */
export const shortDayText = (day: string): string => dayInWords(day).replace(/ \S+$/, '');

/** `Monday` of a local day. */
export const weekdayName = (day: string): string => WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';

/** `Monday, 7 December` of a local day. */
export const longDayText = (day: string): string =>
  `${weekdayName(day)}, ${Number(day.slice(8))} ${monthName(Number(day.slice(5, 7)))}`;

/** The local day that is a number of days after another. */
export const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** Writes instants on the wall clock of the configured zone. */
export interface LocalClock {
  /** `3 Nov 2026`. */
  day(at: number): string;
  /** `3 Nov 2026, 09:00`. */
  minute(at: number | null): string;
}

const MAX_INSTANT = 8.64e15;

/** A clock of a zone. */
export function clockOf({ offsetAt }: Pick<Zone, 'offsetAt'>): LocalClock {
  const text = (at: number): string =>
    new Date(Math.max(-MAX_INSTANT, Math.min(MAX_INSTANT, at + offsetAt(at)))).toISOString();
  const day = (at: number): string => dayInWords(text(at).slice(0, -14));
  return { day, minute: (at) => (at === null ? 'not known' : `${day(at)}, ${text(at).slice(-13, -8)}`) };
}

/** The zone of a page, exact from its oldest snapshot on. */
export const pageZone = ({ offsets }: Pick<PageData, 'offsets'>): Zone => ({
  name: '',
  offsetAt: (at) => (offsets.findLast(([from]) => from <= at) ?? offsets[0])?.[1] ?? 0,
});
