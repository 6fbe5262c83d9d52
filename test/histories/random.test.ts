import { runs } from '../support/runs';
import { addTo, newTally, unexplained } from './campaign';
import { randomHistory } from './random';

const COUNT = Number(process.env.HISTORIES ?? runs(500, 2_000));
const ONE = process.env.HISTORY_SEED;

/** The command that repeats a history, and prints it. */
const commandOf = (seed: number): string => `HISTORY_SEED=${seed} npx jest test/histories/random`;

describe('random histories of deletions', () => {
  it('break no rule of the contract', async () => {
    const tally = newTally();
    const seeds = ONE === undefined ? Array.from({ length: COUNT }, (_, index) => index + 1) : [Number(ONE)];
    for (const seed of seeds) addTo(tally, await randomHistory(seed), commandOf(seed));
    expect(unexplained(tally)).toBe('');
    // Histories in which nothing is deleted would prove nothing.
    if (ONE === undefined) expect(tally.deletes).toBeGreaterThan(COUNT);
  }, 300_000);

  it('are the same for the same seed', async () => {
    for (const seed of [7, 20]) expect((await randomHistory(seed)).log).toEqual((await randomHistory(seed)).log);
  });
});
