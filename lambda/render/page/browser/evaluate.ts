import { type GroupDraft, makeGroupEvaluator } from '../../../core/policy/evaluate-group';
import { COUNT_RULES, type Keep, type Policy, WITHIN_RULES } from '../../../core/policy/policy';
import type { Reason } from '../../../core/policy/reason';
import { type Duration, parseDuration } from '../../../core/time/duration';
import { appendTo } from '../../../core/util/append-to';
import type { PageData, PagePolicy } from '../data';
import { pageZone } from '../local-clock';
import type { SnapshotRow } from '../rows';

/** The decision about a row under a tried policy. Rows that no policy reaches have none. */
export interface TrialDecision {
  readonly expires: boolean;
  readonly reasons: readonly Reason[];
}

function parsedDuration(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(`the data of this page is damaged: ${parsed.expected}`);
  return parsed.value;
}

/** The policy that the core evaluates. */
function corePolicy({ keepAll, counts, within, expireAfter, expireOn }: PagePolicy): Policy {
  const kept: Partial<Record<(typeof COUNT_RULES)[number], number>> = {};
  for (const rule of COUNT_RULES) {
    const count = counts[rule];
    if (count !== undefined && count !== 0) kept[rule] = count === 'unlimited' ? Number.POSITIVE_INFINITY : count;
  }
  const recent: Partial<Record<(typeof WITHIN_RULES)[number], Duration>> = {};
  for (const rule of WITHIN_RULES) {
    const duration = within[rule];
    if (duration !== undefined) recent[rule] = parsedDuration(duration);
  }
  const rules: Keep = { counts: kept, within: recent };
  return {
    keep: keepAll ? 'all' : rules,
    expireAfter: expireAfter === null ? null : parsedDuration(expireAfter),
    expireOn,
  };
}

/** Whether a policy has a positive keep rule or `expireAfter`: no other is valid. */
export const isPolicy = ({ keepAll, counts, within, expireAfter, expireOn }: PagePolicy): boolean =>
  keepAll ||
  expireAfter !== null ||
  expireOn !== null ||
  Object.values(counts).some((count) => count !== 0) ||
  Object.keys(within).length > 0;

const trialGroupOf = ({ source, id }: SnapshotRow): object | string => (source.alone ? id : source);

/**
 * Makes the function that decides about the rows of the page with other policies, at the instant and in the zone of the
 * report; null: the page does not have what that needs. Decisions are in the order of the rows; null: excluded.
 */
export function makeTrial(
  data: PageData,
  rows: readonly SnapshotRow[],
): ((policies: readonly PagePolicy[]) => readonly (TrialDecision | null)[]) | null {
  const { floors, now } = data;
  if (floors === null) return null;
  const settings = {
    zone: pageZone(data),
    floors: { minKeep: floors.minKeep, minAge: parsedDuration(floors.minAge) },
  };
  const evaluate = makeGroupEvaluator(settings, now, false);
  return (policies) => {
    const parsed = policies.map((policy) => ({ id: policy.id, policy: corePolicy(policy) }));
    const groups = new Map<object | string, GroupDraft[]>();
    const drafts = rows.map((row): GroupDraft | null => {
      const policy = row.use === null ? undefined : parsed[row.use];
      if (policy === undefined || row.at === null) return null;
      const snapshot = { arn: row.id, name: row.name, createdAt: row.at };
      const draft: GroupDraft = { snapshot, policy, verdict: 'keep', reasons: [] };
      appendTo(groups, trialGroupOf(row), draft);
      return draft;
    });
    for (const group of groups.values()) evaluate(group);
    return drafts.map((draft) => draft && { expires: draft.verdict === 'expire', reasons: draft.reasons });
  };
}
