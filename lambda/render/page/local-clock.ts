import type { PageData } from './data';

/** Writes instants on the wall clock of the configured zone. */
export interface LocalClock {
  /** `2026-11-03`. */
  day(at: number): string;
  /** `2026-11-03 09:00`. */
  minute(at: number | null): string;
}

export function localClock({ offsets }: Pick<PageData, 'offsets'>): LocalClock {
  const text = (at: number): string => {
    const offset = offsets.findLast(([from]) => from <= at) ?? offsets[0];
    return new Date(at + (offset?.[1] ?? 0)).toISOString();
  };
  return {
    day: (at) => text(at).slice(0, -14),
    minute: (at) => (at === null ? 'not known' : text(at).slice(0, -8).replace('T', ' ')),
  };
}
