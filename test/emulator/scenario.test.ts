import { sampleAccount } from '../../emulator/sample-account';
import { loadScenario } from '../../emulator/scenario';
import { instancePages, lightsail, NOW, names, webAccount, withEmulator } from './clients';

describe('a scenario', () => {
  it('without anything is the sample account', () => {
    expect(loadScenario({}, NOW).account).toEqual(sampleAccount(NOW));
  });

  it('may hold a whole account, name other regions, and generate a large one', () => {
    const account = webAccount(3);
    expect(loadScenario(JSON.parse(JSON.stringify({ account, regions: ['eu-west-1'] })))).toEqual({
      account: { ...account, regions: ['eu-west-1'] },
    });
    expect(loadScenario({ account: { large: { snapshots: 10, regions: 2 } } }).account.regions).toHaveLength(2);
  });

  it('starts an emulator with its page size and faults, which options override', async () => {
    const scenario = loadScenario({ account: webAccount(6), pageSize: 4, faults: [{ fault: 'throttle', times: 1 }] });
    await withEmulator({ account: scenario }, async (emulator) => {
      await expect(instancePages(lightsail(emulator))).rejects.toMatchObject({ name: 'ThrottlingException' });
      expect((await instancePages(lightsail(emulator))).map((page) => page.instanceSnapshots?.length)).toEqual([4, 2]);
    });
    await withEmulator({ account: scenario, pageSize: 6, faults: [] }, async (emulator) => {
      expect(names(await instancePages(lightsail(emulator)))).toHaveLength(6);
    });
  });

  it.each<[string, unknown, string[]]>([
    ['what is no object', [], ['this scenario cannot be used', 'the whole']],
    ['an unknown setting', { pagesize: 3 }, ['pagesize']],
    ['an unknown fault', { faults: [{ fault: 'gremlins' }] }, ['faults.0']],
    ['a wrong member of a fault', { faults: [{ fault: 'latency', ms: 'slow' }] }, ['faults.0.ms', 'number']],
    ['a misspelt member of a fault', { faults: [{ fault: 'throttle', region: 'eu-west-1' }] }, ['faults.0', 'region']],
    ['a page size of nothing', { pageSize: 0 }, ['pageSize']],
    ['a wrong account', { account: { accountId: '12', regions: [], data: {} } }, ['account', 'expected 12 digits']],
    ['a topic that is none', { topics: [{ arn: 'me@example.com' }] }, ['topics.0.arn', 'SNS topic ARN']],
  ])('refuses %s, and says where', (_what, json, parts) => {
    for (const part of parts) expect(() => loadScenario(json)).toThrow(part);
  });

  it('refuses with all mistakes at once, in one paragraph', () => {
    const load = () => loadScenario({ pageSize: -1, seed: 'x', faults: [{ fault: 'reset', when: 'never' }] });
    expect(load).toThrow(/^this scenario cannot be used: [^\n]*pageSize[^\n]*seed[^\n]*faults\.0\.when[^\n]*$/);
  });
});
