import { monthlyCostCeiling } from '../core/policy/cost';
import { describeReason } from '../core/policy/reason';
import type { PolicyChange, PolicyComparison, SourceOutcome } from '../core/report/compare-policies';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import { escapeJson } from '../core/util/safe-text';

const reasonsOf = ({ reasons }: EvaluatedSnapshot) =>
  reasons.map((reason) => ({ code: reason.code, text: describeReason(reason) }));

const comparedSource = ({ snapshot, sourceExists }: EvaluatedSnapshot) =>
  snapshot.source && { name: snapshot.source.name, arn: snapshot.source.arn, exists: sourceExists };

function changeJson({ against, before, after }: PolicyChange, { policies }: PolicyComparison): string {
  const { snapshot } = after;
  const pricing = policies[against]?.pricing;
  return JSON.stringify({
    arn: snapshot.arn,
    name: snapshot.name,
    kind: snapshot.kind,
    account: snapshot.account,
    region: snapshot.region,
    createdAt: snapshot.createdAt === null ? null : new Date(snapshot.createdAt).toISOString(),
    source: comparedSource(after),
    against,
    from: before.verdict,
    to: after.verdict,
    policy: { from: before.policy?.name ?? null, to: after.policy?.name ?? null },
    reasons: { from: reasonsOf(before), to: reasonsOf(after) },
    monthlyCostCeiling: pricing === undefined ? null : monthlyCostCeiling(snapshot, pricing),
  });
}

const comparedSourceJson = ({ longestGapDays, account, ...rest }: SourceOutcome): string =>
  JSON.stringify({ ...rest, account, longestGapDays });

function* jsonList<T>(name: string, items: readonly T[], toJson: (item: T) => string): Generator<string> {
  yield `"${name}":[`;
  for (const [index, item] of items.entries()) yield `${index === 0 ? '\n' : ',\n'}${toJson(item)}`;
  yield items.length === 0 ? ']' : '\n]';
}

function* comparisonChunks(comparison: PolicyComparison): Generator<string> {
  const head = {
    schemaVersion: 1,
    evaluatedAt: new Date(comparison.evaluatedAt).toISOString(),
    inventory: comparison.inventory,
    complete: comparison.complete,
    accounts: comparison.accounts?.map(({ id, name, ou, status, error }) => ({ id, name, ou, status, error })),
    policies: comparison.policies.map(({ origin, digest, totals }) => ({ file: origin, digest, totals })),
  };
  yield `${JSON.stringify(head).slice(0, -1)},\n`;
  yield* jsonList('changes', comparison.changes, (change) => changeJson(change, comparison));
  yield ',\n';
  yield* jsonList('sources', comparison.sources, comparedSourceJson);
  yield '}\n';
}

/**
 * The comparison as JSON (section 3 of the contract), one change and one source a line. Instants are ISO 8601 in UTC.
 */
export function* renderComparisonJson(comparison: PolicyComparison): Generator<string> {
  for (const chunk of comparisonChunks(comparison)) yield escapeJson(chunk);
}
