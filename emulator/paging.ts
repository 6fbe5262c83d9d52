import type { Row } from './account';
import { matchesAny, type Struck } from './faults';
import { ServiceRefusal } from './service-error';

/** An opaque page token: good for one operation of one region only. */
export const pageToken = (operation: string, region: string, offset: number): string =>
  Buffer.from(JSON.stringify([operation, region, offset])).toString('base64url');

/** Where a token points to. Refuses one of another operation or region, and one that was never given out. */
export function offsetOf(token: unknown, operation: string, region: string): number {
  if (token === undefined || token === null || token === '') return 0;
  if (typeof token === 'string') {
    const match = /^\["(\w+)","([\w-]+)",(\d+)\]$/.exec(Buffer.from(token, 'base64url').toString());
    if (match?.[1] === operation && match[2] === region) return Number(match[3]);
  }
  throw new ServiceRefusal({
    code: 'InvalidInputException',
    message: 'The page token is not valid for this request.',
    tip: 'Start again without a page token.',
  });
}

interface EmulatedPage {
  readonly rows: readonly Row[];
  readonly next: string | undefined;
}

/** The rows that a list answers from: without those that an `omit` fault leaves out. */
export function listedRows(rows: readonly Row[], struck: Struck): readonly Row[] {
  const omitted = struck.all('omit');
  if (omitted.length === 0) return rows;
  return rows.filter(({ name }) => !omitted.some((fault) => matchesAny(fault.rows, name ?? null)));
}

/** One page of some rows, with what faults make of it. */
export function pageOf(
  rows: readonly Row[],
  size: number,
  token: unknown,
  operation: string,
  region: string,
  struck: Struck,
): EmulatedPage {
  const offset = offsetOf(token, operation, region);
  const regular = rows.slice(offset, offset + size);
  const twice = struck.first('rows');
  const repeated = twice ? again(rows, regular, offset, size, twice.mode) : regular;
  const bent = struck
    .all('shape')
    .reduce<readonly Row[]>((page, fault) => page.map((row) => bend(row, fault)), repeated);
  const mode = struck.first('tokens')?.mode;
  const ahead = pageToken(operation, region, offset + size);
  if (mode === 'endless') return { rows: bent, next: ahead };
  if (mode === 'repeated') return { rows: bent, next: typeof token === 'string' ? token : ahead };
  if (offset + size < rows.length) return { rows: bent, next: ahead };
  if (mode === 'loop') return { rows: bent, next: pageToken(operation, region, 0) };
  return { rows: bent, next: mode === 'empty' ? '' : undefined };
}

function again(
  rows: readonly Row[],
  page: readonly Row[],
  offset: number,
  size: number,
  mode: 'duplicate' | 'conflict',
): readonly Row[] {
  const isOnlyPage = offset === 0 && rows.length <= size;
  const seen = isOnlyPage ? rows[0] : rows[offset - 1];
  if (!seen) return page;
  const copy = mode === 'duplicate' ? seen : { ...seen, sizeInGb: Number(seen.sizeInGb ?? 0) + 1 };
  return offset > 0 ? [copy, ...page] : [...page, copy];
}

/** A row as a `shape` fault leaves it. */
export function bend(
  row: Row,
  fault: {
    rows?: string | string[] | undefined;
    add?: Record<string, unknown> | undefined;
    drop?: string[] | undefined;
  },
): Row {
  if (!matchesAny(fault.rows, row.name ?? null)) return row;
  const dropped = new Set(fault.drop ?? []);
  return { ...Object.fromEntries(Object.entries(row).filter(([member]) => !dropped.has(member))), ...fault.add };
}
