import { type Reason, describeReason as sentence } from '../../../lambda/core/policy/reason';

const DAY_NUMBER = Date.UTC(2026, 10, 20) / 86_400_000;

it.each<[string, Reason]>([
  ['last 2 of 3', { code: 'last', kind: 'kept', nth: 2, of: 3, period: 1, oldest: false }],
  ['daily 3 of 7 (2026-11-20)', { code: 'daily', kind: 'kept', nth: 3, of: 7, period: DAY_NUMBER, oldest: false }],
  [
    'hourly 1 of 24 (2026-11-20 13:00)',
    { code: 'hourly', kind: 'kept', nth: 1, of: 24, period: DAY_NUMBER * 24 + 13, oldest: false },
  ],
  [
    'daily 3 of unlimited (2026-11-20), the oldest of all',
    { code: 'daily', kind: 'kept', nth: 3, of: Number.POSITIVE_INFINITY, period: DAY_NUMBER, oldest: true },
  ],
  ['daily: 7 of 7 slots filled', { code: 'daily', kind: 'full', of: 7 }],
  [
    'monthly: 2026-11 already kept by web-1120',
    { code: 'monthly', kind: 'taken', period: 2026 * 12 + 10, by: 'web-1120' },
  ],
  ['within 14d', { code: 'within', kind: 'kept-within', duration: '14d', period: null, oldest: false }],
  [
    'withinYearly 5y (2026)',
    { code: 'withinYearly', kind: 'kept-within', duration: '5y', period: 2026, oldest: false },
  ],
  [
    'withinDaily 2w (2026-11-20), the oldest of all',
    { code: 'withinDaily', kind: 'kept-within', duration: '2w', period: DAY_NUMBER, oldest: true },
  ],
  [
    'within: not within 14d of the newest, web-1123',
    { code: 'within', kind: 'outside', duration: '14d', newest: 'web-1123' },
  ],
  ['30d old since 2026-11-20', { code: 'expireAfter', kind: 'old', duration: '30d', day: DAY_NUMBER }],
  ['younger than 30d until 2026-11-20', { code: 'expireAfter', kind: 'young', duration: '30d', day: DAY_NUMBER }],
  ['kept through 2026-12-31 (expire-on)', { code: 'expire-on', kind: 'until', day: '2026-12-31' }],
  ['expire-on 2026-10-31 has passed', { code: 'expire-on', kind: 'passed', day: '2026-10-31' }],
  ['younger than 24h (minAge)', { code: 'minAge', kind: 'young', duration: '24h' }],
  ['newest of its source (minKeep 2)', { code: 'minKeep', kind: 'newest', nth: 1, of: 2 }],
  ['number 2 from the newest of its source (minKeep 2)', { code: 'minKeep', kind: 'newest', nth: 2, of: 2 }],
  ['the policy keeps all', { code: 'all', kind: 'all' }],
  ['whatever was found', { code: 'unmanaged', kind: 'excluded', text: 'whatever was found' }],
])('says "%s"', (text, reason) => {
  expect(sentence(reason)).toBe(text);
});
