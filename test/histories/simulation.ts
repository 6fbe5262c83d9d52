import type { Choices } from './choices';

/** More events than this in one history mean that something runs without end. */
const MAX_EVENTS = 200_000;

/**
 * No two events are at the same instant (ms): what was read before something changed is told from what was read after
 * it.
 */
const INSTANT = 0.001;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** Resolves when all that can go on without another event has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Virtual time: what is scheduled happens in order, one event after the other, and everything that it continues runs
 * on before the next.
 */
export class Simulation {
  /** True time, epoch ms: that of the service. */
  now: number;
  readonly choices: Choices;
  readonly log: string[] = [];
  /** Called when the service is about to answer a call: others act then. */
  onCall: () => void = () => undefined;
  private readonly start: number;
  private events: Event[] = [];
  private order = 0;
  constructor(start: number, choices: Choices) {
    this.now = start;
    this.start = start;
    this.choices = choices;
  }

  /** Lets something happen so many ms from now. */
  after(ms: number, happen: () => void): void {
    const event = { at: this.now + ms, order: this.order, happen };
    this.order += 1;
    let index = this.events.length;
    while (index > 0 && (this.events[index - 1]?.at ?? 0) > event.at) index -= 1;
    this.events.splice(index, 0, event);
  }

  /** Notes a line of the history. */
  note(who: string, text: string): void {
    const ms = Math.floor(this.now - this.start);
    const days = Math.floor(ms / 86_400_000);
    const clock = new Date(ms % 86_400_000).toISOString().slice(11, 23);
    this.log.push(`${days}d ${clock}  ${who.padEnd(8)} ${text}`);
  }

  /** Lets time pass until a condition holds. Rejects where nothing is left that could bring it about. */
  async until(holds: () => boolean): Promise<void> {
    for (let count = 0; count < MAX_EVENTS; count += 1) {
      await settled();
      if (holds()) return;
      const event = this.events.shift();
      if (event === undefined) throw new Error('nothing is left that could happen, and a run has not ended');
      this.now = Math.max(this.now + INSTANT, event.at);
      event.happen();
    }
    throw new Error(`a history has more than ${MAX_EVENTS} events`);
  }

  /** Lets so much time pass, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    let over = false;
    this.after(ms, () => {
      over = true;
    });
    await this.until(() => over);
  }
}
