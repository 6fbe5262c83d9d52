import fc from 'fast-check';
import { announcedStarts, countdown, type ReportRun, selectDue } from '../../../lambda/core/plan/grace-period';
import type { Plan, PlanItem } from '../../../lambda/core/plan/plan';
import { graceHistoryStart } from '../../../lambda/core/plan/timetable';
import { compactInstant } from '../../../lambda/core/time/instant';
import { dayLabel, dayOf, instantOfWallClock, wallClock } from '../../../lambda/core/time/period';
import { parseSchedule } from '../../../lambda/core/time/report-schedule';
import { planFile, reportFiles, runFolder, SENT, SENT_BY_HAND } from '../../../lambda/storage/keys';
import { readRuns } from '../../../lambda/storage/report-history';
import { readTold, recordTold } from '../../../lambda/storage/told-days';
import { memoryStore } from '../../fakes/memory-store';
import { aConfig } from '../../support/config-builder';
import { runs } from '../../support/runs';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DIGEST = `sha256:${'0'.repeat(64)}`;

const configOf = (grace: string, timezone: string) =>
  aConfig({ policies: { short: { keep: { last: 1 } } }, default: 'short', deletion: { grace }, timezone });

const anItem = (name: string): PlanItem => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}`,
  name,
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2020-01-01T00:00:00.000Z',
});

interface Deployment {
  readonly grace: string;
  readonly timezone: string;
  readonly schedule: string;
  /** Replaces the schedule on these days, in order; a rate then fires from that day on, so many hours after `from`. */
  readonly changes?: readonly { readonly day: number; readonly schedule: string; readonly hour?: number }[];
  /** The hours by which the start of a day is delayed. */
  readonly delays?: Readonly<Record<number, number>>;
  /** The days on which reports name no days: they could not be found, or deletion=approve was deployed. */
  readonly withoutDays?: readonly number[];
  readonly from: number;
  readonly days: number;
  /** Days and hours of reports by hand. */
  readonly byHand: readonly (readonly [day: number, hour: number])[];
  /** Snapshots that are not listed on some days. */
  readonly held: readonly { readonly name: string; readonly from: number; readonly to: number }[];
}

/** An instant at which something happens in a deployment. */
interface Event {
  readonly at: number;
  readonly kind: 'report' | 'by-hand' | 'deletion';
}

/** The schedule of a day: the last one that replaced another until then. */
const scheduleOn = ({ schedule, changes = [] }: Deployment, day: number) =>
  changes.filter((each) => each.day <= day).at(-1) ?? { day: 0, schedule };

/** The events of a deployment, in order. */
function eventsOf(deployment: Deployment): readonly Event[] {
  const { timezone, from, days, byHand, delays = {} } = deployment;
  const { zone } = configOf('7d', timezone);
  const events: Event[] = byHand.map(([day, hour]) => ({ at: from + day * DAY + hour * HOUR, kind: 'by-hand' }));
  const first = dayOf(wallClock(from, zone));
  for (let day = 0; day < days; day += 1) {
    const now = scheduleOn(deployment, day);
    const fires = parseSchedule(now.schedule, zone, from + now.day * DAY + (now.hour ?? 0) * HOUR);
    for (let minute = 0; minute < 24 * 60; minute += 15) {
      const at = instantOfWallClock((first + day) * DAY + minute * MINUTE, zone);
      if (fires?.(at, at + 1)) events.push({ at, kind: 'report' });
    }
    const start = instantOfWallClock((first + day) * DAY + (13 * 60 + 47) * MINUTE, zone);
    events.push({ at: start + (delays[day] ?? 0) * HOUR, kind: 'deletion' });
  }
  return events.sort((a, b) => a.at - b.at);
}

/** Carries out a deployment. Returns each deletion that differs from the day that was announced. */
async function carryOut(
  deployment: Deployment,
): Promise<{ readonly wrong: readonly string[]; readonly deleted: number }> {
  const { grace, timezone, from, held, withoutDays = [] } = deployment;
  const config = configOf(grace, timezone);
  const store = memoryStore(new Map(), () => clock);
  let clock = 0;
  const write = (key: string, value: object) =>
    store.put({ key, contentType: 'application/json', body: [JSON.stringify(value)] });
  const dayAt = (at: number): string => dayLabel(dayOf(wallClock(at, config.zone)));
  const read = (
    settings: typeof config & { readonly reportSchedule: string },
    now: number,
  ): Promise<readonly ReportRun[]> => readRuns(store, () => DIGEST, graceHistoryStart(settings, now));
  const [wrong, gone, told] = [[] as string[], new Set<string>(), new Map<string, string>()];
  for (const { at, kind } of eventsOf(deployment)) {
    const day = Math.floor((at - from) / DAY);
    const reportSchedule = scheduleOn(deployment, day).schedule;
    const settings = { ...config, reportSchedule };
    if (kind === 'deletion') {
      const now = at + 2_000;
      const due = selectDue(await read(settings, now), settings, now);
      const items = due.state === 'due' ? due.items.map(({ name }) => name) : [];
      const announced = [...told].filter(([name, on]) => !gone.has(name) && on === dayAt(at)).map(([name]) => name);
      const early = items.filter((name) => (told.get(name) ?? '9999') > dayAt(at));
      const late = announced.filter((name) => !items.includes(name));
      if (early.length > 0) wrong.push(`${dayAt(at)}: deleted before its day: ${early}`);
      if (late.length > 0) wrong.push(`${dayAt(at)}: announced and not deleted: ${late}`);
      for (const name of items) gone.add(name);
      continue;
    }
    const madeAt = at + 20_000;
    const isHeld = (name: string) => held.some((each) => each.name === name && day >= each.from && day <= each.to);
    const names = ['always', 'a', 'b'].filter((name) => !gone.has(name) && !isHeld(name));
    const time = compactInstant(at);
    const plan: Plan = {
      schemaVersion: 1,
      id: `${time}-aaaaaaaa`,
      account: '123456789012',
      scopes: [{ account: '123456789012', region: 'us-east-1', kind: 'instance' }],
      createdAt: new Date(madeAt).toISOString(),
      expiresAt: new Date(madeAt + 7 * DAY).toISOString(),
      config: { origin: config.origin, digest: config.digest },
      complete: true,
      blocked: null,
      items: names.map(anItem),
      digest: DIGEST,
    };
    const scheduledAt = kind === 'report' ? at : null;
    const earlier = await read(settings, madeAt);
    const known = await readTold(store, () => DIGEST, madeAt, earlier);
    const { due, countedFrom } = countdown(plan, earlier, known, settings, scheduledAt);
    for (const name of [...told.keys()]) if (!names.includes(name)) told.delete(name);
    const tells = !withoutDays.includes(day);
    if (tells) await recordTold(store, plan, announcedStarts(plan, due));
    for (const { arn, name } of plan.items) {
      const start = due.get(arn);
      if (start === undefined) wrong.push(`${dayAt(at)}: no day for ${name}`);
      else if (tells) told.set(name, [told.get(name) ?? '', dayAt(start)].sort().at(-1) ?? '');
    }
    clock = madeAt;
    await write(reportFiles(plan.id).json, {});
    await write(planFile(plan.id), plan);
    await write(`${runFolder(time)}${kind === 'report' ? SENT : SENT_BY_HAND}.json`, {
      reportId: plan.id,
      digest: DIGEST,
      confirmed: 1,
      announced: tells,
      at: plan.createdAt,
      ...(tells && { countedFrom: new Date(countedFrom).toISOString(), starts: announcedStarts(plan, due) }),
      schedule: reportSchedule,
    });
  }
  return { wrong, deleted: gone.size };
}

const WEEKLY = 'cron(0 8 ? * MON *)';
const NOVEMBER = Date.UTC(2026, 10, 2);
const base = { timezone: 'UTC', schedule: WEEKLY, from: NOVEMBER, days: 60, byHand: [], held: [] } as const;

describe('the day that a report announces', () => {
  test.each<[string, Deployment]>([
    ['a week, with a weekly report', { ...base, grace: '7d' }],
    ['ten days, with a weekly report', { ...base, grace: '10d' }],
    [
      'a month, with a report on the last day of a month',
      { ...base, grace: '1mo', schedule: 'cron(0 8 L * ? *)', days: 150 },
    ],
    ['a week, with a report every three days', { ...base, grace: '7d', schedule: 'rate(3 days)' }],
    ['three days, with a report in the evening', { ...base, grace: '3d', schedule: 'cron(30 20 * * ? *)' }],
    ['a week, with a first report on a Wednesday', { ...base, grace: '7d', byHand: [[2, 10]] }],
  ])('is the day of its deletion: %s', async (_, deployment) => {
    expect(await carryOut(deployment)).toEqual({ wrong: [], deleted: 3 });
  });

  test('is not moved forward by a report that is made by hand in between', async () => {
    const { wrong, deleted } = await carryOut({
      ...base,
      grace: '10d',
      byHand: [
        [10, 9],
        [11, 9],
      ],
    });
    expect([wrong, deleted]).toEqual([[], 3]);
  });

  test('is not moved forward by a deployment with a more frequent schedule', async () => {
    const changes = [{ day: 8, schedule: 'cron(0 8 * * ? *)' }];
    expect(await carryOut({ ...base, grace: '10d', changes })).toEqual({ wrong: [], deleted: 3 });
  });

  test.each<[string, Deployment]>([
    [
      'monthly reports that became daily ones, weeks after the last monthly one',
      { ...base, grace: '7d', schedule: 'cron(0 8 2 * ? *)', changes: [{ day: 3, schedule: 'cron(0 8 * * ? *)' }] },
    ],
    [
      'a schedule that was replaced twice',
      {
        ...base,
        grace: '9d',
        schedule: 'cron(0 8 ? * FRI *)',
        changes: [
          { day: 5, schedule: WEEKLY },
          { day: 11, schedule: 'cron(0 8 * * ? *)' },
        ],
      },
    ],
    [
      'a weekly rate that fires on another day of the week since it was deployed again',
      { ...base, grace: '9d', schedule: 'rate(7 days)', changes: [{ day: 3, schedule: 'rate(7 days)', hour: 8 }] },
    ],
    [
      'weekly reports after a monthly one, of which some name no days',
      {
        ...base,
        grace: '1d',
        schedule: 'cron(0 8 2 * ? *)',
        changes: [{ day: 1, schedule: WEEKLY }],
        withoutDays: [7, 14],
      },
    ],
    [
      'a start that is delayed until a report has announced the next day',
      { ...base, grace: '7d', schedule: 'cron(0 14 * * ? *)', delays: { 8: 1 } },
    ],
  ])('is on no later report moved forward: %s', async (_, deployment) => {
    const { wrong, deleted } = await carryOut(deployment);
    expect(wrong.filter((each) => each.includes('before its day'))).toEqual([]);
    expect(deleted).toBe(3);
  });

  test('is kept whatever schedules follow one another, however late starts are, and whichever reports name none', async () => {
    const schedule = fc.constantFrom(WEEKLY, 'cron(0 8 1 * ? *)', 'cron(0 14 * * ? *)', 'rate(3 days)', 'rate(7 days)');
    const change = fc.record({ day: fc.nat(60), schedule, hour: fc.nat(23) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('1d', '7d', '9d', '20d'),
        schedule,
        fc.array(change, { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(70), fc.integer({ min: 0, max: 23 })), { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(74), fc.nat(3)), { maxLength: 20 }),
        fc.array(fc.nat(74), { maxLength: 30 }),
        async (grace, first, given, byHand, delays, withoutDays) => {
          const changes = [...given].sort((a, b) => a.day - b.day);
          const late = Object.fromEntries(delays);
          const { wrong } = await carryOut({
            ...base,
            ...{
              grace,
              schedule: first,
              changes,
              delays: late,
              days: 75,
              byHand,
              withoutDays,
              held: [{ name: 'a', from: 20, to: 22 }],
            },
          });
          expect(wrong.filter((each) => each.includes('before its day'))).toEqual([]);
        },
      ),
      { numRuns: runs(6, 60) },
    );
  });

  test('is one on which the schedule can delete, and on which it deletes, whatever the schedule, the period and the zone', async () => {
    const grace = fc.constantFrom('1d', '36h', '3d', '7d', '10d', '1mo', '20d');
    const schedule = fc.constantFrom(
      WEEKLY,
      'cron(0 8 * * ? *)',
      'cron(15 20 ? * TUE,FRI *)',
      'cron(30 13 */5 * ? *)',
      'cron(0 2 ? * SUN *)',
      'cron(0 6,18 * * ? *)',
      'rate(1 day)',
      'rate(2 days)',
      'rate(7 days)',
      'rate(12 hours)',
    );
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Australia/Lord_Howe');
    const byHand = fc.array(fc.tuple(fc.nat(70), fc.integer({ min: 0, max: 23 })), { maxLength: 6 });
    const heldDays = fc.record({ name: fc.constantFrom('a', 'b'), from: fc.nat(60), length: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(
        grace,
        schedule,
        zone,
        fc.nat(360),
        byHand,
        fc.array(heldDays, { maxLength: 3 }),
        async (...given) => {
          const [period, expression, timezone, start, reports, holds] = given;
          const { wrong } = await carryOut({
            grace: period,
            schedule: expression,
            timezone,
            from: Date.UTC(2026, 0, 1) + start * DAY,
            days: 75,
            byHand: reports,
            held: holds.map(({ name, from, length }) => ({ name, from, to: from + length })),
          });
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: runs(6, 60) },
    );
  });
});
