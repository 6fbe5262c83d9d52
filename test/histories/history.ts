import type { Choices } from './choices';
import type { WrittenConfig } from './decider';
import { Oracle, type PlanFacts, type Violation } from './oracle';
import { Process } from './process';
import { type ApplyEnd, apply, makePlan, planKey, readConfig, report, selectDuePlan } from './project';
import { REGIONS } from './scenario';
import { Service, type ServiceOptions } from './service';
import { Simulation } from './simulation';
import { FaultyStore } from './store';
import { World } from './world';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The first instant of every history. */
export const START = Date.parse('2030-03-04T08:00:00Z');

/** Refusals after which a plan stays as it is, however often it is applied. */
const FINAL: ReadonlySet<string> = new Set([
  'plan.expired',
  'plan.incomplete',
  'plan.blocked',
  'plan.applied',
  'cap.max-deletions',
  'cap.max-share',
]);

/** What a history came to. */
export interface HistoryEnd {
  readonly violations: readonly Violation[];
  readonly log: readonly string[];
  /** Deletes that were sent. */
  readonly deletes: number;
  /** How runs of `apply` ended, and the outcomes, each with how often. */
  readonly counts: ReadonlyMap<string, number>;
}

/** How a machine knows about the runs of others. */
type Sight = 'same host' | 'other host' | 'other namespace';

interface Run {
  readonly process: Process;
  end: ApplyEnd | null;
}

/** One history while it goes on: an account, a store, the runs on them, and the oracle that evaluates them. */
export class History {
  readonly simulation: Simulation;
  readonly world: World;
  readonly oracle: Oracle;
  readonly service: Service;
  readonly store: FaultyStore;
  readonly counts = new Map<string, number>();
  sight: Sight = 'same host';
  private readonly runs: Run[] = [];
  private readonly plans = new Map<string, PlanFacts>();
  constructor(choices: Choices, options: ServiceOptions) {
    this.simulation = new Simulation(START, choices);
    this.world = new World(() => this.simulation.now);
    this.oracle = new Oracle(this.simulation, this.world);
    this.service = new Service(this.simulation, this.world, this.oracle, options);
    this.store = new FaultyStore(this.simulation);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** How many runs died so far. */
  get died(): number {
    return this.runs.filter(({ process }) => !process.alive).length;
  }

  /** Whether the machine of a run finds another run alive. */
  private isAlive(name: string): boolean | null {
    const run = this.runs.find(({ process }) => process.name === name);
    const lives = run?.process.alive === true && run.end === null;
    if (this.sight === 'other host') return null;
    return lives ? this.sight === 'same host' : false;
  }

  private inputOf(process: Process, written: WrittenConfig) {
    return {
      process,
      clients: this.service.clientsOf(process),
      store: this.store.of(process),
      config: readConfig(written),
      firstRegion: REGIONS[0] ?? '',
    };
  }

  /** Starts a run of `apply`. */
  startApply(planId: string, written: WrittenConfig, questionMs = 0): Run {
    const process = new Process(`apply ${this.runs.length + 1}`, this.simulation);
    const run: Run = { process, end: null };
    this.runs.push(run);
    const plan = this.planOf(planId);
    const input = this.inputOf(process, written);
    process.note(`applies ${planId}`);
    const applying = apply({
      ...input,
      planId,
      questionMs,
      isAlive: (name) => this.isAlive(name),
      onReading: () => plan !== null && this.oracle.beginReading(process, plan, written, input.config.digest),
      onOutcome: (outcome) => {
        process.note(`records ${outcome.name}: ${outcome.outcome} (${outcome.code}: ${outcome.text})`);
        this.oracle.outcome(planId, outcome, process);
      },
    });
    const died = process.death.then((): ApplyEnd => ({ state: 'failed', code: 'died', text: '', result: [] }));
    void Promise.race([applying, died]).then((end) => {
      run.end = end;
      process.note(`ends: ${end.state} ${end.code} ${end.text}`);
      this.count(`apply ${end.code}`);
      if (end.state === 'failed') this.oracle.runLost(process);
      for (const outcome of end.result) this.oracle.outcome(planId, outcome, process);
    });
    return run;
  }

  /** Waits until all runs have ended. */
  async allEnded(): Promise<void> {
    await this.simulation.until(() => this.runs.every(({ end }) => end !== null));
  }

  /** What a stored plan says; null where there is none that could be read. */
  planOf(planId: string, isAutomatic = false): PlanFacts | null {
    const known = this.plans.get(planId);
    if (known !== undefined) return known;
    const text = this.store.textOf(planKey(planId));
    if (text === null) return null;
    const { items, complete, blocked, createdAt, expiresAt, config } = JSON.parse(text);
    const isApplicable = complete === true && blocked === null;
    const [made, expires] = [Date.parse(createdAt), Date.parse(expiresAt)];
    const plan = {
      id: planId,
      items,
      isApplicable,
      createdAt: made,
      expiresAt: expires,
      configDigest: config.digest,
      isAutomatic,
    };
    this.plans.set(planId, plan);
    return plan;
  }

  /** A report by hand that stores its plan. */
  async makePlan(planId: string, written: WrittenConfig): Promise<void> {
    const process = new Process('report', this.simulation);
    let over = false;
    void makePlan({ ...this.inputOf(process, written), planId }).then((why) => {
      over = true;
      process.note(`${planId} ${why === null ? 'is stored' : `is not stored: ${why}`}`);
    });
    await this.simulation.until(() => over);
  }

  /** A report; resolves with whether it was sent. */
  async report(
    reportId: string,
    written: WrittenConfig,
    options: { isAutomatic?: boolean; confirmed?: number; scheduledAt?: number | null },
  ): Promise<boolean> {
    const process = new Process('report', this.simulation);
    let mailed = false;
    const channel = {
      send: () =>
        process.call('send the report', 20, () => {
          if (this.simulation.choices.choose('store', 4) > 0)
            return { afterMs: 20, error: new Error('the topic does not answer') };
          mailed = true;
          return { afterMs: 20, value: undefined };
        }),
      confirmedSubscribers: async () => options.confirmed ?? 1,
    };
    let over = false;
    const { isAutomatic = false, scheduledAt = null } = options;
    const making = report({ ...this.inputOf(process, written), reportId, scheduledAt, channel, isAutomatic });
    void making.then((why) => {
      over = true;
      process.note(`${reportId} ${mailed ? 'is sent' : 'is not sent'}${why === null ? '' : `: ${why}`}`);
    });
    await this.simulation.until(() => over);
    return mailed;
  }

  /** The automatic selection; resolves with the plan's id, or null. */
  async select(written: WrittenConfig, confirmed: number): Promise<string | null> {
    const process = new Process('select', this.simulation);
    let selected: Awaited<ReturnType<typeof selectDuePlan>> | null = null;
    const channel = { send: async () => undefined, confirmedSubscribers: async () => confirmed };
    const scheduledAt = this.simulation.now;
    void selectDuePlan({ ...this.inputOf(process, written), channel, scheduledAt }).then((found) => {
      selected = found;
      process.note(`selects ${JSON.stringify(found)}`);
    });
    await this.simulation.until(() => selected !== null);
    const found = selected as unknown as Awaited<ReturnType<typeof selectDuePlan>>;
    this.count('id' in found ? 'selected a plan' : `selected nothing: ${found.why.split(':')[0]}`);
    return 'id' in found ? found.id : null;
  }

  /**
   * Runs the same command again, without faults, until nothing is left to do; each snapshot must have its outcome then.
   */
  async finish(plan: PlanFacts, written: WrittenConfig): Promise<void> {
    this.simulation.note('history', 'no further faults');
    this.service.showAll();
    this.store.recover();
    await this.allEnded();
    let run: Run | null = null;
    let end: ApplyEnd | null = null;
    for (let times = 0; times < 4; times += 1) {
      await this.simulation.pass(2 * HOUR);
      run = this.startApply(plan.id, written);
      await this.allEnded();
      end = run.end;
      if (end === null || end.state === 'finished' || FINAL.has(end.code)) break;
    }
    if (run !== null) this.readResult(plan, run.process);
    const isRefused = end !== null && end.code !== 'plan.applied' && FINAL.has(end.code);
    const open = this.oracle.open(plan);
    if (!isRefused && open.length > 0)
      this.oracle.report('no-outcome', `${open.map(({ name }) => name).join(', ')} (${end?.code}: ${end?.text})`);
    await this.simulation.pass(10 * MINUTE);
    this.oracle.end(plan);
    for (const item of plan.items) this.count(this.oracle.outcomeOf(plan, item.arn) ?? 'open');
  }

  /** What the stored result says must be what was recorded. */
  private readResult({ id }: PlanFacts, by: Process): void {
    const text = this.store.textOf(`results/${id}.json`);
    if (text !== null) for (const outcome of JSON.parse(text).items) this.oracle.outcome(id, outcome, by);
  }

  end(): HistoryEnd {
    return {
      violations: this.oracle.violations,
      log: this.simulation.log,
      deletes: this.oracle.deletes,
      counts: this.counts,
    };
  }
}
