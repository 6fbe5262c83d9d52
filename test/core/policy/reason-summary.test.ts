import fc from 'fast-check';
import type { Reason } from '../../../lambda/core/policy/reason';
import { MAX_REASON_LENGTH, reasonSentence } from '../../../lambda/core/policy/reason-summary';

const old = (duration: string): Reason => ({ code: 'expireAfter', kind: 'old', duration, day: 20_000 });
const PASSED: Reason = { code: 'expire-on', kind: 'passed', day: '2026-11-01' };
const FULL: Reason = { code: 'daily', kind: 'full', of: 7 };

describe('the sentence about an expiring snapshot', () => {
  it.each([
    [[old('30d')], 'It is older than 30 days.'],
    [[FULL, old('1y6mo')], 'Newer snapshots fill its slots, and it is older than 1 year 6 months.'],
    [[PASSED], 'Its expire-on date has passed.'],
    [[FULL, FULL], 'Newer snapshots fill its slots.'],
    [[old('P30D')], 'It is older than P30D.'],
    [[old('2000h')], 'It is older than 2,000 hours.'],
    [[], 'No rule keeps it.'],
  ])('names each kind of reason once: %j', (reasons, sentence) => {
    expect(reasonSentence(reasons)).toBe(sentence);
  });

  it('is on one line and never longer than 200 characters', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 })), (durations) => {
        const sentence = reasonSentence(durations.map(old));
        expect(sentence.length).toBeGreaterThan(0);
        expect(sentence.length).toBeLessThanOrEqual(MAX_REASON_LENGTH);
        expect(sentence).not.toMatch(/[\n\r]|[\ud800-\udbff](?![\udc00-\udfff])/);
      }),
    );
  });
});
