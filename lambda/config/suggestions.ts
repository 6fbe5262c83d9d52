import { REGION } from '../core/snapshot/region';
import { parseDuration } from '../core/time/duration';

/** What was probably meant by a value that is refused, as it would be written; null where that is not clear. */
export type Suggest = (value: unknown) => string | null;

const byExpectation = new Map<string, Suggest>();

/** Notes how to find out what was meant where this was expected; gives the expectation back. */
export function withSuggestion(expected: string, suggest: Suggest): string {
  byExpectation.set(expected, suggest);
  return expected;
}

/**
 * What was probably meant where this was expected and that was got; undefined where nothing is known of such values.
 */
export const suggestionFor = (expected: string, value: unknown): string | null | undefined =>
  byExpectation.get(expected)?.(value);

/** A number in quotes, with a decimal comma, a currency sign or a percent sign; at most `most`. */
export function meantNumber(value: unknown, most: number): string | null {
  if (typeof value === 'number') return most === 1 && value > 1 && value <= 100 ? String(value / 100) : null;
  const [, digits, percent] =
    (typeof value === 'string' ? /^\s*\$?\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*(%?)\s*(?:USD|\$)?\s*$/i.exec(value) : null) ??
    [];
  if (digits === undefined) return null;
  const number = Number(digits.replace(',', '.')) / (percent === '%' ? 100 : 1);
  return number <= most ? String(number) : meantNumber(number, most);
}

/** A count in quotes, or one without an end. */
export function meantCount(value: unknown): string | null {
  if (value === -1 || value === Number.POSITIVE_INFINITY) return 'unlimited';
  if (typeof value !== 'string') return null;
  if (/^\s*(unlimited|all|inf|infinite|infinity|-1|∞)\s*$/i.test(value)) return 'unlimited';
  const digits = value.trim().replace(/(?<=\d)[,_'’ ](?=\d{3}(?!\d))/g, '');
  if (/^\d{1,7}$/.test(digits)) return String(Number(digits));
  return parseDuration(value).ok && /^\d+[a-z]+$/.test(value)
    ? `${Number.parseInt(value, 10)}, or a within rule for ${value}`
    : null;
}

/** `yes`, `on`, `"true"` and their like. */
export function meantFlag(value: unknown): string | null {
  const word = String(value).trim().toLowerCase();
  if (['yes', 'y', 'on', 'true', '1'].includes(word)) return 'true';
  return ['no', 'n', 'off', 'false', '0'].includes(word) ? 'false' : null;
}

/** `keep` as a number, or as another word for all. */
export function meantKeep(value: unknown): string | null {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? `{ last: ${value} }` : null;
  return typeof value === 'string' && /^\s*(all|forever|everything|always|unlimited)\s*$/i.test(value) ? 'all' : null;
}

/** An account number with dashes or blanks. */
export function meantAccount(value: unknown): string | null {
  const digits = typeof value === 'string' ? value.replace(/[\s-]/g, '') : '';
  return /^\d{12}$/.test(digits) ? JSON.stringify(digits) : null;
}

/** One text where a list was expected. */
export const meantList: Suggest = (value) =>
  typeof value === 'string' && /^[\w:./@+-]{1,60}$/.test(value) ? `[${value}]` : null;

/** A region in other letters, with `_`, or with the letter of an availability zone. */
export function meantRegion(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const plain = value
    .trim()
    .toLowerCase()
    .replace(/[_\s]+/g, '-');
  if (plain === 'all') return 'all, without a list';
  return [plain, plain.replace(/[a-z]$/, '')].find((text) => text !== value && REGION.test(text)) ?? null;
}

/** A zone that is written as an offset, whose sign is then the other one, or by its city alone. */
export function meantZone(value: string): string | null {
  const text = value.trim();
  if (/^(Z|zulu)$/i.test(text)) return 'UTC';
  const [, sign, hours] = /^(?:UTC|GMT)?\s*([+-])0?(\d{1,2})(?::?00)?$/i.exec(text) ?? [];
  if (sign === undefined) {
    const city = `/${text.replace(/\s+/g, '_')}`.toLowerCase();
    return city.length > 3
      ? (Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase().endsWith(city)) ?? null)
      : null;
  }
  if (Number(hours) > (sign === '+' ? 14 : 12)) return null;
  return Number(hours) === 0 ? 'UTC' : `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`;
}
