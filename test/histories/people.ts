import type { Random } from './choices';
import type { Simulation } from './simulation';
import { FINISHED, type SnapshotRow, type SourceRow, type TagMap, type World } from './world';

const DAY = 86_400_000;

/** Tags that people set. Only some of them hold. */
const TAGS: readonly TagMap[] = [
  { 'retention:hold': null },
  { 'retention:hold': 'until 2031-01-31' },
  { 'retention:hold': '2020-01-31' },
  { no_delete: null },
  { 'aws:cloudformation:stack-name': 'web' },
  { 'Retention.Hold': null },
  { 'retention:hodl': 'yes' },
  { 'retention:policy': 'standard' },
  { 'retention:policy': 'nowhere' },
  { 'retention:keep': 'last=2' },
  { 'retention:expire-after': '2d' },
  { team: 'x' },
];

/** What people and other programs do to an account while runs go on. */
export class People {
  private readonly simulation: Simulation;
  private readonly world: World;
  private readonly random: Random;
  constructor(simulation: Simulation, world: World, random: Random) {
    this.simulation = simulation;
    this.world = world;
    this.random = random;
  }

  /** Does something at random. */
  act(): void {
    const { snapshots, sources } = this.world.current;
    const acts: readonly (() => void)[] = [
      ...(snapshots.length === 0
        ? []
        : [
            () => this.tag(this.random.of(snapshots)),
            () => this.untag(this.random.of(snapshots)),
            () => this.remove(this.random.of(snapshots)),
            () => this.replace(this.random.of(snapshots)),
            () => this.alter(this.random.of(snapshots)),
            () => this.create(this.random.of(snapshots)),
          ]),
      ...(sources.length === 0
        ? []
        : [
            () => this.tagSource(this.random.of(sources)),
            () => this.untagSource(this.random.of(sources)),
            () => this.recreate(this.random.of(sources)),
          ]),
    ];
    if (acts.length > 0) this.random.of(acts)();
  }

  tag(row: SnapshotRow, tags: TagMap = this.random.of(TAGS)): void {
    this.note(`${row.name} gets the tags ${JSON.stringify(tags)}`);
    this.world.editSnapshot(row.arn, { tags: { ...row.tags, ...tags } });
  }

  untag(row: SnapshotRow): void {
    this.note(`${row.name} loses its tags`);
    this.world.editSnapshot(row.arn, { tags: {} });
  }

  remove(row: SnapshotRow): void {
    this.note(`${row.name} (${row.arn.split('/')[1]}) is deleted by hand`);
    this.world.removeSnapshot(row.arn);
  }

  /** Another snapshot takes the name. */
  replace(row: SnapshotRow): void {
    this.remove(row);
    const arn = this.world.newArn(row.region, row.kind, 'snapshot');
    this.note(`${arn.split('/')[1]} takes the name ${row.name}`);
    this.world.addSnapshot({ ...row, arn, createdAt: this.now, tags: {}, state: FINISHED[row.kind] });
  }

  /** Its creation or its state is another one. */
  alter(row: SnapshotRow): void {
    const isOther = this.random.chance(0.5);
    const edit = isOther
      ? { createdAt: row.createdAt - DAY }
      : { state: row.state === 'error' ? FINISHED[row.kind] : 'error' };
    this.note(`${row.name} changes: ${JSON.stringify(edit)}`);
    this.world.editSnapshot(row.arn, edit);
  }

  create(like: SnapshotRow): void {
    const arn = this.world.newArn(like.region, like.kind, 'snapshot');
    const name = `${like.sourceName}-new-${arn.split('/')[1]}`;
    this.note(`${name} is created`);
    this.world.addSnapshot({ ...like, arn, name, createdAt: this.now, tags: {}, state: FINISHED[like.kind] });
  }

  tagSource(row: SourceRow, tags: TagMap = this.random.of(TAGS)): void {
    this.note(`the source ${row.name} gets the tags ${JSON.stringify(tags)}`);
    this.world.editSource(row.arn, { tags: { ...row.tags, ...tags } });
  }

  untagSource(row: SourceRow): void {
    this.note(`the source ${row.name} loses its tags`);
    this.world.editSource(row.arn, { tags: {} });
  }

  /** The source goes, and mostly another takes its name. */
  recreate(row: SourceRow): void {
    this.note(`the source ${row.name} is deleted`);
    this.world.removeSource(row.arn);
    if (this.random.chance(0.3)) return;
    this.note(`a source with the name ${row.name} is created again`);
    this.world.addSource({ ...row, arn: this.world.newArn(row.region, row.kind, 'source'), tags: {} });
  }

  private get now(): number {
    return Math.floor(this.simulation.now);
  }

  private note(text: string): void {
    this.simulation.note('people', text);
  }
}
