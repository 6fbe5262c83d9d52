import { readFileSync } from 'node:fs';
import { POLICY_DOCS, withCalendars } from '../../scripts/policy-docs';

const text = readFileSync(POLICY_DOCS, 'utf8');

describe('docs/policy.md', () => {
  it('shows the calendars that simulate draws now (npm run docs draws them anew)', () => {
    expect(withCalendars(text)).toBe(text);
  });

  it('shows every keep rule, age, floor and tag', () => {
    const shown = [...text.matchAll(/<!-- calendar: ([\w-]+) -->/g)].map((match) => match[1]);
    expect(shown).toEqual(expect.arrayContaining(['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly']));
    expect(shown).toEqual(
      expect.arrayContaining(['within', 'withinHourly', 'withinDaily', 'withinWeekly', 'withinMonthly', 'withinYearly']),
    );
    expect(shown).toEqual(expect.arrayContaining(['expireAfter', 'all', 'minKeep', 'minAge', 'hold', 'expire-on']));
  });

  it('has no calendar wider than 60 columns', () => {
    const calendars = [...text.matchAll(/```text\n([\s\S]*?)```/g)].flatMap((match) => match[1]?.split('\n') ?? []);
    expect(Math.max(...calendars.map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});

describe('the calendars of docs/policy.md', () => {
  it('refuses a name that is no example', () => {
    expect(() => withCalendars('<!-- calendar: fortnightly -->\n<!-- end -->')).toThrow('"fortnightly"');
  });

  it('refuses a text that leaves an example out', () => {
    expect(() => withCalendars('nothing')).toThrow('does not show the calendars standard, last');
  });
});
