import { dropColumns, tableText } from '../../lambda/render/text-table';

const ROWS = [
  ['web-1', '2026-11-23', 'keep', 'last 1 of 3; daily 1 of 7 (2026-11-23); newest of its source (minKeep 1)'],
  ['a-longer-name', '2026-11-22', 'delete', ''],
];

describe('a table', () => {
  it('aligns its columns, and never wraps without a width', () => {
    expect(tableText(ROWS, Number.POSITIVE_INFINITY)).toBe(
      'web-1          2026-11-23  keep    last 1 of 3; daily 1 of 7 (2026-11-23); newest of its source (minKeep 1)\n' +
        'a-longer-name  2026-11-22  delete\n',
    );
  });

  it.each([60, 80, 200])('fits %d columns, and continues its last column below itself', (columns) => {
    const lines = tableText(ROWS, columns).trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^ {35}\S/);
  });

  it('writes the last column below its row where the terminal is too narrow for it', () => {
    const lines = tableText(ROWS, 40).trimEnd().split('\n');
    expect(lines[0]).toBe('web-1          2026-11-23  keep');
    expect(lines[1]).toMatch(/^ {4}last 1 of 3/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  });

  it('is wrapped between its cells where they cannot be aligned', () => {
    expect(tableText(ROWS, 20).split('\n').slice(0, 2)).toEqual(['web-1  2026-11-23', 'keep']);
  });

  it('loses columns in the order given, and only as many as it takes to fit', () => {
    const rows = [['a'.repeat(20), 'bb', 'c'.repeat(20), 'dd']];
    expect(dropColumns(rows, 60, [1, 2])).toEqual(rows);
    expect(dropColumns(rows, 49, [1, 2])).toEqual([['a'.repeat(20), 'c'.repeat(20), 'dd']]);
    expect(dropColumns(rows, 30, [1, 2])).toEqual([['a'.repeat(20), 'dd']]);
  });

  it('splits no word, however narrow', () => {
    const arn = 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/00000000-0000-4000-a000-000000000001';
    expect(tableText([['x', arn]], 20)).toContain(arn);
  });
});
