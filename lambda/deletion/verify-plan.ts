import { blockOf, type Plan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import type { Inventory } from '../core/report/report-model';
import { parseInstant } from '../core/time/instant';
import { clean } from '../core/util/safe-text';
import type { Called, ClockReading } from '../ports/deletion-ports';
import type { Digest } from '../ports/ports';
import { parsePlan } from '../storage/parse-plan';
import { refusal } from './refusals';

/** Clocks that differ by more (ms) make ages and holds wrong. */
export const MAX_SKEW = 5 * 60_000;

/** A plan as it was stored. `text` null: there is nothing at that place. */
export interface StoredPlan {
  readonly text: string | null;
  /** For people: a path, or `s3://…`. */
  readonly where: string;
  /** What the approval names; null where the plan itself was handed over. */
  readonly digest: string | null;
  /** The id that the approval names: its outcomes are looked for under it. Absent where the plan itself was handed over. */
  readonly id?: string;
}

const NEW_PLAN = 'make a new plan with a new report';

function fromJson(text: string): { readonly json: unknown } | null {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** The digest of what somebody may have written; null where it is nested so deeply that it has none. */
function digestIn(content: unknown, digestOf: Digest): string | null {
  try {
    return digestOf(content);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Reads a stored plan, or refuses: plan.not-found, plan.expired, plan.altered. */
export function openPlan({ text, where, digest, id }: StoredPlan, now: number, digestOf: Digest): Plan {
  if (text === null)
    throw refusal(
      'plan.not-found',
      `there is nothing at ${where}; expected the plan of a report: check the name, or ${NEW_PLAN}`,
    );
  const parsed = fromJson(text);
  const json =
    typeof parsed?.json === 'object' && parsed.json !== null && !Array.isArray(parsed.json) ? parsed.json : null;
  const { expiresAt, digest: written, ...content } = (json ?? {}) as Readonly<Record<string, unknown>>;
  const expiry = typeof expiresAt === 'string' ? parseInstant(expiresAt) : null;
  if (expiry !== null && now >= expiry)
    throw refusal(
      'plan.expired',
      `${where} was good until ${new Date(expiry).toISOString()}, and it is ${new Date(now).toISOString()} now: ${NEW_PLAN}`,
    );
  const altered = (what: string): Error =>
    refusal('plan.altered', `${where} is not as a report wrote it (${what}): leave plans as they are, and ${NEW_PLAN}`);
  if (json === null) throw altered('got no JSON object, expected a plan');
  const real = digestIn({ ...content, expiresAt }, digestOf);
  if (real === null) throw altered('it is nested too deeply');
  if (written !== real)
    throw altered(
      `its digest is ${typeof written === 'string' ? clean(written).slice(0, 90) : 'no text'}, its content makes ${real}`,
    );
  if (digest !== null && digest !== real) throw altered(`its digest is ${real}, approved was ${digest.slice(0, 90)}`);
  const result = parsePlan(json);
  if (!result.ok) throw altered(clean(result.wrong));
  if (id !== undefined && result.plan.id !== id)
    throw altered(`it is the plan ${result.plan.id}, approved was ${id.slice(0, 90)}`);
  return result.plan;
}

/** Refuses plan.account. `account` null: not known. */
export function checkAccount(plan: Plan, account: string | null): void {
  const stranger = plan.items.find((item) => item.account !== plan.account);
  const [planned, item] = [
    plan.account ?? 'no account',
    stranger === undefined ? '' : `, and an item of ${stranger.account ?? 'none'}`,
  ];
  if (plan.account !== account || stranger !== undefined)
    throw refusal(
      'plan.account',
      `it is for account ${planned}${item}, and these credentials are of ${account ?? 'an account that could not be found out'}: use the profile of the plan's account`,
    );
}

/** Refuses plan.incomplete, plan.blocked. */
export function checkUnblocked(plan: Plan): void {
  if (!plan.complete)
    throw refusal(
      'plan.incomplete',
      `its report could not read everything, and expected is a complete one: mend what it names, and ${NEW_PLAN}`,
    );
  if (plan.blocked !== null)
    throw refusal(
      'plan.blocked',
      `it was blocked when it was made (${clean(plan.blocked.code)}: ${clean(plan.blocked.message)}); then ${NEW_PLAN}`,
    );
}

/** Refuses plan.config-changed. */
export function checkConfig(plan: Plan, config: Config): void {
  if (plan.config.digest !== config.digest)
    throw refusal(
      'plan.config-changed',
      `it was made with ${clean(plan.config.origin)} (${plan.config.digest}), and in force is ${clean(config.origin)} (${config.digest}): name that configuration, or ${NEW_PLAN}`,
    );
}

/** Refuses plan.count: a person (or a script) must say how many are to go. */
export function checkCount(plan: Plan, count: number): void {
  if (count !== plan.items.length)
    throw refusal(
      'plan.count',
      `got ${Number.isNaN(count) ? 'no count' : `the count ${count}`}, and the plan lists ${plan.items.length}: look at the plan again, and give its count if that is what is to go`,
    );
}

/** Refuses config.built-in. */
export function checkOrigin(config: Config): void {
  if (config.origin === 'built-in')
    throw refusal(
      'config.built-in',
      'the built-in starter policy only reports: write a retention.yaml with your own policy, and make a new plan',
    );
}

const NAMED = 5;

/** What was not read, that which says why first. What failed before it can be no scope of the plan: the regions are asked for in the first one. */
function unreadText(unread: Plan['scopes'], { scopes, problems }: Inventory): string {
  const failed = scopes.flatMap(({ region, kind, error }) =>
    error === undefined ? [] : [{ region, kind, why: ` (${error.code}: ${error.message})` }],
  );
  const all = unread.map(({ region, kind }) => ({
    name: `${region} ${kind}`,
    why: failed.find((scope) => scope.region === region && scope.kind === kind)?.why ?? '',
  }));
  const told = [...all.filter(({ why }) => why !== ''), ...all.filter(({ why }) => why === '')];
  const named = told.slice(0, NAMED).map(({ name, why }) => `${name}${why}`);
  if (named.length === 0) return problems[0]?.message ?? 'a source list';
  const more = told.length > NAMED ? ` and ${told.length - NAMED} more` : '';
  const [first] = failed;
  const elsewhere =
    first === undefined || told[0]?.why !== '' ? '' : `, because of ${first.region} ${first.kind}${first.why}`;
  return `${named.join(', ')}${more}${elsewhere}`;
}

/** Refuses inventory.incomplete: everything that the plan was made from must be readable now. */
export function checkInventory(plan: Plan, inventory: Inventory): void {
  const unread = plan.scopes.filter(
    ({ region, kind }) =>
      !inventory.scopes.some(
        (scope) =>
          scope.region === region && scope.kind === kind && scope.status === 'read' && scope.sources === 'read',
      ),
  );
  if (inventory.complete && unread.length === 0) return;
  throw refusal(
    'inventory.incomplete',
    `not everything can be read now: ${unreadText(unread, inventory)}; mend that and apply again`,
  );
}

/** Refuses cap.*: the caps over what would go now, what this plan deleted already included. */
export function checkCaps(config: Config, count: number, snapshots: number): void {
  const block = blockOf({ complete: true, count, snapshots, config });
  if (block !== null && (block.code === 'cap.max-deletions' || block.code === 'cap.max-share'))
    throw refusal(block.code, block.message);
}

/** Refuses clock.skew: ages and dated holds are evaluated by the machine's clock. */
export function checkClock(reading: Called<ClockReading>): void {
  const why = !reading.ok
    ? `the service's clock could not be read (${reading.failure.code}: ${reading.failure.message})`
    : reading.value.service === null
      ? "the service's answer bears no Date"
      : Math.abs(reading.value.service - reading.value.machine) > MAX_SKEW
        ? `the service's clock says ${new Date(reading.value.service).toISOString()}, this machine's ${new Date(reading.value.machine).toISOString()}`
        : null;
  if (why !== null)
    throw refusal(
      'clock.skew',
      `${why}; expected at most 5 minutes between them: set this machine's clock, and apply again`,
    );
}
