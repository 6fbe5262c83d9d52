import { KINDS } from '../snapshot/snapshot';
import { parseInstant } from '../time/instant';
import type { Plan } from './plan';

/** Says what was expected of a value, or null when it is that. */
type Expectation = (value: unknown, path: string) => string | null;

const quoteValue = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 80);

const mustBe =
  (expected: string, holds: (value: unknown) => boolean): Expectation =>
  (value, path) =>
    holds(value) ? null : `${path}: got ${quoteValue(value)}, expected ${expected}`;

const nullOr =
  (expectation: Expectation): Expectation =>
  (value, path) =>
    value === null ? null : expectation(value, path);

const arrayOf =
  (expectation: Expectation): Expectation =>
  (value, path) => {
    if (!Array.isArray(value)) return `${path}: got ${quoteValue(value)}, expected a list`;
    for (const [index, element] of value.entries()) {
      const wrong = expectation(element, `${path}[${index}]`);
      if (wrong !== null) return wrong;
    }
    return null;
  };

/** An object with exactly these members. */
const objectWith =
  (members: Readonly<Record<string, Expectation>>): Expectation =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${path}: got ${quoteValue(value)}, expected an object`;
    const extra = Object.keys(value).find((key) => !Object.hasOwn(members, key));
    if (extra !== undefined) return `${path}: got the unknown member ${quoteValue(extra)}`;
    for (const [key, expectation] of Object.entries(members)) {
      if (!Object.hasOwn(value, key)) return `${path}: the member ${key} is missing`;
      const wrong = expectation(
        (value as Readonly<Record<string, unknown>>)[key],
        path === '' ? key : `${path}.${key}`,
      );
      if (wrong !== null) return wrong;
    }
    return null;
  };

const nonEmptyText = mustBe('a text', (value) => typeof value === 'string' && value !== '');
const isoInstant = mustBe(
  'an instant such as 2026-11-23T08:00:00.000Z',
  (value) => typeof value === 'string' && parseInstant(value) !== null && new Date(value).toISOString() === value,
);
const snapshotKind = mustBe(KINDS.join(', '), (value) => KINDS.some((each) => each === value));
const accountOrNull = nullOr(
  mustBe('an account number of 12 digits', (value) => typeof value === 'string' && /^\d{12}$/.test(value)),
);
/** It becomes part of a file's name. */
const planId = mustBe(
  'an id of letters, digits, "-", "_" and "."',
  (value) => typeof value === 'string' && /^\w[\w.-]{0,127}$/.test(value),
);
const sha256Digest = mustBe(
  'sha256: and 64 hex digits',
  (value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value),
);

const PLAN = objectWith({
  schemaVersion: mustBe('1', (value) => value === 1),
  id: planId,
  account: accountOrNull,
  scopes: arrayOf(objectWith({ account: accountOrNull, region: nonEmptyText, kind: snapshotKind })),
  createdAt: isoInstant,
  expiresAt: isoInstant,
  config: objectWith({ origin: nonEmptyText, digest: sha256Digest }),
  complete: mustBe('true or false', (value) => typeof value === 'boolean'),
  blocked: nullOr(objectWith({ code: nonEmptyText, message: nonEmptyText })),
  items: arrayOf(
    objectWith({
      arn: nonEmptyText,
      name: nonEmptyText,
      kind: snapshotKind,
      account: accountOrNull,
      region: nonEmptyText,
      createdAt: isoInstant,
    }),
  ),
  digest: sha256Digest,
});

/** Two items that are one snapshot, or one name, would make the count a lie. */
function findRepeatedItem(plan: Plan): string | null {
  const seen = new Set<string>();
  for (const [index, { arn, kind: of, region, name }] of plan.items.entries()) {
    for (const key of [arn, JSON.stringify([of, region, name])]) {
      if (seen.has(key)) return `items[${index}]: got ${quoteValue(arn)} (${quoteValue(name)}) a second time`;
      seen.add(key);
    }
  }
  return null;
}

/**
 * A plan reads each kind in each region; apply reads exactly those, which it could not if one were left out. An incomplete plan is never applied:
 * it lacks the scopes that were not read, and can list what came of one before it failed.
 */
function findScopeGap({ complete, scopes, items }: Plan): string | null {
  if (!complete) return null;
  const listed = new Set(scopes.map((scope) => `${scope.region} ${scope.kind}`));
  const regions = new Set(scopes.map(({ region }) => region));
  const kinds = new Set(scopes.map((scope) => scope.kind));
  if (listed.size !== scopes.length || listed.size !== regions.size * kinds.size)
    return 'scopes: expected each kind in each region, once';
  const outside = items.findIndex((item) => !listed.has(`${item.region} ${item.kind}`));
  return outside < 0 ? null : `items[${outside}]: got a snapshot outside of the scopes`;
}

/** Reads a plan from parsed JSON, strictly: nothing is filled in, nothing is let pass. Says what is wrong with the first thing that is. */
export function parsePlan(
  json: unknown,
): { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly wrong: string } {
  const wrong = PLAN(json, '');
  if (wrong !== null) return { ok: false, wrong: wrong.replace(/^: /, '') };
  const plan = json as Plan;
  const inconsistent = findRepeatedItem(plan) ?? findScopeGap(plan);
  return inconsistent === null ? { ok: true, plan } : { ok: false, wrong: inconsistent };
}
