import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constructPage, membersOf } from '../../scripts/construct-docs';

const ROOT = join(__dirname, '..', '..');
const SOURCE = 'lib/snapshot-retention.ts';

test('the page of the construct is what `npm run docs` makes of the types', () => {
  expect(readFileSync(join(ROOT, 'docs', 'construct.md'), 'utf8')).toBe(constructPage());
});

test.each(['SnapshotRetentionProps', 'ObjectLockProps', 'SnapshotRetention'])(
  'each member of %s has a comment, and therefore a row',
  (type) => {
    const source = readFileSync(join(ROOT, SOURCE), 'utf8');
    const start = source.search(new RegExp(`export (?:interface|class) ${type}\\b`));
    const body = source.slice(start, source.indexOf('\n}\n', start));
    const declared = [...body.matchAll(/^ {2}readonly (\w+)/gm)].map((match) => match[1]);
    expect(declared.length).toBeGreaterThan(0);
    expect(membersOf(SOURCE, type).map(({ name }) => name)).toEqual(declared);
  },
);
