import { compactInstant, instantOfId, parseInstant } from '../../../lambda/core/time/instant';

it.each([
  ['2026-11-23T08:00:00Z', '2026-11-23T08:00:00.000Z'],
  ['2026-11-23T08:00Z', '2026-11-23T08:00:00.000Z'],
  ['2026-11-23T08:00:00.5Z', '2026-11-23T08:00:00.500Z'],
  ['2026-11-23T08:00:00.123456789Z', '2026-11-23T08:00:00.123Z'],
  ['2026-11-23T08:00:00+01:00', '2026-11-23T07:00:00.000Z'],
  ['2026-11-23T08:00-0330', '2026-11-23T11:30:00.000Z'],
  ['2026-11-23T08:00:00.25+0545', '2026-11-23T02:15:00.250Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
])('reads %s', (text, instant) => {
  expect(new Date(parseInstant(text) ?? 0).toISOString()).toBe(instant);
});

it.each([
  '',
  'now',
  '2026-11-23',
  '2026-11-23T08:00:00',
  '2026-11-23 08:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-02-30T00:00:00+01:00',
  '2026-13-01T00:00:00Z',
  '2026-11-23T25:00:00Z',
  '2026-11-23T08:60:00Z',
  '2026-11-23T08:00:00+25:00',
  '2026-11-23T08:00:00.1234567890Z',
  ' 2026-11-23T08:00:00Z',
  '2026-11-23T08:00:00Z ',
  '2026-11-23T08:00:00Z (UTC)',
  '12026-11-23T08:00:00Z',
  '1763884800',
])('refuses %j, which is no instant', (text) => {
  expect(parseInstant(text)).toBeNull();
});

it('a compact instant sorts as text', () => {
  expect(compactInstant(Date.UTC(2026, 10, 23, 8, 5, 9, 999))).toBe('20261123T080509Z');
});

it('an id has the instant at its start', () => {
  expect(instantOfId('20261123T080509Z-1a2b3c4d')).toBe(Date.UTC(2026, 10, 23, 8, 5, 9));
  expect(instantOfId('20261123T080509Z-')).toBe(Date.UTC(2026, 10, 23, 8, 5, 9));
});

it.each([
  '20261123T080509Z',
  '20261131T080509Z-1',
  '20261323T080509Z-1',
  '20261123T250509Z-1',
  'x20261123T080509Z-1',
  '2026-11-23T08:05:09Z-1',
  '',
  'auto-20261123T080509Z-1',
])('refuses %j, which is no such id', (id) => {
  expect(instantOfId(id)).toBeNull();
});
