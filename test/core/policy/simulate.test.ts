import { runSimulation, simulatedDate } from '../../../lambda/core/policy/simulate';
import { parseDuration } from '../../../lambda/core/time/duration';
import { aConfig } from '../../support/config-builder';

const END = Date.UTC(2026, 10, 23, 8);

function length(text: string) {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

function simulated(
  policy: object,
  every: string,
  span: string,
  more: { timezone?: string; end?: number; floors?: object } = {},
) {
  const { timezone = 'UTC', end = END, floors = {} } = more;
  const config = aConfig({ timezone, floors, policies: { it: policy }, default: 'it' });
  return runSimulation({ config, schedule: { rhythm: { every: length(every) }, span: length(span), end }, sizeGb: 40 });
}

const keptOn = (simulation: ReturnType<typeof runSimulation>): readonly string[] =>
  simulation.days.flatMap((each) => each.kept.map(() => simulatedDate(each)));

describe('a simulation', () => {
  it('makes a snapshot at the end and one every so often before it, later than the start', () => {
    const { made, days } = simulated({ keep: 'all' }, '1d', '7d');
    expect(made).toBe(7);
    expect(days.map(simulatedDate)).toEqual([
      '2026-11-17',
      '2026-11-18',
      '2026-11-19',
      '2026-11-20',
      '2026-11-21',
      '2026-11-22',
      '2026-11-23',
    ]);
  });

  it('keeps what the policy keeps at the end', () => {
    const simulation = simulated({ keep: { last: 2, monthly: 2 } }, '1d', '3mo');
    expect(keptOn(simulation)).toEqual(['2026-10-31', '2026-11-22', '2026-11-23']);
    expect(simulation.kept).toBe(3);
  });

  it('lets time pass: the oldest of all is the oldest that is left', () => {
    // In one pass at the end the oldest of all would be of February, outside of the window, and 2026-04-21 would not be
    // kept.
    const simulation = simulated({ keep: { withinMonthly: '3w' } }, '1d', '3mo', { end: Date.UTC(2026, 4, 6, 15) });
    expect(keptOn(simulation)).toEqual(['2026-04-21', '2026-04-30', '2026-05-06']);
  });

  it('counts the most snapshots at once, before the policy removes what expires', () => {
    const { days } = simulated({ keep: { last: 3 } }, '1d', '10d');
    expect(days.map(({ atOnce }) => atOnce)).toEqual([1, 2, 3, 4, 4, 4, 4, 4, 4, 4]);
  });

  it('applies the policy once a day, also to hourly snapshots', () => {
    const { days, made } = simulated({ keep: { last: 1 } }, '1h', '3d', { floors: { minAge: '1h' } });
    expect(made).toBe(72);
    expect(Math.max(...days.map(({ atOnce }) => atOnce))).toBe(25);
    expect(days.map(({ made: onDay }) => onDay)).toEqual([15, 24, 24, 9]);
  });

  it('makes snapshots by the clock of the zone, over a night in which it changes', () => {
    const end = Date.parse('2026-10-26T07:00:00Z');
    const { days } = simulated({ keep: 'all' }, '1d', '3d', { timezone: 'Europe/Berlin', end });
    const times = days.flatMap(({ kept }) =>
      kept.map(({ snapshot }) => new Date(snapshot.createdAt ?? 0).toISOString()),
    );
    expect(times).toEqual(['2026-10-24T06:00:00.000Z', '2026-10-25T07:00:00.000Z', '2026-10-26T07:00:00.000Z']);
  });

  it('holds what is tagged on the day it was made', () => {
    const config = aConfig({ policies: { it: { keep: { last: 1 } } }, default: 'it' });
    const schedule = { rhythm: { every: length('1d') }, span: length('10d'), end: END };
    const tags = new Map([['2026-11-15', new Map([['retention:hold', null]])]]);
    expect(keptOn(runSimulation({ config, schedule, sizeGb: 40, tags }))).toEqual(['2026-11-15', '2026-11-23']);
  });

  it('keeps a year of hourly snapshots, every one of them, within its bounds', () => {
    expect(simulated({ keep: 'all' }, '1h', '1y').kept).toBe(8760);
  });

  it.each([
    ['more snapshots than 100,000', '1h', '20y', 'more than 100000 snapshots'],
    ['more than a hundred years', '1y', '101y', 'more than a hundred years'],
    ['so many kept that it would take minutes', '1h', '5y', 'take too long'],
  ])('refuses %s', (_, every, span, message) => {
    expect(() => simulated({ keep: 'all' }, every, span)).toThrow(message);
  });
});
