import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUTANTS } from './mutant-list';

describe('the list of deliberate faults', () => {
  it.each(MUTANTS.map(({ name, file, from }) => [name, file, from] as const))(
    'names a text that its file has once: %s',
    (_, file, from) => {
      const text = readFileSync(join(__dirname, '..', '..', file), 'utf8');
      expect({ file, from, times: text.split(from).length - 1 }).toEqual({ file, from, times: 1 });
    },
  );
});
