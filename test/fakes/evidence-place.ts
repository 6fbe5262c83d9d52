import type { ApplyResult } from '../../lambda/core/plan/outcome';
import { indexResults } from '../../lambda/deletion/index-results';
import { recordApproval, recordResult } from '../../lambda/deletion/record-deletion';
import { type Verification, verifyEvidence } from '../../lambda/explain/verify-evidence';
import type { Store } from '../../lambda/ports/ports';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { type EvidenceHead, type EvidencePorts, evidenceEntry, recordEvidence } from '../../lambda/storage/evidence';
import { jsonObject } from '../../lambda/storage/json-object';
import { EVIDENCE, planFile, recordFile, reportFiles } from '../../lambda/storage/keys';
import { statusInIndex } from '../../lambda/storage/result-index';
import { anOutcome, aResult, storedResult } from '../support/result-builder';
import { APPROVED } from '../support/run-origin';

export const AT = Date.UTC(2026, 10, 23, 8);
const DAY = 86_400_000;

export const planOf = (number: number) => ({
  id: `202611${String(10 + number)}T080000Z-1a2b3c4d`,
  digest: `sha256:${String(number % 10).repeat(64)}`,
});

/** What runs store and record in a place, without reports and plans that anything else would need. */
export class EvidencePlace {
  readonly ports: EvidencePorts;

  constructor(store: Store, options: Partial<EvidencePorts> = {}) {
    this.ports = { store, clock: () => AT, hashText: sha256Of, folder: EVIDENCE, keptForDays: null, ...options };
  }

  /** Stores and records a report and its plan. */
  async report(number: number): Promise<EvidenceHead | null> {
    const { id, digest } = planOf(number);
    const { store } = this.ports;
    await store.putIfAbsent(jsonObject(reportFiles(id).json, { reportId: id }));
    await store.putIfAbsent(jsonObject(planFile(id), { id, digest }));
    const since = AT;
    return recordEvidence(this.ports, [
      await evidenceEntry(this.ports, { kind: 'report', key: reportFiles(id).json, since }),
      await evidenceEntry(this.ports, { kind: 'plan', key: planFile(id), since }),
    ]);
  }

  async approve(number: number, run = 'run-1', approvedBy = APPROVED): Promise<void> {
    await recordApproval(this.ports, { plan: planOf(number), run, origin: { approvedBy, report: planOf(number).id } });
  }

  /** Writes the attempt, the outcome and the result of a run, and indexes it. */
  async remove(number: number, run = 'run-1', status: ApplyResult['status'] = 'finished'): Promise<void> {
    const plan = planOf(number);
    const { store } = this.ports;
    const at = new Date(AT).toISOString();
    const item = anOutcome(`web-${number}`, { at });
    // A run works on no snapshot that has an outcome, and replaces an attempt only as it read it.
    if ((await store.get(recordFile(plan, 0, 'outcome'))) === null) {
      const attempt = jsonObject(recordFile(plan, 0, 'attempt'), { arn: item.arn, run });
      const stored = await store.getVersioned(attempt.key);
      await (stored === null ? store.putIfAbsent(attempt) : store.replaceIf(attempt, stored.version));
    }
    const isFinished = status === 'finished';
    if (isFinished) await store.putIfAbsent(jsonObject(recordFile(plan, 0, 'outcome'), item));
    const given = { plan: { ...plan, count: 1 }, status, startedAt: at, updatedAt: at };
    await store.put(storedResult(aResult(plan.id, isFinished ? [item] : [], given)));
    await indexResults(store);
  }

  async result(number: number, run = 'run-1'): Promise<EvidenceHead | null> {
    const plan = planOf(number);
    return recordResult(this.ports, { plan, run }, await statusInIndex(this.ports.store, plan.id));
  }

  /** A whole deletion, or one that stops before its outcome. */
  async delete(
    number: number,
    run = 'run-1',
    status: ApplyResult['status'] = 'finished',
  ): Promise<EvidenceHead | null> {
    await this.approve(number, run);
    await this.remove(number, run, status);
    return this.result(number, run);
  }

  verify(head: EvidenceHead | null = null, now = AT + DAY): Promise<Verification> {
    return verifyEvidence({ ...this.ports, digest: digestOf, now }, head);
  }
}
