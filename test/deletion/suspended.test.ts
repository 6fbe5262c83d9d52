import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplyResult } from '../../lambda/core/plan/outcome';
import { deletionProgram } from '../support/built-programs';
import { endOf } from '../support/child-process';
import { aConfig } from '../support/config-builder';
import { HERE, outcomes, type Rig, startRig } from './rig';

const WRITTEN = {
  version: 1,
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
  caps: { maxShare: 0.9 },
};
const SNAPSHOTS = 'instanceSnapshots';
/** Longer than a check is valid. */
const SUSPENDED_MS = 6_000;

/** Gives the name of a planned snapshot to a new one, as a person does who deletes the old one. Returns the new ARN. */
function takeName(rig: Rig, name: string): string {
  rig.emulator.world.remove(HERE, SNAPSHOTS, name);
  return (
    rig.emulator.world.add(HERE, SNAPSHOTS, {
      name,
      createdAt: Date.now() / 1000,
      fromInstanceName: 'other',
      sizeInGb: 8,
    }).arn ?? ''
  );
}

const arnsOf = (rig: Rig): (string | undefined)[] => rig.emulator.world.rows(HERE, SNAPSHOTS).map(({ arn }) => arn);

describe('a run that is suspended after the last check of a snapshot', () => {
  const program = deletionProgram();

  it('checks it again when it goes on, and leaves the snapshot that has taken its name', async () => {
    const rig = await startRig();
    try {
      const { plan, text } = await rig.plan(aConfig(WRITTEN));
      writeFileSync(join(rig.folder, 'plan.json'), text);
      let child: ChildProcess | null = null;
      let taken = '';
      rig.emulator.after('GetInstanceSnapshot', ({ name }) => {
        if (name !== 'web-05' || taken !== '') return;
        // The old snapshot is in the answer, which the process finds when it is woken.
        child?.kill('SIGSTOP');
        taken = takeName(rig, 'web-05');
        setTimeout(() => child?.kill('SIGCONT'), SUSPENDED_MS);
      });
      const env = {
        ...process.env,
        PLAN: join(rig.folder, 'plan.json'),
        CONFIG: JSON.stringify(WRITTEN),
        ENDPOINT: rig.emulator.url,
      };
      const started = spawn(process.execPath, [program], { env, stdio: 'ignore' });
      child = started;
      expect((await endOf(started)).code).toBe(0);
      expect(taken).not.toBe('');
      expect(arnsOf(rig)).toContain(taken);
      const result = JSON.parse(readFileSync(join(rig.folder, 'results', `${plan.id}.json`), 'utf8')) as ApplyResult;
      expect(outcomes(result)).toMatchObject({
        'web-04': 'deleted',
        'web-05': 'changed snapshot.changed',
        'web-06': 'deleted',
      });
      expect(
        rig.emulator.requests.list().filter(({ operation, name }) => /^Delete/.test(operation) && name === 'web-05'),
      ).toEqual([]);
    } finally {
      await rig.close();
    }
  }, 60_000);
});

describe('time that passes between the check of a snapshot and its delete', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.plan();
  });
  afterEach(() => rig.close());

  /**
   * Applies the plan while a clock jumps once, right after the check of web-05 was answered, and the name is taken in
   * the meantime.
   */
  async function applyWithJump(
    wallMs: number,
    steadyMs: number,
  ): Promise<{ readonly taken: string; readonly checks: number }> {
    let [wall, steady, checks, taken] = [0, 0, 0, ''];
    const deletion: Rig['deletion'] = {
      ...rig.deletion,
      async readSnapshot(named, abortSignal) {
        const answer = await rig.deletion.readSnapshot(named, abortSignal);
        if (named.name !== 'web-05') return answer;
        checks += 1;
        if (checks > 1) return answer;
        taken = takeName(rig, 'web-05');
        wall += wallMs;
        steady += steadyMs;
        return answer;
      },
      readClock: async () => ({ ok: true, value: { service: Date.now(), machine: Date.now() } }),
    };
    const clock = () => Date.now() + wall;
    const result = await rig.apply({ deletion, clock, monotonic: () => performance.now() + steady });
    expect(outcomes(result)['web-05']).toBe('changed snapshot.changed');
    return { taken, checks };
  }

  it.each([
    ['the machine was suspended, and only the wall clock shows it', 75_000, 0],
    ['the process was suspended', 75_000, 75_000],
    ['the wall clock was set back by as much as the suspension took', 0, 75_000],
    ['the wall clock went back', -1_000, 0],
    ['it was a little more than five seconds', 5_001, 5_001],
  ])('makes the check again: %s', async (_, wall, steady) => {
    const { taken, checks } = await applyWithJump(wall, steady);
    expect(arnsOf(rig)).toContain(taken);
    expect(checks).toBe(2);
  });

  it('makes the check of the group again when it came before the check of the snapshot', async () => {
    let [jump, groupChecks] = [0, 0];
    const deletion: Rig['deletion'] = {
      ...rig.deletion,
      async readSource(arn, name, abortSignal) {
        const answer = await rig.deletion.readSource(arn, name, abortSignal);
        if (name === 'web') groupChecks += 1;
        return answer;
      },
    };
    const { store } = rig;
    const slow: Rig['store'] = {
      ...store,
      async putIfAbsent(object) {
        const written = await store.putIfAbsent(object);
        // The machine is suspended while the attempt of the first snapshot is written, and a person holds the source.
        if (object.key.endsWith('.attempt.json') && jump === 0) {
          jump = 75_000;
          rig.emulator.world.tag(HERE, 'web', [{ key: 'retention:hold' }], 'instances');
        }
        return written;
      },
    };
    const config = aConfig(WRITTEN);
    const batch = (await rig.prepare({ config })).plan.items.filter(({ name }) => name.startsWith('web'));
    const clock = () => Date.now() + jump;
    const result = await rig.apply({ config, batch, deletion, store: slow, clock, monotonic: () => performance.now() });
    expect(outcomes(result)).toMatchObject({ 'web-04': 'spared source.changed', 'web-05': 'spared source.changed' });
    expect(groupChecks).toBe(2);
  });

  it('leaves a snapshot open, without an outcome, where no check is ever followed by its delete in time', async () => {
    let wall = 0;
    const readSnapshot: Rig['deletion']['readSnapshot'] = async (named, abortSignal) => {
      const answer = await rig.deletion.readSnapshot(named, abortSignal);
      if (named.name === 'web-05') wall += 6_000;
      return answer;
    };
    const result = await rig.apply({ deletion: { ...rig.deletion, readSnapshot }, clock: () => Date.now() + wall });
    expect(outcomes(result)).not.toHaveProperty('web-05');
    expect(result.unsettled ?? []).toEqual([]);
    expect((await rig.apply()).totals).toMatchObject({ deleted: 5, failed: 0 });
  });
});
