import * as z from 'zod/mini';
import { PLAN_ITEM_DETAILS, type Plan } from '../core/plan/plan';
import { PLAN } from './schemas';

const shownMember = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 80);

const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');

/** Describes the first member of a plan that is missing, unknown or wrong. */
function problemOf(issue: z.core.$ZodIssue, plan: unknown): string {
  const at = (path: readonly PropertyKey[], text: string): string =>
    path.length === 0 ? text : `${pathOf(path)}: ${text}`;
  if (issue.code === 'unrecognized_keys') return at(issue.path, `got the unknown member ${shownMember(issue.keys[0])}`);
  const value = issue.path.reduce<unknown>(
    (found, key) => (found as Readonly<Record<PropertyKey, unknown>>)[key],
    plan,
  );
  if (value === undefined) return at(issue.path.slice(0, -1), `the member ${String(issue.path.at(-1))} is missing`);
  return at(issue.path, `got ${shownMember(value)}, expected ${issue.message}`);
}

/** Finds two items of one snapshot, or of one name: the count would be wrong. */
function repeated(plan: Plan): string | null {
  const seen = new Set<string>();
  for (const [index, { arn, kind, region, name }] of plan.items.entries()) {
    for (const key of [arn, JSON.stringify([kind, region, name])]) {
      if (seen.has(key)) return `items[${index}]: got ${shownMember(arn)} (${shownMember(name)}) a second time`;
      seen.add(key);
    }
  }
  return null;
}

/**
 * Finds a missing scope. A plan reads each kind in each region, and apply reads exactly those. An incomplete plan is
 * never applied: it lacks the scopes that were not read, and can list snapshots of a scope that failed later.
 */
function missingScope({ complete, scopes, items }: Plan): string | null {
  if (!complete) return null;
  const listed = new Set(scopes.map((scope) => `${scope.region} ${scope.kind}`));
  const regions = new Set(scopes.map(({ region }) => region));
  const kinds = new Set(scopes.map((scope) => scope.kind));
  if (listed.size !== scopes.length || listed.size !== regions.size * kinds.size)
    return 'scopes: expected each kind in each region, once';
  const outside = items.findIndex((item) => !listed.has(`${item.region} ${item.kind}`));
  return outside < 0 ? null : `items[${outside}]: got a snapshot outside of the scopes`;
}

/** Finds an item that lacks a detail which the plan has elsewhere: all items have all details, or none has any. */
function missingDetail({ items }: Plan): string | null {
  if (!items.some((item) => PLAN_ITEM_DETAILS.some((member) => member in item))) return null;
  for (const [index, item] of items.entries()) {
    const member = PLAN_ITEM_DETAILS.find((each) => !(each in item));
    if (member !== undefined) return `items[${index}]: the member ${member} is missing, and other items have details`;
  }
  return null;
}

/**
 * Parses a plan from JSON, strictly: nothing is filled in, nothing is ignored. `wrong` describes the first part that is
 * wrong.
 */
export function parsePlan(
  json: unknown,
): { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly wrong: string } {
  const { data: plan, error } = z.safeParse(PLAN, json);
  if (plan === undefined) {
    const [issue] = error.issues;
    return { ok: false, wrong: issue === undefined ? 'expected a plan' : problemOf(issue, json) };
  }
  const inconsistent = missingDetail(plan) ?? repeated(plan) ?? missingScope(plan);
  return inconsistent === null ? { ok: true, plan } : { ok: false, wrong: inconsistent };
}
