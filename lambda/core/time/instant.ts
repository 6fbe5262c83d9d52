import { instantOfWallClock } from './period';
import type { Zone } from './zone';

/** `20261123T080000Z` of an instant (epoch ms): sorts as text, and can be part of a key. */
export const compactInstant = (instant: number): string =>
  `${new Date(instant).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

const COMPACT = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** Epoch milliseconds of an ISO 8601 instant with offset (`2026-11-23T08:00:00Z`); null for any other text. */
export function parseInstant(text: string): number | null {
  if (!INSTANT.test(text)) return null;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) return null;
  const [month, day] = [Number(text.slice(5, 7)) - 1, Number(text.slice(8, 10))];
  // 30 February would be a day of March.
  const calendar = new Date(new Date(0).setUTCFullYear(Number(text.slice(0, 4)), month, day));
  return calendar.getUTCMonth() === month && calendar.getUTCDate() === day ? instant : null;
}

/**
 * Epoch milliseconds of an ISO 8601 instant, as a function of the zone for a text without offset (`2026-11-23T08:00`):
 * the earlier one if it occurs twice, moved forward if it is skipped. Null: the text is no instant.
 */
export function parseLocalInstant(text: string): ((zone: Zone) => number) | null {
  const at = parseInstant(text);
  if (at !== null) return () => at;
  const wall = parseInstant(`${text}Z`);
  return wall === null ? null : (zone) => instantOfWallClock(wall, zone);
}

/**
 * Epoch milliseconds of an id that begins with its compact instant (`20261123T080000Z-1a2b3c4d`); null for any other
 * id.
 */
export const instantOfId = (id: string): number | null =>
  COMPACT.test(id) ? parseInstant(id.replace(COMPACT, '$1-$2-$3T$4:$5:$6Z').slice(0, 20)) : null;
