import { Writable } from 'node:stream';
import { rehearse } from '../../cli/dry-run';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { codeOf, noSleep, type Rig, startRig } from '../deletion/rig';

/**
 * Rehearses the plan of a rig. Each reading of a snapshot takes `readingMs`, and the machine is once suspended for
 * `suspendedMs`.
 */
async function rehearseSlowly(rig: Rig, { readingMs = 10, suspendedMs = 0 }, format: 'text' | 'json') {
  await rig.plan();
  let [passed, suspension] = [0, suspendedMs];
  const clock = (): number => rig.clock() + passed;
  const monotonic = (): number => performance.now() + passed;
  const prepared = await rig.prepare({ clock, monotonic, isRehearsal: true });
  const readSnapshot: Rig['deletion']['readSnapshot'] = async (...asked) => {
    passed += readingMs;
    return rig.deletion.readSnapshot(...asked);
  };
  let printed = '';
  const out = new Writable({
    write(chunk, _, done) {
      printed += chunk;
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const readSource: Rig['deletion']['readSource'] = async (...asked) => {
    passed += suspension;
    suspension = 0;
    return rig.deletion.readSource(...asked);
  };
  const deletion = { ...rig.deletion, readSnapshot, readSource };
  const ports = { clock, monotonic, sleep: noSleep(), deletion, retrySettings: RETRY_SETTINGS };
  const end = rehearse(ports, prepared, { format, quiet: true }, { out, err: out, env: {} });
  const failed = await codeOf(end);
  return { printed, failed, code: failed === null ? await end : null };
}

describe('a dry run', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  test('of more than ten minutes checks each snapshot', async () => {
    const { printed, failed, code } = await rehearseSlowly(rig, { suspendedMs: 11 * 60_000 }, 'text');
    expect({ failed, code }).toEqual({ failed: null, code: 0 });
    expect(printed).toContain('Dry run: nothing was deleted. 5 snapshots would be deleted.');
  });

  test('on a machine that is suspended at each reading names the number of snapshots that it could not check', async () => {
    const { printed, failed } = await rehearseSlowly(rig, { readingMs: 75_000 }, 'json');
    expect(failed).toBe('apply.not-checked');
    expect(JSON.parse(printed).totals).toMatchObject({ wouldDelete: 0, wouldNotDelete: 0, notChecked: 5 });
  });
});
