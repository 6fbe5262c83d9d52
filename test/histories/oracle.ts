import type { Kind } from '../../lambda/core/snapshot/snapshot';
import { type Decided, decideAll, durationMs, protection, type WrittenConfig } from './decider';
import type { Process } from './process';
import type { Simulation } from './simulation';
import { FINISHED, type SnapshotRow, type SourceRow, type TagMap, type World } from './world';

/** Every way in which a history can break the contract, with what it means. */
export const VIOLATIONS = {
  'plan-not-applicable': 'a delete was sent for a plan that may not be applied',
  unplanned: 'a delete was sent for a name that the plan does not list',
  unlisted: 'a delete was sent for a snapshot that the lists of this run omitted',
  unchecked: 'a delete was sent for a snapshot that this run had not read by name',
  'stale-check': 'more than 5 s passed between the last check of a snapshot and its delete',
  'reused-name':
    'a delete was sent for a name that another snapshot had already at the last check, or for more than 5 s',
  unfinished: 'a delete was sent for a snapshot that was unfinished at the last check',
  'held-snapshot': 'a delete was sent for a snapshot that was held, or had a tag problem, when that could be known',
  'tags-changed':
    'a delete was sent for a snapshot whose tags differed at the last check from those that were decided by',
  'held-source':
    'a delete was sent for a snapshot whose living source was held, or had a tag problem, when that could be known',
  'source-changed':
    'a delete was sent for a snapshot whose source had changed since the decision, when that could be known',
  'absence-believed': 'a delete was sent for a snapshot whose living source was taken for gone',
  floor: 'a delete was sent though fewer than minKeep kept snapshots of the group were there, when that could be known',
  'kept-by-policy': 'a delete was sent for a snapshot that the lists and reads of this run keep',
  'kept-in-truth': 'a delete was sent for a snapshot that was to be kept at every instant of the run',
  'two-in-flight': 'two deletes of one snapshot were in flight at once',
  caps: 'a plan deleted more than caps.maxDeletions',
  'not-announced': 'automatic deletion sent a delete for what was not announced for the whole grace period',
  'false-deleted': '"deleted" was recorded of a snapshot that is there',
  'false-deleted-unsent': '"deleted" was recorded of a snapshot for which no delete can have been sent',
  'false-gone': '"already-gone" was recorded of a snapshot that is there',
  'false-gone-ours': '"already-gone" was recorded of a snapshot that this plan deleted',
  'false-spared': '"spared" or "changed" was recorded of a snapshot that this plan deleted',
  'failed-without-doubt':
    '"failed" was recorded without the note that the snapshot may still be deleted, and this plan deleted it',
  'outcome-changed': 'an outcome changed after it was recorded',
  'no-outcome': 'the same command, run again without faults, did not give every snapshot its outcome',
} as const;
export type ViolationCode = keyof typeof VIOLATIONS;

export interface Violation {
  readonly code: ViolationCode;
  readonly text: string;
}

export interface Where {
  readonly kind: Kind;
  readonly region: string;
  readonly name: string;
}

/** One delete that was sent. */
export interface DeleteRecord {
  readonly where: Where;
  readonly process: Process;
  readonly sentAt: number;
  readonly arn: string | null;
  readonly plan: string;
  isSent: boolean;
  /** Until when (epoch ms) it can still be on its way; null: not yet known. */
  endsAt: number | null;
}

export interface PlannedItem extends Where {
  readonly arn: string;
  readonly createdAt: string;
}

/** What the oracle knows of a plan. */
export interface PlanFacts {
  readonly id: string;
  readonly items: readonly PlannedItem[];
  readonly isApplicable: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly configDigest: string;
  /** Whether no person approved it. */
  readonly isAutomatic: boolean;
}

/** An outcome as it is recorded. */
export interface Recorded {
  readonly arn: string;
  readonly name: string;
  readonly outcome: string;
  readonly code: string;
  readonly text: string;
  readonly at: string;
}

/** A report of automatic mode that was really made. */
export interface Announcement {
  /** The id of the report. */
  readonly id: string;
  readonly madeAt: number;
  /** The snapshots that it announced as deletions; none where it reached no one. */
  readonly arns: ReadonlySet<string>;
  readonly configDigest: string;
}

interface Check<Row> {
  readonly at: number;
  /** The instant (epoch ms) whose truth the answer told: earlier than `at` where it was stale. */
  readonly asOf: number;
  readonly row: Row | undefined;
}

/** Snapshots by ARN, and what is decided about them. */
interface RowsDecided {
  readonly rows: ReadonlyMap<string, SnapshotRow>;
  readonly decision: ReadonlyMap<string, Decided>;
}

const byArn = <Row extends { readonly arn: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [row.arn, row]));

/** What one run was told. */
interface View {
  readonly plan: PlanFacts;
  readonly config: WrittenConfig;
  readonly configDigest: string;
  readonly startedAt: number;
  /** Rows of lists as they were listed last, and as they were listed first: a decision may rest on either. */
  readonly listed: Map<string, SnapshotRow>;
  readonly listedFirst: Map<string, SnapshotRow>;
  readonly sources: Map<string, SourceRow>;
  readonly checks: Map<string, Check<SnapshotRow>>;
  readonly sourceChecks: Map<string, Check<SourceRow>>;
  /** When a page of each source list was answered last, epoch ms. */
  readonly sourceListsAt: Map<string, number>;
  /** The ARNs of the sources that a list had. */
  readonly listedSources: Set<string>;
}

/** How old (ms) what a delete rests on may be. */
const WINDOW = 5_000;
/** How old (ms) the check of its source and of the kept snapshots of its group may be. */
const GROUP_WINDOW = 15_000;
const DAY = 86_400_000;
/** After this (ms) a delete that was not answered is no longer on its way. */
const TIMEOUT = 30_000;
/** How far (ms) a machine's clock may be from the service's. */
const SKEW = 5 * 60_000;
/** A list can be this old (ms). */
const STALE = 30_000;

const keyOf = ({ kind, region, name }: Where): string => `${kind} ${region} ${name}`;
const sameTags = (a: TagMap, b: TagMap): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
};

/** Evaluates every delete and every outcome against the true state of the world and what the contract allows. */
export class Oracle {
  readonly violations: Violation[] = [];
  announcements: Announcement[] = [];
  deletes = 0;
  private readonly simulation: Simulation;
  private readonly world: World;
  private readonly views = new Map<Process, View>();
  private readonly records: DeleteRecord[] = [];
  private readonly killedBy = new Map<string, DeleteRecord>();
  private readonly recorded = new Map<string, Recorded>();
  private readonly died = new Set<string>();
  constructor(simulation: Simulation, world: World) {
    this.simulation = simulation;
    this.world = world;
  }

  /** A run begins to read, or reads everything again. */
  beginReading(process: Process, plan: PlanFacts, config: WrittenConfig, configDigest: string): void {
    this.views.set(process, {
      plan,
      config,
      configDigest,
      startedAt: this.simulation.now,
      listed: new Map(),
      listedFirst: new Map(),
      sources: new Map(),
      checks: new Map(),
      sourceChecks: new Map(),
      sourceListsAt: new Map(),
      listedSources: new Set(),
    });
  }

  listedSnapshots(process: Process, rows: readonly SnapshotRow[]): void {
    const view = this.views.get(process);
    for (const row of rows) {
      view?.listed.set(row.arn, row);
      if (view?.listedFirst.has(row.arn) === false) view.listedFirst.set(row.arn, row);
    }
  }

  listedSources(process: Process, { kind, region }: Omit<Where, 'name'>, rows: readonly SourceRow[]): void {
    const view = this.views.get(process);
    view?.sourceListsAt.set(`${kind} ${region}`, this.simulation.now);
    for (const row of rows) {
      view?.sources.set(row.arn, row);
      view?.listedSources.add(row.arn);
    }
  }

  readSnapshot(process: Process, where: Where, row: SnapshotRow | undefined, asOf: number): void {
    this.views.get(process)?.checks.set(keyOf(where), { at: this.simulation.now, asOf, row });
  }

  readSource(process: Process, where: Where, row: SourceRow | undefined, asOf: number): void {
    const view = this.views.get(process);
    view?.sourceChecks.set(keyOf(where), { at: this.simulation.now, asOf, row });
    // An absent source that is found by name is decided about with what was found.
    if (row !== undefined && view !== undefined && !view.sources.has(row.arn)) view.sources.set(row.arn, row);
  }

  deleteSent(process: Process, where: Where): DeleteRecord {
    const target = this.world.findSnapshot(where.kind, where.region, where.name);
    const view = this.views.get(process);
    const planned = view?.plan.items.find((item) => keyOf(item) === keyOf(where));
    const record: DeleteRecord = {
      where,
      process,
      sentAt: this.simulation.now,
      arn: planned?.arn ?? target?.arn ?? null,
      plan: view?.plan.id ?? '',
      isSent: true,
      endsAt: null,
    };
    this.deletes += 1;
    if (view === undefined || planned === undefined) this.report('unplanned', where.name);
    else this.evaluate(record, view, planned, target);
    this.records.push(record);
    return record;
  }

  /** The process died before it could send it. */
  deleteUnsent(record: DeleteRecord): void {
    record.isSent = false;
    record.endsAt = record.sentAt;
  }

  /** It is being answered: `isCertain` where the answer says whether it is carried out. */
  deleteAnswered(record: DeleteRecord, afterMs: number, isCertain: boolean): void {
    record.endsAt = isCertain ? this.simulation.now + afterMs : record.sentAt + TIMEOUT;
  }

  deleteAccepted(record: DeleteRecord, arn: string): void {
    this.simulation.note('service', `${record.where.name} (${arn.split('/')[1]}) is being deleted`);
  }

  killed(record: DeleteRecord, arn: string): void {
    this.killedBy.set(arn, record);
    const view = this.views.get(record.process);
    const ofPlan = [...this.killedBy].filter(([, by]) => by.plan === record.plan).length;
    if (view !== undefined && ofPlan > view.config.caps.maxDeletions)
      this.report('caps', `${ofPlan} by ${record.plan}`);
  }

  /** A run ended without a result: it died, or was given up. */
  runLost(process: Process): void {
    const plan = this.views.get(process)?.plan.id;
    if (plan !== undefined) this.died.add(plan);
  }

  /** An outcome was recorded, or is read again. */
  outcome(plan: string, result: Recorded, by: Process): void {
    const key = `${plan} ${result.arn}`;
    const before = this.recorded.get(key);
    if (before !== undefined) {
      const same = (['outcome', 'code', 'text', 'at'] as const).every((member) => before[member] === result[member]);
      if (!same)
        this.report(
          'outcome-changed',
          `${result.name}: ${before.outcome} (${before.text}), then ${result.outcome} (${result.text})`,
        );
      return;
    }
    this.recorded.set(key, result);
    const isThere = this.world.hasSnapshot(result.arn);
    const wasSent = this.records.some((record) => record.plan === plan && record.arn === result.arn && record.isSent);
    if (result.outcome === 'deleted') {
      if (isThere) this.report('false-deleted', result.name);
      else if (!wasSent && !this.mayHaveBegun(plan, by)) this.report('false-deleted-unsent', result.name);
    }
    if (result.outcome === 'already-gone' && isThere) this.report('false-gone', result.name);
  }

  /**
   * Whether another run was at work on the plan, or died over it: then a delete may have been sent, and the record
   * cannot know.
   */
  private mayHaveBegun(plan: string, by: Process): boolean {
    return this.died.has(plan) || [...this.views].some(([process, view]) => process !== by && view.plan.id === plan);
  }

  /** All is over, and all that was sent has had its effect. */
  end(plan: PlanFacts): void {
    for (const item of plan.items) {
      const result = this.recorded.get(`${plan.id} ${item.arn}`);
      if (result === undefined || this.killedBy.get(item.arn)?.plan !== plan.id) continue;
      const text = `${item.name}: ${result.outcome} (${result.text})`;
      if (result.outcome === 'spared' || result.outcome === 'changed') this.report('false-spared', text);
      if (result.outcome === 'already-gone') this.report('false-gone-ours', text);
      if (result.outcome === 'failed' && !/may still/.test(result.text)) this.report('failed-without-doubt', text);
    }
  }

  /** The outcome of a planned snapshot; undefined where it has none. */
  outcomeOf({ id }: PlanFacts, arn: string): string | undefined {
    return this.recorded.get(`${id} ${arn}`)?.outcome;
  }

  /** Items of a plan without an outcome by now. */
  open(plan: PlanFacts): readonly PlannedItem[] {
    return plan.items.filter(({ arn }) => !this.recorded.has(`${plan.id} ${arn}`));
  }

  report(code: ViolationCode, text: string): void {
    this.violations.push({ code, text });
    this.simulation.note('ORACLE', `${code}: ${VIOLATIONS[code]}: ${text}`);
  }

  private evaluate(record: DeleteRecord, view: View, item: PlannedItem, target: SnapshotRow | undefined): void {
    const { plan } = view;
    if (!plan.isApplicable || plan.configDigest !== view.configDigest || view.startedAt > plan.expiresAt + SKEW)
      this.report('plan-not-applicable', plan.id);
    this.checkInFlight(record);
    this.checkAnnouncement(view, item);
    const check = view.checks.get(keyOf(item));
    if (check === undefined) {
      this.report('unchecked', item.name);
      return;
    }
    this.checkIdentity(view, item, check, target);
    if (check.row === undefined) return;
    this.evaluateTags(view, check.row, check);
    this.evaluateSource(view, check.row);
    this.checkDecision(view, check.row);
  }

  private checkInFlight(record: DeleteRecord): void {
    const other = this.records.find(
      ({ arn, endsAt, sentAt }) => arn === record.arn && (endsAt ?? sentAt + TIMEOUT) > record.sentAt,
    );
    if (other !== undefined)
      this.report('two-in-flight', `${record.where.name}: ${other.process.name} and ${record.process.name}`);
  }

  private checkAnnouncement({ plan, config, configDigest }: View, { arn, name }: PlannedItem): void {
    if (!plan.isAutomatic) return;
    const reports = this.announcements.filter(({ madeAt }) => madeAt <= plan.createdAt);
    const isListed = (from: number): boolean =>
      reports.slice(from).every(({ arns, configDigest: digest }) => arns.has(arn) && digest === configDigest);
    const since = reports[reports.findIndex((_, index) => isListed(index))];
    const grace = durationMs(config.deletion?.grace ?? '7d');
    if (since === undefined || since.madeAt > this.simulation.now - grace + SKEW) this.report('not-announced', name);
    else if ((reports.at(-1)?.madeAt ?? 0) < plan.createdAt - DAY - SKEW)
      this.report('not-announced', `${name}: the newest report is too old`);
  }

  private checkIdentity(
    view: View,
    item: PlannedItem,
    { at, row }: Check<SnapshotRow>,
    target: SnapshotRow | undefined,
  ): void {
    const { now } = this.simulation;
    const isPlanned = row?.arn === item.arn && row.createdAt === Date.parse(item.createdAt);
    if (!isPlanned) this.report('reused-name', `${item.name}: the last check found ${row?.arn ?? 'nothing'}`);
    else if (now - at > WINDOW)
      this.report(
        target !== undefined && target.arn !== item.arn ? 'reused-name' : 'stale-check',
        `${item.name}: checked ${(now - at) / 1_000} s before its delete`,
      );
    if (row !== undefined && row.state !== FINISHED[row.kind]) this.report('unfinished', item.name);
    if (!view.listed.has(item.arn)) this.report('unlisted', item.name);
  }

  private evaluateTags(view: View, row: SnapshotRow, check: Check<SnapshotRow>): void {
    const truth = this.world.versionAt(this.knowable(check, WINDOW)).snapshots.find(({ arn }) => arn === row.arn);
    const why =
      truth === undefined ? null : protection(truth.tags, 'snapshot', view.config, this.simulation.now + SKEW);
    if (why !== null) this.report('held-snapshot', `${row.name}: ${why}`);
    const listed = [view.listed, view.listedFirst].flatMap((rows) => rows.get(row.arn) ?? []);
    if (listed.length > 0 && !listed.some(({ tags }) => sameTags(tags, row.tags)))
      this.report('tags-changed', row.name);
  }

  /** The instant (epoch ms) by whose truth a fact counts: `window` ms ago, or when it was read where that is later. */
  private knowable(check: Check<unknown> | undefined, window: number): number {
    return Math.max(this.simulation.now - window, check?.asOf ?? 0);
  }

  private evaluateSource(view: View, { sourceArn, name }: SnapshotRow): void {
    const known = view.sources.get(sourceArn);
    const anywhere = this.world
      .versionsOf(view.startedAt - STALE, this.simulation.now)
      .flatMap(({ sources }) => sources);
    const named = known ?? anywhere.find(({ arn }) => arn === sourceArn);
    if (named === undefined) return;
    // Where a list omits a source that a reading by name finds, the reading decides, also when it is the stale one.
    const isOverruled = known !== undefined && !view.listedSources.has(sourceArn);
    const listedAt = isOverruled ? 0 : (view.sourceListsAt.get(`${named.kind} ${named.region}`) ?? 0);
    const at = Math.max(listedAt, this.knowable(view.sourceChecks.get(keyOf(named)), GROUP_WINDOW));
    const truth = this.world.versionAt(at).sources.find(({ arn }) => arn === sourceArn);
    if (truth !== undefined) {
      const why = protection(truth.tags, 'source', view.config, this.simulation.now + SKEW);
      if (why !== null) this.report('held-source', `${name}: its source ${truth.name} is ${why}`);
      else if (known === undefined) this.report('absence-believed', `${name}: its source ${truth.name} is there`);
    }
    if (known !== undefined && !sameTags(known.tags, truth?.tags ?? { gone: null }))
      this.report('source-changed', `${name}: its source ${known.name}`);
  }

  private decisionOf(
    view: View,
    snapshots: readonly SnapshotRow[],
    sources: ReadonlyMap<string, SourceRow>,
  ): ReadonlyMap<string, Decided> {
    const now = this.simulation.now + SKEW;
    return decideAll({ snapshots, source: (arn) => sources.get(arn), now }, view.config);
  }

  private checkDecision(view: View, row: SnapshotRow): void {
    const { now } = this.simulation;
    const isExpiring = ({ decision }: RowsDecided): boolean => decision.get(row.arn) === 'expires';
    const decided = (rows: ReadonlyMap<string, SnapshotRow>, sources: ReadonlyMap<string, SourceRow>): RowsDecided => ({
      rows,
      decision: this.decisionOf(view, [...rows.values()], sources),
    });
    const asListed = [view.listed, view.listedFirst].map((rows) => decided(rows, view.sources)).filter(isExpiring);
    if (view.listed.has(row.arn) && asListed.length === 0) this.report('kept-by-policy', row.name);
    const inTruth = this.world
      .versionsOf(view.startedAt - STALE, now)
      .map(({ snapshots, sources }) => decided(byArn(snapshots), byArn(sources)))
      .filter(isExpiring);
    if (inTruth.length === 0) this.report('kept-in-truth', row.name);
    // Rows that were listed and are gone, or were created meanwhile, may be in the decision or not: each state of the
    // account counts.
    const left = Math.max(0, ...[...asListed, ...inTruth].map((state) => this.keptOf(view, row, state).length));
    if (left < view.config.floors.minKeep)
      this.report('floor', `${row.name}: ${left} kept snapshots of ${row.sourceName} are left`);
  }

  /**
   * The snapshots of a row's group that a decision over `rows` keeps, and that are there and finished, when that could
   * be known.
   */
  private keptOf(view: View, row: SnapshotRow, { rows, decision }: RowsDecided): readonly SnapshotRow[] {
    const isKept = ({ sourceArn, kind, region, arn }: SnapshotRow): boolean =>
      sourceArn === row.sourceArn && kind === row.kind && region === row.region && decision.get(arn) === 'kept';
    return [...rows.values()].filter(isKept).filter((sibling) => {
      const at = this.knowable(view.checks.get(keyOf(sibling)), GROUP_WINDOW);
      const truth = this.world.versionAt(at).snapshots.find(({ arn }) => arn === sibling.arn);
      const isFree =
        truth !== undefined && protection(truth.tags, 'snapshot', view.config, this.simulation.now + SKEW) === null;
      return isFree && truth.state === FINISHED[truth.kind];
    });
  }
}
