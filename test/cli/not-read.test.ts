import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { arn, rows, smallAccount } from '../aws/reading';
import { pointSdkTo } from '../support/aws-env';
import { runCli, unwrapped } from '../support/terminal';

const denied = (operations: string, regions: string): FaultInput => ({
  fault: 'error',
  code: 'AccessDeniedException',
  operations,
  regions,
});

describe('what was not read', () => {
  const work = mkdtempSync(join(tmpdir(), 'not-read-'));
  const config = join(work, 'retention.yaml');
  let emulator: Emulator;
  let putBack: () => void;

  beforeAll(() => writeFileSync(config, 'version: 1\n'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  beforeEach(async () => {
    // A copy: its source is in another region than the one that is reported.
    const copies = rows('us-east-1', 'diskSnapshots', 1, 'copy', () => ({
      fromDiskName: 'data',
      fromDiskArn: arn('eu-central-1', 'Disk', 1),
    }));
    emulator = await startEmulator({ account: smallAccount({ 'us-east-1': { diskSnapshots: copies } }) });
    putBack = pointSdkTo(emulator.url);
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  const report = (...args: readonly string[]) =>
    runCli(['report', '--config', config, '--region', 'us-east-1', '--quiet', ...args], process.env);
  const ELSEWHERE = 'the disk list of eu-central-1 was not read (AccessDeniedException';

  it('is named where it is a list of sources of another region alone', async () => {
    emulator.setFaults([denied('GetDisks', 'eu-central-1')]);
    const { code, out, err } = await report();
    expect(code).toBe(3);
    expect(unwrapped(out)).toMatch(/NOT READ: 1 LIST OF SOURCES ELSEWHERE [^-]*- the disk list of eu-central-1 was not read/);
    expect(err).toContain(`the inventory is incomplete: a list of sources elsewhere: ${ELSEWHERE}`);
    expect((await report('--format', 'html')).out).toMatch(/Not read: 1 list of sources elsewhere.*?<li>the disk list of eu-central-1/s);
  });

  it('is named beside the lists of the report itself', async () => {
    emulator.setFaults([denied('GetDisks', 'eu-central-1'), denied('GetInstanceSnapshots', 'us-east-1')]);
    const { out, err } = await report();
    expect(unwrapped(out)).toContain('NOT READ: 1 OF 3 LISTS AND 1 LIST OF SOURCES ELSEWHERE');
    expect(unwrapped(out)).toMatch(/- instance snapshots in us-east-1: .* - the disk list of eu-central-1 was not read/);
    expect(err).toContain(
      `1 of 3 scopes were not read: us-east-1 instance (AccessDeniedException); a list of sources elsewhere: ${ELSEWHERE}`,
    );
  });

  it('is named once where it is a list of sources of the report itself', async () => {
    emulator.setFaults([denied('GetInstances', 'us-east-1')]);
    const { out, err } = await report();
    expect(unwrapped(out)).toContain('NOT READ: 1 OF 3 LISTS ');
    expect(out).toContain('the instances themselves in us-east-1');
    expect(err).not.toContain('elsewhere');
  });

  it('is all that GetRegions would have named, where that fails', async () => {
    emulator.setFaults([denied('GetRegions', '*')]);
    const { out } = await report();
    expect(unwrapped(out)).toContain('GetRegions could not be read, so that no region was listed: AccessDeniedException by the scenario.');
    expect(unwrapped(out)).toContain('(AccessDeniedException)');
  });
});
