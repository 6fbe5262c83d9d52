import { stringify } from 'csv-stringify/sync';
import * as fc from 'fast-check';
import { STATUSES } from '../../lambda/core/report/report-model';
import { renderCsv } from '../../lambda/render/csv';
import { aReport, excluded, expired, kept } from '../support/report-builder';
import { HOSTILE_NAMES, hostileItems } from './hostile';

/** RFC 4180, so that the test does not trust the writer's own library. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

function read(...report: Parameters<typeof renderCsv>): readonly Readonly<Record<string, string>>[] {
  const [heading = [], ...rows] = parseCsv([...renderCsv(...report)].join(''));
  return rows.map((row) => {
    expect(row).toHaveLength(heading.length);
    return Object.fromEntries(heading.map((key, i) => [key, row[i] ?? '']));
  });
}

describe('the CSV report', () => {
  test('says of a snapshot what the JSON report says', () => {
    expect(
      read(
        aReport([
          expired({
            tags: new Map([
              ['env', 'prod'],
              ['no_delete', null],
            ]),
          }),
        ]),
      ),
    ).toEqual([
      {
        account: '123456789012',
        region: 'us-east-1',
        kind: 'instance',
        source: 'web',
        sourceExists: 'true',
        name: 'web-1103',
        createdAt: '2026-11-03T08:00:00.000Z',
        ageDays: '20',
        sizeGb: '40',
        monthlyCostCeiling: '2',
        verdict: 'expire',
        status: 'managed',
        reasons: 'daily: 7 of 7 slots filled; weekly: 2026-W44 already kept by web-1108',
        policy: 'standard',
        policyOrigin: 'rule',
        rule: 'production',
        state: 'available',
        fromAutoSnapshot: 'false',
        tags: 'env=prod; no_delete',
        arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/web-1103',
        sourceArn: 'arn:aws:lightsail:us-east-1:123456789012:instance/web',
      },
    ]);
  });

  test('holds a row for every snapshot, whatever its status, across batches', () => {
    const items = Array.from({ length: 1_203 }, (_, i) => {
      const status = STATUSES[i % STATUSES.length] ?? 'managed';
      return status === 'managed' ? kept({ name: `s${i}` }) : excluded(status, 'because', { name: `s${i}` });
    });
    expect(read(aReport(items)).map(({ name }) => name)).toEqual(items.map(({ snapshot }) => snapshot.name));
  });

  test('neutralises cells that a spreadsheet would take for a formula, and changes no other', () => {
    const names = read(aReport(hostileItems)).map(({ name }) => name);
    const shown = (name: string): string => name.replace(/[\t\n\u202e]|\p{Cs}/gu, '\ufffd');
    expect(names).toEqual(HOSTILE_NAMES.map((name) => (/^[=+\-@\t\r]/.test(name) ? `'${shown(name)}` : shown(name))));
    for (const row of read(aReport(hostileItems)))
      for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
  });

  test('lets no control reach a terminal', () => {
    const [row] = read(aReport([expired({ name: 'a\u001b[2J\u0007\u009b31m\rb\tc\nd' })]));
    expect(row?.name).toBe('a\ufffd[2J\ufffd\ufffd31m\ufffdb\ufffdc\ufffdd');
  });

  test('writes any text as the library for it does', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('"', ',', ';', "'", '=', '-', '@', '\uff1d', 'ä', ' ') }),
    );
    fc.assert(
      fc.property(text, text, (name, state) => {
        const report = aReport([expired({ name, state })]);
        const byLibrary = stringify([[name, state]], { escape_formulas: true });
        const [row] = read(report);
        expect([row?.name, row?.state]).toEqual(parseCsv(byLibrary)[0]);
        expect([...renderCsv(report)].join('')).toContain(
          `,${stringify([[name]], { escape_formulas: true }).slice(0, -1)},`,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('is a heading alone for an account without snapshots', () => {
    expect([...renderCsv(aReport([]))].join('')).toMatch(/^account,region,[^\n]*\n$/);
  });
});
