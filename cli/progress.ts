import { oneLine } from '../lambda/core/util/safe-text';
import type { InventoryProgress } from '../lambda/ports/ports';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { cleanUpAtSignal } from './end-signals';

type Tell = (event: InventoryProgress) => void;

interface ScreenProgress {
  readonly tell: Tell;
  /** Writes a line above the bar. */
  say(line: string): void;
  /** Removes the bar. */
  clear(): void;
  stop(): void;
}

/** The width of a terminal that does not tell it. */
const MIN_BAR_COLUMNS = 60;
const MAX_BAR_WIDTH = 40;
/** A narrower bar shows nothing: then the words stand alone. */
const MIN_BAR_WIDTH = 8;
/** Silence after which a person who waits wants to know the reason. */
const SILENCE_MS = 10_000;
const MAX_REGIONS_NAMED = 3;

const NOT_READ = {
  failed: 'NOT READ',
  disabled: 'region is disabled',
  denied: 'region is denied by a service control policy',
} as const;

const failedText = ({ status }: Extract<InventoryProgress, { event: 'scope' }>): string =>
  status === 'read' ? '' : NOT_READ[status];

const asking = ({ sources }: Extract<InventoryProgress, { event: 'sources' }>): string =>
  `asking for ${formatCount(sources, 'source')} by name`;

const counting = ({ regions }: Extract<InventoryProgress, { event: 'automatic' }>): string =>
  `counting automatic snapshots in ${formatCount(regions, 'region')}`;

/** One line for each list. */
function lines(err: NodeJS.WritableStream): ScreenProgress {
  return {
    tell(event) {
      if (event.event === 'regions')
        err.write(`reading ${formatCount(event.scopes, 'list')} in ${formatCount(event.regions, 'region')}\n`);
      if (event.event === 'automatic') err.write(`${counting(event)}\n`);
      if (event.event === 'sources') err.write(`${asking(event)}\n`);
      if (event.event !== 'scope') return;
      const read = `${formatCount(event.snapshots, 'snapshot')} on ${formatCount(event.pages, 'page')}`;
      err.write(`${oneLine(event.region)} ${event.kind}: ${event.status === 'read' ? read : failedText(event)}\n`);
    },
    say: (line) => void err.write(`${line}\n`),
    clear() {},
    stop() {},
  };
}

/** Milliseconds between two drawings of a bar that only counts pages. */
const MIN_REDRAW_MS = 100;

/** Whether a stream is a terminal on which a line can be drawn again. */
const ownsLine = (err: NodeJS.WriteStream, term: string | undefined): boolean => err.isTTY === true && term !== 'dumb';

/**
 * One line of a terminal that is drawn again and again, and leaves nothing behind, also where the terminal was resized
 * meanwhile.
 */
class StatusLine {
  private length = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  get columns(): number {
    return Math.max(1, this.stream.columns || MIN_BAR_COLUMNS);
  }

  draw(text: string): void {
    // The last column stays free: some terminals begin a new line when it is written.
    const line = text.slice(0, this.columns - 1);
    this.stream.write(`${this.clearing()}${line}`);
    this.length = line.length;
  }

  /** Draws a bar, where there is room for it, and words. */
  drawBar(done: number, total: number, words: string): void {
    const width = Math.min(MAX_BAR_WIDTH, this.columns - words.length - 2);
    const filled = Math.round((Math.max(0, width) * done) / Math.max(1, total));
    const bar = width < MIN_BAR_WIDTH ? '' : `${'█'.repeat(filled)}${'░'.repeat(width - filled)} `;
    this.draw(`${bar}${words}`);
  }

  clear(): void {
    this.stream.write(this.clearing());
    this.length = 0;
  }

  /** Moves to the beginning of the line and clears it. A terminal that became narrower shows it on several rows. */
  private clearing(): string {
    if (this.length === 0) return '';
    const rows = Math.ceil(this.length / this.columns);
    return `${rows > 1 ? `\u001b[${rows - 1}A` : ''}\r\u001b[J`;
  }
}

/** A bar on one line, which is gone when all is read; lists that could not be read stay as lines. */
class ProgressBar implements ScreenProgress {
  private readonly line: StatusLine;
  private readonly startedAt = Date.now();
  private readonly unread: string[] = [];
  private readonly resized = (): void => this.draw();
  private drawnAt = 0;
  private regions = 0;
  private lists = 0;
  private done = 0;
  private snapshots = 0;

  constructor(private readonly err: NodeJS.WriteStream) {
    this.line = new StatusLine(err);
    err.on('resize', this.resized);
  }

  say(line: string): void {
    this.line.clear();
    this.err.write(`${line}\n`);
    this.draw();
  }

  tell(event: InventoryProgress): void {
    if (event.event === 'regions') {
      this.regions = event.regions;
      this.lists = event.scopes;
      this.draw();
    } else if (event.event === 'page') {
      this.snapshots += event.snapshots;
      if (Date.now() - this.drawnAt >= MIN_REDRAW_MS) this.draw();
    } else if (event.event === 'automatic') {
      this.say(counting(event));
    } else if (event.event === 'scope') {
      this.done += 1;
      if (event.status !== 'read') this.unread.push(`${oneLine(event.region)} ${event.kind}: ${failedText(event)}\n`);
      this.draw();
    }
  }

  clear(): void {
    this.err.off('resize', this.resized);
    this.line.clear();
  }

  stop(): void {
    this.clear();
    this.err.write(this.unread.join(''));
    if (this.regions > 0)
      this.err.write(`read ${formatCount(this.snapshots, 'snapshot')} in ${formatCount(this.regions, 'region')}\n`);
  }

  private draw(): void {
    if (this.regions === 0) return;
    this.drawnAt = Date.now();
    const rate = this.snapshots / Math.max(0.1, (this.drawnAt - this.startedAt) / 1_000);
    const words = `${formatNumber(this.done)} of ${formatCount(this.lists, 'list')}, ${formatCount(this.snapshots, 'snapshot')}, ${formatNumber(rate)}/s`;
    this.line.drawBar(this.done, this.lists, words);
  }
}

/** The progress of work on snapshots, one by one. */
export interface CountProgress {
  /** One more is done. */
  count(): void;
  /** Writes a line above the bar. */
  say(line: string): void;
  /** Hides the bar while other work shows its own. */
  during<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

/** A bar on one line of a terminal, which is gone when it is stopped. */
class CountBar implements CountProgress {
  private readonly line: StatusLine;
  private readonly redraw = (): void => this.draw();
  private readonly keepSignals = cleanUpAtSignal(() => this.stop());
  private isShown = true;
  private drawnAt = 0;
  private done = 0;

  constructor(
    private readonly err: NodeJS.WriteStream,
    private readonly total: number,
    private readonly verb: string,
    private readonly unit: string,
  ) {
    this.line = new StatusLine(err);
    err.on('resize', this.redraw);
    this.draw();
  }

  count(): void {
    this.done += 1;
    if (Date.now() - this.drawnAt >= MIN_REDRAW_MS) this.draw();
  }

  say(line: string): void {
    this.line.clear();
    this.err.write(`${line}\n`);
    this.draw();
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const wasShown = this.isShown;
    this.isShown = false;
    this.line.clear();
    try {
      return await work();
    } finally {
      this.isShown = wasShown;
    }
  }

  stop(): void {
    this.isShown = false;
    this.keepSignals();
    this.err.off('resize', this.redraw);
    this.line.clear();
  }

  private draw(): void {
    if (!this.isShown) return;
    this.drawnAt = Date.now();
    const words = `${formatNumber(this.done)} of ${formatCount(this.total, this.unit)} ${this.verb}`;
    this.line.drawBar(this.done, this.total, words);
  }
}

/** Shows how many snapshots, or things of another `unit`, are done: a bar on a terminal; elsewhere only its lines; nothing when `quiet`. */
export function countProgress(
  err: NodeJS.WriteStream,
  quiet: boolean,
  { total, verb, unit = 'snapshot' }: { readonly total: number; readonly verb: string; readonly unit?: string },
  term = process.env.TERM,
): CountProgress {
  if (!quiet && ownsLine(err, term)) return new CountBar(err, total, verb, unit);
  return {
    count() {},
    say: (line) => void (quiet || err.write(`${line}\n`)),
    during: (work) => work(),
    stop() {},
  };
}

/** The lists that a reading waits for, by its events until now. */
function makeWaiting(): { readonly note: Tell; readonly text: () => string } {
  const open = new Set<string>();
  let stage: InventoryProgress['event'] | null = null;
  return {
    note(event) {
      stage = event.event;
      if (event.event === 'list') open.add(`${oneLine(event.region)} ${event.kind}`);
      if (event.event === 'scope') open.delete(`${oneLine(event.region)} ${event.kind}`);
    },
    text() {
      if (stage === null) return 'the regions';
      if (stage === 'automatic') return 'the count of automatic snapshots';
      if (stage === 'sources') return 'sources that are in no list';
      if (open.size === 0) return 'the lists of instances, disks and databases';
      const named = [...open].slice(0, MAX_REGIONS_NAMED).join(', ');
      return `${formatCount(open.size, 'list')}: ${named}${open.size > MAX_REGIONS_NAMED ? ` and ${open.size - MAX_REGIONS_NAMED} more` : ''}`;
    },
  };
}

/** Names what is waited for when no event came for a while, and again while that lasts. */
function watchSilence(say: (line: string) => void): { readonly note: Tell; readonly stop: () => void } {
  const waiting = makeWaiting();
  let silent = 0;
  const start = (): NodeJS.Timeout =>
    setInterval(() => {
      silent += SILENCE_MS;
      say(`nothing arrived for ${formatNumber(silent / 1_000)} seconds: waiting for ${waiting.text()}`);
    }, SILENCE_MS);
  let timer = start();
  return {
    note(event) {
      waiting.note(event);
      clearInterval(timer);
      silent = 0;
      timer = start();
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Reads while stderr shows the progress: on a terminal a bar with the lists that are done, the snapshots read and their
 * rate; elsewhere one line for each list; a line when nothing arrives for long; nothing when `quiet`. The bar is gone
 * afterwards, also when the reading fails.
 */
export async function withProgress<T>(
  err: NodeJS.WriteStream,
  quiet: boolean,
  read: (tell: Tell) => Promise<T>,
  term = process.env.TERM,
): Promise<T> {
  if (quiet) return read(() => {});
  const progress = ownsLine(err, term) ? new ProgressBar(err) : lines(err);
  const watch = watchSilence((line) => progress.say(line));
  const keepSignals = cleanUpAtSignal((endsRun) => {
    progress.clear();
    if (endsRun) err.write('interrupted while reading; nothing was written\n');
  });
  try {
    return await read((event) => {
      watch.note(event);
      progress.tell(event);
    });
  } finally {
    keepSignals();
    watch.stop();
    progress.stop();
  }
}
