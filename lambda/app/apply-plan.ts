import type { Config } from '../core/config';
import { monthlyCostCeiling, snapshotGb } from '../core/cost';
import { decide } from '../core/decide';
import { type Facts, type ItemResult, NO_FACTS } from '../core/outcome';
import type { Plan, PlanItem } from '../core/plan';
import { type Condemned, type CondemnedGroup, type Intersection, intersect } from '../core/recheck';
import type { Judged } from '../core/report-model';
import type { SourceState } from '../core/snapshot';
import { awaitEarlier, deleteItem, type Verdict } from './delete-item';
import type { Sleep, SnapshotDeletion } from './deletion-port';
import { guardGroup } from './guard-group';
import { checkLedger, type Ledger, type LedgerPorts } from './ledger';
import { makePacer, type Pace, type Pacer } from './pace';
import type { Clock, Digest, InventoryProgress, ReadInventory } from './ports';
import {
  checkAccount,
  checkCaps,
  checkClock,
  checkConfig,
  checkCount,
  checkInventory,
  checkOrigin,
  checkUnblocked,
  openPlan,
  type StoredPlan,
} from './verify-plan';

export interface PreparePorts {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly readInventory: ReadInventory;
  readonly deletion: Pick<SnapshotDeletion, 'readClock'>;
  readonly ledger: Omit<LedgerPorts, 'owner'>;
}

export interface PrepareRequest {
  readonly plan: StoredPlan;
  readonly config: Config;
  /** The account of the credentials; null where it could not be found out: then the ARNs read must tell. */
  readonly account: string | null;
  /** The count that was said beforehand; null: it will be asked for. */
  readonly count: number | null;
  /** Epoch ms after which no more is read; null: no limit. */
  readonly deadline: number | null;
}

/** A plan that may be applied, and what of it a fresh decision condemns. It ages: nothing in it is trusted without another look. */
export interface Prepared {
  readonly plan: Plan;
  readonly config: Config;
  /** When it was decided, epoch ms. */
  readonly decidedAt: number;
  readonly groups: readonly CondemnedGroup[];
  readonly ruled: Intersection['ruled'];
  /** How many items an earlier run dealt with. */
  readonly doneBefore: number;
}

/**
 * Everything that comes before a count is asked for, in the order of design section 9: throws the first refusal that holds. Only reads, so it is
 * safe to run again; what earlier runs of the plan dealt with is left out.
 */
export async function prepareApply(
  ports: PreparePorts,
  request: PrepareRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<Prepared> {
  const { config, account, count } = request;
  const plan = openPlan(request.plan, ports.clock(), ports.digest);
  if (account !== null) checkAccount(plan, account);
  checkUnblocked(plan);
  checkConfig(plan, config);
  const before = await checkLedger(ports.ledger, plan);
  if (count !== null) checkCount(plan, count);
  checkOrigin(config);
  const done = new Set(before.map(({ arn }) => arn));
  const open = plan.items.filter(({ arn }) => !done.has(arn));
  const inventory = await ports.readInventory(
    {
      regions: [...new Set(plan.scopes.map(({ region }) => region))],
      kinds: [...new Set(plan.scopes.map(({ kind }) => kind))],
      automaticSnapshots: false,
      deadline: request.deadline,
      // A region that the plan was made from is never let pass as one that is not enabled.
      previouslyRead: new Set(plan.scopes.map(({ region }) => region)),
      // What an earlier run dealt with may be all that was there.
      previouslyListed: open,
    },
    progress,
  );
  checkInventory(plan, inventory);
  checkAccount(plan, account ?? inventory.account);
  const decidedAt = ports.clock();
  const decision = decide({ snapshots: inventory.snapshots, sources: inventory.sources, config, now: decidedAt });
  const { groups, ruled } = intersect(open, decision.items, inventory.sources, config.floors.minKeep, config.zone);
  const condemned = groups.reduce((sum, { items }) => sum + items.length, 0);
  const deleted = before.filter(({ outcome }) => outcome === 'deleted').length;
  checkCaps(config, condemned + deleted, inventory.snapshots.length + deleted);
  checkClock(await ports.deletion.readClock());
  return { plan, config, decidedAt, groups, ruled, doneBefore: before.length };
}

export interface ApplyPorts {
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly deletion: SnapshotDeletion;
  readonly ledger: Pick<Ledger, 'recorded' | 'sent' | 'intend' | 'withdraw' | 'record'>;
  readonly pace: Pace;
}

export interface ApplyOptions {
  /** Only these; all of the plan where absent. */
  readonly batch?: readonly PlanItem[];
  /** Ends the run after the items in hand. */
  readonly signal?: AbortSignal;
  readonly progress?: (result: ItemResult) => void;
  /** A rehearsal: the same path up to the delete, which is not sent; called for each snapshot that would go. */
  readonly wouldDelete?: (condemned: Condemned) => void;
}

/** What is known of a snapshot, for the record. */
export function factsOf({ snapshot }: Judged, { pricing }: Pick<Config, 'pricing'>): Facts {
  return {
    source: snapshot.source?.name ?? snapshot.source?.arn ?? null,
    sizeGb: snapshotGb(snapshot),
    monthlyCostCeiling: monthlyCostCeiling(snapshot, pricing),
  };
}

const stateOf = ({ source }: CondemnedGroup): SourceState | null =>
  source === null ? null : { state: 'exists', name: source.name, tags: source.tags };

/**
 * Carries out what was prepared, or a batch of it: region beside region, within a region group after group, newest first, each outcome durable
 * before the next snapshot is touched. Safe to run twice: what has an outcome is left alone. Rejects only when outcomes cannot be recorded.
 */
export async function applyBatch(ports: ApplyPorts, prepared: Prepared, options: ApplyOptions = {}): Promise<void> {
  const { clock, deletion, ledger } = ports;
  const { config } = prepared;
  const { signal, progress, wouldDelete } = options;
  const wanted = options.batch === undefined ? null : new Set(options.batch.map(({ arn }) => arn));
  const isOpen = ({ arn }: PlanItem): boolean => (wanted === null || wanted.has(arn)) && !ledger.recorded.has(arn);
  let broken = false;

  const resultOf = (item: PlanItem, judged: Judged | null, { outcome, code, text }: Verdict): ItemResult => {
    const { arn, name, kind, account, region, createdAt } = item;
    const at = new Date(clock()).toISOString();
    // Of one that is gone, what the run that meant to delete it knew.
    const facts = judged === null ? (ledger.sent.get(arn) ?? NO_FACTS) : factsOf(judged, config);
    return { arn, name, kind, account, region, createdAt, ...facts, outcome, code, text, at };
  };
  const record = async (results: readonly ItemResult[]): Promise<void> => {
    await ledger.record(results);
    for (const each of results) progress?.(each);
  };
  const mayGoOn = (): boolean => !broken && signal?.aborted !== true;

  const applyGroup = async (group: CondemnedGroup, pacer: Pacer): Promise<void> => {
    const source = stateOf(group);
    let breach: Verdict | null = null;
    // What was broken once stays so for the whole group.
    const guard = async (abortSignal: AbortSignal | undefined): Promise<Verdict | null> => {
      breach ??= await guardGroup(deletion, group, config.floors.minKeep, pacer, signal, abortSignal);
      return breach;
    };
    for (const condemned of group.items) {
      const { item, judged } = condemned;
      if (!isOpen(item)) continue;
      if (!mayGoOn()) return;
      const verdict = await deleteItem(
        { deletion, clock, pacer },
        {
          condemned,
          source,
          config,
          sentBefore: ledger.sent.has(item.arn),
          guard,
          intend: wouldDelete === undefined ? () => ledger.intend(item.arn, factsOf(judged, config)) : null,
          withdraw: () => ledger.withdraw(item.arn),
          signal,
        },
      );
      if (verdict === null) return;
      if (verdict === 'deletable') wouldDelete?.(condemned);
      else await record([resultOf(item, judged, verdict)]);
    }
  };

  const applyRegion = async (groups: readonly CondemnedGroup[]): Promise<void> => {
    const pacer = makePacer(ports.pace, ports.sleep);
    try {
      for (const group of groups) {
        if (!mayGoOn()) return;
        await applyGroup(group, pacer);
      }
    } catch (error) {
      broken = true;
      throw error;
    }
  };

  const ruled = prepared.ruled.filter(({ item }) => isOpen(item));
  const mayBeGoing = ({ item, judged, ruling }: (typeof ruled)[number]): boolean =>
    wouldDelete === undefined && ruling.outcome === 'spared' && judged !== null && ledger.sent.has(item.arn);
  const awaitAll = async (): Promise<void> => {
    for (const { item, judged, ruling } of ruled.filter(mayBeGoing)) {
      if (judged === null || !mayGoOn()) return;
      const pacer = makePacer(ports.pace, ports.sleep);
      const verdict = await awaitEarlier({ deletion, clock, pacer }, { condemned: { item, judged }, source: null, config }, ruling, signal);
      if (verdict === null) return;
      await record([resultOf(item, judged, verdict)]);
    }
  };
  await record(
    ruled
      .filter((each) => !mayBeGoing(each))
      .map(({ item, judged, ruling }) =>
        resultOf(
          item,
          judged,
          // An earlier run had set out to delete it and could not say how that ended: it is not there any more.
          ruling.outcome !== 'spared' && judged === null && ledger.sent.has(item.arn)
            ? { outcome: 'deleted', code: 'deleted', text: 'an earlier run had set out to delete it, and it is gone' }
            : ruling,
        ),
      ),
  );
  const byRegion = new Map<string, CondemnedGroup[]>();
  for (const group of prepared.groups) byRegion.set(group.region, [...(byRegion.get(group.region) ?? []), group]);
  const ends = await Promise.allSettled([awaitAll(), ...[...byRegion.values()].map(applyRegion)]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
