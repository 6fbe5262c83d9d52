import type { Plan, PlanItem } from '../core/plan/plan';
import type { Candidate, SkipReason } from '../core/plan/recheck';
import type { Config } from '../core/policy/config';
import { monthlyCostCeiling } from '../core/policy/cost';
import { describeReason } from '../core/policy/reason';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import type { Snapshot } from '../core/snapshot/snapshot';
import { localDay, localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatNumber } from './numbers';
import { describeAge, monthlyCostText, snapshotName, sourceName, zoneText } from './phrases';
import { wrap } from './terminal';
import { ceilingText, sumSizes } from './totals';

/** A planned snapshot that will not be deleted, and why. */
export interface SkippedItem {
  readonly item: Pick<PlanItem, 'name' | 'region'>;
  readonly skipReason: Pick<SkipReason, 'code' | 'text'>;
}

/** What applying a plan deletes, before it is approved; or what it would delete, in a dry run. */
export interface Preview {
  readonly plan: Plan;
  readonly config: Pick<Config, 'caps' | 'pricing'>;
  readonly isDryRun: boolean;
  /** Whether the plan cannot be applied; only a dry run shows such a plan. */
  readonly isRefused: boolean;
  readonly doneBefore: number;
  /** Candidates of one source each. */
  readonly groups: readonly { readonly region: string; readonly items: readonly Candidate[] }[];
  readonly skipped: readonly SkippedItem[];
  /** When it was decided, epoch milliseconds. */
  readonly now: number;
}

/**
 * The most telling reason of an expiring snapshot, with its policy: an age that has passed, or the snapshot that covers
 * the longest period of it, or that all of them are covered. `policy daily: 30d old since 2026-10-31`.
 */
export function oneReason({ policy, reasons }: EvaluatedSnapshot): string {
  const reason =
    reasons.find(({ kind }) => kind === 'old' || kind === 'passed') ??
    reasons.findLast(({ kind }) => kind === 'taken') ??
    reasons.at(-1);
  const name = policy === null ? 'no policy' : `policy ${oneLine(policy.name)}`;
  return reason === undefined ? name : `${name}: ${oneLine(describeReason(reason))}`;
}

/** Says that the limits of the configuration do not count for a plan; empty for any other plan. */
export function raisedCapsText(plan: Pick<Plan, 'caps' | 'items'>, { caps }: Pick<Config, 'caps'>): string {
  if (plan.caps !== 'raised') return '';
  const configured = `caps.maxDeletions: ${formatNumber(caps.maxDeletions)}, caps.maxShare: ${caps.maxShare}`;
  return `The limits were raised for this plan: it may delete ${formatCount(plan.items.length, 'snapshot')} (the configuration says ${configured}).`;
}

function summary({ isDryRun, isRefused }: Preview, all: readonly Snapshot[], ceiling: string): string {
  if (all.length === 0) return isDryRun ? 'Nothing would be deleted.' : 'Nothing is left to delete.';
  const many = formatCount(all.length, 'snapshot');
  if (isRefused) return `The plan cannot be applied. On its list: ${many}, ${ceiling}.`;
  return isDryRun
    ? `${many} would be deleted, ${ceiling}.`
    : `${many} will be deleted, ${ceiling}. It cannot be undone.`;
}

/** Shows what is deleted, by source, with ceilings and one reason each, and what of the plan is not and why. */
export function* renderPreview(preview: Preview, columns: number): Generator<string> {
  const { plan, config, groups, skipped, doneBefore, now } = preview;
  const paragraph = (text: string): string => (text === '' ? '' : wrap(text, columns, ''));
  const snapshotsOf = (items: readonly Candidate[]) => items.map(({ evaluated }) => evaluated.snapshot);
  const ceilingOf = (snapshots: readonly Snapshot[]): string => ceilingText(sumSizes(snapshots, config.pricing));
  const all = groups.flatMap(({ items }) => snapshotsOf(items));
  const account = oneLine(plan.account ?? 'not known');
  yield paragraph(`Plan ${oneLine(plan.id)}, account ${account}: ${formatCount(plan.items.length, 'snapshot')}.`);
  if (doneBefore > 0) yield paragraph(`An earlier run processed ${formatNumber(doneBefore)} of them.`);
  yield paragraph(raisedCapsText(plan, config));
  yield paragraph(summary(preview, all, ceilingOf(all)));
  for (const { items, region } of groups) {
    const snapshots = snapshotsOf(items);
    const [first] = snapshots;
    if (first === undefined) continue;
    const source = `${sourceName(first)} (${first.kind}, ${oneLine(region)})`;
    yield `\n${paragraph(`${source}: ${formatCount(items.length, 'snapshot')}, ${ceilingOf(snapshots)}`)}`;
    for (const { evaluated } of items) {
      const { snapshot } = evaluated;
      const facts = `${describeAge(snapshot.createdAt, now)}, ${monthlyCostText(monthlyCostCeiling(snapshot, config.pricing))}`;
      yield wrap(`${snapshotName(snapshot)}, ${facts}; ${oneReason(evaluated)}`, columns, '  - ');
    }
  }
  if (skipped.length > 0) {
    const verb = preview.isDryRun ? 'would' : 'will';
    yield `\n${paragraph(`Of the plan, ${formatCount(skipped.length, 'snapshot')} ${verb} not be deleted:`)}`;
  }
  for (const { item, skipReason } of skipped)
    yield wrap(
      `${oneLine(item.name)} (${oneLine(item.region)}): ${oneLine(skipReason.text)} [${oneLine(skipReason.code)}]`,
      columns,
      '  - ',
    );
  yield '\n';
}

/** The details of a planned snapshot as the end of its line; empty in a plan of an earlier version. */
function detailsText({ reason, source, policy, monthlyCostCeiling: ceiling }: PlanItem): string {
  if (reason === undefined) return '';
  const cost = monthlyCostText(ceiling == null ? null : Number(ceiling));
  const from = source == null ? 'no source named' : `source ${oneLine(source)}`;
  return `, ${from}, ${cost}; ${policy == null ? 'no policy' : `policy ${oneLine(policy)}`}: ${oneLine(reason)}`;
}

/** Shows what a plan lists, by region and kind, with the details that it has. */
export function* renderPlanList(plan: Plan, zone: Zone, columns: number): Generator<string> {
  const { id, account, items, expiresAt } = plan;
  const until = localMinute(Date.parse(expiresAt), zone);
  yield wrap(
    `Plan ${oneLine(id)}, account ${oneLine(account ?? 'not known')}, valid until ${until}: ${formatCount(items.length, 'snapshot')}. ${zoneText(zone)}.`,
    columns,
    '',
  );
  let heading = '';
  for (const item of items) {
    const { name, kind, region, createdAt } = item;
    const next = `${oneLine(region)}, ${kind} snapshots`;
    if (next !== heading) yield `\n${wrap(next, columns, '')}`;
    heading = next;
    yield wrap(`${oneLine(name)}, of ${localDay(Date.parse(createdAt), zone)}${detailsText(item)}`, columns, '  - ');
  }
  yield '\n';
}
