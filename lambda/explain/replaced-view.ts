import { countOutcomes } from '../core/plan/outcome';
import { jsonText } from '../core/util/safe-text';
import { renderResultJson } from '../render/result-json';
import { planCopyFile, planFile, resultFile } from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import { APPLY_RESULT, type EvidenceRecord, PLAN, parseStored } from '../storage/schemas';
import type { BrokenLink, VerifyPorts } from './evidence-chain';
import type { PlanEvidence, RecordedApproval } from './recorded-objects';

type StoredResult = NonNullable<ReturnType<typeof parseResult>>;

const parseResult = (text: string) => parseStored(APPLY_RESULT, text);

/** Whether a text is a result byte for byte as this version writes it, with the counts of its outcomes. */
function isWritten({ hashText }: VerifyPorts, text: string, result: StoredResult, sha256: string): boolean {
  const written = [...renderResultJson(JSON.parse(text))].join('');
  const totals = countOutcomes(result.plan.count, result.items);
  return hashText(written) === sha256 && jsonText(totals) === jsonText(result.totals);
}

/** Whether the result has the configuration of the plan that was applied; true where that cannot be read. */
async function hasConfigOfPlan({ store, digest }: VerifyPorts, { plan, config }: StoredResult): Promise<boolean> {
  const texts = [await readOrFailure(store.get(planCopyFile(plan))), await readOrFailure(store.get(planFile(plan.id)))];
  const applied = texts
    .map((text) => (typeof text === 'string' ? parseStored(PLAN, text) : null))
    .find((each) => each?.digest === plan.digest);
  return applied == null || config === null || digest(applied.config) === digest(config);
}

/**
 * Checks the result of an unfinished plan that a run which has recorded nothing may have replaced: what the first run
 * wrote into it never changes.
 */
export async function checkReplacedView(
  ports: VerifyPorts,
  { id, views, approvals }: PlanEvidence,
  list: EvidenceRecord,
  recorded: readonly RecordedApproval[],
): Promise<readonly BrokenLink[]> {
  const { store } = ports;
  const key = resultFile(id);
  const [found, text] = [await readOrFailure(store.fingerprint(key)), await readOrFailure(store.get(key))];
  // One that is missing or cannot be read is named already.
  if (found === null || isFailure(found) || typeof text !== 'string' || views.size === 0 || views.has(found.sha256))
    return [];
  const place = store.locate(key);
  const altered = (what: string): readonly BrokenLink[] => [
    { number: list.number, fault: 'object.altered', place, message: `${place} ${what}` },
  ];
  const result = parseResult(text);
  if (result === null || result.plan.id !== id || !isWritten(ports, text, result, found.sha256))
    return altered(`was altered since the record ${list.number} was written: it is not as this version writes results`);
  const reports = recorded.flatMap(({ record, approval }) =>
    approvals.has(record.ref.key) && approval !== null ? [approval.report] : [],
  );
  if (!reports.includes(undefined) && !reports.includes(result.report))
    return altered(`names the report ${result.report ?? 'null'}, which no recorded approval of the plan ${id} names`);
  return (await hasConfigOfPlan(ports, result))
    ? []
    : altered(`has another configuration than the plan ${id} that was applied`);
}
