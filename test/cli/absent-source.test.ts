import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { rows, smallAccount } from '../aws/reading';
import { pointSdkTo } from '../support/aws-env';
import { runCli, unwrapped } from '../support/terminal';

const REGION = 'eu-central-1';
const HIDDEN: FaultInput = { fault: 'omit', rows: '*', operations: 'GetInstances' };
const NO_ANSWER: FaultInput = { fault: 'deny', by: 'nothing-allows', operations: 'GetInstance' };

describe('a source that its list does not show', () => {
  const work = mkdtempSync(join(tmpdir(), 'absent-source-'));
  const config = join(work, 'retention.yaml');
  let emulator: Emulator;
  let putBack: () => void;

  beforeAll(() =>
    writeFileSync(
      config,
      'version: 1\nkinds: [instance]\npolicies: { short: { keep: { last: 2 } } }\ndefault: short\nreport: { automaticSnapshots: false }\n',
    ),
  );
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  /** Five instance snapshots in Frankfurt, of an instance with these tags. */
  async function begin(tags: readonly { key: string; value?: string }[], faults: readonly FaultInput[]): Promise<void> {
    const instances = rows(REGION, 'instances', 1, 'web', () => ({ name: 'web', tags: [...tags] }));
    emulator = await startEmulator({ account: smallAccount({ [REGION]: { instances } }), faults });
    putBack = pointSdkTo(emulator.url);
  }
  const run = (...args: readonly string[]) =>
    runCli([...args, '--config', config, '--region', REGION, '--quiet'], process.env);

  interface Listed {
    readonly verdict: string;
    readonly status: string;
    readonly source: { readonly exists: boolean | null };
    readonly reasons: readonly { readonly code: string }[];
  }
  async function report() {
    const { code, out } = await run('report', '--format', 'json');
    const { snapshots, problems, complete } = JSON.parse(out);
    return { code, complete, problems, snapshots: snapshots as readonly Listed[] };
  }

  it('holds its snapshots in a report, where it exists with a hold', async () => {
    await begin([{ key: 'retention:hold' }], [HIDDEN]);
    const { code, snapshots, problems } = await report();
    expect(code).toBe(0);
    expect(problems).toEqual([]);
    for (const each of snapshots)
      expect(each).toMatchObject({ verdict: 'keep', status: 'held', source: { exists: true } });
    expect(emulator.requests.count('GetInstance')).toBe(1);
  });

  it('is gone in a report, where the service knows no such instance', async () => {
    await begin([], []);
    emulator.world.remove(REGION, 'instances', 'web');
    const { code, snapshots } = await report();
    expect(code).toBe(0);
    expect(snapshots.map(({ verdict, source }) => `${verdict} ${source.exists}`)).toEqual([
      ...Array(2).fill('keep false'),
      ...Array(3).fill('expire false'),
    ]);
  });

  it('keeps its snapshots in a report that stays complete, where asking for it gives no answer', async () => {
    await begin([], [HIDDEN, NO_ANSWER]);
    const { code, complete, snapshots, problems } = await report();
    expect([code, complete]).toEqual([0, true]);
    for (const each of snapshots)
      expect(each).toMatchObject({
        verdict: 'keep',
        status: 'problem',
        source: { exists: null },
        reasons: [{ code: 'source.unconfirmed' }],
      });
    expect(problems).toEqual([
      {
        code: 'source.unconfirmed',
        arn: expect.stringContaining(':Instance/'),
        message: expect.stringContaining('AccessDeniedException'),
      },
    ]);
  });

  it('is asked for by explain, which tells its hold', async () => {
    await begin([{ key: 'retention:hold' }], [HIDDEN]);
    const { code, out } = await run('explain', `web-${REGION}-5`);
    expect(code).toBe(0);
    expect(unwrapped(out)).toContain('Decision: kept: it is held');
    expect(unwrapped(out)).toContain('tag retention:hold on its source');
  });

  it('is told by explain to be neither there nor gone, where asking for it gives no answer', async () => {
    await begin([], [HIDDEN, NO_ANSWER]);
    const { out } = await run('explain', `web-${REGION}-5`);
    expect(unwrapped(out)).toContain('is not confirmed as gone (AccessDeniedException');
  });

  it('is asked for by check --live, which finds its misspelt tag', async () => {
    await begin([{ key: 'retention:kepp', value: 'last=3' }], [HIDDEN]);
    const { code, err } = await run('check', '--live');
    expect(code).toBe(2);
    expect(err).toContain('retention:kepp');
  });

  it('is named as a problem by check --live, where asking for it gives no answer', async () => {
    await begin([], [HIDDEN, NO_ANSWER]);
    const { code, out } = await run('check', '--live');
    expect(code).toBe(0);
    expect(out).toContain('[source.unconfirmed]');
  });
});
