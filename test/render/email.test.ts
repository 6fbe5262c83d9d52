import * as fc from 'fast-check';
import { messageAttributes } from '../../lambda/render/attributes';
import { MAX_BODY_BYTES, renderEmail } from '../../lambda/render/email';
import { expectGolden } from '../support/golden';
import { aFailedScope, aReport, aScope, aSource, expired, kept, NOW, setAside } from '../support/report-builder';
import { CONTEXT, SITUATIONS } from './sample-reports';

const HEAD = 60;

const number = (text = '0'): number => Number(text.replaceAll(',', ''));

/** A very long mail without its middle, for review. */
function readable(text: string): string {
  const lines = text.split('\n');
  return lines.length <= 4 * HEAD
    ? text
    : [...lines.slice(0, HEAD), `[${lines.length - 2 * HEAD} lines]`, ...lines.slice(-HEAD)].join('\n');
}

describe('the e-mail', () => {
  test.each(Object.entries(SITUATIONS))('reads as reviewed: %s', (name, { report, context }) => {
    const { subject, body } = renderEmail(report, { ...CONTEXT, ...context });
    expectGolden(`email-${name}.txt`, readable(`Subject: ${subject}\n\n${body}`));
  });

  test('has the subject of the contract', () => {
    const report = aReport([...Array.from({ length: 17 }, () => expired()), ...Array.from({ length: 40 }, () => kept())]);
    expect(renderEmail(report, CONTEXT).subject).toBe('[Lightsail] 17 of 57 snapshots past policy, at most $34.00/month');
  });

  test('has a subject that SNS accepts, whatever the numbers', () => {
    const amount = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 0, max: 1e15 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 90 }),
        (snapshots, expire, cents, complete, failed) => {
          const base = aReport([]);
          const totals = { ...base.totals, snapshots, expire, expireMonthlyCostCeiling: cents / 100 };
          const scopes = Array.from({ length: failed }, () => aFailedScope('eu-south-2', 'disk'));
          const { subject } = renderEmail({ ...base, totals, complete, scopes }, CONTEXT);
          expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
          expect(/Incomplete/.test(subject)).toBe(!complete);
        },
      ),
    );
  });

  test('stays within its bytes with 100,000 snapshots of multi-byte names, and says for each section how many were left out and where', () => {
    const name = (i: number) => `${'雪🦊'.repeat(20)}-${i}`;
    const expiring = Array.from({ length: 60_000 }, (_, i) => expired({ name: name(i), source: aSource(name(i % 999)) }));
    const held = Array.from({ length: 40_000 }, (_, i) => setAside('held', 'held by a tag', { name: name(60_000 + i) }));
    const problems = Array.from({ length: 40_000 }, (_, i) => ({ code: 'tag.unknown', arn: null, message: name(i) }));
    const scopes = Array.from({ length: 9_000 }, (_, i) => aFailedScope(name(i), 'disk'));
    const report = aReport([...expiring, ...held], { complete: false, scopes, problems });
    const { body } = renderEmail(report, CONTEXT);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(Buffer.byteLength(body)).toBeGreaterThan(MAX_BODY_BYTES * 0.95);
    const shown = (start: string) => body.split('\n').filter((line) => line.startsWith(start)).length;
    const cuts = [...body.matchAll(/^… and ([\d,]+) more, in the full report: (.*)$/gm)].map(([, left, where]) => [number(left), where]);
    expect(cuts.map(([, where]) => where)).toEqual(Array(4).fill(CONTEXT.fullReport));
    const listed = 9_000 + 60_000 + 40_000 + 40_000 - cuts.reduce((sum, [left]) => sum + Number(left), 0);
    expect(shown('- ')).toBe(listed);
    expect(body.startsWith('INCOMPLETE')).toBe(true);
    expect(body).toContain('\nNEXT STEP\n');
  });

  test('never exceeds its bytes, and accounts for every expiring snapshot', () => {
    const names = fc.string({ unit: 'binary', maxLength: 255 });
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 1_500 }), (some, amount) => {
        const report = aReport(
          Array.from({ length: amount }, (_, i) => expired({ name: `${some[i % some.length]}`, source: aSource(`${some[i % 7]}`) })),
        );
        const { body } = renderEmail(report, CONTEXT);
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
        const left = number(/^… and ([\d,]+) more, in the full report: s3:/m.exec(body)?.[1]);
        expect(body.split('\n').filter((line) => line.startsWith('   Why: ')).length + left).toBe(amount);
      }),
      { numRuns: 30 },
    );
  });

  test('cuts nothing from a report that fits', () => {
    expect(renderEmail(aReport([expired({ name: 'a' }), expired({ name: 'b' })]), CONTEXT).body).not.toContain('more, in the full report');
  });

  test('keeps hostile names on one line and shows what would reorder text', () => {
    const hostile = 'a\nNOTHING TO DO\r\u2028\u202egpj.exe\u0000\u009b\ud800';
    const { body } = renderEmail(aReport([expired({ name: hostile, source: aSource(hostile) })]), CONTEXT);
    expect(body).toContain('- a\ufffdNOTHING TO DO\ufffd\ufffd\ufffdgpj.exe\ufffd\ufffd\ufffd: ');
    expect(body).not.toMatch(/[\u202e\u2028\r\0\u009b]/);
  });

  test('names each list that was not read before anything else, with the remedy that the service offers', () => {
    const scopes = [aScope(), aFailedScope('eu-south-2', 'disk')];
    const { body } = renderEmail(aReport([expired()], { complete: false, scopes }), CONTEXT);
    expect(body.indexOf('disk snapshots in eu-south-2')).toBeLessThan(body.indexOf('PAST POLICY'));
    expect(body).toContain('Tip: ask for lightsail:GetDiskSnapshots');
  });

  test('offers no command to delete when the plan is blocked', () => {
    const blocked = { code: 'cap.max-share', message: 'too large a share' } as const;
    const report = aReport([expired()], { plan: { id: 'p', digest: 'd', expiresAt: NOW, count: 1, blocked } });
    expect(renderEmail(report, { ...CONTEXT, applyCommand: 'apply-it' }).body).not.toContain('apply-it');
  });

  test('names the configured prefix in the advice on keeping', () => {
    expect(renderEmail(aReport([expired()]), { ...CONTEXT, tagPrefix: 'acme' }).body).toContain('key=acme:hold');
  });

  test('carries attributes by which subscribers filter', () => {
    expect(messageAttributes(aReport([expired(), kept()]))).toEqual({ outcome: 'expiring', expiring: 1, complete: 'true', problems: 0 });
    expect(messageAttributes(aReport([kept()])).outcome).toBe('nothing');
    expect(messageAttributes(aReport([kept()], { problems: [{ code: 'x', arn: null, message: 'm' }] })).outcome).toBe('problems');
    expect(messageAttributes(aReport([expired()], { complete: false }))).toMatchObject({ outcome: 'incomplete', complete: 'false' });
  });
});
