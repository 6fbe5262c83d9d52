import type { Plan, PlanItem } from '../core/plan/plan';
import type { Candidate, SkipReason } from '../core/plan/recheck';
import type { Config } from '../core/policy/config';
import { monthlyCostCeiling } from '../core/policy/cost';
import { describe } from '../core/policy/reason';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import type { Snapshot } from '../core/snapshot/snapshot';
import { localDay, localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { clean } from '../core/util/safe-text';
import { age, atMost, count, figure, nameOf, sourceNameOf, zoneText } from './phrases';
import { wrap } from './terminal';
import { ceilingText, extentOf } from './totals';

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
  readonly doneBefore: number;
  /** Candidates of one source each. */
  readonly groups: readonly { readonly region: string; readonly items: readonly Candidate[] }[];
  readonly skipped: readonly SkippedItem[];
  /** When it was decided, epoch milliseconds. */
  readonly now: number;
}

/** The most telling reason of an expiring snapshot, with its policy: `policy daily: 30d old since 2026-10-31`. */
export function oneReason({ policy, reasons }: EvaluatedSnapshot): string {
  const reason = reasons.find(({ kind }) => kind === 'old' || kind === 'passed') ?? reasons[0];
  const name = policy === null ? 'no policy' : `policy ${clean(policy.name)}`;
  return reason === undefined ? name : `${name}: ${clean(describe(reason))}`;
}

/** Says that the limits of the configuration do not count for a plan; empty for any other plan. */
export function raisedCapsText(plan: Pick<Plan, 'caps' | 'items'>, { caps }: Pick<Config, 'caps'>): string {
  if (plan.caps !== 'raised') return '';
  const configured = `caps.maxDeletions: ${figure(caps.maxDeletions)}, caps.maxShare: ${caps.maxShare}`;
  return `The limits were raised for this plan: it may delete ${count(plan.items.length, 'snapshot')} (the configuration says ${configured}).`;
}

function summary({ isDryRun }: Preview, all: readonly Snapshot[], ceiling: string): string {
  if (all.length === 0) return isDryRun ? 'Nothing would be deleted.' : 'Nothing is left to delete.';
  const many = count(all.length, 'snapshot');
  return isDryRun
    ? `${many} would be deleted, ${ceiling}.`
    : `${many} will be deleted, ${ceiling}. It cannot be undone.`;
}

/** Shows what is deleted, by source, with ceilings and one reason each, and what of the plan is not and why. */
export function* renderPreview(preview: Preview, columns: number): Generator<string> {
  const { plan, config, groups, skipped, doneBefore, now } = preview;
  const paragraph = (text: string): string => (text === '' ? '' : wrap(text, columns, ''));
  const snapshotsOf = (items: readonly Candidate[]) => items.map(({ evaluated }) => evaluated.snapshot);
  const ceilingOf = (snapshots: readonly Snapshot[]): string => ceilingText(extentOf(snapshots, config.pricing));
  const all = groups.flatMap(({ items }) => snapshotsOf(items));
  const account = clean(plan.account ?? 'not known');
  yield paragraph(`Plan ${clean(plan.id)}, account ${account}: ${count(plan.items.length, 'snapshot')}.`);
  if (doneBefore > 0) yield paragraph(`An earlier run dealt with ${figure(doneBefore)} of them.`);
  yield paragraph(raisedCapsText(plan, config));
  yield paragraph(summary(preview, all, ceilingOf(all)));
  for (const { items, region } of groups) {
    const snapshots = snapshotsOf(items);
    const [first] = snapshots;
    if (first === undefined) continue;
    const source = `${sourceNameOf(first)} (${first.kind}, ${clean(region)})`;
    yield `\n${paragraph(`${source}: ${count(items.length, 'snapshot')}, ${ceilingOf(snapshots)}`)}`;
    for (const { evaluated } of items) {
      const { snapshot } = evaluated;
      const facts = `${age(snapshot.createdAt, now)}, ${atMost(monthlyCostCeiling(snapshot, config.pricing))}`;
      yield wrap(`${nameOf(snapshot)}, ${facts}; ${oneReason(evaluated)}`, columns, '  - ');
    }
  }
  if (skipped.length > 0) {
    const verb = preview.isDryRun ? 'would' : 'will';
    yield `\n${paragraph(`Of the plan, ${count(skipped.length, 'snapshot')} ${verb} not be deleted:`)}`;
  }
  for (const { item, skipReason } of skipped)
    yield wrap(
      `${clean(item.name)} (${clean(item.region)}): ${clean(skipReason.text)} [${clean(skipReason.code)}]`,
      columns,
      '  - ',
    );
  yield '\n';
}

/** Shows what a plan lists, by region and kind: its sources and sizes are in the report. */
export function* renderPlanList(plan: Plan, zone: Zone, columns: number): Generator<string> {
  const { id, account, items, expiresAt } = plan;
  const until = localMinute(Date.parse(expiresAt), zone);
  yield wrap(
    `Plan ${clean(id)}, account ${clean(account ?? 'not known')}, valid until ${until}: ${count(items.length, 'snapshot')}. ${zoneText(zone)}.`,
    columns,
    '',
  );
  let heading = '';
  for (const { name, kind, region, createdAt } of items) {
    const next = `${clean(region)}, ${kind} snapshots`;
    if (next !== heading) yield `\n${wrap(next, columns, '')}`;
    heading = next;
    yield wrap(`${clean(name)}, of ${localDay(Date.parse(createdAt), zone)}`, columns, '  - ');
  }
  yield '\n';
}
