import { FINISHED, type SnapshotRow, type SourceRow, type TagMap } from './world';

/** A policy as it is written. Times are in UTC; durations are days (`30d`) or hours (`24h`). */
export interface WrittenPolicy {
  readonly keep?: Readonly<Partial<Record<'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly', number>>>;
  readonly expireAfter?: string;
}

/** The part of a configuration that decides, as it is written. */
export interface WrittenConfig {
  readonly policies: Readonly<Record<string, WrittenPolicy>>;
  readonly rules?: readonly {
    readonly name: string;
    readonly match: { readonly orphaned?: boolean; readonly kind?: string };
    readonly policy: string;
  }[];
  readonly default?: string;
  readonly floors: { readonly minKeep: number; readonly minAge: string };
  readonly caps: { readonly maxDeletions: number; readonly maxShare: number };
  readonly holdTags?: readonly string[];
  readonly report?: object;
  readonly deletion?: { readonly grace?: string; readonly planValidFor?: string };
}

/** What a decision is made from. */
export interface Facts {
  readonly snapshots: readonly SnapshotRow[];
  /** The living source of this ARN; undefined where there is none. */
  readonly source: (arn: string) => Pick<SourceRow, 'tags'> | undefined;
  readonly now: number;
}

/**
 * What is decided of one snapshot. `kept` ones are evaluated by a policy, `excluded` ones are not and count for
 * nothing.
 */
export type Decided = 'expires' | 'kept' | 'excluded';

const DAY = 86_400_000;

export const durationMs = (text: string): number => Number.parseInt(text, 10) * (text.endsWith('h') ? 3_600_000 : DAY);

const KNOWN = new Set(['hold', 'policy', 'keep', 'expire-after', 'expire-on']);

/**
 * Why nothing with these tags may be deleted: a hold in force, or tags that cannot be followed; null where nothing
 * does.
 */
export function protection(tags: TagMap, on: 'snapshot' | 'source', config: WrittenConfig, now: number): string | null {
  if ('retention:policy' in tags && ('retention:keep' in tags || 'retention:expire-after' in tags))
    return 'its tags contradict each other';
  for (const [key, value] of Object.entries(tags)) {
    if (config.holdTags?.includes(key)) return `held by ${key}`;
    // Of a source it says that a stack owns the source, not its snapshots.
    if (on === 'snapshot' && key.startsWith('aws:cloudformation:')) return `held by ${key}`;
    if (key === 'retention:hold') {
      const day = /^(?:until )?(\d{4}-\d{2}-\d{2})$/.exec(value ?? '')?.[1];
      if (day === undefined || now < Date.parse(`${day}T00:00:00Z`) + DAY) return `held by ${key} ${value ?? ''}`;
    }
    const word = /^retention[:._\-/](.*)$/.exec(key.trim().toLowerCase())?.[1];
    if (word !== undefined && (!KNOWN.has(word) || key !== `retention:${word}`)) return `the tag ${key} is misspelt`;
    if (key === 'retention:policy' && config.policies[value ?? ''] === undefined)
      return `the policy ${value} is unknown`;
  }
  return null;
}

/** The period of a rule in which a snapshot was created, as a text. */
function periodOf(rule: string, { createdAt, arn }: SnapshotRow): string {
  const iso = new Date(createdAt).toISOString();
  if (rule === 'hourly') return iso.slice(0, 13);
  if (rule === 'daily') return iso.slice(0, 10);
  if (rule === 'monthly') return iso.slice(0, 7);
  if (rule === 'yearly') return iso.slice(0, 4);
  // The Monday of its week: 1970-01-01 was a Thursday.
  if (rule === 'weekly') return String(Math.floor((Math.floor(createdAt / DAY) + 3) / 7));
  return arn;
}

const taggedPolicy = (tags: TagMap): { readonly name?: string; readonly inline?: WrittenPolicy } | null => {
  const name = tags['retention:policy'];
  if (name != null) return { name };
  const keep = tags['retention:keep'];
  const after = tags['retention:expire-after'];
  if (keep == null && after == null) return null;
  const rules = (keep ?? '').split(' ').filter((word) => word !== '');
  const inline = Object.fromEntries(rules.map((word) => [word.split('=')[0] ?? '', Number(word.split('=')[1])]));
  return { inline: { ...(keep == null ? {} : { keep: inline }), ...(after == null ? {} : { expireAfter: after }) } };
};

/** The policy of a snapshot, with what identifies it; null: unmanaged. */
function policyOf(
  row: SnapshotRow,
  facts: Facts,
  config: WrittenConfig,
): { readonly id: string; readonly policy: WrittenPolicy } | null {
  const source = facts.source(row.sourceArn);
  const tagged = taggedPolicy(row.tags) ?? (row.isCopy || source === undefined ? null : taggedPolicy(source.tags));
  if (tagged?.inline !== undefined) return { id: JSON.stringify(tagged.inline), policy: tagged.inline };
  const matching = (config.rules ?? []).find(
    ({ match: { orphaned, kind } }) =>
      !row.isCopy && (orphaned ?? source === undefined) === (source === undefined) && (kind ?? row.kind) === row.kind,
  );
  const name = tagged?.name ?? matching?.policy ?? (row.isCopy ? undefined : config.default);
  const policy = name === undefined ? undefined : config.policies[name];
  return name === undefined || policy === undefined ? null : { id: `the policy ${name}`, policy };
}

const newestFirst = (a: SnapshotRow, b: SnapshotRow): number => b.createdAt - a.createdAt || (a.arn < b.arn ? -1 : 1);

/** The ARNs that the rules of one policy keep, of all its snapshots in a group, newest first. */
function keptByRules(
  rows: readonly SnapshotRow[],
  { keep = {}, expireAfter }: WrittenPolicy,
  now: number,
): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const [rule, slots] of Object.entries(keep)) {
    let taken = 0;
    let last = '';
    for (const [index, row] of rows.entries()) {
      const period = periodOf(rule, row);
      if (taken >= slots || (period === last && index < rows.length - 1)) continue;
      taken += 1;
      last = period;
      kept.add(row.arn);
    }
  }
  if (expireAfter !== undefined)
    for (const { arn, createdAt } of rows) if (createdAt > now - durationMs(expireAfter)) kept.add(arn);
  return kept;
}

/** Decides about all snapshots. Written from the contract alone; shares nothing with the code under test. */
export function decideAll(facts: Facts, config: WrittenConfig): ReadonlyMap<string, Decided> {
  const { now } = facts;
  const decided = new Map<string, Decided>(facts.snapshots.map(({ arn }) => [arn, 'excluded']));
  const groups = new Map<string, Map<string, SnapshotRow[]>>();
  for (const row of facts.snapshots) {
    const source = facts.source(row.sourceArn);
    const policy = policyOf(row, facts, config);
    const isProtected =
      protection(row.tags, 'snapshot', config, now) !== null ||
      protection(source?.tags ?? {}, 'source', config, now) !== null;
    if (policy === null || isProtected || row.state !== FINISHED[row.kind] || row.createdAt > now + 300_000) continue;
    const key = `${row.region} ${row.kind} ${row.sourceArn}`;
    const group = groups.get(key) ?? new Map<string, SnapshotRow[]>();
    groups.set(key, group.set(policy.id, [...(group.get(policy.id) ?? []), row]));
    decided.set(row.arn, 'kept');
  }
  for (const group of groups.values()) {
    const all = [...group.values()].flat().sort(newestFirst);
    const floor = new Set(all.slice(0, config.floors.minKeep).map(({ arn }) => arn));
    for (const rows of group.values()) {
      const sorted = rows.sort(newestFirst);
      const first = sorted[0];
      const policy = first === undefined ? null : policyOf(first, facts, config);
      const kept = policy === null ? floor : keptByRules(sorted, policy.policy, now);
      for (const { arn, createdAt } of sorted) {
        const isYoung = createdAt > now - durationMs(config.floors.minAge);
        if (!kept.has(arn) && !floor.has(arn) && !isYoung) decided.set(arn, 'expires');
      }
    }
  }
  return decided;
}
