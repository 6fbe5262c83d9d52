import fc from 'fast-check';
import { announcedStarts, countdown, type ReportRun, selectDue } from '../../../lambda/core/plan/grace-period';
import type { Plan, PlanItem } from '../../../lambda/core/plan/plan';
import { compactInstant } from '../../../lambda/core/time/instant';
import { dayLabel, dayOf, subtractDuration, wallClock } from '../../../lambda/core/time/period';
import { planFile, reportFiles, runFolder, SENT } from '../../../lambda/storage/keys';
import { readRuns } from '../../../lambda/storage/report-history';
import { readTold, recordTold } from '../../../lambda/storage/told-days';
import { memoryStore } from '../../fakes/memory-store';
import { aConfig } from '../../support/config-builder';
import { runs } from '../../support/runs';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Of every plan: what these plans are is not in doubt here. */
const DIGEST = `sha256:${'0'.repeat(64)}`;

const configOf = (grace: string, timezone = 'UTC') =>
  aConfig({ policies: { short: { keep: { last: 1 } } }, default: 'short', deletion: { grace }, timezone });
type Rules = ReturnType<typeof configOf>;

const anItem = (name: string): PlanItem => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}`,
  name,
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2020-01-01T00:00:00.000Z',
});

/** The run of a report that was made and e-mailed at an instant. */
function aRun(at: number, names: readonly string[], config: Rules): { readonly run: ReportRun; readonly plan: Plan } {
  const time = compactInstant(at);
  const plan: Plan = {
    schemaVersion: 1,
    id: `${time}-aaaaaaaa`,
    account: '123456789012',
    scopes: [{ account: '123456789012', region: 'us-east-1', kind: 'instance' }],
    createdAt: new Date(at).toISOString(),
    expiresAt: new Date(at + 7 * DAY).toISOString(),
    config: { origin: config.origin, digest: config.digest },
    complete: true,
    blocked: null,
    items: names.map(anItem),
    digest: DIGEST,
  };
  const starts = [[at, names.length]] as const;
  const mailed = { reportId: plan.id, digest: plan.digest, confirmed: 1, announced: true, at, storedAt: at, starts };
  return { run: { time, plans: [{ plan, storedAt: at, reportStoredAt: at }], mailed }, plan };
}

/**
 * Makes the reports one after the other, and asks after each what is due, by what the deployed functions read of the
 * history: on how many of those occasions anything was, and each snapshot that went before a day that an e-mail told.
 */
async function carryOn(reports: readonly { readonly at: number; readonly names: readonly string[] }[], config: Rules) {
  const objects = new Map<string, string>();
  let clock = 0;
  const store = memoryStore(objects, () => clock);
  const write = (key: string, value: object) =>
    store.put({ key, contentType: 'application/json', body: [JSON.stringify(value)] });
  const readAt = (now: number) =>
    readRuns(store, () => DIGEST, subtractDuration(now, config.deletion.grace, config.zone));
  const told = new Map<string, string>();
  const early: string[] = [];
  let taken = 0;
  const day = (at: number): string => dayLabel(dayOf(wallClock(at, config.zone)));
  for (const { at, names } of reports) {
    const { run, plan } = aRun(at, names, config);
    for (const arn of told.keys()) if (!plan.items.some((item) => item.arn === arn)) told.delete(arn);
    const earlier = await readAt(at);
    const { due: announced } = countdown(plan, earlier, await readTold(store, () => DIGEST, at, earlier), config);
    const starts = announcedStarts(plan, announced);
    await recordTold(store, plan, starts);
    for (const [arn, due] of announced) told.set(arn, [told.get(arn) ?? '', day(due)].sort().at(-1) ?? '');
    clock = at;
    await write(reportFiles(plan.id).json, {});
    await write(planFile(plan.id), plan);
    await write(`${runFolder(run.time)}${SENT}.json`, { ...run.mailed, starts, at: new Date(at).toISOString() });
    const later = at + 5 * HOUR;
    for (const [now, runs] of [[at, [run, ...earlier]] as const, [later, await readAt(later)] as const]) {
      const due = selectDue(runs, config, now);
      if (due.state === 'nothing') continue;
      taken += 1;
      for (const { arn, name } of due.items)
        if (day(now) < (told.get(arn) ?? '9999')) early.push(`${name} on ${day(now)}, told ${told.get(arn)}`);
    }
  }
  return { early, taken };
}

/** A report on each of so many days, that lists the same. */
const everyDay = (from: string, days: number, names: readonly string[] = ['old']) =>
  Array.from({ length: days }, (_, index) => ({ at: Date.parse(from) + index * DAY, names }));

describe('the grace period of automatic deletion', () => {
  test.each([
    ['one month, from 31 January', '1mo', everyDay('2026-01-31T08:00:00Z', 40)],
    ['one month, from 29 January', '1mo', everyDay('2026-01-29T08:00:00Z', 40)],
    [
      'one year, from 29 February',
      '1y',
      [...everyDay('2024-02-29T08:00:00Z', 4), ...everyDay('2025-02-26T08:00:00Z', 8)],
    ],
    ['a month and days', '1mo2d', everyDay('2026-01-29T08:00:00Z', 40)],
  ])('ends, and on no day before the one that was told: %s', async (_, grace, reports) => {
    const { early, taken } = await carryOn(reports, configOf(grace));
    expect(early).toEqual([]);
    expect(taken).toBeGreaterThan(0);
  });

  test('ends on the day that was told', () => {
    const config = configOf('1mo');
    const reports = everyDay('2026-01-31T08:00:00Z', 32);
    const runs = reports.map(({ at, names }) => aRun(at, names, config).run).reverse();
    expect(selectDue(runs.slice(1), config, Date.parse('2026-03-02T09:00:00Z')).state).toBe('nothing');
    expect(selectDue(runs, config, Date.parse('2026-03-03T09:00:00Z')).state).toBe('due');
  });

  test('names the e-mailed reports that announced the deletion, newest first, down to the first one that is old enough', () => {
    const config = configOf('7d');
    const runs = everyDay('2026-03-01T08:00:00Z', 12).map(({ at, names }) => aRun(at, names, config).run);
    const announcedOn = (given: readonly ReportRun[], now: string) => {
      const due = selectDue([...given].reverse(), config, Date.parse(now));
      return due.state === 'due' ? due.announcedBy.map((id) => id.slice(0, 8)) : due;
    };
    const days = ['20260312', '20260311', '20260310', '20260309', '20260308', '20260307', '20260306', '20260305'];
    expect(announcedOn(runs, '2026-03-12T09:00:00Z')).toEqual(days);
    // The report of that day is not 7 days old yet.
    expect(announcedOn(runs, '2026-03-12T08:00:00Z')).toEqual(days);
    expect(announcedOn(runs.slice(0, 11), '2026-03-12T07:00:00Z')).toEqual([...days.slice(1), '20260304']);
  });

  test('names at most 100 reports, the newest ones and the first one', () => {
    const config = configOf('150d');
    const runs = everyDay('2025-01-01T08:00:00Z', 200).map(({ at, names }) => aRun(at, names, config).run);
    const now = Date.parse('2025-01-01T09:00:00Z') + 199 * DAY;
    const due = selectDue([...runs].reverse(), config, now);
    const ids = due.state === 'due' ? due.announcedBy : [];
    expect(ids).toHaveLength(100);
    expect(ids.slice(0, 99)).toEqual(
      [...runs]
        .reverse()
        .slice(0, 99)
        .map(({ mailed }) => mailed?.reportId),
    );
    expect(ids[99]).toBe(runs[49]?.mailed?.reportId);
  });

  test.each<[string, number, [number, number][] | null]>([
    [
      'an e-mail of it announced a later day, though the newest one did not',
      5,
      [[Date.parse('2026-03-20T13:47:00Z'), 1]],
    ],
    ['the note of the newest e-mail has no day', 11, null],
    ['the note of the newest e-mail has days for other items than its plan', 11, [[0, 2]]],
  ])('deletes nothing where %s', (_, index, starts) => {
    const config = configOf('7d');
    const runs = everyDay('2026-03-01T08:00:00Z', 12).map(({ at, names }) => aRun(at, names, config).run);
    const changed = runs.map((run, i) =>
      i === index && run.mailed !== null ? { ...run, mailed: { ...run.mailed, starts } } : run,
    );
    const now = Date.parse('2026-03-12T09:00:00Z');
    expect(selectDue(runs, config, now).state).toBe('due');
    expect(selectDue(changed, config, now)).toMatchObject({ state: 'nothing', code: 'auto.nothing-due' });
  });

  test('counts no report whose plan has raised caps, and none before it', () => {
    const config = configOf('7d');
    const runs = everyDay('2026-03-01T08:00:00Z', 12).map(({ at, names }) => aRun(at, names, config).run);
    const now = Date.parse('2026-03-12T09:00:00Z');
    const raise = (index: number): readonly ReportRun[] =>
      runs
        .map((run, i) => {
          if (i !== index) return run;
          const plans = run.plans.map((each) => each && { ...each, plan: { ...each.plan, caps: 'raised' as const } });
          return { ...run, plans };
        })
        .reverse();
    expect(selectDue(raise(-1), config, now).state).toBe('due');
    for (const index of [11, 10, 8]) expect(selectDue(raise(index), config, now).state).toBe('nothing');
    expect(selectDue(raise(11), config, now)).toMatchObject({ code: 'auto.raised-caps' });
  });

  test('never ends on a day before the one that was told, whatever the reports, the period and the zone', async () => {
    const grace = fc.constantFrom('1mo', '2mo', '3mo', '1mo1d', '1mo12h', '1y', '7d', '30d');
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe');
    const gaps = fc.array(
      fc.record({
        gap: fc.constantFrom(1, 1, 1, 1, 2, 7),
        names: fc.subarray(['a', 'b', 'c'], { minLength: 2 }),
        late: fc.nat(5),
      }),
      { minLength: 30, maxLength: 70 },
    );
    await fc.assert(
      fc.asyncProperty(
        grace,
        zone,
        fc.nat(35),
        fc.integer({ min: -3, max: 1 }),
        gaps,
        async (period, timezone, month, days, steps) => {
          // The first report is made around the end of a month, where months differ.
          let day = Date.UTC(2023, month, days, 6);
          const reports = steps.map(({ gap, names, late }) => {
            day += gap * DAY;
            return { at: day + late * HOUR, names: ['always', ...names] };
          });
          expect((await carryOn(reports, configOf(period, timezone))).early).toEqual([]);
        },
      ),
      { numRuns: runs(12, 100) },
    );
  });
});
