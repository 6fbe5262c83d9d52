import type { Zone } from '../../core/time/zone';
import { dayInWords } from '../day-text';
import type { PageData } from './data';

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
