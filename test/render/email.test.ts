import * as fc from 'fast-check';
import type { Report } from '../../lambda/core/report/report-model';
import { MAX_BODY_BYTES, renderEmail } from '../../lambda/render/email';
import { messageAttributes } from '../../lambda/render/message-attributes';
import { expectGolden } from '../support/golden';
import { aFailedScope, aReport, aScope, aSource, excluded, expired, kept, NOW } from '../support/report-builder';
import { CONTEXT, SITUATIONS } from './sample-reports';

const HEAD = 60;

const situation = (name: string): Report => SITUATIONS[name]?.report ?? aReport([]);

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
    const report = aReport([
      ...Array.from({ length: 17 }, () => expired()),
      ...Array.from({ length: 40 }, () => kept()),
    ]);
    expect(renderEmail(report, CONTEXT).subject).toBe(
      '[Lightsail] 17 of 57 snapshots expired by policy, at most $34.00/month',
    );
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
    const expiring = Array.from({ length: 60_000 }, (_, i) =>
      expired({ name: name(i), source: aSource(name(i % 999)) }),
    );
    const held = Array.from({ length: 40_000 }, (_, i) =>
      excluded('held', 'held by a tag', { name: name(60_000 + i) }),
    );
    const problems = Array.from({ length: 40_000 }, (_, i) => ({ code: 'tag.unknown', arn: null, message: name(i) }));
    const scopes = Array.from({ length: 9_000 }, (_, i) => aFailedScope(name(i), 'disk'));
    const report = aReport([...expiring, ...held], { complete: false, scopes, problems });
    const { body } = renderEmail(report, CONTEXT);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(Buffer.byteLength(body)).toBeGreaterThan(MAX_BODY_BYTES * 0.95);
    const shown = (start: string) => body.split('\n').filter((line) => line.startsWith(start)).length;
    const cuts = [...body.matchAll(/^… and ([\d,]+) more, in the full report: (.*)$/gm)].map(([, left, where]) => [
      number(left),
      where,
    ]);
    expect(cuts.map(([, where]) => where)).toEqual(Array(4).fill(CONTEXT.fullReport));
    const listed = 9_000 + 60_000 + 40_000 + 40_000 - cuts.reduce((sum, [left]) => sum + Number(left), 0);
    expect(shown('- ')).toBe(listed);
    expect(body.startsWith('INCOMPLETE')).toBe(true);
    expect(body).toContain('\nNEXT STEP\n');
  });

  test('never exceeds its bytes, and accounts for every expiring snapshot', () => {
    const names = fc.string({ unit: 'binary', maxLength: 255 });
    fc.assert(
      fc.property(
        fc.array(names, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 1_500 }),
        (some, amount) => {
          const report = aReport(
            Array.from({ length: amount }, (_, i) =>
              expired({ name: `${some[i % some.length]}`, source: aSource(`${some[i % 7]}`) }),
            ),
          );
          const { body } = renderEmail(report, CONTEXT);
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
          const left = number(/^… and ([\d,]+) more, in the full report: s3:/m.exec(body)?.[1]);
          expect(body.split('\n').filter((line) => line.startsWith('- ')).length + left).toBe(amount);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('cuts nothing from a report that fits', () => {
    expect(renderEmail(aReport([expired({ name: 'a' }), expired({ name: 'b' })]), CONTEXT).body).not.toContain(
      'more, in the full report',
    );
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
    expect(body.indexOf('disk snapshots in eu-south-2')).toBeLessThan(body.indexOf('EXPIRED BY POLICY'));
    expect(body).toContain('Tip: ask for lightsail:GetDiskSnapshots');
  });

  test('never says that all is well after an incomplete reading', () => {
    for (const name of ['incomplete', 'incomplete-nothing-expiring', 'nothing-read']) {
      const { subject, body } = renderEmail(situation(name), { ...CONTEXT, deletionMode: 'automatic' });
      expect(subject).toContain('Incomplete');
      expect(body).toMatch(/^(In what could be read|Nothing could be read)/m);
      expect(body).toContain('Nothing can be deleted with this report: ');
      expect(body).not.toMatch(
        /^Nothing is expired by policy|nothing to delete|Nothing changed: |All together|are deleted later/m,
      );
    }
  });

  test('names snapshots of unknown size wherever it says what is the most that they cost', () => {
    const { subject, body } = renderEmail(situation('unknown-sizes'), CONTEXT);
    for (const line of [subject, ...body.split('\n').slice(0, 2)])
      expect(line).toMatch(/at most \$[\d.]+\/month and [12] of unknown size/);
    expect(body).toContain(
      'web (instance snapshots in us-east-1): 2 snapshots, at most $2.00/month and 1 of unknown size',
    );
    const none = renderEmail(aReport([expired({ sizeGb: null })]), CONTEXT);
    expect(`${none.subject} ${none.body}`).not.toContain('$');
    expect(none.body).toContain('size and cost not known');
  });

  test('names shared reasons once, and those of a single snapshot with it', () => {
    const taken = (by: string) => ({ code: 'weekly', kind: 'taken', period: 2_965, by }) as const;
    const full = { code: 'daily', kind: 'full', of: 7 } as const;
    const old = { code: 'expireAfter', kind: 'old', duration: '30d', day: 20_757 } as const;
    const { body } = renderEmail(
      aReport([
        expired({ name: 'a' }, { reasons: [full, taken('x')] }),
        expired({ name: 'b' }, { reasons: [full, taken('y')] }),
        expired({ name: 'c' }, { reasons: [full, old] }),
      ]),
      CONTEXT,
    );
    const policy = 'policy standard, from the rule "production"';
    expect(body).toContain(`\nWhy: ${policy}. Newer snapshots fill its slots (daily: 7 of 7 slots filled)\n- a: `);
    expect(body).toMatch(
      /- a: .*\n {3}weekly: 2026-W44 already kept by x\n- b: .*\n {3}weekly: 2026-W44 already kept by y\nWhy/,
    );
    expect(body).toContain(
      `\nWhy: ${policy}. Newer snapshots fill its slots, and it is older than 30 days (daily: 7 of 7 slots filled; 30d old since 2026-10-31)\n- c: `,
    );
  });

  test('asks nobody to install anything: its commands are those of AWS, beside the link of a terminal that has it', () => {
    for (const [name, { report, context }] of Object.entries(SITUATIONS)) {
      const { body } = renderEmail(report, { ...CONTEXT, ...context });
      expect({ name, asks: /npx|lightsail-retention (report|apply|explain)|install/.test(body) }).toEqual({
        name,
        asks: false,
      });
      expect(
        body.includes('    https://eu-central-1.console.aws.amazon.com/cloudshell/home?region=eu-central-1\n'),
      ).toBe(/ {4}aws /.test(body));
    }
  });

  test('has no place for what was cut where nothing is stored', () => {
    const { body } = renderEmail(situation('thousands'), { ...CONTEXT, fullReport: null, files: [] });
    expect(body).toMatch(/… and [\d,]+ more, in the full report: not stored\n/);
    expect(body).not.toContain('npx');
  });

  test('announces only the deletions that automatic deletion will make', () => {
    const given = (report: Report) => renderEmail(report, { ...CONTEXT, deletionMode: 'automatic', grace: '7d' }).body;
    expect(given(aReport([expired()]))).toMatch(
      /snapshots that stay on this list are deleted later[\s\S]*on this list for 7d without interruption/,
    );
    expect(given(aReport([kept()]))).toContain('Automatic deletion is switched on; its list is empty.');
    expect(given(situation('thousands'))).toContain('deletes nothing after a report like this one');
    for (const report of [aReport([kept()]), situation('thousands')])
      expect(given(report)).not.toContain('deleted later');
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
    expect(messageAttributes(aReport([expired(), kept()]))).toEqual({
      outcome: 'expiring',
      expiring: 1,
      complete: 'true',
      problems: 0,
    });
    expect(messageAttributes(aReport([kept()])).outcome).toBe('nothing');
    expect(messageAttributes(aReport([kept()], { problems: [{ code: 'x', arn: null, message: 'm' }] })).outcome).toBe(
      'problems',
    );
    expect(messageAttributes(aReport([expired()], { complete: false }))).toMatchObject({
      outcome: 'incomplete',
      complete: 'false',
    });
  });
});
