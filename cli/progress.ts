import { Presets, SingleBar } from 'cli-progress';
import type { InventoryProgress } from '../lambda/app/ports';

type Tell = (event: InventoryProgress) => void;

interface Progress {
  readonly tell: Tell;
  stop(): void;
}

const NARROWEST = 60;
/** Cells that the words beside the bar take at most. */
const WORDS = 48;
const WIDEST_BAR = 40;
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

const count = (amount: number, one: string): string => `${WHOLE.format(amount)} ${one}${amount === 1 ? '' : 's'}`;

const failed = (event: Extract<InventoryProgress, { event: 'scope' }>): string =>
  event.status === 'failed' ? 'NOT READ' : 'region is disabled';

/** One line for each scope. */
function lines(err: NodeJS.WritableStream): Progress {
  return {
    tell(event) {
      if (event.event === 'regions') err.write(`reading ${count(event.scopes, 'list')} in ${count(event.regions, 'region')}\n`);
      if (event.event !== 'scope') return;
      const read = `${count(event.snapshots, 'snapshot')} on ${count(event.pages, 'page')}`;
      err.write(`${event.region} ${event.kind}: ${event.status === 'read' ? read : failed(event)}\n`);
    },
    stop() {},
  };
}

/** A bar that is gone when all is read; what could not be read stays as a line. */
function bar(err: NodeJS.WriteStream): Progress {
  const columns = Math.max(NARROWEST, err.columns || NARROWEST);
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
  return {
    tell(event) {
      if (event.event === 'regions') {
        regions = event.regions;
        perRegion = event.scopes / Math.max(1, event.regions);
        drawn.start(event.scopes, 0, words());
      } else if (event.event === 'page') {
        snapshots += event.snapshots;
        drawn.update(done, words());
      } else {
        done += 1;
        left.set(event.region, (left.get(event.region) ?? perRegion) - 1);
        if (event.status !== 'read') unread.push(`${event.region} ${event.kind}: ${failed(event)}\n`);
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

/**
 * Does some reading while stderr tells how far it is: a bar with the regions done, the snapshots read and their rate on a terminal, one line
 * for each scope elsewhere, nothing when `quiet`. Whatever becomes of the reading, the bar is gone afterwards.
 */
export async function withProgress<T>(err: NodeJS.WriteStream, quiet: boolean, read: (tell: Tell) => Promise<T>): Promise<T> {
  if (quiet) return read(() => {});
  const progress = err.isTTY === true ? bar(err) : lines(err);
  try {
    return await read(progress.tell);
  } finally {
    progress.stop();
  }
}
