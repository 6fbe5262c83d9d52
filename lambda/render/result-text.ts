import type { ApplyResult, ItemResult, Outcome, Unsettled } from '../core/plan/outcome';
import type { Plan } from '../core/plan/plan';
import type { CandidateGroup, Intersection } from '../core/plan/recheck';
import type { Pricing } from '../core/policy/config';
import { monthlyCostCeiling } from '../core/policy/cost';
import type { Snapshot } from '../core/snapshot/snapshot';
import { localDay, localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { describeAge, monthlyCostText, snapshotName, sourceName, zoneText } from './phrases';
import { wrap } from './terminal';
import { ceilingText, sumSizes } from './totals';

const OUTCOME_HEADINGS: Readonly<Record<Outcome, string>> = {
  failed: 'Failed: still there, or not known',
  changed: 'Changed: not the snapshot that was planned any more, left alone',
  spared: 'Spared: something speaks for it now, left alone',
  'already-gone': 'Already gone before this run could delete it',
  deleted: 'Deleted',
};
/** Above those that were sent and have no outcome. */
export const UNSETTLED_TEXT = 'A delete may have been sent: its end is not known';
/** What needs a person comes first. */
const OUTCOME_ORDER: readonly Outcome[] = ['failed', 'changed', 'spared', 'already-gone', 'deleted'];

/** What is about to go, by source, each with its ceiling. */
export interface Preview {
  readonly planId: string;
  readonly account: string | null;
  readonly planned: number;
  readonly doneBefore: number;
  readonly groups: readonly CandidateGroup[];
  readonly skipped: Intersection['skipped'];
  readonly pricing: Pricing;
  readonly now: number;
}

const previewCeiling = (snapshots: readonly Snapshot[], pricing: Pricing): string =>
  ceilingText(sumSizes(snapshots, pricing));

/** Shows what will go, by source, with ceilings, and what of the plan will not and why. No line is wider than the terminal. */
export function* renderPreview(preview: Preview, columns: number): Generator<string> {
  const { groups, skipped, planned, doneBefore, pricing, now } = preview;
  const all = groups.flatMap(({ items }) => items.map(({ evaluated }) => evaluated.snapshot));
  yield wrap(
    `Plan ${oneLine(preview.planId)}, account ${oneLine(preview.account ?? 'not known')}: ${formatCount(planned, 'snapshot')}.`,
    columns,
    '',
  );
  if (doneBefore > 0) yield wrap(`An earlier run dealt with ${formatNumber(doneBefore)} of them.`, columns, '');
  yield wrap(
    all.length === 0
      ? 'Nothing is left to delete.'
      : `${formatCount(all.length, 'snapshot')} will be deleted, ${previewCeiling(all, pricing)}. It cannot be undone.`,
    columns,
    '',
  );
  for (const { items, region } of groups) {
    const first = items[0]?.evaluated.snapshot;
    if (first === undefined) continue;
    const ceiling = previewCeiling(
      items.map(({ evaluated }) => evaluated.snapshot),
      pricing,
    );
    yield `\n${wrap(`${sourceName(first)} (${first.kind}, ${oneLine(region)}): ${formatCount(items.length, 'snapshot')}, ${ceiling}`, columns, '')}`;
    for (const { evaluated } of items) {
      const { snapshot } = evaluated;
      yield wrap(
        `${snapshotName(snapshot)}, ${describeAge(snapshot.createdAt, now)}, ${monthlyCostText(monthlyCostCeiling(snapshot, pricing))}`,
        columns,
        '  - ',
      );
    }
  }
  if (skipped.length > 0)
    yield `\n${wrap(`Of the plan, ${formatCount(skipped.length, 'snapshot')} will not be touched:`, columns, '')}`;
  for (const { item, skipReason } of skipped)
    yield wrap(`${oneLine(item.name)} (${oneLine(item.region)}): ${oneLine(skipReason.text)}`, columns, '  - ');
  yield '\n';
}

/** Shows what a plan lists, by region and kind: what its sources and sizes are stands in the report. */
export function* renderPlanText(
  { id, account, items, expiresAt }: Plan,
  zone: Zone,
  columns: number,
): Generator<string> {
  const until = localMinute(Date.parse(expiresAt), zone);
  yield wrap(
    `Plan ${oneLine(id)}, account ${oneLine(account ?? 'not known')}, good until ${until}: ${formatCount(items.length, 'snapshot')}. ${zoneText(zone)}.`,
    columns,
    '',
  );
  let heading = '';
  for (const { name, kind, region, createdAt } of items) {
    const next = `${oneLine(region)}, ${kind} snapshots`;
    if (next !== heading) yield `\n${wrap(next, columns, '')}`;
    heading = next;
    yield wrap(`${oneLine(name)}, of ${localDay(Date.parse(createdAt), zone)}`, columns, '  - ');
  }
  yield '\n';
}

/** One outcome on one line. */
export const outcomeLine = ({ outcome, name, region, code, text }: ItemResult): string =>
  outcome === 'deleted' && text === 'deleted'
    ? `deleted ${oneLine(name)} (${oneLine(region)})`
    : `${outcome} ${oneLine(name)} (${oneLine(region)}): ${oneLine(text)} [${oneLine(code)}]`;

/** Those of which it is not known whether they were deleted. */
export const unsettledItems = ({ unsettled = [] }: ApplyResult): readonly Unsettled[] => unsettled;

/** What was done, in one sentence. */
export function resultSentence(result: ApplyResult): string {
  const { totals, status, items } = result;
  const { requested, deleted, alreadyGone, spared, changed, failed, open } = totals;
  const unsettled = unsettledItems(result).length;
  const parts = [
    `${formatNumber(deleted)} deleted`,
    alreadyGone > 0 ? `${formatNumber(alreadyGone)} already gone` : '',
    spared > 0 ? `${formatNumber(spared)} spared` : '',
    changed > 0 ? `${formatNumber(changed)} changed` : '',
    failed > 0 ? `${formatNumber(failed)} failed` : '',
    unsettled > 0 ? `${formatNumber(unsettled)} of unknown end` : '',
    status === 'unfinished' ? `${formatNumber(open - unsettled)} not dealt with` : '',
  ].filter((part) => part !== '');
  const unknown = items.filter(
    ({ outcome, monthlyCostCeiling }) => outcome === 'deleted' && monthlyCostCeiling === null,
  ).length;
  const more = unknown === 0 ? '' : ` and ${formatNumber(unknown)} of unknown size`;
  return `Of ${formatCount(requested, 'planned snapshot')}: ${parts.join(', ')}. Freed: at most ${formatDollars(totals.freedMonthlyCostCeiling)}/month${more}.`;
}

/** The outcome as text, what needs a person first, every item with its reason. */
export function* renderResultText(result: ApplyResult, columns: number): Generator<string> {
  yield wrap(resultSentence(result), columns, '');
  const unsettled = unsettledItems(result);
  if (unsettled.length > 0) yield `\n${wrap(`${UNSETTLED_TEXT} (${formatNumber(unsettled.length)})`, columns, '')}`;
  for (const { name, arn, source } of unsettled)
    yield wrap(`${oneLine(name ?? arn)}${source === null ? '' : ` of ${oneLine(source)}`}`, columns, '  - ');
  for (const outcome of OUTCOME_ORDER) {
    const items = result.items.filter((item) => item.outcome === outcome);
    if (items.length === 0) continue;
    yield `\n${wrap(`${OUTCOME_HEADINGS[outcome]} (${formatNumber(items.length)})`, columns, '')}`;
    for (const item of items) {
      const source = item.source === null ? '' : ` of ${oneLine(item.source)}`;
      const why =
        outcome === 'deleted' && item.text === 'deleted'
          ? monthlyCostText(item.monthlyCostCeiling)
          : `${oneLine(item.text)} [${oneLine(item.code)}]`;
      yield wrap(`${oneLine(item.name)}${source} (${item.kind}, ${oneLine(item.region)}): ${why}`, columns, '  - ');
    }
  }
  if (result.status === 'unfinished')
    yield `\n${wrap('It is not finished: apply the same plan again to go on.', columns, '')}`;
}
