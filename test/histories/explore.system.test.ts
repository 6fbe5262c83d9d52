import { unexplained } from './campaign';
import { explore, LARGE, nameOf, SMALL } from './explore';

const PATH = process.env.EXPLORE_PATH;
const spaces =
  PATH === undefined ? SMALL : [...SMALL, ...LARGE].filter((space) => nameOf(space) === process.env.EXPLORE);

describe('every history of a small account', () => {
  it.each(spaces.map((space) => ({ name: nameOf(space), space })))(
    'within this bound breaks no rule of the contract: $name',
    async ({ space }) => {
      const path = PATH === undefined ? undefined : PATH.split(',').map(Number);
      const tally = await explore(space, Number.POSITIVE_INFINITY, path);
      expect(unexplained(tally)).toBe('');
      expect(tally.isComplete).toBe(true);
    },
  );
});
