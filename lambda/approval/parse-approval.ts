import { malformedEvent } from '../core/util/malformed-event';
import { PLAN_ID } from '../storage/keys';

/** What a person has approved on the dashboard. */
export interface ConsoleApproval {
  readonly plan: string;
  readonly digest: string;
  /** How many executions of the plan the page knew: each needs a name of its own. */
  readonly attempt: number;
  /** What was typed into the field. */
  readonly count: string;
}

/** The name of the field for the number of snapshots. */
export const COUNT_FIELD = 'count';

const APPROVED_DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_ATTEMPT = 9_999;
const EXPECTED_APPROVAL =
  'the event of the button of the widget: { "approve": { "plan", "digest", "attempt" } } and its form, without parameters of the widget';

type EventMembers = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is EventMembers =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of an object; one that it only inherits, such as `constructor`, is none. */
const memberOf = (value: unknown, name: string): unknown =>
  isMembers(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** Whether CloudWatch asks for the documentation of a widget. */
export const isDescribe = (event: unknown): boolean => Boolean(memberOf(event, 'describe'));

/**
 * Whether an event comes from a widget with parameters of its own, which an editor of the dashboard sets. CloudWatch
 * passes them beside its context and in it. The widget with the button has none.
 */
function hasParameters(event: EventMembers): boolean {
  const { approve: _, widgetContext, ...others } = event;
  const params = memberOf(widgetContext, 'params') ?? {};
  return Object.keys(others).length > 0 || !isMembers(params) || Object.keys(params).length > 0;
}

/**
 * Reads an approval; null: the event approves nothing, as every view and every refresh. Throws `event.malformed` for
 * anything but what the button of the widget sends.
 */
export function readConsoleApproval(event: unknown): ConsoleApproval | null {
  const approve = memberOf(event, 'approve');
  if (approve === undefined) return null;
  const malformed = (member: string, got: unknown): Error => malformedEvent('approve', member, got, EXPECTED_APPROVAL);
  if (!isMembers(event) || !isMembers(approve)) throw malformed('approve', approve);
  const context = memberOf(event, 'widgetContext');
  // A widget that was configured to approve would do so with each refresh.
  if (hasParameters(event)) throw malformed('params', 'parameters of the widget');
  const { plan, digest, attempt, ...rest } = approve;
  if (Object.keys(rest).length > 0) throw malformed('approve', approve);
  if (typeof plan !== 'string' || !PLAN_ID.test(plan)) throw malformed('plan', plan);
  if (typeof digest !== 'string' || !APPROVED_DIGEST.test(digest)) throw malformed('digest', digest);
  if (typeof attempt !== 'number' || !Number.isInteger(attempt) || attempt < 0 || attempt > MAX_ATTEMPT)
    throw malformed('attempt', attempt);
  const count = memberOf(memberOf(memberOf(context, 'forms'), 'all'), COUNT_FIELD);
  if (typeof count !== 'string') throw malformed(COUNT_FIELD, count);
  return { plan, digest, attempt, count };
}
