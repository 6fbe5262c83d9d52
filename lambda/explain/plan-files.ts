import type { Plan } from '../core/plan/plan';
import { eachOf } from '../ports/each-of';
import type { ApprovalRecord } from '../storage/approval-record';
import { planCopyFile } from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import { readPlan } from '../storage/report-history';
import { type EvidenceRecord, PLAN, parseStored } from '../storage/schemas';
import type { BrokenLink, VerifyPorts } from './evidence-chain';

/** Matches a key that leads out of its folder. */
export const LEADS_OUT = /^[/\\]|(?:^|[/\\])\.\.?(?:[/\\]|$)/;

interface PlanFiles {
  readonly broken: readonly BrokenLink[];
  /** Places of plan files that have another plan now. */
  readonly otherPlans: readonly string[];
}

type PlanFileFinding = 'intact' | { readonly otherPlan: string } | BrokenLink;

/** Returns a plan whose digest is that of its content; null for another text. */
function ownPlan(text: string, { digest }: VerifyPorts): Plan | null {
  const plan = parseStored(PLAN, text);
  return plan === null ? null : readPlan(text, plan.id, digest);
}

/**
 * Compares the file from which a plan was applied with the copy of it. A new report may have replaced it: then it has a
 * plan of another time, with its own digest.
 */
async function checkPlanFile(
  ports: VerifyPorts,
  copy: EvidenceRecord | undefined,
  planFile: string,
): Promise<PlanFileFinding> {
  const { store } = ports;
  if (copy === undefined || LEADS_OUT.test(planFile)) return 'intact';
  const text = await readOrFailure(store.get(planFile));
  if (text === null) return 'intact';
  const place = store.locate(planFile);
  if (typeof text === 'string') {
    if ((await store.fingerprint(planFile))?.sha256 === copy.sha256) return 'intact';
    const [plan, applied] = [ownPlan(text, ports), await readOrFailure(store.get(copy.ref.key))];
    const wasApplied = typeof applied === 'string' ? parseStored(PLAN, applied) : null;
    if (plan !== null && plan.createdAt !== wasApplied?.createdAt) return { otherPlan: place };
  }
  const { number, ref } = copy;
  if (isFailure(text)) {
    const named = `${text.failure}; the record ${number} names its copy ${store.locate(ref.key)}`;
    return { number, fault: `object.${text.fault}`, place, message: named };
  }
  const message = `${place} was altered since it was applied; the record ${number} names its copy ${store.locate(ref.key)}`;
  return { number, fault: 'object.altered', place, message };
}

/** Checks the files from which plans were applied, of each the last plan. One may be removed, since it has a copy. */
export async function checkPlanFiles(
  ports: VerifyPorts,
  records: readonly EvidenceRecord[],
  approvals: readonly ApprovalRecord[],
): Promise<PlanFiles> {
  const last = new Map(approvals.flatMap(({ planFile, plan }) => (planFile ? [[planFile, plan] as const] : [])));
  const found = await eachOf([...last], ([planFile, plan]) => {
    const copyKey = planCopyFile(plan);
    return checkPlanFile(
      ports,
      records.find(({ ref }) => ref.key === copyKey),
      planFile,
    );
  });
  return {
    broken: found.flatMap((each) => (typeof each === 'object' && 'fault' in each ? [each] : [])),
    otherPlans: found.flatMap((each) => (typeof each === 'object' && 'otherPlan' in each ? [each.otherPlan] : [])),
  };
}
