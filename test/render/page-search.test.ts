import { makeSearch } from '../../lambda/render/page/browser/search';
import { EMPTY_QUERY, select } from '../../lambda/render/page/browser/selection';
import type { PageData } from '../../lambda/render/page/data';
import { embedRows } from '../../lambda/render/page/embed';
import { readRows, type SnapshotRow } from '../../lambda/render/page/rows';
import { aReport, aSource, excluded, expired, kept, NOW } from '../support/report-builder';

const report = aReport([
  expired({ name: 'Web-2', sizeGb: 80 }),
  kept({ name: 'web-10', tags: new Map([['Team', 'Ops;Night/Day']]) }),
  kept({ name: 'ΟΔΣ-1', region: 'eu-west-1', source: aSource('Shop', 'instance', 'eu-west-1') }),
  excluded('held', 'held by its tag; see the list/plan', { name: 'db-09', arn: null, source: null }),
  kept({ name: 'web-1', createdAt: NOW }),
  expired({ name: 'db-9', createdAt: null, sizeGb: null }),
  kept({ name: 'web-1' }),
]);
const data = JSON.parse([...embedRows(report.items, report, {})].join('')) as PageData;
const rows = readRows(data);
const search = makeSearch(data);

const names = (found: readonly SnapshotRow[]): readonly string[] => found.map(({ name }) => name);

/** All texts of a row one after the other, in lower case. */
function wholeText({ name, source, decision, policy, why, reasons, tags, id }: SnapshotRow): string {
  return [name, source.name, source.kind, source.place, decision, policy, why, reasons, tags, id]
    .join(' ')
    .toLowerCase();
}

describe('the search of the page', () => {
  test('finds every part of a word in all texts of a row, also where two texts meet', () => {
    const texts = rows.map(wholeText);
    const words = new Set(texts.flatMap((text) => text.split(/\s+/)));
    for (const word of words)
      for (let from = 0; from < word.length; from += 1)
        for (const length of [1, 3, 8, word.length]) {
          const part = word.slice(from, from + length);
          const has = search(part);
          expect([part, rows.map(has)]).toEqual([part, texts.map((text) => text.includes(part))]);
        }
  });

  test('selects the rows that have every word', () => {
    const found = (text: string): readonly string[] =>
      names(select(rows, { ...EMPTY_QUERY, text, sort: 'name' }, search));
    expect(found('WEB- ops;NIGHT')).toEqual(['web-10']);
    expect(found('οδς shop')).toEqual(['ΟΔΣ-1']);
    expect(found('shop nothing')).toEqual([]);
    expect(found('')).toHaveLength(rows.length);
  });
});

describe('the orders of the table', () => {
  const order = (sort: string): readonly number[] =>
    select(rows, { ...EMPTY_QUERY, sort }, search).map(({ index }) => index);

  test('names by their numbers, and equal ones in the order of the report both ways', () => {
    expect(names(select(rows, { ...EMPTY_QUERY, sort: 'name' }, search))).toEqual([
      'db-09',
      'db-9',
      'web-1',
      'web-1',
      'Web-2',
      'web-10',
      'ΟΔΣ-1',
    ]);
    expect(order('name').slice(2, 4)).toEqual([4, 6]);
    expect(order('-name')).toEqual([2, 1, 0, 4, 6, 3, 5]);
  });

  test('unknown values last both ways, and what can be deleted first without a choice', () => {
    expect(order('size').at(-1)).toBe(5);
    expect(order('-size').at(-1)).toBe(5);
    expect(order('-size')[0]).toBe(0);
    expect(order('-age').slice(-2)).toEqual([4, 5]);
    expect(order('').slice(0, 2)).toEqual([0, 5]);
  });
});
