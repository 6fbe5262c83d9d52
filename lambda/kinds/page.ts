import type { Page } from '../app/kind-port';
import { RetentionError } from '../core/errors';

const NO_ROWS: readonly never[] = [];

/** A page from an answer's list and token. An absent list is an empty page and an empty token the end; a list that is none is refused. */
export function toPage<Raw extends object, Row>(
  operation: string,
  list: readonly Raw[] | undefined,
  token: string | undefined,
  row: (raw: Raw) => Row,
): Page<Row> {
  if (list !== undefined && !Array.isArray(list))
    throw new RetentionError('inventory.unreadable-page', 'aws', `${operation} answered with something that is not a list`);
  return { rows: list === undefined ? NO_ROWS : list.map(row), next: token === undefined || token === '' ? null : token };
}

/** A page token as input: the first page has none. */
export const fromToken = (token: string | null): { pageToken?: string } => (token === null ? {} : { pageToken: token });
