import { blockOf, capsOf, type Plan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import type { Inventory } from '../core/report/report-model';
import { parseInstant } from '../core/time/instant';
import { CLOCK_TOLERANCE_MS } from '../core/time/tolerance';
import { oneLine } from '../core/util/safe-text';
import type { CallResult, ClockReading } from '../ports/deletion-ports';
import type { Digest } from '../ports/ports';
import { formatCount, formatNumber } from '../render/numbers';
import { parsePlan } from '../storage/parse-plan';
import { refusal } from './refusals';

/** A plan as it was stored. `text` null: there is nothing at that place. */
export interface PlanText {
  readonly text: string | null;
  /** For people: a path, or `s3://…`. */
  readonly where: string;
  /** The digest that the approval names; null where the plan itself was given. */
  readonly digest: string | null;
  /** The id that the approval names: outcomes are stored under it. Absent where the plan itself was given. */
  readonly id?: string;
}

const NEW_PLAN = 'make a new plan with a new report';

type Members = Readonly<Record<string, unknown>>;

/** Returns the members of a JSON object; null where a text is none. */
function membersOf(text: string): Members | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Members) : null;
  } catch {
    return null;
  }
}

/** Refuses plan.expired. A plan without an instant of expiry is refused later, as altered. */
function checkExpiry(expiresAt: unknown, where: string, now: number): void {
  const expiry = typeof expiresAt === 'string' ? parseInstant(expiresAt) : null;
  if (expiry !== null && now >= expiry)
    throw refusal(
      'plan.expired',
      `${where} was good until ${new Date(expiry).toISOString()}, and it is ${new Date(now).toISOString()} ` +
        `now: ${NEW_PLAN}`,
    );
}

/** Returns the digest of any content; null where it is nested too deeply to have one. */
function digestIn(content: unknown, digestOf: Digest): string | null {
  try {
    return digestOf(content);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Whether JSON is a report of `report --format json`, which has the plan's id and count only. */
const isReport = (json: object): boolean => 'reportId' in json && 'snapshots' in json;

/** Reads a stored plan, or refuses: plan.not-found, plan.expired, plan.altered. */
export function openPlan({ text, where, digest, id }: PlanText, now: number, digestOf: Digest): Plan {
  if (text === null)
    throw refusal(
      'plan.not-found',
      `there is nothing at ${where}; expected the plan of a report: check the name, or ${NEW_PLAN}`,
    );
  const json = membersOf(text);
  const altered = (reason: string): Error =>
    refusal(
      'plan.altered',
      `${where} is not as a report wrote it (${reason}): leave plans as they are, and ${NEW_PLAN}`,
    );
  if (json === null) throw altered('got no JSON object, expected a plan');
  if (isReport(json))
    throw refusal(
      'plan.altered',
      `${where} is a report, and a plan is expected; "report --plan-out FILE" writes one beside the report`,
    );
  checkExpiry(json.expiresAt, where, now);
  const { digest: written, ...content } = json;
  const real = digestIn(content, digestOf);
  if (real === null) throw altered('it is nested too deeply');
  if (typeof written !== 'string')
    throw refusal('plan.altered', `${where} is no plan of a report: it has no digest; ${NEW_PLAN}`);
  if (written !== real) throw altered(`its digest is ${oneLine(written).slice(0, 90)}, its content makes ${real}`);
  if (digest !== null && digest !== real) throw altered(`its digest is ${real}, approved was ${digest.slice(0, 90)}`);
  const result = parsePlan(json);
  if (!result.ok) throw altered(oneLine(result.wrong));
  if (id !== undefined && result.plan.id !== id)
    throw altered(`it is the plan ${result.plan.id}, approved was ${id.slice(0, 90)}`);
  return result.plan;
}

/** Refuses plan.account. `account` null: not known. */
export function checkPlanAccount(plan: Plan, account: string | null): void {
  const stranger = plan.items.find((item) => item.account !== plan.account);
  const [planned, item] = [
    plan.account ?? 'no account',
    stranger === undefined ? '' : `, and an item of ${stranger.account ?? 'none'}`,
  ];
  if (plan.account !== account || stranger !== undefined)
    throw refusal(
      'plan.account',
      `it is for account ${planned}${item}, and these credentials are of ` +
        `${account ?? 'an account that could not be found out'}: use the profile of the plan's account`,
    );
}

/** Refuses plan.incomplete. */
export function checkComplete(plan: Plan): void {
  if (!plan.complete)
    throw refusal(
      'plan.incomplete',
      `its report could not read everything; fix the cause that the report names, and ${NEW_PLAN}`,
    );
}

/**
 * Whether the deployed function applies plans with raised caps: only where its configuration says so, and never in
 * automatic mode.
 */
export const allowsRaisedCaps = (mode: 'approve' | 'automatic', { caps }: Pick<Config, 'caps'>): boolean =>
  mode === 'approve' && caps.raisable;

/** Refuses plan.blocked; also a plan with raised caps where only those of the configuration count. */
export function checkUnblocked(plan: Plan, allowsRaised: boolean): void {
  if (plan.blocked !== null)
    throw refusal(
      'plan.blocked',
      `it was blocked when it was made (${oneLine(plan.blocked.code)}: ${oneLine(plan.blocked.message)}); ${NEW_PLAN}`,
    );
  if (plan.caps === 'raised' && !allowsRaised)
    throw refusal(
      'plan.blocked',
      'its caps were raised for this plan (report --raise-caps), and the deletion function takes such a plan only with caps.raisable: true in its configuration and never in automatic mode; apply it with --local, or deploy that configuration',
    );
}

/** Refuses plan.config-changed. */
export function checkConfig(plan: Plan, config: Config): void {
  if (plan.config.digest !== config.digest)
    throw refusal(
      'plan.config-changed',
      `it was made with ${oneLine(plan.config.origin)} (${plan.config.digest}), and in force is ` +
        `${oneLine(config.origin)} (${config.digest}): name that configuration, or ${NEW_PLAN}`,
    );
}

/**
 * Refuses plan.count: the number of snapshots to delete must be given. `candidates` are those of now; absent where only
 * the plan's count is valid.
 */
export function checkCount(count: number, plan: Plan, candidates = plan.items.length): void {
  if (count !== plan.items.length) checkShownCount(count, plan, candidates);
}

/** Refuses plan.count: a person who answers a question must give the number that it has shown. */
export function checkShownCount(
  count: number,
  plan: Plan,
  candidates: number,
  got = Number.isNaN(count) ? 'no count' : `the count ${formatNumber(count)}`,
): void {
  const planned = plan.items.length;
  if (count === candidates) return;
  const expected =
    candidates === planned
      ? `the plan lists ${formatNumber(planned)}`
      : `${formatCount(candidates, 'snapshot')} would be deleted now (the plan lists ${formatNumber(planned)})`;
  throw refusal('plan.count', `got ${got}, and ${expected}; check the list, then give its number`);
}

/** Refuses config.built-in. */
export function checkOrigin(config: Config): void {
  if (config.origin === 'built-in')
    throw refusal(
      'config.built-in',
      'the built-in starter policy only reports: write a retention.yaml with your own policy, and make a new plan',
    );
}

const MAX_UNREAD_NAMED = 5;

/**
 * Names the scopes that were not read, those with an error first. An earlier failure may be in none of them: GetRegions
 * is called in the first region.
 */
function unreadListText(unread: Plan['scopes'], { scopes, problems }: Inventory): string {
  const failed = scopes.flatMap(({ region, kind, error }) =>
    error === undefined ? [] : [{ region, kind, why: ` (${error.code}: ${error.message})` }],
  );
  const all = unread.map(({ region, kind }) => ({
    name: `${region} ${kind}`,
    why: failed.find((scope) => scope.region === region && scope.kind === kind)?.why ?? '',
  }));
  const sorted = [...all.filter(({ why }) => why !== ''), ...all.filter(({ why }) => why === '')];
  const named = sorted.slice(0, MAX_UNREAD_NAMED).map(({ name, why }) => `${name}${why}`);
  if (named.length === 0) return problems[0]?.message ?? 'a source list';
  const more = sorted.length > MAX_UNREAD_NAMED ? ` and ${sorted.length - MAX_UNREAD_NAMED} more` : '';
  const [first] = failed;
  const elsewhere =
    first === undefined || sorted[0]?.why !== '' ? '' : `, because of ${first.region} ${first.kind}${first.why}`;
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
    `not everything can be read now: ${unreadListText(unread, inventory)}; fix that and apply again`,
  );
}

/**
 * Refuses cap.*: the plan's caps apply to the candidates of now. `count` and `snapshots` include those that this plan
 * has deleted already.
 */
export function checkCaps(plan: Plan, config: Config, count: number, snapshots: number): void {
  const caps = capsOf(plan, config);
  const block = blockOf({ complete: true, count, snapshots, config: { origin: config.origin, caps } });
  if (block !== null && (block.code === 'cap.max-deletions' || block.code === 'cap.max-share'))
    throw refusal(block.code, block.message);
}

/** Returns why the clocks may differ by too much; null when they do not. */
function skewOf(reading: CallResult<ClockReading>): string | null {
  if (!reading.ok) return `the service's clock could not be read (${reading.failure.code}: ${reading.failure.message})`;
  const { service, machine } = reading.value;
  if (service === null) return "the service's answer has no Date";
  if (Math.abs(service - machine) <= CLOCK_TOLERANCE_MS) return null;
  return `the service's clock is at ${new Date(service).toISOString()}, this machine's at ${new Date(machine).toISOString()}`;
}

/**
 * Refuses clock.skew when the machine's clock was set between a decision and the reading of the service's clock: the
 * decision was then made at a wrong time. Both are the elapsed time in ms.
 */
export function checkSteady(byClock: number, byMonotonic: number): void {
  if (Math.abs(byClock - byMonotonic) > CLOCK_TOLERANCE_MS)
    throw refusal(
      'clock.skew',
      `this machine's clock moved by ${Math.round(byClock / 1_000)} seconds in ` +
        `${Math.round(byMonotonic / 1_000)} while it decided; expected a steady clock: apply again`,
    );
}

/** Refuses clock.skew: ages and dated holds are evaluated by the machine's clock. */
export function checkClock(reading: CallResult<ClockReading>): void {
  const reason = skewOf(reading);
  if (reason !== null)
    throw refusal(
      'clock.skew',
      `${reason}; expected at most 5 minutes between them: set this machine's clock, and apply again`,
    );
}
