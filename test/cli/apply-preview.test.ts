import type { FaultInput } from '../../emulator/fault';
import { unwrapped } from '../support/terminal';
import { applyRig } from './apply-rig';

describe('what apply shows before a deletion, of a snapshot that the list does not have', () => {
  const rig = applyRig();
  const { plan, cli, count } = rig;
  const OMITTED: FaultInput = { fault: 'omit', rows: 'web-05', operations: 'GetInstanceSnapshots' };
  const preview = async (): Promise<string> => {
    const { out } = await cli(plan(), '--local', '--yes', '5');
    return unwrapped(out).split('Deleted (')[0] ?? '';
  };

  it('is that it exists, where it is found by name', async () => {
    rig.emulator.setFaults([OMITTED]);
    const shown = await preview();
    expect(shown).toContain('web-05 (us-east-1): it exists, and the list of snapshots did not have it [list.omitted]');
    expect(shown).not.toContain('snapshot.gone');
    expect(count()).toBe(7);
  });

  it('is that it is not known whether it exists, where it cannot be read by name', async () => {
    rig.emulator.setFaults([
      OMITTED,
      { fault: 'deny', by: 'nothing-allows', operations: 'GetInstanceSnapshot', names: 'web-05' },
    ]);
    const shown = await preview();
    expect(shown).toMatch(/web-05 \(us-east-1\): it is not in the list of snapshots, and it is not known whether/);
    expect(shown).not.toContain('snapshot.gone');
  });

  it('is that it is gone, where no snapshot has its name', async () => {
    rig.emulator.world.remove('us-east-1', 'instanceSnapshots', 'web-05');
    expect(await preview()).toContain(
      'web-05 (us-east-1): it was gone before this run could delete it [snapshot.gone]',
    );
  });
});
