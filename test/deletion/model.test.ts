import fc from 'fast-check';
import type { List, Row } from '../../emulator/account';
import type { Plan } from '../../lambda/core/plan/plan';
import type { Config } from '../../lambda/core/policy/config';
import { decide } from '../../lambda/core/policy/decide';
import { applyPrepared, MAX_DECISION_AGE_MS } from '../../lambda/deletion/apply-plan';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { isRefusal } from '../../lambda/deletion/refusals';
import type { SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { aConfig } from '../support/config-builder';
import { ORIGIN } from '../support/run-origin';
import { anOwner, DAY, HERE, type Rig, startRig, THERE } from './rig';

/** Configurations that people switch between: none of them keeps nothing. */
const CONFIGS: readonly Config[] = [
  { policies: { standard: { keep: { last: 3 } } }, default: 'standard', caps: { maxShare: 0.9 } },
  { policies: { standard: { keep: { last: 1 } } }, default: 'standard', caps: { maxShare: 1 } },
  {
    policies: { standard: { expireAfter: '3d' } },
    default: 'standard',
    floors: { minKeep: 2, minAge: '24h' },
    caps: { maxShare: 1 },
  },
].map((written) => aConfig(written));

const PLACES = [
  { region: HERE, list: 'instanceSnapshots', source: 'web', sources: 'instances' },
  { region: THERE, list: 'diskSnapshots', source: 'data', sources: 'disks' },
] as const;
type Place = (typeof PLACES)[number];

const HOLD = 'retention:hold';
const isHeld = (row: Row | undefined): boolean => (row?.tags ?? []).some(({ key }) => key === HOLD);
const sourceArnOf = (row: Row): unknown => row.fromInstanceArn ?? row.fromDiskArn;

/** What the world was like, to be compared with what is gone. */
class Real {
  config: Config = CONFIGS[0] as Config;
  plan: { readonly plan: Plan; readonly text: string } | null = null;
  /** The plan that a person let through, as it was then. */
  approved: { readonly plan: Plan; readonly text: string } | null = null;
  deleted = 0;
  created = 0;
  readonly rig: Rig;
  constructor(rig: Rig) {
    this.rig = rig;
  }

  rows(place: Place): readonly Row[] {
    return this.rig.emulator.world.rows(place.region, place.list);
  }

  pick(place: Place, index: number): Row | undefined {
    const rows = this.rows(place);
    return rows.length === 0 ? undefined : rows[index % rows.length];
  }

  source(place: Place): Row | undefined {
    return this.rig.emulator.world.find(place.region, place.sources as List, place.source);
  }

  /** Everything by ARN: to see what a step has removed. */
  all(): Map<string, { readonly place: Place; readonly row: Row }> {
    return new Map(PLACES.flatMap((place) => this.rows(place).map((row) => [row.arn ?? '', { place, row }] as const)));
  }
}

/** ARNs that a decision of our own, at this moment, lists as expiring. */
async function candidatesNow({ rig, config }: Real): Promise<ReadonlySet<string>> {
  const inventory = await rig.readInventory({
    regions: 'all',
    kinds: ['instance', 'disk', 'database'],
    automaticSnapshots: false,
    deadline: null,
    previouslyRead: new Set(),
  });
  const { items } = decide({ snapshots: inventory.snapshots, sources: inventory.sources, config, now: rig.clock() });
  return new Set(
    items.flatMap(({ verdict, snapshot }) => (verdict === 'expire' && snapshot.arn !== null ? [snapshot.arn] : [])),
  );
}

/**
 * Applies the approved plan; `meddle` happens after it was verified. With `dieAt` the process dies at that call to the
 * service.
 */
async function applyApproved(real: Real, meddle: () => void, dieAt: number | null): Promise<void> {
  const { rig, approved, config } = real;
  if (approved === null) return;
  const outcomePorts = { store: rig.store, clock: rig.clock, isAlive: () => false };
  const before = real.all();
  let candidates: ReadonlySet<string> = new Set();
  const heldAtLastReading = new Map<string, boolean>();
  let calls = 0;
  const watched: SnapshotDeletion = {
    ...rig.deletion,
    async readSnapshot(named) {
      calls += 1;
      if (calls === dieAt) throw new Error('died');
      const answer = await rig.deletion.readSnapshot(named);
      if (answer.ok && answer.value !== null)
        heldAtLastReading.set(answer.value.arn ?? '', answer.value.tags.has(HOLD));
      return answer;
    },
    async deleteSnapshot(named, maySend) {
      calls += 1;
      if (calls === dieAt) throw new Error('died');
      const answer = await rig.deletion.deleteSnapshot(named, maySend);
      calls += 1;
      if (calls === dieAt) throw new Error('died');
      return answer;
    },
  };
  let meddled = before;
  try {
    const prepared = await rig.prepare({ text: approved.text, config, clock: rig.clock, deletion: watched });
    candidates = await candidatesNow(real);
    meddle();
    meddled = real.all();
    const outcomes = await openOutcomes({ ...outcomePorts, owner: anOwner() }, prepared.plan, ORIGIN);
    const monotonic = () => performance.now();
    const sleep = async () => undefined;
    await applyPrepared(
      { clock: rig.clock, monotonic, sleep, deletion: watched, outcomes, retrySettings: RETRY_SETTINGS },
      prepared,
    );
    const result = await outcomes.close();
    // A decision that became too old meanwhile leaves the rest open.
    if (rig.clock() - prepared.decidedAt <= MAX_DECISION_AGE_MS) expect(result.status).toBe('finished');
    const after = real.all();
    for (const { arn, outcome } of result.items)
      expect({ arn, outcome, there: after.has(arn) }).toEqual({ arn, outcome, there: outcome === 'spared' });
  } catch (error) {
    if (!isRefusal(error) && (error as Error).message !== 'died') throw error;
  }

  const after = real.all();
  const gone = [...meddled].filter(([arn]) => !after.has(arn));
  real.deleted += gone.length;
  const approvedArns = new Map(approved.plan.items.map((item) => [item.arn, item]));
  for (const [arn, { row }] of gone) {
    expect({ arn, approved: approvedArns.get(arn)?.createdAt }).toEqual({
      arn,
      approved: new Date((row.createdAt ?? 0) * 1000).toISOString(),
    });
    expect({ arn, candidates: candidates.has(arn) }).toEqual({ arn, candidates: true });
    expect({ arn, held: heldAtLastReading.get(arn) }).toEqual({ arn, held: false });
    expect({ arn, held: isHeld(row) }).toEqual({ arn, held: false });
  }
  // Each group that something went from keeps its floor of snapshots that are neither held nor misspelt.
  for (const source of new Set(gone.map(([, { row }]) => sourceArnOf(row)))) {
    const left = [...after.values()].filter(({ row }) => sourceArnOf(row) === source && !isHeld(row));
    expect({ source, enough: left.length >= real.config.floors.minKeep }).toEqual({ source, enough: true });
  }
}

type Step = fc.AsyncCommand<object, Real>;
const step = (name: string, run: (real: Real) => Promise<void> | void): Step => ({
  check: () => true,
  run: async (_, real) => run(real),
  toString: () => name,
});

const place = fc.constantFrom(...PLACES);
const index = fc.nat(20);

/** What a person, a script or the world can do between two runs. */
const changes = fc.oneof(
  fc.tuple(place, index).map(([where, at]) =>
    step(`hold ${where.source} ${at}`, (real) => {
      real.rig.emulator.world.tag(where.region, real.pick(where, at)?.name ?? '', [{ key: HOLD }], where.list);
    }),
  ),
  fc.tuple(place, index).map(([where, at]) =>
    step(`untag ${where.source} ${at}`, (real) => {
      real.rig.emulator.world.untag(where.region, real.pick(where, at)?.name ?? '', [HOLD], where.list);
    }),
  ),
  place.map((where) =>
    step(`hold source ${where.source}`, (real) => {
      real.rig.emulator.world.tag(where.region, where.source, [{ key: HOLD }], where.sources);
    }),
  ),
  place.map((where) =>
    step(`untag source ${where.source}`, (real) => {
      real.rig.emulator.world.untag(where.region, where.source, [HOLD], where.sources);
    }),
  ),
  fc.tuple(place, fc.nat(9)).map(([where, age]) =>
    step(`create of ${where.source}, ${age} days old`, (real) => {
      const source = real.source(where);
      if (source === undefined) return;
      real.created += 1;
      const from =
        where.list === 'diskSnapshots'
          ? { fromDiskName: where.source, fromDiskArn: source.arn }
          : { fromInstanceName: where.source, fromInstanceArn: source.arn };
      const createdAt = (real.rig.clock() - age * DAY - real.created) / 1000;
      real.rig.emulator.world.add(where.region, where.list, {
        name: `${where.source}-new-${real.created}`,
        createdAt,
        sizeInGb: 8,
        ...from,
      });
    }),
  ),
  fc.tuple(place, index).map(([where, at]) =>
    step(`delete by hand ${where.source} ${at}`, (real) => {
      real.rig.emulator.world.remove(where.region, where.list, real.pick(where, at)?.name ?? '');
    }),
  ),
  fc.tuple(place, index).map(([where, at]) =>
    step(`another takes the name of ${where.source} ${at}`, (real) => {
      const { world } = real.rig.emulator;
      const old = world.remove(where.region, where.list, real.pick(where, at)?.name ?? '');
      if (old?.name === undefined) return;
      const { arn: _, ...like } = old;
      world.add(where.region, where.list, { ...like, name: old.name });
    }),
  ),
  place.map((where) =>
    step(`create source ${where.source} again`, (real) => {
      const { world } = real.rig.emulator;
      const { arn: _, tags: __, ...like } = world.remove(where.region, where.sources as List, where.source) ?? {};
      world.add(where.region, where.sources as List, { ...like, name: where.source });
    }),
  ),
  fc.nat(3).map((days) => step(`wait ${days} days`, (real) => real.rig.advance(days * DAY))),
  fc.constantFrom(...CONFIGS.keys()).map((at) =>
    step(`policy ${at}`, (real) => {
      real.config = CONFIGS[at] ?? real.config;
    }),
  ),
);

const runs = fc.oneof(
  fc.constant(
    step('report', async (real) => {
      real.plan = await planAt(real);
    }),
  ),
  fc.constant(
    step('approve', (real) => {
      real.approved = real.plan;
    }),
  ),
  fc.constant(step('apply', (real) => applyApproved(real, () => undefined, null))),
  fc
    .nat(12)
    .map((at) => step(`apply and die at call ${at + 1}`, (real) => applyApproved(real, () => undefined, at + 1))),
  fc
    .tuple(changes, fc.option(fc.integer({ min: 1, max: 12 })))
    .map(([change, dieAt]) =>
      step(`apply, and meanwhile ${change}${dieAt === null ? '' : `, and die at call ${dieAt}`}`, (real) =>
        applyApproved(real, () => void change.run({}, real), dieAt),
      ),
    ),
  fc.constant(
    step('report, approve, apply', async (real) => {
      real.plan = await planAt(real);
      real.approved = real.plan;
      await applyApproved(real, () => undefined, null);
    }),
  ),
);

const planAt = (real: Real) => real.rig.plan(real.config);

describe('any sequence of reports, changes, approvals, runs and crashes', () => {
  it('removes a snapshot only if an approved plan lists it, the fresh decision lists as expiring it, nothing holds it and its floor stays', async () => {
    let deleted = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands([changes, runs, runs], { maxCommands: 30 }), async (commands) => {
        const rig = await startRig();
        const real = new Real(rig);
        try {
          await fc.asyncModelRun(() => ({ model: {}, real }), commands);
        } finally {
          deleted += real.deleted;
          await rig.close();
        }
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 40), endOnFailure: false },
    );
    // Sequences that never delete would prove nothing.
    expect(deleted).toBeGreaterThan(20);
  }, 300_000);
});
