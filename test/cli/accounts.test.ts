import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { FaultInput } from '../../emulator/fault';
import type { OrganizationData } from '../../emulator/organization';
import { sampleAccount } from '../../emulator/sample-account';
import {
  memberNamed,
  SAMPLE_ROLE,
  sampleOrganization,
  sampleOrganizationFaults,
} from '../../emulator/sample-organization';
import { type Emulator, startEmulator } from '../../emulator/server';
import { pointSdkTo } from '../support/aws-env';
import { runCli } from '../support/terminal';

const NOW = Date.now();
const SAMPLE = sampleOrganization(NOW);
const named = (name: string): string => memberNamed(SAMPLE, name);
const ROLE = ['--role-arn', `arn:aws:iam::{account}:role/${SAMPLE_ROLE.name}`] as const;
const EXTERNAL = ['--external-id', SAMPLE_ROLE.externalId] as const;
const ALL = ['--account', 'all', ...ROLE, ...EXTERNAL] as const;
const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
const inFolder = (name: string): string => join(folder, name);

const POLICIES = 'policies: { client: { keep: { last: 3 }, expireAfter: 30d }, sandbox: { expireAfter: 14d } }\n';
const RULES = `rules:
  - { name: sandboxes, match: { ou: "*/ou-ab12-sandbox1/*" }, policy: sandbox }
  - { name: clients, match: { accountName: "client-*" }, policy: client }
`;

interface AccountRow {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface RollUpOutput {
  readonly complete: boolean;
  readonly accounts: readonly AccountRow[];
  readonly totals: { readonly snapshots: number };
  readonly reports: Readonly<
    Record<
      string,
      {
        readonly reportId: string;
        readonly snapshots: readonly {
          readonly arn: string;
          readonly account: string;
          readonly verdict: string;
          readonly policy: { readonly name: string } | null;
        }[];
        readonly plan: { readonly count: number; readonly blocked: { readonly code: string } | null };
      }
    >
  >;
}

let emulator: Emulator;
let putBack: () => void;

async function serve(organization: OrganizationData | undefined, faults: readonly FaultInput[] = []): Promise<void> {
  await emulator?.close();
  putBack?.();
  const account = sampleAccount(NOW);
  emulator = await startEmulator({ account: organization === undefined ? account : { account, organization }, faults });
  putBack = pointSdkTo(emulator.url);
}

const cli = (...args: readonly string[]) => runCli(args, process.env);

async function report(...args: readonly string[]): Promise<{ readonly code: number; readonly json: RollUpOutput }> {
  const { code, out } = await cli('report', '--format', 'json', '--quiet', ...args);
  return { code, json: JSON.parse(out) };
}

beforeAll(() => {
  writeFileSync(inFolder('rules.yaml'), `version: 1\n${POLICIES}${RULES}`);
  writeFileSync(inFolder('shorter.yaml'), `version: 1\n${POLICIES.replace('last: 3', 'last: 1')}${RULES}`);
  writeFileSync(
    inFolder('excluded.yaml'),
    `version: 1\norganization: { accounts: { include: ["client-*"], exclude: ["client-b*", "clint-*"] } }\n`,
  );
  writeFileSync(inFolder('nobody.yaml'), 'version: 1\norganization: { accounts: { include: ["nobody"] } }\n');
});
afterAll(async () => {
  putBack();
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('report over the sample organization', () => {
  beforeAll(() => serve(SAMPLE, sampleOrganizationFaults(SAMPLE)));

  it('names every account that was not read, with which side refused, and ends with 3', async () => {
    const { code, json } = await report(...ALL, '--config', inFolder('rules.yaml'));
    const missing = json.accounts.filter(({ status }) => status !== 'read');
    expect(missing.map(({ name, status }) => [name, status])).toEqual([
      ['client-kennel', 'no-role'],
      ['client-museum', 'failed'],
      ['client-tailor', 'no-role'],
      ['client-winery', 'incomplete'],
      ['legacy-mail', 'not-active'],
    ]);
    const errorOf = (name: string) => missing.find((account) => account.name === name)?.error?.message;
    expect(errorOf('client-tailor')).toMatch(/trust policy refused/);
    expect(errorOf('client-kennel')).toMatch(/does not say which side/);
    expect(errorOf('legacy-mail')).toMatch(/SUSPENDED/);
    expect(errorOf('client-museum')).toMatch(/expired/);
    expect(code).toBe(3);
    expect(json.complete).toBe(false);
    expect(json.accounts).toHaveLength(40);
    expect(Object.keys(json.reports)).toHaveLength(36);
  });

  it('marks the plan of each account as for reading only', async () => {
    const { json } = await report(...ALL, '--config', inFolder('rules.yaml'));
    const codes = Object.values(json.reports).map(({ plan }) => plan.blocked?.code);
    expect([...new Set(codes)].sort()).toEqual(['inventory.incomplete', 'organization.report-only']);
  });

  it('has resources of one account alone in each report', async () => {
    const { json } = await report(...ALL, '--config', inFolder('rules.yaml'));
    for (const [id, { snapshots }] of Object.entries(json.reports))
      expect([...new Set(snapshots.map(({ arn }) => arn.split(':')[4]))]).toEqual(snapshots.length === 0 ? [] : [id]);
  });

  it('decides by account name and OU, also for accounts that are named by number', async () => {
    const ids = ['sandbox-bela', 'client-gym', 'agency-tools'].map(named);
    const { code, json } = await report(
      ...ids.flatMap((id) => ['--account', id]),
      ...[...ROLE, ...EXTERNAL, '--config', inFolder('rules.yaml')],
    );
    const policiesOf = (id = '') => [...new Set(json.reports[id]?.snapshots.map(({ policy }) => policy?.name))];
    expect(ids.map(policiesOf)).toEqual([['sandbox'], ['client'], [undefined]]);
    expect(code).toBe(0);
  });

  it('asks Organizations for nothing where accounts are named by number and no rule needs their names', async () => {
    emulator.requests.clear();
    await report('--account', named('client-gym'), ...ROLE, ...EXTERNAL);
    expect(emulator.requests.count('ListAccounts')).toBe(0);
  });

  it('reads what the configuration includes, and warns of a pattern that matches no account', async () => {
    const { out, err } = await cli('report', '--format', 'json', ...ALL, '--config', inFolder('excluded.yaml'));
    const { accounts } = JSON.parse(out) as RollUpOutput;
    expect(accounts).toHaveLength(27);
    expect(accounts.filter(({ name }) => !name?.startsWith('client-'))).toEqual([]);
    expect(err).toContain('organization.accounts.exclude: "clint-*" matches none of 40 accounts');
  });

  it('prints text whose first line counts the unread accounts, and a command that repeats the options', async () => {
    const { out, err, code } = await cli('report', '--quiet', ...ALL, '--config', inFolder('rules.yaml'));
    const [first] = out.split('\n');
    expect(first).toBe(
      '4 of 40 accounts could not be read: client-kennel, client-museum, client-tailor, legacy-mail; 1 read in part: client-winery.',
    );
    expect(out).toContain(
      `npx lightsail-retention report --format json --config ${inFolder('rules.yaml')} --account all ` +
        `--role-arn 'arn:aws:iam::{account}:role/${SAMPLE_ROLE.name}' --external-id ${SAMPLE_ROLE.externalId}`,
    );
    expect(err).toMatch(/4 of 40 accounts could not be read: .* \[inventory\.incomplete\]/);
    expect(code).toBe(3);
  });

  test.each(['text', 'markdown', 'html', 'csv', 'email'])('prints the roll-up as %s', async (format) => {
    const { out, code } = await cli('report', '--quiet', ...ALL, '--format', format);
    expect(out).toContain('client-kennel');
    expect(code).toBe(3);
  });

  it('shows the bill of every account from one request, also of accounts that were not read', async () => {
    emulator.requests.clear();
    emulator.pageSize = 1_000;
    const { out, code } = await cli('report', '--format', 'json', '--quiet', ...ALL, '--spend');
    emulator.pageSize = 50;
    const { spend, complete } = JSON.parse(out);
    expect({ code, complete, asked: emulator.requests.count('GetCostAndUsage') }).toEqual({
      code: 3,
      complete: false,
      asked: 1,
    });
    expect(Object.keys(spend.byAccount)).toHaveLength(37);
    expect(spend.byAccount[named('legacy-mail')]).toBeGreaterThan(0);
    const cents = Object.values<number>(spend.byAccount).reduce((sum, each) => sum + Math.round(each * 100), 0);
    expect(Math.abs(cents / 100 - spend.total)).toBeLessThan(0.2);
    expect(spend.otherAccounts).toBe(0);
  });

  it('tells the ceilings of each account by a tag of the configuration, also by that of sources', async () => {
    writeFileSync(inFolder('tagged.yaml'), 'version: 1\norganization: { costTag: "retention:keep" }\n');
    const only = ['--account', named('client-bakery'), ...ROLE, ...EXTERNAL, '--config', inFolder('tagged.yaml')];
    const { out } = await cli('report', '--quiet', ...only, '--format', 'csv');
    const [head, ...lines] = out.trimEnd().split('\n');
    expect(head).toContain(',tag,value,');
    expect(head).not.toContain('billed');
    const whole = JSON.parse((await cli('report', '--quiet', ...only, '--format', 'json')).out);
    const { snapshots, monthlyCostCeiling } = whole.totals;
    expect(lines.map((line) => line.split(',').slice(7, 11))).toEqual([
      ['last=3 daily=7', String(snapshots), expect.any(String), String(monthlyCostCeiling)],
    ]);
    expect(whole).toMatchObject({ costTag: 'retention:keep', accounts: [{ byTag: [{ value: 'last=3 daily=7' }] }] });
  });

  it('says in one line that the bill could not be read, and ends as without it', async () => {
    emulator.setFaults([{ service: 'ce', fault: 'deny' }]);
    const bakery = ['--account', named('client-bakery'), ...ROLE, ...EXTERNAL];
    const { out, code } = await cli('report', '--quiet', ...bakery, '--spend');
    emulator.setFaults(sampleOrganizationFaults(SAMPLE));
    expect(out.replace(/\s+/g, ' ')).toContain(
      'The bill of last month was not read: access to Cost Explorer is denied',
    );
    expect(code).toBe(0);
  });

  it('writes the roll-up to a file', async () => {
    const { out } = await cli('report', ...ALL, '--format', 'html', '--output', inFolder('roll-up.html'));
    expect(out).toBe('');
  });

  it('compares configurations over all accounts', async () => {
    const files = [inFolder('rules.yaml'), inFolder('shorter.yaml')];
    const { out, code } = await cli('compare', ...files, '--format', 'json', '--quiet', ...ALL);
    const { complete, accounts, changes } = JSON.parse(out);
    expect({ code, complete, accounts: accounts.length }).toEqual({ code: 3, complete: false, accounts: 40 });
    const changed = new Set(changes.map(({ account }: { readonly account: string }) => account));
    expect(changed.size).toBeGreaterThan(5);
    expect(changed).not.toContain(named('agency-website'));
    const text = await cli('compare', ...files, '--quiet', ...ALL);
    expect(text.out).toContain('4 of 40 accounts could not be read');
  });

  it('compares the accounts that any configuration includes, each as its configuration reads them', async () => {
    const one =
      'version: 1\ndefault: p\npolicies: { p: { expireAfter: 900d } }\norganization: { accounts: { include: [client-bakery] } }\n';
    writeFileSync(inFolder('bakery.yaml'), one);
    writeFileSync(inFolder('gym.yaml'), one.replace('bakery', 'gym').replace('900d', '1d'));
    const files = [inFolder('bakery.yaml'), inFolder('gym.yaml')];
    const { out, code } = await cli('compare', ...files, '--format', 'json', '--quiet', ...ALL);
    const { accounts, changes, policies } = JSON.parse(out);
    expect(accounts.map(({ name }: AccountRow) => name).sort()).toEqual(['client-bakery', 'client-gym']);
    const totals = policies.map(
      (policy: { readonly totals: { readonly snapshots: number } }) => policy.totals.snapshots,
    );
    expect(totals[0]).toBeGreaterThan(0);
    expect(totals[1]).toBeGreaterThan(0);
    const changed = new Set(changes.map(({ account }: { readonly account: string }) => account));
    expect(changed).toContain(named('client-gym'));
    expect(code).toBe(0);
  });

  it('checks the tags of all accounts, and names the account of a problem', async () => {
    const { out, err } = await cli('check', '--live', '--quiet', '--config', inFolder('rules.yaml'), ...ALL);
    expect(out).toContain('4 of 40 accounts could not be read');
    expect(err).toMatch(/agency \(123456789012\): snapshot \S+: tag Retention:Hold/);
  });

  it('diagnoses each account', async () => {
    const { out, code } = await cli('doctor', '--config', inFolder('rules.yaml'), ...ALL);
    expect(out).toMatch(/ok {7}account client-bakery \(\d{12}\): its role can be assumed/);
    expect(out).toMatch(/FAILED {3}account client-kennel \(\d{12}\): STS does not say which side refused/);
    expect(out).toMatch(/FAILED {3}account client-winery \(\d{12}\): permissions: denied/);
    expect(out).toMatch(/FAILED {3}account legacy-mail/);
    expect(code).toBe(1);
  });
});

describe('wrong input', () => {
  beforeAll(() => serve(SAMPLE));

  test.each([
    ['no role', ['--account', 'all'], 'usage.accounts', /--account needs --role-arn/],
    ['no account', [...ROLE], 'usage.accounts', /add --account ID/],
    ['all with another', ['--account', '111111111111', ...ALL], 'usage.accounts', /leave out the others/],
    ['a plan', [...ALL, '--plan-out', 'plan.json'], 'usage.accounts', /report-only/],
    ['a summary', [...ALL, '--summary'], 'usage.accounts', /summary already/],
    ['raised limits of no plan', [...ALL, '--raise-caps'], 'usage.raise-caps', /needs --plan-out/],
    ['globs that match nothing', [...ALL, '--config', inFolder('nobody.yaml')], 'organization.no-accounts', /"nobody"/],
  ])('is refused: %s', async (_, args, code, message) => {
    const { err, code: exit, out } = await cli('report', ...args);
    expect(err).toContain(`[${code}]`);
    expect(err).toMatch(message);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
  });

  test.each([
    ['an account number with dashes', ['--account', '1234-5678-9012', ...ROLE], /did you mean 123456789012/],
    ['an account name', ['--account', 'client-gym', ...ROLE], /12 digits, or all/],
    [
      'a role without {account}',
      ['--account', 'all', '--role-arn', 'arn:aws:iam::123456789012:role/Read'],
      /must contain \{account\}/,
    ],
    ['a role that is no ARN', ['--account', 'all', '--role-arn', '{account}'], /ARN of a role/],
    ['an empty external id', [...ALL, '--external-id', ''], /2 to 1224/],
  ])('is refused with its meaning: %s', async (_, args, message) => {
    const { err, code } = await cli('report', ...args);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('accounts that cannot be listed', () => {
  it('in an account without an organization', async () => {
    await serve(undefined);
    const { err, code, out } = await cli('report', ...ALL);
    expect(err).toContain('[organization.not-used]');
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });

  it('because the call is denied', async () => {
    await serve(SAMPLE, [{ fault: 'deny', service: 'organizations', after: 1 }]);
    const { err, code, out } = await cli('report', ...ALL);
    expect(err).toContain('[organization.denied]');
    expect(err).toContain('name the accounts with --account ID');
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });

  it('are read by their numbers all the same, with a warning that rules by name match nothing', async () => {
    await serve(SAMPLE, [{ fault: 'deny', service: 'organizations' }]);
    const one = ['--account', named('client-gym'), ...ROLE, ...EXTERNAL, '--config', inFolder('rules.yaml')];
    const { err, code, out } = await cli('report', '--format', 'json', ...one);
    expect(err.replace(/\s+/g, ' ')).toContain('rules by accountName and ou match nothing');
    expect(err).not.toContain('--account ID');
    expect({ code, accounts: JSON.parse(out).accounts.length }).toEqual({ code: 0, accounts: 1 });
  });

  it('are listed after throttling', async () => {
    await serve({ ...SAMPLE, members: SAMPLE.members.slice(0, 2) }, [
      { fault: 'throttle', service: 'organizations', times: 2 },
    ]);
    const { code, json } = await report(...ALL);
    expect({ code, accounts: json.accounts.length }).toEqual({ code: 0, accounts: 3 });
  });
});

describe('credentials of the caller that have ended', () => {
  it.each([
    ['before the first role is assumed', 1],
    ['after some roles', 3],
  ])('are one sentence with the remedy, and no report: %s', async (_, after) => {
    await serve({ ...SAMPLE, members: SAMPLE.members.slice(0, 12) }, [
      { fault: 'error', service: 'sts', operations: 'AssumeRole', code: 'ExpiredToken', status: 400, after },
    ]);
    const { err, code, out } = await cli('report', '--quiet', ...ALL);
    expect(err).toMatch(/session token of these credentials has expired; sign in again.*\[credentials\.expired\]/s);
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });
});

describe('isolation of accounts', () => {
  const members = SAMPLE.members.slice(0, 5);
  const ids = members.map(({ account }) => account.accountId);
  const STRIKES: readonly ((account: string) => FaultInput)[] = [
    (account) => ({ fault: 'deny', service: 'sts', operations: 'AssumeRole', names: `*${account}*` }),
    (accounts) => ({ fault: 'deny', accounts, operations: 'GetRegions' }),
    (accounts) => ({ fault: 'deny', accounts, operations: 'GetInstanceSnapshots', by: 'nothing-allows' }),
    (accounts) => ({ fault: 'error', accounts, code: 'ExpiredTokenException' }),
    (accounts) => ({ fault: 'shape', accounts, operations: 'GetInstances', dropList: true }),
  ];
  const decisionsOf = ({ reports }: RollUpOutput) =>
    new Map(
      Object.entries(reports).map(([id, { snapshots, plan }]) => [
        id,
        { snapshots: snapshots.map(({ arn, verdict, policy }) => [arn, verdict, policy?.name]), count: plan.count },
      ]),
    );
  const read = async (order: readonly string[]) => {
    const { json } = await report(
      ...order.flatMap((id) => ['--account', id]),
      ...[...ROLE, ...EXTERNAL, '--config', inFolder('rules.yaml'), '--at', new Date(NOW).toISOString()],
    );
    return json;
  };

  beforeAll(() => serve({ ...SAMPLE, members }));

  it('the failure of one account changes no decision about another, in whatever order they are read', async () => {
    emulator.setFaults([]);
    const whole = await read(ids);
    const decided = decisionsOf(whole);
    expect(whole.complete).toBe(true);
    const aStrike = fc.record({
      index: fc.nat(ids.length - 1),
      strike: fc.constantFrom(...STRIKES),
      order: fc.shuffledSubarray([...ids], { minLength: ids.length }),
    });
    await fc.assert(
      fc.asyncProperty(aStrike, async ({ index, strike, order }) => {
        const struck = ids[index] ?? '';
        emulator.setFaults([strike(struck)]);
        const json = await read(order);
        const found = decisionsOf(json);
        for (const id of ids.filter((each) => each !== struck)) expect(found.get(id)).toEqual(decided.get(id));
        expect(json.accounts.map(({ id }) => id)).toEqual([...ids].sort());
        expect(json.complete).toBe(json.accounts.every(({ status }) => status === 'read'));
      }),
      { numRuns: 8 },
    );
  }, 120_000);
});
