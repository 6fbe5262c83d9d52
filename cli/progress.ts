import { Presets, SingleBar } from 'cli-progress';
import { oneLine } from '../lambda/core/util/safe-text';
import type { InventoryProgress } from '../lambda/ports/ports';

type Tell = (event: InventoryProgress) => void;

interface Progress {
  readonly tell: Tell;
  /** Says something beside the count. */
  say(line: string): void;
  stop(): void;
}

const MIN_COLUMNS = 60;
/** Cells that the words beside the bar take at most. */
const WORDS = 48;
const WIDEST_BAR = 40;
const CLEAR_LINE = '\r\u001b[K';
/** Silence (ms) after which somebody who watches wants to know why. */
const SILENCE = 10_000;
const MAX_NAMED = 3;
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

const count = (amount: number, one: string): string => `${WHOLE.format(amount)} ${one}${amount === 1 ? '' : 's'}`;

const NOT_READ = {
  failed: 'NOT READ',
  disabled: 'region is disabled',
  denied: 'region is denied by a service control policy',
} as const;

const failed = ({ status }: Extract<InventoryProgress, { event: 'scope' }>): string =>
  status === 'read' ? '' : NOT_READ[status];

const asking = ({ sources }: Extract<InventoryProgress, { event: 'sources' }>): string =>
  `asking for ${count(sources, 'source')} by name`;

const counting = ({ regions }: Extract<InventoryProgress, { event: 'automatic' }>): string =>
  `counting automatic snapshots in ${count(regions, 'region')}`;

/** One line for each scope. */
function lines(err: NodeJS.WritableStream): Progress {
  return {
    tell(event) {
      if (event.event === 'regions')
        err.write(`reading ${count(event.scopes, 'list')} in ${count(event.regions, 'region')}\n`);
      if (event.event === 'automatic') err.write(`${counting(event)}\n`);
      if (event.event === 'sources') err.write(`${asking(event)}\n`);
      if (event.event !== 'scope') return;
      const read = `${count(event.snapshots, 'snapshot')} on ${count(event.pages, 'page')}`;
      err.write(`${oneLine(event.region)} ${event.kind}: ${event.status === 'read' ? read : failed(event)}\n`);
    },
    say: (line) => void err.write(`${line}\n`),
    stop() {},
  };
}

/** A bar that is gone when all is read; what could not be read stays as a line. */
function bar(err: NodeJS.WriteStream): Progress {
  const columns = Math.max(MIN_COLUMNS, err.columns || MIN_COLUMNS);
  const drawn = new SingleBar(
    {
      stream: err,
      format: '{bar} {regions}, {snapshots}, {rate}/s',
      barsize: Math.min(WIDEST_BAR, columns - WORDS),
      clearOnComplete: true,
      // The cursor and the wrapping of the terminal stay as they are: an interrupt then leaves nothing behind.
      hideCursor: false,
      linewrap: true,
    },
    Presets.shades_classic,
  );
  const startedAt = Date.now();
  const unread: string[] = [];
  const left = new Map<string, number>();
  let regions = 0;
  let perRegion = 1;
  let done = 0;
  let snapshots = 0;
  const words = (): object => ({
    regions: `${[...left.values()].filter((lists) => lists <= 0).length} of ${count(regions, 'region')}`,
    snapshots: count(snapshots, 'snapshot'),
    rate: WHOLE.format(snapshots / Math.max(0.1, (Date.now() - startedAt) / 1_000)),
  });
  const say = (line: string): void => {
    err.write(`${CLEAR_LINE}${line}\n`);
    if (regions > 0) drawn.update(done, words());
  };
  return {
    say,
    tell(event) {
      if (event.event === 'regions') {
        regions = event.regions;
        perRegion = event.scopes / Math.max(1, event.regions);
        drawn.start(event.scopes, 0, words());
      } else if (event.event === 'page') {
        snapshots += event.snapshots;
        drawn.update(done, words());
      } else if (event.event === 'automatic') {
        say(counting(event));
      } else if (event.event === 'scope') {
        done += 1;
        left.set(event.region, (left.get(event.region) ?? perRegion) - 1);
        if (event.status !== 'read') unread.push(`${oneLine(event.region)} ${event.kind}: ${failed(event)}\n`);
        drawn.update(done, words());
      }
    },
    stop() {
      drawn.stop();
      err.write(unread.join(''));
      if (regions > 0) err.write(`read ${count(snapshots, 'snapshot')} in ${count(regions, 'region')}\n`);
    },
  };
}

/** What a reading waits for, by what it told until now. */
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
      const named = [...open].slice(0, MAX_NAMED).join(', ');
      return `${count(open.size, 'list')}: ${named}${open.size > MAX_NAMED ? ` and ${open.size - MAX_NAMED} more` : ''}`;
    },
  };
}

/** Says what is waited for when nothing was told for a while, and again while that lasts. */
function watchSilence(say: (line: string) => void): { readonly note: Tell; readonly stop: () => void } {
  const waiting = makeWaiting();
  let silent = 0;
  const start = (): NodeJS.Timeout =>
    setInterval(() => {
      silent += SILENCE;
      say(`nothing arrived for ${WHOLE.format(silent / 1_000)} seconds: waiting for ${waiting.text()}`);
    }, SILENCE);
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
 * Does some reading while stderr tells how far it is: a bar with the regions done, the snapshots read and their rate on a terminal, one line
 * for each scope elsewhere, a line when nothing arrives for long, nothing when `quiet`. Whatever becomes of the reading, the bar is gone afterwards.
 */
export async function withProgress<T>(
  err: NodeJS.WriteStream,
  quiet: boolean,
  read: (tell: Tell) => Promise<T>,
): Promise<T> {
  if (quiet) return read(() => {});
  const progress = err.isTTY === true ? bar(err) : lines(err);
  const watch = watchSilence(progress.say);
  try {
    return await read((event) => {
      watch.note(event);
      progress.tell(event);
    });
  } finally {
    watch.stop();
    progress.stop();
  }
}
