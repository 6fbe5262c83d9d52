import { NO_ITEM_DETAILS, type RunOrigin } from '../../lambda/core/plan/outcome';
import type { Plan, PlanItem } from '../../lambda/core/plan/plan';
import { indexPlan } from '../../lambda/deletion/index-results';
import { type OutcomeStore, openOutcomes } from '../../lambda/deletion/outcome-store';
import { type ApprovedRun, recordApproval, recordResult } from '../../lambda/deletion/record-deletion';
import type { Store } from '../../lambda/ports/ports';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { type EvidenceHead, type EvidencePorts, evidenceEntry, recordEvidence } from '../../lambda/storage/evidence';
import { jsonObject } from '../../lambda/storage/json-object';
import { EVIDENCE, planCopyFile, planFile, reportFiles } from '../../lambda/storage/keys';
import { anOutcome } from '../support/result-builder';
import { APPROVED } from '../support/run-origin';

/** When the first run of such a place begins (epoch ms). */
export const BEGIN = Date.UTC(2026, 10, 23, 8);
const ITEMS = 3;

/** The plan of a number: of three snapshots that no other plan has. `prefix`: the begin of its id. */
export function planNumbered(number: number, prefix = ''): Plan {
  const id = `${prefix}202611${String(10 + number)}T080000Z-1a2b3c4d`;
  const item = (position: number): PlanItem => {
    const { arn, name, kind, account, region, createdAt } = anOutcome(`web-${number}${position}`);
    return { arn, name, kind, account, region, createdAt };
  };
  const content = {
    schemaVersion: 1 as const,
    id,
    account: '123456789012',
    scopes: [{ account: '123456789012', region: 'us-east-1', kind: 'instance' as const }],
    createdAt: new Date(BEGIN).toISOString(),
    expiresAt: new Date(BEGIN + 30 * 86_400_000).toISOString(),
    config: { origin: 'retention.yaml', digest: `sha256:${'2'.repeat(64)}` },
    complete: true,
    blocked: null,
    items: Array.from({ length: ITEMS }, (_, position) => item(position)),
  };
  return { ...content, digest: digestOf(content) };
}

/** How far a run comes. `killed`: after its first outcome and its second attempt. `stopped`: it ends there as it should. */
export type RunEnding = 'finished' | 'stopped' | 'killed';

/** Runs of plans in a place, by what the functions and the command line call: only their deletes are left out. */
export class RecordedDeletions {
  readonly ports: EvidencePorts;
  private runs = 0;

  constructor(
    store: Store,
    private readonly clock: () => number,
    folder: string = EVIDENCE,
  ) {
    this.ports = { store, clock, hashText: sha256Of, folder, keptForDays: null };
  }

  /** Stores a plan: that of a report in a bucket, else a file that a person made. */
  async plan(number: number, prefix = ''): Promise<Plan> {
    const plan = planNumbered(number, prefix);
    const { store, folder } = this.ports;
    const text = JSON.stringify(plan);
    if (folder !== EVIDENCE) {
      await store.put({ key: this.fileOf(plan), contentType: 'application/json', body: [text] });
      return plan;
    }
    await store.putIfAbsent({ key: planFile(plan.id), contentType: 'application/json', body: [text] });
    if (prefix !== '') return plan;
    await store.putIfAbsent(jsonObject(reportFiles(plan.id).json, { reportId: plan.id }));
    await recordEvidence(this.ports, [
      await evidenceEntry(this.ports, { kind: 'report', key: reportFiles(plan.id).json, since: this.clock() }),
      await evidenceEntry(this.ports, { kind: 'plan', key: planFile(plan.id), since: this.clock() }),
    ]);
    return plan;
  }

  /** One run of a plan. */
  async run(plan: Plan, ending: RunEnding, approvedBy: RunOrigin['approvedBy'] = APPROVED): Promise<void> {
    this.runs += 1;
    const { store, folder } = this.ports;
    const run = `run-${this.runs}`;
    const copy = folder === EVIDENCE ? {} : { copy: { key: planCopyFile(plan), planFile: this.fileOf(plan) } };
    const origin = { approvedBy, report: plan.id };
    const approved: ApprovedRun = { plan, run, count: ITEMS, origin, ...copy };
    const owner = { host: 'here', pid: this.runs, run };
    const outcomes = await openOutcomes(
      { store, clock: this.clock, owner, isAlive: () => false },
      plan,
      origin,
      async () => {
        if (copy.copy !== undefined)
          await store.putIfAbsent({ key: copy.copy.key, contentType: '', body: [JSON.stringify(plan)] });
        await recordApproval(this.ports, approved);
      },
    );
    await this.delete(plan, outcomes, ending);
    if (ending === 'killed') return;
    await outcomes.close(async () => {
      const indexed = await indexPlan(store, plan, (each) => each === run);
      await recordResult(this.ports, approved, indexed);
    });
  }

  /** The newest record. */
  head(): Promise<EvidenceHead | null> {
    return recordEvidence(this.ports, []);
  }

  private async delete({ items }: Plan, outcomes: OutcomeStore, ending: RunEnding): Promise<void> {
    const at = new Date(this.clock()).toISOString();
    for (const [position, item] of items.entries()) {
      if (outcomes.recorded.has(item.arn)) continue;
      await outcomes.startAttempt(item, NO_ITEM_DETAILS);
      if (position > 0 && ending !== 'finished') {
        if (ending === 'stopped') await outcomes.cancelAttempt(item.arn);
        return;
      }
      await outcomes.record([anOutcome(item.name, { createdAt: item.createdAt, at })]);
    }
  }

  private fileOf = ({ id }: Plan): string => `plan-${id}.json`;
}
