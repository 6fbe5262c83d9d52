import { type Forecast, type ForecastInput, simulateForecast } from '../../../lambda/core/policy/forecast';
import { runSimulation, simulatedDate } from '../../../lambda/core/policy/simulate';
import { NO_TAGS } from '../../../lambda/core/snapshot/snapshot';
import { parseDuration } from '../../../lambda/core/time/duration';
import { aConfig } from '../../support/config-builder';

const TODAY = Date.UTC(2026, 10, 23, 8);
const DAY = 86_400_000;
const SOURCE = { kind: 'instance', region: 'us-east-1', name: 'web', tags: NO_TAGS, snapshotTags: NO_TAGS } as const;

function length(text: string) {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

/** The forecast, run to its end. */
function forecast(config: Readonly<Record<string, unknown>>, more: Partial<ForecastInput> = {}): Forecast {
  const runs = simulateForecast({
    config: aConfig(config),
    source: SOURCE,
    rhythm: { every: length('1d') },
    span: length('30d'),
    today: TODAY,
    at: TODAY,
    ahead: length('1y'),
    sizeGb: 40,
    ...more,
  });
  let step = runs.next();
  while (step.done !== true) step = runs.next();
  return step.value;
}

const days = ({ kept }: Forecast): readonly string[] =>
  kept.map(({ snapshot }) => new Date(snapshot.createdAt ?? 0).toISOString().slice(0, 10));
const week = { policies: { week: { keep: { daily: 3 } } }, default: 'week' };

describe('the forecast of a policy', () => {
  it('keeps on the shown day what a simulation that ends there keeps, with its reasons', () => {
    const config = { policies: { it: { keep: { last: 2, monthly: 3 }, expireAfter: '5d' } }, default: 'it' };
    const simulation = runSimulation({
      config: aConfig(config),
      schedule: { rhythm: { every: length('1d') }, span: length('30d'), end: TODAY },
      sizeGb: 40,
    });
    const { simulation: shown } = forecast(config);
    const reasonsOf = ({ days: all }: typeof shown) =>
      all.map((each) => [simulatedDate(each), each.made, each.atOnce, each.kept.map(({ reasons }) => reasons)]);
    expect(reasonsOf(shown)).toEqual(reasonsOf(simulation));
    expect([shown.made, shown.kept]).toEqual([simulation.made, simulation.kept]);
  });

  it('tells the run that removes each snapshot while the schedule goes on', () => {
    const { kept, expiry } = forecast(week);
    expect(kept.map(({ snapshot }) => expiry.get(snapshot.arn))).toEqual([
      TODAY + 3 * DAY,
      TODAY + 2 * DAY,
      TODAY + DAY,
    ]);
  });

  it('leaves out the removal of what no run removes', () => {
    expect(forecast({ policies: { all: { keep: 'all' } }, default: 'all' }).expiry.size).toBe(0);
  });

  it('shows a later day, with the snapshots that are made until then', () => {
    const later = forecast(week, { at: TODAY + 10 * DAY });
    expect(days(later)).toEqual(['2026-12-03', '2026-12-02', '2026-12-01']);
    expect(later.simulation.made).toBe(40);
    expect(later.made).toHaveLength(40);
  });

  it('makes snapshots on Sundays, also those after today', () => {
    const all = { policies: { all: { keep: 'all' } }, default: 'all' };
    const sundays = forecast(all, { rhythm: { weekday: 6 }, span: length('15d'), at: TODAY + 7 * DAY });
    expect(days(sundays)).toEqual(['2026-11-29', '2026-11-22', '2026-11-15', '2026-11-09'].slice(0, 3));
  });

  it('counts what was made and what is left after each run', () => {
    const { runs } = forecast(week, { span: length('5d') });
    expect(runs.slice(0, 5).map(({ made, kept }) => [made, kept])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 3],
      [5, 3],
    ]);
    expect(runs.at(-1)?.now).toBe(TODAY + 365 * DAY);
  });

  it('follows the rules and the tags of the source and of its snapshots', () => {
    const config = {
      policies: { all: { keep: 'all' }, one: { keep: { last: 1 } } },
      rules: [
        { name: 'test systems', match: { sourceTags: { env: 'test' }, region: 'eu-*', kind: 'disk' }, policy: 'one' },
      ],
      default: 'all',
    };
    const source = { ...SOURCE, kind: 'disk', region: 'eu-west-1', tags: new Map([['env', 'test']]) } as const;
    expect(forecast(config).kept).toHaveLength(30);
    const reached = forecast(config, { source });
    expect(reached.kept[0]?.policy).toMatchObject({ name: 'one', origin: 'rule', rule: 'test systems' });
    expect(reached.kept).toHaveLength(1);
    const held = forecast(config, { source: { ...source, snapshotTags: new Map([['retention:hold', null]]) } });
    expect(held.kept.map(({ status }) => status)).toEqual(Array(30).fill('held'));
  });

  it('yields what is kept on the shown day before it goes on', () => {
    const input = {
      source: SOURCE,
      rhythm: { every: length('1d') },
      span: length('5d'),
      ahead: length('1y'),
      sizeGb: 1,
    };
    const yielded = [...simulateForecast({ ...input, config: aConfig(week), today: TODAY, at: TODAY })];
    expect(yielded.map((each) => each?.kept.length)).toEqual([...Array(4), 3, ...Array(365)]);
  });

  it('refuses more than 20,000 snapshots', () => {
    expect(() => forecast(week, { rhythm: { every: length('1h') }, span: length('2y') })).toThrow(
      /more than 20000 snapshots/,
    );
  });
});
