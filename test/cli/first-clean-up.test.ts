import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { apply } from '../../cli/apply';
import type { DryRunJson } from '../../cli/json-shapes';
import type { AccountData } from '../../emulator/account';
import { instanceRow } from '../../emulator/rows';
import { type Emulator, startEmulator } from '../../emulator/server';
import { ACCOUNT, aged, aSpec, HERE, smallAccount, upTo } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { validateJson } from '../support/json-schemas';
import { runCli, unwrapped } from '../support/terminal';

const POLICY = 'version: 1\npolicies: { standard: { keep: { last: 3 } } }\ndefault: standard\n';
/** Five of the eleven snapshots of the small account expire: more than these limits allow. */
const STRICT = `${POLICY}caps: { maxDeletions: 3, maxShare: 0.4 }\n`;
const GENEROUS = `${POLICY}caps: { maxShare: 0.9 }\n`;

/** Twelve servers with a snapshot of each day of a year. */
function twelveServers(): AccountData {
  const specs = Array.from({ length: 12 }, (_, i) => aSpec(`server-${String(i + 1).padStart(2, '0')}`));
  return {
    accountId: ACCOUNT,
    regions: [HERE],
    data: {
      [HERE]: {
        instances: specs.map((spec) => instanceRow(spec)),
        instanceSnapshots: specs.flatMap((spec) => aged(spec, upTo(365))),
      },
    },
  };
}

describe('a first clean-up on the command line', () => {
  let work: string;
  let emulator: Emulator;
  let putBack: () => void;
  const config = (): string => join(work, 'retention.yaml');
  const plan = (): string => join(work, 'plan.json');

  const start = async (account: AccountData, policy: string): Promise<void> => {
    work = mkdtempSync(join(tmpdir(), 'first-clean-up-'));
    emulator = await startEmulator({ account });
    putBack = pointSdkTo(emulator.url);
    writeFileSync(config(), policy);
  };
  afterEach(async () => {
    putBack();
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  const cli = (...args: readonly string[]) => runCli([...args, '--config', config(), '--quiet'], process.env);
  const report = (...args: readonly string[]) => cli('report', '--plan-out', plan(), ...args);
  const applyPlan = (...args: readonly string[]) => cli('apply', plan(), ...args);
  const deletes = (): number =>
    emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete')).length;

  it('leads from blocked to the question for twelve servers of 365 daily snapshots, by the commands that are printed', async () => {
    await start(twelveServers(), POLICY);
    const blocked = await report();
    expect(blocked.code).toBe(0);
    expect(blocked.out).toContain('4,344 snapshots can be deleted, and caps.maxDeletions allows 100');
    expect(blocked.out).toContain('(99 %) can be deleted, and caps.maxShare allows 50 %');
    const commands = [...blocked.out.matchAll(/^ {4}npx lightsail-retention (.*)$/gm)].map(([, words = '']) =>
      words.split(' '),
    );
    const [raise = [], applied = []] = commands;
    expect(raise).toEqual(['report', '--plan-out', plan(), '--raise-caps', '--config', config()]);
    expect(applied).toEqual(['apply', plan(), '--local', '--config', config()]);
    expect((await runCli([...applied, '--yes', '4344', '--quiet'], process.env)).code).toBe(4);
    expect(deletes()).toBe(0);
    expect((await runCli([...raise, '--quiet'], process.env)).code).toBe(0);
    expect(JSON.parse(readFileSync(plan(), 'utf8'))).toMatchObject({ caps: 'raised', blocked: null });
    expect((await runCli([...applied, '--yes', '4343', '--quiet'], process.env)).err).toContain('[plan.count]');
    expect(deletes()).toBe(0);
  }, 120_000);

  it('refuses --raise-caps without --plan-out as wrong usage, before anything is read', async () => {
    await start(smallAccount(), STRICT);
    const { code, err } = await cli('report', '--raise-caps');
    expect({ code, requests: emulator.requests.list().length }).toEqual({ code: 2, requests: 0 });
    expect(err).toContain('--raise-caps needs --plan-out FILE');
  });

  it('deletes with a raised plan what the ordinary plan of the same moment may not, and names the limits first', async () => {
    await start(smallAccount(), STRICT);
    await report();
    expect(JSON.parse(readFileSync(plan(), 'utf8'))).toMatchObject({ blocked: { code: 'cap.max-deletions' } });
    expect((await applyPlan('--local', '--yes', '5')).code).toBe(4);
    await report('--raise-caps');
    expect(JSON.parse(readFileSync(plan(), 'utf8'))).toMatchObject({ caps: 'raised', blocked: null });
    const { code, out } = await applyPlan('--local', '--yes', '5');
    expect(code).toBe(0);
    expect(out).toMatch(/\n\nOf 5 planned snapshots: 5 deleted\. [^\n]*\n$/);
    expect(out.indexOf('The limits were raised for this plan: it may delete 5 snapshots')).toBeGreaterThan(0);
    expect(out.indexOf('The limits were raised')).toBeLessThan(out.indexOf('5 snapshots will be deleted'));
    expect(deletes()).toBe(5);
    await report();
    expect(JSON.parse(readFileSync(plan(), 'utf8'))).not.toHaveProperty('caps');
  });

  it('names both limits and the way out where a blocked plan is refused', async () => {
    await start(smallAccount(), STRICT);
    await report();
    const { code, err } = await applyPlan('--local', '--yes', '5');
    expect(code).toBe(4);
    expect(err).toMatch(/caps\.maxDeletions allows 3.*caps\.maxShare allows 40 %.*\[plan\.blocked\]/);
    expect(err).toContain(
      `    npx lightsail-retention report --plan-out ${plan()} --raise-caps --config ${config()}\n`,
    );
  });

  it('shows a blocked plan in full with --dry-run, exits 4, and deletes nothing', async () => {
    await start(smallAccount(), STRICT);
    await report();
    for (const place of [['--local'], []]) {
      const { code, out, err } = await applyPlan('--dry-run', ...place);
      expect(code).toBe(4);
      expect(out.match(/^ {2}- (web|data)-0\d, .*; policy standard: last: 3 of 3 slots filled$/gm)).toHaveLength(5);
      expect(out).toMatch(/\nDry run: nothing was deleted\. None would be deleted, because the plan is blocked\.\n$/);
      expect(err).toContain('[plan.blocked]');
    }
    expect(deletes()).toBe(0);
    expect(existsSync(join(work, 'results'))).toBe(false);
  });

  it('writes the dry run as one JSON object that fits the published schema, also of a blocked plan', async () => {
    await start(smallAccount(), STRICT);
    await report();
    const blocked = await applyPlan('--dry-run', '--format', 'json');
    const json: DryRunJson = JSON.parse(blocked.out);
    expect(blocked.code).toBe(4);
    expect(validateJson('apply-dry-run', json)).toEqual([]);
    expect(json).toMatchObject({ refusal: { code: 'plan.blocked' }, totals: { wouldDelete: 5, wouldNotDelete: 0 } });
    writeFileSync(config(), GENEROUS);
    await report();
    emulator.world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    const open = await applyPlan('--dry-run', '--format', 'json');
    const second: DryRunJson = JSON.parse(open.out);
    expect(open.code).toBe(0);
    expect(validateJson('apply-dry-run', second)).toEqual([]);
    expect(second).toMatchObject({
      refusal: null,
      totals: { wouldDelete: 4, wouldNotDelete: 1 },
      wouldNotDelete: [{ name: 'web-05', outcome: 'spared', code: 'hold' }],
    });
  });

  it.each([
    ['--format json without --dry-run', ['--local', '--format', 'json']],
    ['--dry-run with --function', ['--dry-run', '--function', 'f']],
  ])('refuses %s as wrong usage', async (_, args) => {
    await start(smallAccount(), GENEROUS);
    await report();
    expect((await applyPlan(...args)).code).toBe(2);
  });

  it('accepts with --yes the number of now and the number of the plan, and no other', async () => {
    await start(smallAccount(), GENEROUS);
    await report();
    emulator.world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    for (const wrong of ['3', '6', '0']) {
      const { code, out, err } = await applyPlan('--local', '--yes', wrong);
      expect({ code, out }).toEqual({ code: 4, out: '' });
      expect(err).toMatch(/4 snapshots would be deleted now \(the plan lists 5\).*\[plan\.count\]/);
    }
    expect(deletes()).toBe(0);
    expect((await applyPlan('--local', '--yes', '4')).code).toBe(0);
    expect(deletes()).toBe(4);
  });

  it("accepts the plan's count with --yes where fewer would be deleted now", async () => {
    await start(smallAccount(), GENEROUS);
    await report();
    emulator.world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    const { code, out } = await applyPlan('--local', '--yes', '5');
    expect({ code, deleted: deletes() }).toEqual({ code: 0, deleted: 4 });
    expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 skipped.');
  });

  /** Applies the plan on a terminal where `answer` is typed; what is there and not there is printed. */
  const typing = async (answer: string, meanwhile: () => void = () => undefined) => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const stream = Object.assign(new PassThrough(), { isTTY: false });
    let text = '';
    stream.on('data', (data) => {
      text += String(data);
      if (!String(data).includes('Type the number')) return;
      meanwhile();
      input.write(`${answer}\n`);
    });
    const terminal = { out: stream, err: stream, env: {} } as unknown as Parameters<typeof apply>[2];
    const options = { local: true, config: config(), quiet: true };
    const code = await apply(plan(), options, terminal, input as unknown as NodeJS.ReadStream);
    return { code, text };
  };

  it('asks for the number that it has just shown, and names the raised limits before', async () => {
    await start(smallAccount(), STRICT);
    await report('--raise-caps');
    emulator.world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    const { code, text } = await typing('4');
    expect(text).toContain('4 snapshots will be deleted');
    const question = text.indexOf('Type the number of snapshots to delete (4), anything else to stop: ');
    expect(text.lastIndexOf('The limits were raised for this plan', question)).toBeGreaterThan(0);
    expect({ code, deleted: deletes() }).toEqual({ code: 0, deleted: 4 });
  });

  it('asks nothing where nothing is left to delete', async () => {
    await start(smallAccount(), GENEROUS);
    await report();
    for (const name of ['web-04', 'web-05', 'web-06']) emulator.world.tag(HERE, name, [{ key: 'retention:hold' }]);
    for (const name of ['data-04', 'data-05']) emulator.world.tag('eu-central-1', name, [{ key: 'retention:hold' }]);
    const { code, text } = await typing('5');
    expect(text).toContain('Nothing is left to delete.');
    expect(text).not.toContain('Type the number');
    expect({ code, deleted: deletes() }).toEqual({ code: 0, deleted: 0 });
  });

  it('deletes only the candidates that it showed where others joined while the question was open for more than ten minutes', async () => {
    await start(smallAccount(), GENEROUS);
    await report();
    emulator.world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    const now = jest.spyOn(Date, 'now');
    try {
      const { code, text } = await typing('4', () => {
        const late = Date.now() + 11 * 60_000;
        now.mockImplementation(() => late);
        emulator.clockOffset = 11 * 60_000;
        emulator.world.untag(HERE, 'web-05', ['retention:hold']);
      });
      expect(text).toContain('it was not among the snapshots that were shown before the count was confirmed');
      expect({ code, deleted: deletes() }).toEqual({ code: 0, deleted: 4 });
    } finally {
      now.mockRestore();
    }
  });

  it('tells a report that is given as a plan apart', async () => {
    await start(smallAccount(), GENEROUS);
    await cli('report', '--format', 'json', '--output', plan());
    const { code, err } = await applyPlan('--local', '--yes', '5');
    expect(code).toBe(4);
    expect(err).toMatch(/plan\.json is a report, and a plan is expected.* \[plan\.altered\]\n$/);
  });

  it('leaves no result behind for anything that it refused', async () => {
    await start(smallAccount(), STRICT);
    await report();
    await applyPlan('--local', '--yes', '5');
    await applyPlan('--local', '--yes', '1');
    expect(readdirSync(work).sort()).toEqual(['plan.json', 'retention.yaml']);
  });
});
