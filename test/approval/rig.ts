import type { ApprovedEvent, ApprovePorts } from '../../lambda/approval/approve-plan';
import type { Plan, PlanContent, PlanItem } from '../../lambda/core/plan/plan';
import { renderPlanJson } from '../../lambda/render/plan';
import { digestOf } from '../../lambda/runtime/digest';
import { approvalFile, endedFile, planFile, resultFile } from '../../lambda/storage/keys';
import { memoryStore, timesOf } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { anOutcome, aResult, storedResult } from '../support/result-builder';

export const ACCOUNT = '123456789012';
export const ID = '20261123T080000Z-1a2b3c4d';
export const NOW = Date.parse('2026-11-24T12:00:00Z');
export const CONFIG = aConfig({
  timezone: 'Europe/Berlin',
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
});

/** A planned snapshot of a source, unless other members are given. */
export const anItem = (name: string, given: Partial<PlanItem> = {}): PlanItem => ({
  account: ACCOUNT,
  arn: `arn:aws:lightsail:us-east-1:${ACCOUNT}:InstanceSnapshot/${name}`,
  createdAt: '2026-10-01T00:00:00.000Z',
  kind: 'instance',
  monthlyCostCeiling: '2.00',
  name,
  policy: 'standard',
  reason: 'Newer snapshots fill its slots.',
  region: 'us-east-1',
  sizeGb: '40',
  source: 'web',
  ...given,
});

export const ITEMS = [anItem('web-1'), anItem('web-2'), anItem('data-1', { source: 'data', kind: 'disk' })];

/** A plan as a report makes it, with a digest that fits, unless other members are given. */
export function aStoredPlan(given: Partial<PlanContent> = {}): Plan {
  const content: PlanContent = {
    schemaVersion: 1,
    id: ID,
    account: ACCOUNT,
    scopes: (['disk', 'instance'] as const).map((kind) => ({ account: ACCOUNT, region: 'us-east-1', kind })),
    createdAt: '2026-11-23T08:00:05.000Z',
    expiresAt: '2026-11-30T08:00:05.000Z',
    config: { origin: 'retention.yaml', digest: CONFIG.digest },
    complete: true,
    blocked: null,
    items: ITEMS,
    ...given,
  };
  return { ...content, digest: digestOf(content) };
}

export interface ApprovalRig {
  readonly objects: Map<string, string>;
  readonly ports: ApprovePorts;
  /** Executions that were started: name and event. */
  readonly started: { readonly execution: string; readonly event: ApprovedEvent }[];
  /** Keys that were read, and prefixes that were listed. */
  readonly read: string[];
}

/** The ports of both functions over a bucket in memory, with these plans in it. */
export function approvalRig(plans: readonly Plan[], given: Partial<ApprovePorts> = {}): ApprovalRig {
  const objects = new Map(plans.map((plan) => [planFile(plan.id), [...renderPlanJson(plan)].join('')]));
  const clock = given.clock ?? (() => NOW);
  const store = memoryStore(objects, clock);
  const read: string[] = [];
  const started: ApprovalRig['started'] = [];
  const noting =
    <T>(call: (key: string) => Promise<T>): ((key: string) => Promise<T>) =>
    (key) => {
      read.push(key);
      return call(key);
    };
  return {
    objects,
    started,
    read,
    ports: {
      store: {
        ...store,
        get: noting(store.get),
        lines: noting(store.lines),
        getDated: noting(store.getDated),
        getVersioned: noting(store.getVersioned),
        list: noting(store.list),
        put: () => Promise.reject(new Error('written')),
        putIfAbsent: () => Promise.reject(new Error('written')),
        replaceIf: () => Promise.reject(new Error('written')),
      },
      clock,
      digest: digestOf,
      config: CONFIG,
      account: ACCOUNT,
      allowsRaisedCaps: false,
      startDeletion: async (execution, event) => void started.push({ execution, event }),
      ...given,
    },
  };
}

export const HOUR = 3_600_000;

/** How the deletion function records an approval on the dashboard. */
export const DASHBOARD = { kind: 'dashboard', arn: null, claimed: true } as const;

/** How an execution ended that was refused. */
export const REFUSED = {
  state: 'refused',
  code: 'inventory.incomplete',
  text: 'not everything can be read now',
} as const;

/** Puts an object as it was written some time ago. */
export function put({ objects }: ApprovalRig, key: string, value: unknown, at = NOW - HOUR): void {
  objects.set(key, typeof value === 'string' ? value : JSON.stringify(value));
  timesOf(objects).set(key, at);
}

/** Stores the approval with which a run begins. */
export const begin = (rig: ApprovalRig, { id, digest }: Plan, run: string, at?: number): void =>
  put(rig, approvalFile({ id, digest }, run), { plan: { id, digest }, run, approvedBy: DASHBOARD }, at);

/** Notes the end of the run `<execution>-0001`. */
export const end = (rig: ApprovalRig, plan: Plan, execution: string, ending: object, at?: number): void =>
  put(rig, endedFile(plan.id, execution), { digest: plan.digest, run: `${execution}-0001`, end: ending }, at);

/** Stores a result in which one snapshot was deleted. */
export function putResult(rig: ApprovalRig, plan: Plan, given: Parameters<typeof aResult>[2] = {}): void {
  const { id, digest, items } = plan;
  const result = aResult(id, [anOutcome('web-1')], { plan: { id, digest, count: items.length }, ...given });
  put(rig, resultFile(id), storedResult(result).body.join(''));
}
