import type { Verdict } from '../report/report-model';
import { subtractDuration } from '../time/period';
import { appendTo } from '../util/append-to';
import type { RetentionConfig } from './config';
import { applyPolicy } from './keep-rules';
import type { PolicyUse } from './policy';
import type { Reason } from './reason';

/** A snapshot of a group while the rules evaluate it. Its verdict is `keep` at first. */
export interface GroupDraft {
  readonly snapshot: { readonly arn: string; readonly name: string; readonly createdAt: number };
  readonly policy: Pick<PolicyUse, 'id' | 'policy'>;
  verdict: Verdict;
  reasons: readonly Reason[];
}

/** The settings of an evaluation that are the same for all groups. */
export type GroupSettings = Pick<RetentionConfig, 'zone' | 'floors'>;

const byNewest = ({ snapshot: a }: GroupDraft, { snapshot: b }: GroupDraft): number =>
  b.createdAt - a.createdAt || (a.arn < b.arn ? -1 : 1);

function floorReasons(
  { snapshot }: GroupDraft,
  rank: number,
  minKeep: number,
  youngerThan: number,
  minAge: string,
): readonly Reason[] {
  const newest = rank < minKeep;
  const young = snapshot.createdAt > youngerThan;
  if (!newest && !young) return [];
  const reasons: Reason[] = [];
  if (newest) reasons.push({ code: 'minKeep', kind: 'newest', nth: rank + 1, of: minKeep });
  if (young) reasons.push({ code: 'minAge', kind: 'young', duration: minAge });
  return reasons;
}

/**
 * Evaluates the snapshots of a group that have the same policy, newest first. Before, their reasons are the floors
 * only.
 */
function applyRules(drafts: readonly GroupDraft[], now: number, { zone }: GroupSettings, everyRule: boolean): void {
  const policy = drafts[0]?.policy.policy;
  if (policy === undefined) return;
  const snapshots = drafts.map(({ snapshot }) => snapshot);
  const evaluations = applyPolicy(policy, snapshots, now, zone, everyRule);
  drafts.forEach((draft, i) => {
    const { keeps = true, reasons = [] } = evaluations[i] ?? {};
    const floors = draft.reasons;
    if (!keeps && floors.length === 0) draft.verdict = 'expire';
    const showsRules = keeps || everyRule || floors.length === 0;
    draft.reasons = showsRules ? [...reasons, ...floors] : floors;
  });
}

/**
 * Makes the function that writes verdicts and reasons into the drafts of one group, and sorts them newest first. The
 * command line, the functions and the page decide with it.
 */
export function makeGroupEvaluator(
  settings: GroupSettings,
  now: number,
  everyRule: boolean,
): (group: GroupDraft[]) => void {
  const { floors, zone } = settings;
  const youngerThan = subtractDuration(now, floors.minAge, zone);
  return (group) => {
    group.sort(byNewest);
    group.forEach((draft, rank) => {
      draft.reasons = floorReasons(draft, rank, floors.minKeep, youngerThan, floors.minAge.text);
    });
    const byPolicy = new Map<string, GroupDraft[]>();
    for (const draft of group) appendTo(byPolicy, draft.policy.id, draft);
    for (const drafts of byPolicy.values()) applyRules(drafts, now, settings, everyRule);
  };
}
