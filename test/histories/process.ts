import type { Simulation } from './simulation';

/** Whether each call is a line of the history, not only what is unusual. */
const isVerbose = process.env.HISTORY_CALLS !== undefined;

/** The answer to a call: how long (ms) it takes from when the call arrived, and what it is. */
export type Reply<T> = { readonly afterMs: number } & ({ readonly value: T } | { readonly error: Error });

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** How long a process can be stopped between two calls, and whether its monotonic clock goes on meanwhile. */
const SUSPENSIONS = [
  { ms: 75 * SECOND, frozen: false },
  { ms: 75 * SECOND, frozen: true },
  { ms: 6 * SECOND, frozen: true },
  { ms: 2 * HOUR, frozen: false },
] as const;

/** By how much the clock of a machine can jump: never by just what hides a pause, which no program could notice. */
const JUMPS = [-HOUR, 4 * 60 * SECOND, -4 * 60 * SECOND, HOUR, -30 * 24 * HOUR, 30 * 24 * HOUR, -40 * SECOND] as const;

/**
 * One run of the program on some machine. It can die at each of its calls, be stopped at each of its answers, and have
 * a wrong clock.
 */
export class Process {
  readonly name: string;
  readonly simulation: Simulation;
  alive = true;
  /** Its credentials are no longer accepted. */
  isSignedOut = false;
  /** Epoch ms until which it is stopped. */
  private stoppedUntil = 0;
  private skewMs = 0;
  private frozenMs = 0;
  private readonly startedAt: number;
  private readonly mourners: (() => void)[] = [];
  constructor(name: string, simulation: Simulation) {
    this.name = name;
    this.simulation = simulation;
    this.startedAt = simulation.now;
  }

  /** The wall clock of its machine, epoch ms. */
  readonly clock = (): number => Math.floor(this.simulation.now) + this.skewMs;

  /** The monotonic clock of its machine, ms: stands still while the machine is paused. */
  readonly monotonic = (): number => this.simulation.now - this.startedAt - this.frozenMs;

  /** Whether its clock is right. */
  get isOnTime(): boolean {
    return this.skewMs === 0;
  }

  note(text: string): void {
    this.simulation.note(this.name, text);
  }

  /** Kills it: what it waits for never comes, and what it has sent is on its way all the same. */
  die(): void {
    this.alive = false;
    for (const mourn of this.mourners) mourn();
  }

  /** Resolves when it dies. */
  get death(): Promise<void> {
    return new Promise((resolve) => {
      if (this.alive) this.mourners.push(resolve);
      else resolve();
    });
  }

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (!this.alive) return;
      this.simulation.after(ms, () => this.deliver(resolve));
    });

  /**
   * A call to the service or the store: `arrive` is run when it arrives there. The process may die before it is sent,
   * or before it is answered; it may be stopped before the answer is read.
   */
  call<T>(what: string, latencyMs: number, arrive: () => Reply<T>): Promise<T> {
    const { simulation } = this;
    return new Promise((resolve, reject) => {
      if (!this.alive) return;
      const crash = simulation.choices.choose('crash', 3);
      if (crash === 1) {
        this.note(`dies before: ${what}`);
        this.die();
        return;
      }
      simulation.after(latencyMs, () => {
        if (isVerbose) this.note(`· ${what}`);
        const reply = arrive();
        if (crash === 2 && this.alive) {
          this.note(`dies before the answer to: ${what}`);
          this.die();
        }
        if (!this.alive) return;
        this.disturb(what);
        simulation.after(reply.afterMs, () =>
          this.deliver(() => ('error' in reply ? reject(reply.error) : resolve(reply.value))),
        );
      });
    });
  }

  private disturb(what: string): void {
    const { choices } = this.simulation;
    const suspension = SUSPENSIONS[choices.choose('suspend', SUSPENSIONS.length + 1) - 1];
    if (suspension !== undefined) {
      const { ms, frozen } = suspension;
      this.note(`is ${frozen ? 'paused' : 'stopped'} for ${ms / SECOND} s before it reads the answer to: ${what}`);
      this.stoppedUntil = Math.max(this.stoppedUntil, this.simulation.now + ms);
      if (frozen) this.frozenMs += ms;
    }
    const jump = JUMPS[choices.choose('clock', JUMPS.length + 2) - 1];
    if (jump === undefined) return;
    this.skewMs = this.skewMs === 0 ? jump : 0;
    this.note(`has its clock set to ${new Date(this.clock()).toISOString()}`);
  }

  private deliver(happen: () => void): void {
    if (!this.alive) return;
    const rest = this.stoppedUntil - this.simulation.now;
    if (rest > 0) this.simulation.after(rest, () => this.deliver(happen));
    else happen();
  }
}
