/** A calendar duration. Whole numbers ≥ 0, at least one positive; weeks count as seven days each. */
export interface Duration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  /** As written. */
  readonly text: string;
}

export type DurationResult =
  | { readonly ok: true; readonly value: Duration }
  | { readonly ok: false; readonly expected: string };

const EXPECTED_DURATION = 'a duration such as 36h, 30d, 2w, 6mo, 1y6mo or P30D';
/** Maximum amount of each unit: larger ones are typing mistakes, and dates stay in range. */
const MAX_AMOUNTS = { y: 1_000, mo: 12_000, w: 52_000, d: 366_000, h: 8_784_000 } as const;
type Unit = keyof typeof MAX_AMOUNTS;

const AMOUNT = '(0*[1-9][0-9]*)';
const SHORT = `(?=.)(?:${AMOUNT}y)?(?:${AMOUNT}mo)?(?:${AMOUNT}w)?(?:${AMOUNT}d)?(?:${AMOUNT}h)?`;
const ISO = `P(?=.)(?:${AMOUNT}Y)?(?:${AMOUNT}M)?(?:${AMOUNT}W)?(?:${AMOUNT}D)?(?:T${AMOUNT}H)?`;
const FORMS: readonly RegExp[] = [SHORT, ISO].map((form) => new RegExp(`^${form}$`));
/** The pattern of a duration; `parseDuration` also checks the maximum. */
export const DURATION_SHAPE = `^(?:${SHORT}|${ISO})$`;
const UNITS: readonly Unit[] = ['y', 'mo', 'w', 'd', 'h'];

function expectedInstead(text: string): string {
  if (/^[\d.,]+$/.test(text)) return `${EXPECTED_DURATION}: a number alone has no unit`;
  if (/\d\s*m(?![o])/i.test(text) && !text.startsWith('P'))
    return `${EXPECTED_DURATION}: is "m" a month (write mo) or a minute (there are no minutes here)?`;
  if (/[.,]/.test(text)) return `${EXPECTED_DURATION}: whole numbers only`;
  if (text.startsWith('-')) return `${EXPECTED_DURATION}: not negative`;
  if (/(^|\D)0+(y|mo?|w|d|h)/i.test(text))
    return `${EXPECTED_DURATION}: ${/[1-9]/.test(text) ? 'leave out a unit of 0' : 'longer than nothing'}`;
  return `${EXPECTED_DURATION}: units y mo w d h, each at most once, the largest first`;
}

/**
 * Reads `1y6mo`, `36h`, `2w` or ISO 8601 (`P30D`). Refuses zero, negative, fractional, repeated or unordered units and
 * `m`.
 */
export function parseDuration(text: string): DurationResult {
  const match = FORMS.map((form) => form.exec(text)).find((found) => found !== null);
  if (match === undefined) return { ok: false, expected: expectedInstead(text) };
  const amounts = UNITS.map((_, i) => Number(match[i + 1] ?? 0));
  const tooLarge = UNITS.find((unit, i) => (amounts[i] ?? 0) > MAX_AMOUNTS[unit]);
  if (tooLarge) return { ok: false, expected: `${EXPECTED_DURATION}: at most ${MAX_AMOUNTS[tooLarge]}${tooLarge}` };
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0] = amounts;
  return { ok: true, value: { years, months, days: weeks * 7 + days, hours, text } };
}
