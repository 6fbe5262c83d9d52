import { DAY_MS } from '../core/time/units';
import { UTC, type Zone } from '../core/time/zone';

const LAST_INSTANT = 8.64e15;
const IANA_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9][A-Za-z0-9_+-]*)*$/;
const LONG_OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * The IANA name as it is to be written, or null where there is no such zone. Only letter case is mended: an alias stays the alias that was
 * written, because which name an alias stands for differs between releases of the platform, and digests must not.
 */
export function zoneName(name: string): string | null {
  if (name === UTC.name) return name;
  if (!IANA_NAME.test(name)) return null;
  try {
    const resolved = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
    return resolved.toLowerCase() === name.toLowerCase() ? resolved : name;
  } catch {
    return null;
  }
}

/** The platform's own answer, exact to the second, also for offsets between −1 h and 0. */
function intlOffset(name: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  return (instant) => {
    const text = format.format(Math.max(-LAST_INSTANT, Math.min(LAST_INSTANT, instant)));
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = LONG_OFFSET.exec(text) ?? [];
    const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -size : size;
  };
}

/** What a UTC day's offsets are: one before `changesAt`, another from it on. */
interface ZoneDay {
  readonly before: number;
  readonly changesAt: number;
  readonly after: number;
}

function readDay(day: number, offsetAt: (instant: number) => number): ZoneDay {
  const start = day * DAY_MS;
  const before = offsetAt(start);
  const after = offsetAt(start + DAY_MS - 1);
  if (before === after) return { before, changesAt: Number.POSITIVE_INFINITY, after };
  let [same, changed] = [start, start + DAY_MS - 1];
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2);
    if (offsetAt(middle) === before) same = middle;
    else changed = middle;
  }
  return { before, changesAt: changed, after };
}

/** A zone by its IANA name, remembering what it learned of each UTC day, so that asking again costs a look-up. The name must be valid (see `zoneName`). */
export function makeZone(name: string): Zone {
  if (name === UTC.name) return UTC;
  const offsetAt = intlOffset(name);
  const days = new Map<number, ZoneDay>();
  return {
    name,
    offsetAt(instant) {
      const number = Math.floor(instant / DAY_MS);
      let day = days.get(number);
      if (day === undefined) {
        day = readDay(number, offsetAt);
        days.set(number, day);
      }
      return instant < day.changesAt ? day.before : day.after;
    },
  };
}
