/*
 * `npm run test:soak`: 100,000 random histories and the larger spaces, in as many processes as there are processors.
 * Arguments: how many random histories, and the first seed. Prints what happened, and ends with 1 where a rule of the
 * contract was broken.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { addTo, newTally, summary, type Tally, unexplained } from './campaign';
import { explore, LARGE, nameOf, SMALL, type Space } from './explore';
import { randomHistory } from './random';

const [count = 100_000, first = 1] = process.argv.slice(2).map(Number);
const BLOCK = 2_000;

type Job =
  | { readonly kind: 'random'; readonly from: number; readonly to: number }
  | { readonly kind: 'space'; readonly space: Space };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function work(job: Job): Promise<Tally> {
  if (job.kind === 'space') return explore(job.space);
  const tally = newTally();
  for (let seed = job.from; seed < job.to; seed += 1)
    addTo(tally, await randomHistory(seed), `HISTORY_SEED=${seed} npx jest test/histories/random`);
  return tally;
}

/** Does the jobs that it is sent, one after the other. */
function serve(): void {
  process.on('message', (job: Job) => {
    const startedAt = performance.now();
    void work(job).then((tally) => {
      const { histories, deletes, counts } = tally;
      const seconds = (performance.now() - startedAt) / 1_000;
      const done: Done = { histories, deletes, seconds, counts: [...counts], text: unexplained(tally) };
      process.send?.(done);
    });
  });
}

interface Done {
  readonly histories: number;
  readonly deletes: number;
  readonly seconds: number;
  readonly counts: readonly [string, number][];
  readonly text: string;
}

function merge(into: Tally, { histories, deletes, counts }: Done): void {
  into.histories += histories;
  into.deletes += deletes;
  for (const [what, times] of counts) into.counts.set(what, (into.counts.get(what) ?? 0) + times);
}

async function lead(): Promise<void> {
  const jobs: Job[] = [];
  for (let from = first; from < first + count; from += BLOCK)
    jobs.push({ kind: 'random', from, to: Math.min(from + BLOCK, first + count) });
  for (const space of [...SMALL, ...LARGE]) jobs.push({ kind: 'space', space });
  const random = newTally();
  let isBroken = false;
  const servers = Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
    const server = fork(__filename, ['--serve'], { execArgv: process.execArgv });
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      server.send(job);
      const done = await new Promise<Done>((resolve, reject) => {
        server.once('message', resolve);
        server.once('exit', (code) => reject(new Error(`a process ended with ${code}`)));
      });
      server.removeAllListeners('exit');
      if (job.kind === 'random') merge(random, done);
      const name = job.kind === 'space' ? nameOf(job.space) : `seeds ${job.from} to ${job.to - 1}`;
      say(
        `${name}: ${done.histories} histories, ${done.deletes} deletes, ${done.seconds.toFixed(0)} s${done.text === '' ? '' : ': VIOLATIONS'}`,
      );
      if (done.text !== '') {
        isBroken = true;
        say(done.text);
      }
    }
    server.kill();
  });
  await Promise.all(servers);
  say(summary(random));
  process.exitCode = isBroken ? 1 : 0;
}

if (process.argv.includes('--serve')) serve();
else void lead();
