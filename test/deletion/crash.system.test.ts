import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../cli/owner';
import type { AccountData } from '../../emulator/account';
import { instanceRow } from '../../emulator/rows';
import { deletionProgram } from '../support/built-programs';
import { endOf } from '../support/child-process';
import { aConfig } from '../support/config-builder';
import { ACCOUNT, aged, aSpec, HERE, outcomes, type Rig, startRig, upTo } from './rig';

const WRITTEN = {
  version: 1,
  policies: { standard: { keep: { last: 2 } } },
  default: 'standard',
  caps: { maxShare: 0.9 },
};
const KEPT = ['web-01', 'web-02'];
const PLANNED = ['web-03', 'web-04'];

const account = (): AccountData => {
  const web = aSpec('web');
  return {
    accountId: ACCOUNT,
    regions: [HERE],
    data: { [HERE]: { instances: [instanceRow(web)], instanceSnapshots: aged(web, upTo(4)) } },
  };
};

describe('a run that is killed', () => {
  const program = deletionProgram();

  /** Runs the child against a rig's account. Returns the points that it passed, or null when it was killed. */
  const run = async (rig: Rig, killAt: number): Promise<readonly number[] | null> => {
    const env = {
      ...process.env,
      PLAN: join(rig.folder, 'plan.json'),
      CONFIG: JSON.stringify(WRITTEN),
      ENDPOINT: rig.emulator.url,
      KILL_AT: String(killAt),
    };
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { code, out, err } = await endOf(child);
    if (child.signalCode === 'SIGKILL') return null;
    if (code === 0) return JSON.parse(out) as readonly number[];
    throw new Error(`the child ended with ${code}: ${err}`);
  };

  const withRig = async <T>(use: (rig: Rig) => Promise<T>): Promise<T> => {
    const rig = await startRig(account());
    try {
      // Deletes end after one poll, so that a kill can come while one is under way.
      rig.emulator.setFaults([{ fault: 'operation', operations: 'DeleteInstanceSnapshot', polls: 1 }]);
      const { plan, text } = await rig.plan(CONFIG);
      expect(plan.items.map(({ name }) => name)).toEqual(PLANNED);
      writeFileSync(join(rig.folder, 'plan.json'), text);
      return await use(rig);
    } finally {
      await rig.close();
    }
  };
  const CONFIG = aConfig(WRITTEN);

  it('has lost nothing at any point: nothing else is deleted, the record is true, and the next run finishes', async () => {
    const points = await withRig((rig) => run(rig, 0));
    if (points === null) throw new Error('a run that is not killed ends');
    expect(points.length).toBeGreaterThan(10);
    const ways = new Set<string>();
    for (const at of points) {
      await withRig(async (rig) => {
        expect({ at, end: await run(rig, at) }).toEqual({ at, end: null });
        const left = rig.names();
        expect({ at, left }).toEqual({ at, left: expect.arrayContaining(KEPT) });

        // What the result says is true at any moment; it may only be late.
        const file = (await rig.store.list('results/')).find((name) => name.endsWith('.json') && name !== 'lock.json');
        const stored = file === undefined ? null : JSON.parse(readFileSync(join(rig.folder, 'results', file), 'utf8'));
        for (const item of stored?.items ?? [])
          expect({ at, item, there: left.includes(item.name) }).toMatchObject({
            item: { outcome: 'deleted' },
            there: false,
          });
        if (stored?.status === 'finished') {
          expect({ at, left }).toEqual({ at, left: KEPT });
          return;
        }

        const result = await rig.apply({ config: CONFIG, isAlive: isRunning });
        expect({ at, outcomes: outcomes(result), status: result.status, left: rig.names() }).toEqual({
          at,
          outcomes: { 'web-03': 'deleted', 'web-04': 'deleted' },
          status: 'finished',
          left: KEPT,
        });
        for (const { text } of result.items) ways.add(text);
        for (const name of PLANNED) {
          const done = rig.emulator.requests
            .list()
            .filter((call) => call.operation === 'DeleteInstanceSnapshot' && call.name === name && call.error === null);
          // A delete that was under way when the run was killed may be sent again: to the same snapshot, after another
          // look.
          expect({ at, name, sent: done.length <= 2 }).toEqual({ at, name, sent: true });
        }
      });
    }
    expect([...ways].sort()).toEqual([
      'deleted',
      'it is gone: an earlier run may have sent its delete, or it was deleted manually',
    ]);
  }, 240_000);

  it('never leads the next run to delete a snapshot that has taken the name of a deleted one', async () => {
    const points = (await withRig((rig) => run(rig, 0))) ?? [];
    const later = points.slice(Math.floor(points.length / 3));
    expect(later.length).toBeGreaterThan(5);
    for (const at of later) {
      await withRig(async (rig) => {
        await run(rig, at);
        const taken = PLANNED.filter((name) => !rig.names().includes(name));
        for (const name of taken)
          rig.emulator.world.add(HERE, 'instanceSnapshots', { name, createdAt: Date.now() / 1000 - 999_999 });
        await rig
          .apply({ config: CONFIG, isAlive: isRunning })
          .catch((error: { code?: string }) => expect(error.code).toBe('plan.applied'));
        expect(rig.names()).toEqual([...KEPT, ...taken]);
      });
    }
  }, 240_000);
});
