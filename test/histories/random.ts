import { QUIET, Random, RandomChoices, type Rates } from './choices';
import type { WrittenConfig } from './decider';
import { History, type HistoryEnd, START } from './history';
import { People } from './people';
import { forgeReport, readConfig } from './project';
import { fillWorld, pickConfig, REGIONS } from './scenario';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Rates of one history: most categories are quiet in most histories, so that a few faults meet each other. */
function pickRates(random: Random): Rates {
  const rate = (probability: number, most: number): number =>
    random.chance(probability) ? most * random.next() ** 2 : 0;
  return {
    fault: rate(0.6, 0.4),
    reading: rate(0.2, 0.05),
    list: rate(0.3, 0.25),
    store: rate(0.25, 0.2),
    act: rate(0.6, 0.2),
    crash: rate(0.35, 0.08),
    suspend: rate(0.3, 0.1),
    clock: rate(0.12, 0.1),
    slow: rate(0.3, 0.25),
  };
}

interface Cast {
  readonly history: History;
  readonly random: Random;
  readonly choices: RandomChoices;
  readonly people: People;
}

function begin(seed: number): Cast {
  const random = new Random(seed);
  const choices = new RandomChoices(random, QUIET);
  const history = new History(choices, {
    regions: REGIONS,
    pageSize: random.between(2, 5),
    showsDeleting: random.chance(0.5),
  });
  const { simulation, world } = history;
  history.sight = random.of(['same host', 'other host', 'other namespace'] as const);
  fillWorld(world, random, START);
  const people = new People(simulation, world, random);
  simulation.onCall = () => {
    if (choices.choose('act', 2) === 1) people.act();
  };
  return { history, random, choices, people };
}

const idAt = (at: number, suffix: string): string =>
  `${new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '')}-${suffix}`;

/** A person approves the plan of one report, and it is applied by some runs, one after the other or at once. */
async function approvedHistory(seed: number): Promise<HistoryEnd> {
  const { history, random, choices, people } = begin(seed);
  const { simulation } = history;
  const written = pickConfig(random);
  const rates = pickRates(random);
  // Now and then the report itself meets faults.
  choices.rates = random.chance(0.15) ? { ...rates, crash: 0, suspend: 0, clock: 0 } : QUIET;
  const planId = idAt(simulation.now, 'aaaaaaaa');
  await history.makePlan(planId, written);
  const plan = history.planOf(planId);
  if (plan === null) return history.end();
  choices.rates = rates;
  await simulation.pass(random.of([MINUTE, HOUR, DAY]));
  if (rates.act > 0) for (let acts = random.below(4); acts > 0; acts -= 1) people.act();
  const runs = random.between(1, 3);
  for (let number = 0; number < runs; number += 1) {
    const other = random.chance(0.05) ? pickConfig(random) : written;
    const run = history.startApply(planId, other, random.of([0, 0, 4 * MINUTE, 11 * MINUTE]));
    if (random.chance(0.4)) await simulation.pass(random.below(random.of([SECOND, 5 * SECOND, 90 * SECOND])));
    else await simulation.until(() => run.end !== null);
  }
  await history.allEnded();
  choices.rates = QUIET;
  await history.finish(plan, written);
  return history.end();
}

/** Makes a report of automatic mode, and notes what it announced to people. */
async function announce({ history, random }: Cast, written: WrittenConfig, scheduledAt: number | null): Promise<void> {
  const { simulation, store, oracle } = history;
  const madeAt = simulation.now;
  const id = idAt(
    scheduledAt ?? madeAt,
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  );
  const isAutomatic = random.chance(0.97);
  const confirmed = random.chance(0.03) ? 0 : 1;
  const isSent = await history.report(id, written, { isAutomatic, confirmed, scheduledAt });
  const plan = history.planOf(id);
  const hasTrace =
    plan !== null || store.names('runs/').includes(id.slice(0, 16)) || store.names('reports/').includes(id);
  if (!hasTrace) return;
  const reaches = isSent && isAutomatic && confirmed > 0 && plan?.isApplicable === true;
  const arns = new Set(reaches ? plan.items.map(({ arn }) => arn) : []);
  oracle.announcements.push({ id, madeAt, arns, configDigest: readConfig(written).digest });
}

/** Somebody who can write in the bucket, and sends no e-mail, puts a report there, or spoils one. */
function forge({ history, random }: Cast): void {
  const { store, simulation, oracle } = history;
  const plans = store
    .names('plans/')
    .filter((name) => name.startsWith('2') && store.textOf(`plans/${name}`)?.endsWith('}\n'));
  const newest = store.textOf(`plans/${plans.at(-1)}`);
  if (newest === null) return;
  const put = (daysAgo: number): void => {
    const at = simulation.now - daysAgo * DAY - HOUR;
    simulation.note('forger', `writes a report of ${new Date(at).toISOString()}`);
    for (const [key, text] of forgeReport(newest, at, idAt(at, 'f0f0f0f0'))) store.write(key, text);
  };
  const forgeries: readonly (() => void)[] = [
    () => put(random.between(7, 9)),
    () => {
      for (let days = 9; days >= 0; days -= random.between(1, 3)) put(days);
    },
    () => {
      const key = `plans/${random.of(plans)}`;
      simulation.note('forger', `writes other items into ${key}`);
      const { items } = JSON.parse(newest);
      const plan = JSON.parse(store.textOf(key) ?? '{}');
      const madeAt = Date.parse(plan.createdAt);
      for (const [name, text] of forgeReport(JSON.stringify({ ...plan, items }), madeAt, plan.id)) {
        const isNote = !name.startsWith('plans/');
        if (isNote && !random.chance(0.5)) continue;
        store.write(name, text);
        // A forged note of today counts, as docs/safety.md says.
        if (isNote && simulation.now - madeAt <= DAY)
          oracle.announcements = oracle.announcements.map((each) =>
            each.id === plan.id ? { ...each, arns: new Set(items.map(({ arn }: { arn: string }) => arn)) } : each,
          );
      }
    },
    () => {
      const key = `plans/${random.of(plans)}`;
      simulation.note('forger', `cuts ${key}`);
      store.write(key, (store.textOf(key) ?? '').slice(0, 200));
    },
    () => {
      const key = `plans/${random.of(plans)}`;
      simulation.note('forger', `deletes ${key}`);
      store.objects.delete(key);
    },
  ];
  random.of(forgeries)();
}

/** Reports of automatic mode, day after day, with what people and forgers do to them, and the deletions that follow. */
async function automaticHistory(seed: number): Promise<HistoryEnd> {
  const cast = begin(seed);
  const { history, random, choices, people } = cast;
  const { simulation } = history;
  let written = pickConfig(random);
  const rates = pickRates(random);
  const reporting: Rates = random.chance(0.4)
    ? { ...QUIET, reading: rates.reading / 3, list: rates.list / 3, store: rates.store / 3 }
    : QUIET;
  const isForged = random.chance(0.4);
  const days = random.between(3, 12);
  for (let day = 0; day <= days; day += 1) {
    choices.rates = reporting;
    await simulation.pass(Math.max(0, START + day * DAY - simulation.now));
    if (random.chance(0.25)) people.act();
    if (random.chance(0.03)) written = pickConfig(random);
    if (random.chance(0.08)) await simulation.pass(random.between(1, 12) * HOUR);
    if (random.chance(0.95)) await announce(cast, written, random.chance(0.9) ? START + day * DAY : null);
    if (random.chance(0.2)) people.act();
    const isDue = day === days || random.chance(day >= 7 ? 0.4 : 0.1);
    if (!isDue) continue;
    if (isForged) forge(cast);
    await simulation.pass(2 * HOUR);
    const planId = await history.select(written, random.chance(0.95) ? 1 : 0);
    if (planId === null) continue;
    const plan = history.planOf(planId, true);
    if (plan === null) continue;
    choices.rates = rates;
    history.startApply(planId, written);
    await history.allEnded();
    choices.rates = QUIET;
    await history.finish(plan, written);
  }
  return history.end();
}

/** The history of a seed: every twentieth is one of automatic mode. */
export const randomHistory = (seed: number): Promise<HistoryEnd> =>
  seed % 20 === 0 ? automaticHistory(seed) : approvedHistory(seed);
