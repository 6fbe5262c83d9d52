import { RetentionError } from '../core/util/errors';
import { unreadablePage } from '../kinds/page';
import type { CallOptions, Page } from '../ports/snapshot-kind';
import type { Deadline } from './deadline';
import { absentList } from './inventory-errors';

/** How a walk over the pages of a list ended: `error` is null when it reached the last one. */
export interface Walk {
  readonly pages: number;
  readonly error: unknown;
}

/** So many pages without a row, one after the other, are no list that goes on. */
const MAX_EMPTY = 100;

const endless = (operation: string, what: string): RetentionError =>
  new RetentionError('inventory.page-limit', `${operation} still names a next page after ${what}: the list has no end`);

/** The error for an answer that is not what the service's model says, over which the SDK, or the reading of a row, stumbled; others as they are. */
export function unreadable(operation: string, error: unknown): unknown {
  if (!(error instanceof Error) || (error.name !== 'SyntaxError' && error.name !== 'TypeError')) return error;
  return unreadablePage(`${operation} gave an answer that cannot be read (${error.message})`, error);
}

/**
 * Walks a list to its end, one page after the other. Never rejects: a failed call, a repeated token, too many pages (or empty ones in a row) or the deadline end the
 * walk with an error, and what was taken until then stays taken. A list of one page may be absent (`take` gets null): every member is optional.
 */
export async function walkPages<Row>(
  operation: string,
  ask: (token: string | null, options: CallOptions) => Promise<Page<Row>>,
  take: (rows: readonly Row[] | null) => void,
  deadline: Deadline,
  maxPages: number,
): Promise<Walk> {
  const seen = new Set<string>();
  let token: string | null = null;
  let pages = 0;
  let empty = 0;
  try {
    do {
      deadline.check();
      if (pages >= maxPages) throw endless(operation, `${maxPages} pages`);
      const page: Page<Row> = await ask(token, deadline.options);
      pages += 1;
      if (page.rows === null && (token !== null || page.next !== null))
        throw absentList(`${operation} answered page ${pages} of several without its list, so that rows are missing`);
      take(page.rows);
      token = page.next;
      empty = page.rows?.length === 0 ? empty + 1 : 0;
      if (token !== null) {
        if (empty >= MAX_EMPTY) throw endless(operation, `${empty} empty pages in a row`);
        if (seen.has(token))
          throw new RetentionError(
            'inventory.repeated-token',
            `${operation} named the same next page twice, at page ${pages}: the list has no end`,
          );
        seen.add(token);
      }
    } while (token !== null);
    return { pages, error: null };
  } catch (error) {
    return { pages, error: unreadable(operation, deadline.explain(error)) };
  }
}
