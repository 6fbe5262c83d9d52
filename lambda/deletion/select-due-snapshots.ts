import { automaticPlan, type NothingDue, type ReportRun, selectDue, type ToldDays } from '../core/plan/grace-period';
import type { Plan } from '../core/plan/plan';
import { type AutomaticConfig, graceHistoryStart } from '../core/plan/timetable';
import type { Config } from '../core/policy/config';
import { compactInstant } from '../core/time/instant';
import { MAX_LATE_MS } from '../core/time/tolerance';
import { jsonText } from '../core/util/safe-text';
import type { Channel, Digest, Store } from '../ports/ports';
import { AUTOMATIC_PREFIX, BEGUN_NAME, planFile, RUNS } from '../storage/keys';
import { readPlan, readRuns } from '../storage/report-history';
import { readTold } from '../storage/told-days';

/** A configuration, and the schedule of the reports. */
export type SelectionConfig = Config & Pick<AutomaticConfig, 'reportSchedule'>;

export interface SelectionPorts {
  readonly store: Store;
  readonly channel: Pick<Channel, 'confirmedSubscribers'>;
  readonly digest: Digest;
}

/** The plan that an automatic deletion is to apply, or why there is none. */
export type Selected =
  | {
      readonly state: 'plan';
      readonly id: string;
      readonly digest: string;
      /** The ids of the reports that announced its deletions, newest first. */
      readonly announcedBy: readonly string[];
    }
  | NothingDue;

const isMadeUntil =
  (now: number) =>
  ({ plans }: ReportRun): boolean =>
    plans.length === 0 || plans.some((each) => each === null || Date.parse(each.plan.createdAt) <= now);

/** Whether a plan lists only snapshots that were due at an instant (epoch ms), by runs and recorded days. */
function listsOnlyDue(
  { items }: Plan,
  runs: readonly ReportRun[],
  config: SelectionConfig,
  now: number,
  told: readonly ToldDays[],
): boolean {
  const due = selectDue(runs, config, now, told);
  const known = new Set(due.state === 'due' ? due.items.map((item) => jsonText(item)) : []);
  return items.every((item) => known.has(jsonText(item)));
}

/**
 * Notes which report runs have begun, and returns a check that finds those that began since then, also for a time for
 * which one began before. A run notes that it began before it looks for plans of deletions, so that it finds a plan or
 * is found after that was written.
 */
async function watchRuns(store: Store): Promise<() => Promise<NothingDue | null>> {
  const listNotes = async (): Promise<readonly string[]> =>
    [...(await store.listDeep(RUNS)).keys()].filter((name) => BEGUN_NAME.test(name.split('/').at(-1) ?? ''));
  const before = new Set(await listNotes());
  return async () => {
    const [time] = (await listNotes()).find((each) => !before.has(each))?.split('/') ?? [];
    return time === undefined
      ? null
      : nothingSelected('auto.not-mailed', `a report of ${time} began while the snapshots were selected`);
  };
}

const nothingSelected = (code: string, text: string): NothingDue => ({ state: 'nothing', code, text });

/**
 * Selects the snapshots that automatic deletion may delete, and writes them as the plan of this scheduled time, once: a
 * second invocation for the same time finds another plan there and stops. `now` (epoch ms) is part of the plan: with
 * the same value, a repeated call recognises its own plan, even when reports were made in between.
 */
export async function selectAutomatically(
  { store, channel, digest }: SelectionPorts,
  config: SelectionConfig,
  scheduledAt: number,
  now: number,
): Promise<Selected> {
  if (Math.abs(now - scheduledAt) > MAX_LATE_MS)
    return nothingSelected(
      'auto.late',
      'it was started more than 24 hours from its scheduled time; the next start checks again',
    );
  const confirmed = await channel.confirmedSubscribers();
  if (confirmed === null)
    return nothingSelected('auto.no-subscriber', 'the subscriptions of the topic could not be read');
  if (confirmed < 1)
    return nothingSelected(
      'auto.no-subscriber',
      'no e-mail address or telephone has confirmed a subscription, so nobody reads the reports',
    );
  const findNewRun = await watchRuns(store);
  const runs = await readRuns(store, digest, graceHistoryStart(config, now));
  const due = selectDue(runs, config, now, await readTold(store, digest, now, runs));
  if (due.state === 'nothing') return due;
  const content = automaticPlan(`${AUTOMATIC_PREFIX}${compactInstant(scheduledAt)}`, due, config, now);
  const plan: Plan = { ...content, digest: digest(content) };
  const text = `${jsonText(plan, 1)}\n`;
  const key = planFile(plan.id);
  const newRun = await findNewRun();
  if (newRun !== null) return newRun;
  const isNew = await store.putIfAbsent({ key, contentType: 'application/json', body: [text] });
  // A report that began before may have told a day meanwhile. One that looks for plans now finds this one.
  const told = await readTold(store, digest, now, runs);
  if (isNew && !listsOnlyDue(plan, runs, config, now, told))
    return nothingSelected('auto.told-later', 'a report told a later day while the snapshots were selected');
  if (isNew)
    return (await findNewRun()) ?? { state: 'plan', id: plan.id, digest: plan.digest, announcedBy: due.announcedBy };
  const there = readPlan(await store.get(key), plan.id, digest);
  // Its own plan lists only snapshots that are due: any other snapshot was not announced.
  return there?.createdAt === plan.createdAt && listsOnlyDue(there, runs.filter(isMadeUntil(now)), config, now, told)
    ? { state: 'plan', id: there.id, digest: there.digest, announcedBy: due.announcedBy }
    : nothingSelected('auto.duplicate', `another invocation has this scheduled time: it wrote ${store.locate(key)}`);
}
