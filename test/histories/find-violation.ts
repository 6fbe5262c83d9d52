/**
 * Prints the first violation that the histories find in the code beside it, and ends with 1; with 0 where they find
 * none.
 */
import { newTally } from './campaign';
import { explore, nameOf, SMALL } from './explore';
import { KNOWN_FAULTS } from './known-faults';
import { randomHistory } from './random';

const SEEDS = Number(process.env.MUTANT_SEEDS ?? 4_000);
/** So many random histories come first: they find most faults at once. */
const FIRST = 100;

async function findAtRandom(from: number, to: number): Promise<string | null> {
  for (let seed = from; seed < to; seed += 1) {
    const { violations } = await randomHistory(seed);
    const code = violations.find((each) => !KNOWN_FAULTS.has(each.code))?.code;
    if (code !== undefined) return `\`${code}\` (seed ${seed})`;
  }
  return null;
}

async function find(): Promise<string | null> {
  const found = await findAtRandom(1, FIRST);
  if (found !== null) return found;
  for (const space of SMALL) {
    const { violations } = await explore(space).catch(() => newTally());
    // The code itself breaks no rule within these bounds, not even a known one.
    const [code] = violations.keys();
    if (code !== undefined) return `\`${code}\` (${nameOf(space)})`;
  }
  return findAtRandom(FIRST, SEEDS);
}

void find().then(
  (found) => {
    process.stdout.write(`${found ?? ''}\n`);
    process.exitCode = found === null ? 0 : 1;
  },
  (error: unknown) => {
    process.stdout.write(`an exception: ${String(error).split('\n')[0]}\n`);
    process.exitCode = 1;
  },
);
