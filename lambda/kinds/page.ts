import { RetentionError } from '../core/util/errors';
import type { Page } from '../ports/snapshot-kind';

/** What a row that is `null` on the wire says. */
type Nothing = Readonly<Record<string, never>>;
const EMPTY_ROW: Nothing = {};

/** Returns the failure of an answer that is not what the service's model describes. */
export const unreadablePage = (message: string, cause?: unknown): RetentionError =>
  new RetentionError('inventory.unreadable-page', message, { cause });

/**
 * A page from an answer's list and token. A row that is nothing becomes one without members; a list that is none is
 * refused.
 */
export function toPage<Raw extends object, Row>(
  operation: string,
  list: readonly (Raw | null)[] | undefined,
  token: string | undefined,
  row: (raw: Raw | Nothing) => Row,
  metadata?: { readonly attempts?: number | undefined },
): Page<Row> {
  if (list !== undefined && !Array.isArray(list))
    throw unreadablePage(`${operation} answered with something that is not a list`);
  return {
    rows: list === undefined ? null : list.map((raw) => row(raw ?? EMPTY_ROW)),
    next: token === undefined || token === '' ? null : token,
    ...(metadata?.attempts !== undefined && { retries: metadata.attempts - 1 }),
  };
}

/** A page token as input: the first page has none. */
export const fromToken = (token: string | null): { pageToken?: string } => (token === null ? {} : { pageToken: token });
