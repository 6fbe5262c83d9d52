import type { ApplyResult, ItemResult, Outcome, Unsettled } from '../core/plan/outcome';
import { clean } from '../core/util/safe-text';
import { atMost, count, dollars, figure } from './phrases';
import { wrap } from './terminal';

const HEADINGS: Readonly<Record<Outcome, string>> = {
  failed: 'Failed: still there, or not known',
  changed: 'Changed: not the snapshot that was planned any more, left alone',
  spared: 'Spared: something speaks for it now, left alone',
  'already-gone': 'Already gone before this run could delete it',
  deleted: 'Deleted',
};
/** Above those that were sent and have no outcome. */
export const UNSETTLED = 'A delete may have been sent: its end is not known';
/** What needs a person comes first. */
const ORDER: readonly Outcome[] = ['failed', 'changed', 'spared', 'already-gone', 'deleted'];

/** One outcome on one line. */
export const outcomeLine = ({ outcome, name, region, code, text }: ItemResult): string =>
  outcome === 'deleted' && text === 'deleted'
    ? `deleted ${clean(name)} (${clean(region)})`
    : `${outcome} ${clean(name)} (${clean(region)}): ${clean(text)} [${clean(code)}]`;

/** Those of which it is not known whether they were deleted. */
export const unsettledIn = ({ unsettled = [] }: ApplyResult): readonly Unsettled[] => unsettled;

/** What was done, in one sentence. */
export function resultSentence(result: ApplyResult): string {
  const { totals, status, items } = result;
  const { requested, deleted, alreadyGone, spared, changed, failed, open } = totals;
  const unsettled = unsettledIn(result).length;
  const parts = [
    `${figure(deleted)} deleted`,
    alreadyGone > 0 ? `${figure(alreadyGone)} already gone` : '',
    spared > 0 ? `${figure(spared)} spared` : '',
    changed > 0 ? `${figure(changed)} changed` : '',
    failed > 0 ? `${figure(failed)} failed` : '',
    unsettled > 0 ? `${figure(unsettled)} of unknown end` : '',
    status === 'unfinished' ? `${figure(open - unsettled)} not dealt with` : '',
  ].filter((part) => part !== '');
  const unknown = items.filter(
    ({ outcome, monthlyCostCeiling }) => outcome === 'deleted' && monthlyCostCeiling === null,
  ).length;
  const more = unknown === 0 ? '' : ` and ${figure(unknown)} of unknown size`;
  return `Of ${count(requested, 'planned snapshot')}: ${parts.join(', ')}. Freed: at most ${dollars(totals.freedMonthlyCostCeiling)}/month${more}.`;
}

/** The outcome as text, what needs a person first, every item with its reason. */
export function* renderResultText(result: ApplyResult, columns: number): Generator<string> {
  yield wrap(resultSentence(result), columns, '');
  const unsettled = unsettledIn(result);
  if (unsettled.length > 0) yield `\n${wrap(`${UNSETTLED} (${figure(unsettled.length)})`, columns, '')}`;
  for (const { name, arn, source } of unsettled)
    yield wrap(`${clean(name ?? arn)}${source === null ? '' : ` of ${clean(source)}`}`, columns, '  - ');
  for (const outcome of ORDER) {
    const items = result.items.filter((item) => item.outcome === outcome);
    if (items.length === 0) continue;
    yield `\n${wrap(`${HEADINGS[outcome]} (${figure(items.length)})`, columns, '')}`;
    for (const item of items) {
      const source = item.source === null ? '' : ` of ${clean(item.source)}`;
      const why =
        outcome === 'deleted' && item.text === 'deleted'
          ? atMost(item.monthlyCostCeiling)
          : `${clean(item.text)} [${clean(item.code)}]`;
      yield wrap(`${clean(item.name)}${source} (${item.kind}, ${clean(item.region)}): ${why}`, columns, '  - ');
    }
  }
  if (result.status === 'unfinished')
    yield `\n${wrap('It is not finished: apply the same plan again to go on.', columns, '')}`;
}
