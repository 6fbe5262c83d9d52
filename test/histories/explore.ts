import { addTo, newTally, type Tally } from './campaign';
import { type Bound, Exploration, QUIET, Random, RandomChoices } from './choices';
import type { WrittenConfig } from './decider';
import { History, type HistoryEnd, START } from './history';
import { planKey } from './project';
import { REGIONS } from './scenario';
import type { Simulation } from './simulation';
import { FINISHED, type World } from './world';

const DAY = 86_400_000;
const REGION = REGIONS[0] ?? '';
const KIND = 'instance';
const PLAN = '20300304T080000Z-aaaaaaaa';

/**
 * A small account that is explored: `pages` has two sources, whose list has two pages, and the source was held after
 * the plan was made.
 */
export type Setting = 'one run' | 'two runs' | 'pages';

/** All histories of a setting with at most so many unusual choices of each category. */
export interface Space {
  readonly setting: Setting;
  readonly bound: Bound;
}

export const nameOf = ({ setting, bound }: Space): string =>
  `${setting}: ${Object.entries(bound)
    .map(([category, most]) => `${category} ${most}`)
    .join(', ')}`;

const CONFIG: WrittenConfig = {
  policies: { standard: { keep: { last: 1 } } },
  default: 'standard',
  floors: { minKeep: 1, minAge: '24h' },
  caps: { maxDeletions: 50, maxShare: 1 },
  holdTags: ['no_delete'],
  report: { automaticSnapshots: false },
  deletion: { planValidFor: '30d', grace: '7d' },
};

/** `k` is kept, `a` and `b` expire. */
function fill(world: World, setting: Setting): void {
  const source = {
    arn: world.newArn(REGION, KIND, 'source'),
    name: 's',
    kind: KIND,
    region: REGION,
    tags: {},
  } as const;
  world.addSource(source);
  if (setting === 'pages') world.addSource({ ...source, arn: world.newArn(REGION, KIND, 'source'), name: 'x' });
  for (const [name, days] of [
    ['b', 21],
    ['a', 20],
    ['k', 2],
  ] as const)
    world.addSnapshot({
      arn: world.newArn(REGION, KIND, 'snapshot'),
      name,
      kind: KIND,
      region: REGION,
      createdAt: START - days * DAY,
      state: FINISHED[KIND],
      tags: {},
      sourceArn: source.arn,
      sourceName: source.name,
      isCopy: false,
    });
}

type Act = (world: World, simulation: Simulation) => void;

const onSnapshot =
  (name: string, act: (world: World, arn: string, simulation: Simulation) => void): Act =>
  (world, simulation) => {
    const row = world.findSnapshot(KIND, REGION, name);
    if (row !== undefined) act(world, row.arn, simulation);
  };

const onSource =
  (name: string, act: (world: World, arn: string) => void): Act =>
  (world) => {
    const row = world.findSource(KIND, REGION, name);
    if (row !== undefined) act(world, row.arn);
  };

/** Another snapshot takes the name, created now or at the same instant as the one before. */
const replace =
  (isNew: boolean) =>
  (world: World, arn: string, simulation: Simulation): void => {
    const row = world.current.snapshots.find((each) => each.arn === arn);
    if (row === undefined) return;
    world.removeSnapshot(arn);
    world.addSnapshot({
      ...row,
      arn: world.newArn(REGION, KIND, 'snapshot'),
      createdAt: isNew ? Math.floor(simulation.now) : row.createdAt,
      tags: {},
    });
  };

const HOLD = { 'retention:hold': null };

/** What others may do at any call, each once. */
const ACTS: readonly (readonly [string, Act])[] = [
  ['holds a', onSnapshot('a', (world, arn) => world.editSnapshot(arn, { tags: HOLD }))],
  ['holds b', onSnapshot('b', (world, arn) => world.editSnapshot(arn, { tags: HOLD }))],
  ['tags a', onSnapshot('a', (world, arn) => world.editSnapshot(arn, { tags: { team: 'x' } }))],
  ['holds the source', onSource('s', (world, arn) => world.editSource(arn, { tags: HOLD }))],
  ['tags the source', onSource('s', (world, arn) => world.editSource(arn, { tags: { team: 'x' } }))],
  ['deletes k', onSnapshot('k', (world, arn) => world.removeSnapshot(arn))],
  ['deletes a', onSnapshot('a', (world, arn) => world.removeSnapshot(arn))],
  ['takes the name a', onSnapshot('a', replace(true))],
  ['takes the name b', onSnapshot('b', replace(true))],
  ['takes the name a with the same creation', onSnapshot('a', replace(false))],
  ['breaks k', onSnapshot('k', (world, arn) => world.editSnapshot(arn, { state: 'error' }))],
  [
    'changes the creation of a',
    onSnapshot('a', (world, arn) => world.editSnapshot(arn, { createdAt: START - 30 * DAY })),
  ],
  ['deletes the source', onSource('s', (world, arn) => world.removeSource(arn))],
  ['deletes the other source', onSource('x', (world, arn) => world.removeSource(arn))],
];

const SERVICE = { regions: [REGION], showsDeleting: true } as const;

/** The plan of each setting, made once. */
const plans = new Map<Setting, string>();
async function planTextOf(setting: Setting): Promise<string> {
  const known = plans.get(setting);
  if (known !== undefined) return known;
  const history = new History(new RandomChoices(new Random(1), QUIET), { ...SERVICE, pageSize: 10 });
  fill(history.world, setting);
  await history.makePlan(PLAN, CONFIG);
  const text = history.store.textOf(planKey(PLAN)) ?? '';
  plans.set(setting, text);
  return text;
}

async function oneHistory(choices: Exploration, setting: Setting): Promise<HistoryEnd> {
  const history = new History(choices, { ...SERVICE, pageSize: setting === 'pages' ? 1 : 10 });
  const { simulation, world, store } = history;
  fill(world, setting);
  store.write(planKey(PLAN), await planTextOf(setting));
  const plan = history.planOf(PLAN);
  if (plan === null) throw new Error('the plan is missing');
  history.sight = 'other namespace';
  if (setting === 'pages') onSource('s', (_, arn) => world.editSource(arn, { tags: HOLD }))(world, simulation);
  simulation.onCall = () => {
    const act = ACTS[choices.choose('act', ACTS.length + 1) - 1];
    if (act === undefined) return;
    simulation.note('people', act[0]);
    act[1](world, simulation);
  };
  await simulation.pass(60_000);
  history.startApply(PLAN, CONFIG);
  if (setting === 'two runs') history.startApply(PLAN, CONFIG);
  await history.allEnded();
  // What died is gone on with, within the bound.
  for (let more = 0; more < 2 && history.died > more; more += 1) {
    history.startApply(PLAN, CONFIG);
    await history.allEnded();
  }
  choices.exhaust();
  await history.finish(plan, CONFIG);
  return history.end();
}

/** Explores a space, up to so many histories. `path` repeats one of them. */
export async function explore(
  space: Space,
  most = Number.POSITIVE_INFINITY,
  path?: readonly number[],
): Promise<Tally & { readonly isComplete: boolean }> {
  const tally = newTally();
  const choices = new Exploration(space.bound);
  for (let isMore = true; isMore; ) {
    choices.start(path);
    const end = await oneHistory(choices, space.setting);
    addTo(
      tally,
      end,
      `EXPLORE='${nameOf(space)}' EXPLORE_PATH=${choices.path.join(',')} npx jest test/histories/explore`,
    );
    isMore = path === undefined && choices.advance();
    if (isMore && tally.histories >= most) return { ...tally, isComplete: false };
  }
  return { ...tally, isComplete: true };
}

/** What `npm test` explores whole. */
export const SMALL: readonly Space[] = [
  { setting: 'one run', bound: { fault: 1 } },
  { setting: 'one run', bound: { act: 1 } },
  { setting: 'one run', bound: { crash: 1 } },
  { setting: 'one run', bound: { suspend: 1 } },
  { setting: 'one run', bound: { store: 1 } },
  { setting: 'one run', bound: { list: 1 } },
  { setting: 'one run', bound: { clock: 1 } },
  { setting: 'one run', bound: { list: 1, crash: 1 } },
  { setting: 'pages', bound: { act: 1 } },
  { setting: 'pages', bound: { list: 1 } },
  { setting: 'two runs', bound: { suspend: 1 } },
  { setting: 'two runs', bound: { crash: 1 } },
];

/** What `npm run test:soak` explores besides. */
export const LARGE: readonly Space[] = [
  { setting: 'one run', bound: { fault: 2 } },
  { setting: 'one run', bound: { fault: 1, crash: 1 } },
  { setting: 'one run', bound: { fault: 1, act: 1 } },
  { setting: 'one run', bound: { fault: 1, slow: 1 } },
  { setting: 'one run', bound: { act: 1, crash: 1 } },
  { setting: 'one run', bound: { act: 1, suspend: 1 } },
  { setting: 'one run', bound: { act: 1, slow: 1 } },
  { setting: 'one run', bound: { crash: 2 } },
  { setting: 'one run', bound: { store: 1, crash: 1 } },
  { setting: 'one run', bound: { store: 1, fault: 1 } },
  { setting: 'one run', bound: { clock: 1, suspend: 1 } },
  { setting: 'one run', bound: { list: 1, act: 1 } },
  { setting: 'one run', bound: { list: 1, fault: 1 } },
  { setting: 'one run', bound: { list: 2, crash: 1 } },
  { setting: 'pages', bound: { act: 2 } },
  { setting: 'pages', bound: { list: 1, act: 1 } },
  { setting: 'two runs', bound: { suspend: 2 } },
  { setting: 'two runs', bound: { suspend: 1, crash: 1 } },
  { setting: 'two runs', bound: { suspend: 1, fault: 1 } },
  { setting: 'two runs', bound: { suspend: 1, store: 1 } },
];
