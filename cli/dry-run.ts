import type { ItemResult } from '../lambda/core/plan/outcome';
import type { Candidate } from '../lambda/core/plan/recheck';
import { monthlyCostCeiling, roundMoney, snapshotGb } from '../lambda/core/policy/cost';
import { describeReason } from '../lambda/core/policy/reason';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText } from '../lambda/core/util/safe-text';
import { type ApplyPorts, applyPrepared, type Prepared } from '../lambda/deletion/apply-plan';
import { rehearsalOutcomes } from '../lambda/deletion/outcome-store';
import { formatCount } from '../lambda/render/numbers';
import { wholeDays } from '../lambda/render/phrases';
import { renderPreview } from '../lambda/render/preview';
import { EXIT, type ExitCode } from './exit-codes';
import type { DryRunFormat } from './formats';
import type { DryRunJson } from './json-shapes';
import { countProgress } from './progress';
import { columnsOf, type Terminal, writeOut } from './terminal';

/** What a dry run found: the snapshots that a delete would be sent for, and the outcomes of all others. */
interface Rehearsal {
  readonly prepared: Prepared;
  readonly deletable: readonly Candidate[];
  readonly others: readonly ItemResult[];
  /** How many snapshots of the plan could not be checked. */
  readonly notChecked: number;
}

function dryRunText({ prepared, deletable, others }: Rehearsal, columns: number): Iterable<string> {
  const wanted = new Set(deletable.map(({ item }) => item.arn));
  const groups = prepared.groups
    .map((group) => ({ ...group, items: group.items.filter(({ item }) => wanted.has(item.arn)) }))
    .filter(({ items }) => items.length > 0);
  const skipped = others.map((item) => ({ item, skipReason: item }));
  const isRefused = prepared.refusal !== null;
  return renderPreview({ ...prepared, groups, skipped, isDryRun: true, isRefused, now: prepared.decidedAt }, columns);
}

/** What a deletion of now would do; a plan that is refused deletes nothing, whatever is listed. */
function conclusionOf({ prepared: { refusal }, deletable }: Rehearsal): string {
  if (refusal === null) return `${formatCount(deletable.length, 'snapshot')} would be deleted.`;
  const why = refusal.code === 'plan.blocked' ? 'is blocked' : 'cannot be applied';
  return `None would be deleted, because the plan ${why}.`;
}

/** The object that `apply --dry-run --format json` prints. */
function dryRunJson({ prepared, deletable, others, notChecked }: Rehearsal): DryRunJson {
  const { plan, config, decidedAt, doneBefore, refusal } = prepared;
  const pricing = config.pricing;
  const sum = (amounts: readonly (number | null)[]): number =>
    amounts.reduce<number>((all, each) => all + (each ?? 0), 0);
  return {
    schemaVersion: 1,
    plan: {
      id: plan.id,
      digest: plan.digest,
      createdAt: plan.createdAt,
      expiresAt: plan.expiresAt,
      count: plan.items.length,
      caps: plan.caps ?? 'configured',
    },
    account: plan.account,
    evaluatedAt: new Date(decidedAt).toISOString(),
    refusal: refusal === null ? null : { code: refusal.code, message: refusal.message },
    totals: {
      wouldDelete: deletable.length,
      wouldNotDelete: others.length,
      notChecked,
      doneBefore,
      sizeGb: sum(deletable.map(({ evaluated }) => snapshotGb(evaluated.snapshot))),
      monthlyCostCeiling: roundMoney(
        sum(deletable.map(({ evaluated }) => monthlyCostCeiling(evaluated.snapshot, pricing))),
      ),
      currency: 'USD',
    },
    wouldDelete: deletable.map(({ item, evaluated: { snapshot, sourceExists, policy, reasons } }) => ({
      arn: item.arn,
      name: item.name,
      kind: item.kind,
      account: item.account,
      region: item.region,
      createdAt: item.createdAt,
      ageDays: wholeDays(snapshot.createdAt, decidedAt),
      source:
        snapshot.source === null
          ? null
          : { name: snapshot.source.name, arn: snapshot.source.arn, exists: sourceExists },
      policy: policy?.name ?? null,
      reasons: reasons.map((reason) => ({ code: reason.code, text: describeReason(reason) })),
      sizeGb: snapshotGb(snapshot),
      monthlyCostCeiling: monthlyCostCeiling(snapshot, pricing),
    })),
    wouldNotDelete: others.map(({ arn, name, kind, account, region, createdAt, outcome, code, text }) => ({
      ...{ arn, name, kind, account, region, createdAt, outcome, code, text },
    })),
  };
}

/**
 * Walks the path of a deletion up to the delete, and prints what would be deleted. Throws the refusal of a plan that
 * cannot be applied.
 */
export async function rehearse(
  ports: Omit<ApplyPorts, 'outcomes'>,
  prepared: Prepared,
  { format, quiet }: { readonly format: DryRunFormat; readonly quiet: boolean },
  { out, err }: Terminal,
): Promise<ExitCode> {
  const { groups, skipped } = prepared;
  const all = groups.reduce((sum, { items }) => sum + items.length, skipped.length);
  const deletable: Candidate[] = [];
  const others: ItemResult[] = [];
  const bar = countProgress(err, quiet, { total: all, verb: 'checked' });
  const add = <T>(list: T[], each: T): void => {
    list.push(each);
    bar.count();
  };
  await applyPrepared({ ...ports, outcomes: rehearsalOutcomes() }, prepared, {
    wouldDelete: (candidate) => add(deletable, candidate),
    progress: (result) => add(others, result),
  }).finally(() => bar.stop());
  const rehearsal = { prepared, deletable, others, notChecked: all - deletable.length - others.length };
  if (format === 'json') await writeOut(out, [`${jsonText(dryRunJson(rehearsal), 1)}\n`]);
  else {
    await writeOut(out, dryRunText(rehearsal, columnsOf(out)));
    await writeOut(out, [`Dry run: nothing was deleted. ${conclusionOf(rehearsal)}\n`]);
  }
  if (prepared.refusal !== null) throw prepared.refusal;
  if (rehearsal.notChecked > 0)
    throw new RetentionError(
      'apply.not-checked',
      `${formatCount(rehearsal.notChecked, 'snapshot')} of the plan could not be checked, because this machine was too slow or was suspended; run the same again`,
    );
  return others.some(({ outcome }) => outcome === 'failed') ? EXIT.someFailed : EXIT.done;
}
