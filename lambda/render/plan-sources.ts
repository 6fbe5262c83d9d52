import type { PlanItem } from '../core/plan/plan';

/** The planned snapshots of one source. */
export interface PlannedSource {
  /** Null: the plan does not name it. */
  readonly source: string | null;
  readonly count: number;
  /** US dollars per month, at most, of the snapshots whose size is known. */
  readonly ceiling: number;
  /** How many have no known size. */
  readonly unknown: number;
  /** The days (ISO 8601) of the oldest and the newest one. */
  readonly from: string;
  readonly to: string;
  /** Each once, in the order of the plan. */
  readonly reasons: readonly string[];
}

/** Sums planned snapshots by source; the highest ceiling first. */
export function plannedSources(items: readonly PlanItem[]): readonly PlannedSource[] {
  const groups = new Map<string | null, PlanItem[]>();
  for (const item of items) {
    const key = item.source ?? null;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const sources = Array.from(groups, ([source, group]): PlannedSource => {
    const ceilings = group.map(({ monthlyCostCeiling }) => monthlyCostCeiling ?? null);
    const created = group.map(({ createdAt }) => createdAt).sort();
    return {
      source,
      count: group.length,
      ceiling: ceilings.reduce((sum, ceiling) => sum + Number(ceiling ?? 0), 0),
      unknown: ceilings.filter((ceiling) => ceiling === null).length,
      from: created[0] ?? '',
      to: created.at(-1) ?? '',
      reasons: [...new Set(group.flatMap(({ reason }) => (reason === undefined ? [] : [reason])))],
    };
  });
  return sources.sort((a, b) => b.ceiling - a.ceiling || b.count - a.count);
}
