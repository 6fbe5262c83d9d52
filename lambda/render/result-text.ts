import type { ApplyResult, ItemResult, Outcome, Unsettled } from '../core/plan/outcome';
import { oneLine } from '../core/util/safe-text';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { monthlyCostText } from './phrases';
import { wrap } from './terminal';

const OUTCOME_HEADINGS: Readonly<Record<Outcome, string>> = {
  failed: 'Failed: still there, or not known',
  changed: 'Changed: no longer the snapshot that was planned, not deleted',
  spared: 'Skipped: held or changed since the plan was made',
  'already-gone': 'Already gone before this run could delete it',
  deleted: 'Deleted',
};
/** The heading of sent deletes without a known outcome. */
export const UNSETTLED_TEXT = 'A delete may have been sent: its outcome is not known';
/** Outcomes that need a person come first. */
const OUTCOME_ORDER: readonly Outcome[] = ['failed', 'changed', 'spared', 'already-gone', 'deleted'];

/** One outcome on one line. */
export const outcomeLine = ({ outcome, name, region, code, text }: ItemResult): string =>
  outcome === 'deleted' && text === 'deleted'
    ? `deleted ${oneLine(name)} (${oneLine(region)})`
    : `${outcome} ${oneLine(name)} (${oneLine(region)}): ${oneLine(text)} [${oneLine(code)}]`;

/** The snapshots that may have been deleted. */
export const unsettledItems = ({ unsettled = [] }: ApplyResult): readonly Unsettled[] => unsettled;

/** The failed snapshots that a sent delete may still delete. */
export const lateItems = ({ items }: Pick<ApplyResult, 'items'>): readonly ItemResult[] =>
  items.filter(({ mayStillBeDeleted }) => mayStillBeDeleted === true);

/** The snapshots that failed, and are certain to stay. */
export const failedItems = ({ items }: Pick<ApplyResult, 'items'>): readonly ItemResult[] =>
  items.filter(({ outcome, mayStillBeDeleted }) => outcome === 'failed' && mayStillBeDeleted !== true);

/** The result in one sentence. */
export function resultSentence(result: ApplyResult): string {
  const { totals, status, items } = result;
  const { requested, deleted, alreadyGone, spared, changed, failed, open } = totals;
  const [unsettled, late] = [unsettledItems(result).length, lateItems(result).length];
  const parts = [
    `${formatNumber(deleted)} deleted`,
    alreadyGone > 0 ? `${formatNumber(alreadyGone)} already gone` : '',
    spared + changed > 0 ? `${formatNumber(spared + changed)} skipped` : '',
    failed > late ? `${formatNumber(failed - late)} failed` : '',
    unsettled + late > 0 ? `${formatNumber(unsettled + late)} of unknown outcome` : '',
    status === 'unfinished' ? `${formatNumber(open - unsettled)} not processed` : '',
  ].filter((part) => part !== '');
  const unknown = items.filter(
    ({ outcome, monthlyCostCeiling }) => outcome === 'deleted' && monthlyCostCeiling === null,
  ).length;
  const more = unknown === 0 ? '' : ` and ${formatNumber(unknown)} of unknown size`;
  return `Of ${formatCount(requested, 'planned snapshot')}: ${parts.join(', ')}. Freed: at most ${formatDollars(totals.freedMonthlyCostCeiling)}/month${more}.`;
}

/** Renders every outcome with its reason, failures first. */
export function* renderResultText(result: ApplyResult, columns: number): Generator<string> {
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
}

/**
 * The last lines about a result: how to continue where it is not finished, and the result in one sentence. `mayGoOn`:
 * whether the same plan can be applied again.
 */
export function resultEnd(result: ApplyResult, columns: number, mayGoOn = true): string {
  const next = mayGoOn ? 'The plan is not finished: apply it again to continue.' : 'The plan is not finished.';
  const more = result.status === 'unfinished' ? next : '';
  return `\n${more === '' ? '' : wrap(more, columns, '')}${wrap(resultSentence(result), columns, '')}`;
}
