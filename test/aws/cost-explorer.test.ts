import type { BillRow } from '../../emulator/account';
import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { makeReadAccountBills, makeReadBills } from '../../lambda/aws/cost-explorer';
import { amountText } from '../../lambda/core/report/spend';
import { pointSdkTo } from '../support/aws-env';

const NOW = Date.UTC(2026, 10, 23, 8);
const ACCOUNT = '123456789012';

const row = (usageType: string, amount: string, more: Partial<BillRow> = {}): BillRow => ({
  month: '2026-10',
  usageType,
  amount,
  ...more,
});

const ROWS = [
  row('EUC1-SnapshotUsage', '30.1000000001'),
  row('USE1-SnapshotUsage', '1.2E-6'),
  row('EUC1-BundleUsage:2GB', '24'),
  row('EUC1-SnapshotUsage', '99', { recordType: 'Tax' }),
  row('EUC1-SnapshotUsage', '500', { account: '210987654321' }),
  row('EUC1-SnapshotUsage', '700', { service: 'Amazon Elastic Compute Cloud' }),
  row('ZZZ9-SnapshotUsage', '3', { month: '2026-09' }),
];

describe('the bill of Cost Explorer', () => {
  let emulator: Emulator;
  let putBack: () => void;

  const start = async (bill: readonly BillRow[], pageSize = 50): Promise<void> => {
    const account = { accountId: ACCOUNT, regions: [], data: {}, bill };
    emulator = await startEmulator({ account, clock: () => NOW, pageSize });
    putBack = pointSdkTo(emulator.url);
  };
  const read = (first = '2026-10', given: { account?: string | null; region?: string } = {}) =>
    makeReadBills({ account: ACCOUNT, region: 'eu-central-1', config: {}, ...given })(first, '2026-10');
  const readable = async (first?: string) => {
    const bills = await read(first);
    if (bills.state === 'unread') return bills;
    return bills.bills.map(({ month, final, total, byRegion }) => ({
      month,
      final,
      total: amountText(total),
      byRegion: Object.fromEntries([...byRegion].map(([region, amount]) => [region, amountText(amount)])),
    }));
  };

  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  it('has the snapshots of this account, and no tax, other service, other account or other usage', async () => {
    await start(ROWS);
    expect(await readable()).toEqual([
      {
        month: '2026-10',
        final: true,
        total: '30.1000012001',
        byRegion: { 'eu-central-1': '30.1000000001', 'us-east-1': '0.0000012' },
      },
    ]);
    expect(emulator.requests.count('GetCostAndUsage')).toBe(1);
  });

  it('is read with one request for several months, to the last page', async () => {
    await start(ROWS);
    expect(await readable('2026-08')).toMatchObject([
      { month: '2026-08', total: '0', byRegion: {} },
      { month: '2026-09', total: '3', byRegion: { ZZZ9: '3' } },
      { month: '2026-10', total: '30.1000012001' },
    ]);
    expect(emulator.requests.count('GetCostAndUsage')).toBe(1);
    emulator.pageSize = 1;
    expect(await readable('2026-08')).toMatchObject([{ total: '0' }, { total: '3' }, { total: '30.1000012001' }]);
    expect(emulator.requests.count('GetCostAndUsage')).toBe(1 + 4);
  });

  it.each([
    [4, false],
    [10, false],
    [11, true],
  ])(
    'may still change while Cost Explorer calls it estimated: on day %d of the next month, final: %s',
    async (day, final) => {
      await start(ROWS);
      emulator.clockOffset = Date.UTC(2026, 10, day) - NOW;
      expect(await readable('2026-09')).toMatchObject([{ final: true }, { final }]);
    },
  );

  const failures: readonly (readonly [string, FaultInput, string, string])[] = [
    [
      'no data yet',
      { service: 'ce', fault: 'error', code: 'DataUnavailableException' },
      'Cost Explorer has no data of this account yet',
      'open Cost Explorer once',
    ],
    [
      'not enabled',
      {
        service: 'ce',
        fault: 'error',
        code: 'AccessDeniedException',
        message: 'User not enabled for cost explorer access',
      },
      'Cost Explorer is not enabled in this account',
      'open Cost Explorer once',
    ],
    ['denied', { service: 'ce', fault: 'deny' }, 'access to Cost Explorer is denied: ', 'allow ce:GetCostAndUsage'],
    ['throttled', { service: 'ce', fault: 'throttle' }, 'Rate exceeded (ThrottlingException)', 'asks again'],
    ['a repeated token', { service: 'ce', fault: 'tokens', mode: 'repeated' }, 'repeated a page token', 'asks again'],
    ['endless pages', { service: 'ce', fault: 'tokens', mode: 'endless' }, 'repeated a page token', 'asks again'],
    [
      'no JSON',
      { service: 'ce', fault: 'answer', status: 200, body: '<html>' },
      'Cost Explorer failed: ',
      'asks again',
    ],
    [
      'an answer without months',
      { service: 'ce', fault: 'answer', status: 200, contentType: 'application/x-amz-json-1.1', body: '{}' },
      'Cost Explorer gave no bill for 2026-10',
      'asks again',
    ],
  ];
  it.each(failures)('is not read, with cause and remedy: %s', async (_, fault, cause, remedy) => {
    await start(ROWS);
    emulator.setFaults([fault]);
    const answer = await read();
    expect(answer).toMatchObject({ state: 'unread' });
    if (answer.state !== 'unread') return;
    expect(answer.cause).toContain(cause);
    expect(answer.remedy).toContain(remedy);
  });

  const month = { TimePeriod: { Start: '2026-10-01', End: '2026-11-01' }, Estimated: false };
  const cost = (Amount: unknown, Unit: unknown = 'USD') => ({ UnblendedCost: { Amount, Unit } });
  const groups = (...Metrics: readonly unknown[]) => ({
    ResultsByTime: [{ ...month, Groups: Metrics.map((each) => ({ Keys: ['EUC1-SnapshotUsage'], Metrics: each })) }],
  });
  it.each<[string, object, string]>([
    ['no groups', { ResultsByTime: [{ ...month, Total: cost('41.2') }] }, 'a month without groups'],
    ['groups of another form', { ResultsByTime: [{ ...month, Groups: {} }] }, 'a month without groups'],
    ['an amount as a number', groups(cost(41.2)), 'an amount that cannot be read (41.2)'],
    ['no amount', groups({}), 'an amount that cannot be read'],
    ['no usage type', { ResultsByTime: [{ ...month, Groups: [{ Metrics: cost('1') }] }] }, 'that cannot be read'],
    ['no currency', groups(cost('1', null)), 'costs here are in USD'],
    ['another currency beside ours', groups(cost('1'), cost('2', 'EUR')), 'the bill is in "EUR"'],
    ['a month of another form', { ResultsByTime: [{ ...month, TimePeriod: null, Groups: [] }] }, 'a month that cannot'],
    ['no month at all', { ResultsByTime: [null] }, 'a month that cannot be read'],
    [
      'a page token of another form',
      { ...groups(cost('1')), NextPageToken: { a: 1 } },
      'a page token that cannot be read',
    ],
  ])('is not read from an answer with %s: it is never a smaller bill', async (_, answer, cause) => {
    await start(ROWS);
    const body = JSON.stringify(answer);
    emulator.setFaults([
      { service: 'ce', fault: 'answer', status: 200, contentType: 'application/x-amz-json-1.1', body },
    ]);
    expect(await read()).toMatchObject({ state: 'unread', cause: expect.stringContaining(cause) });
  });

  it.each([
    [
      'a currency that is not that of the ceilings',
      row('EUC1-SnapshotUsage', '7', { unit: 'EUR' }),
      'the bill is in "EUR"',
    ],
    ['an amount that is no number', row('EUC1-SnapshotUsage', 'many'), 'an amount that cannot be read ("many")'],
  ])('is not read: %s', async (_, given, cause) => {
    await start([given]);
    expect(await read()).toMatchObject({ state: 'unread', cause: expect.stringContaining(cause) });
  });

  it.each([
    ['another partition', { region: 'cn-north-1' }, 'this partition of AWS'],
    ['a partition of a government', { region: 'us-gov-west-1' }, 'this partition of AWS'],
    ['an account that is not known', { account: null }, 'the number of this account is not known'],
  ])('is not asked for in %s', async (_, given, cause) => {
    await start(ROWS);
    expect(await read('2026-10', given)).toMatchObject({ state: 'unread', cause: expect.stringContaining(cause) });
    expect(emulator.requests.count('GetCostAndUsage')).toBe(0);
  });

  it('is asked for at the endpoint that AWS_ENDPOINT_URL_COST_EXPLORER names', async () => {
    await start(ROWS);
    const other = await startEmulator({ account: { accountId: ACCOUNT, regions: [], data: {} }, clock: () => NOW });
    process.env.AWS_ENDPOINT_URL_COST_EXPLORER = other.url;
    expect(await readable()).toMatchObject([{ total: '0' }]);
    delete process.env.AWS_ENDPOINT_URL_COST_EXPLORER;
    expect([other, emulator].map(({ requests }) => requests.count('GetCostAndUsage'))).toEqual([1, 0]);
    await other.close();
  });
});

describe('the bill of every account of an organization', () => {
  const MEMBER = '210987654321';
  let emulator: Emulator;
  let putBack: () => void;

  beforeEach(async () => {
    const member = {
      accountId: MEMBER,
      regions: [],
      data: {},
      bill: [
        row('EUC1-SnapshotUsage', '2.5'),
        row('USE1-SnapshotUsage', '1E-3'),
        row('EUC1-SnapshotUsage', '9', { recordType: 'Tax' }),
      ],
    };
    const unused = { accountId: '310987654321', regions: [], data: {}, bill: [row('EUC1-BundleUsage:2GB', '24')] };
    const role = { name: 'Read' };
    emulator = await startEmulator({
      account: {
        account: { accountId: ACCOUNT, regions: [], data: {}, bill: [row('EUC1-SnapshotUsage', '30.1')] },
        organization: {
          id: 'o-a1b2c3d4e5',
          rootId: 'r-ab12',
          members: [member, unused].map((account) => ({ ou: 'o-a1b2c3d4e5/r-ab12/', role, account })),
        },
      },
      clock: () => NOW,
    });
    putBack = pointSdkTo(emulator.url);
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  const read = async () => {
    const answer = await makeReadAccountBills({ region: 'eu-central-1', config: {} })('2026-10');
    if (answer.state === 'unread') return answer;
    const { month, final, byAccount } = answer.bills;
    return { month, final, byAccount: [...byAccount].map(([account, amount]) => [account, amountText(amount)]) };
  };
  const EVERY = {
    month: '2026-10',
    final: true,
    byAccount: [
      [ACCOUNT, '30.1'],
      [MEMBER, '2.501'],
      ['310987654321', '0'],
    ],
  };

  it('comes with one request, without tax, and names accounts that have no snapshots', async () => {
    expect(await read()).toEqual(EVERY);
    expect(emulator.requests.count('GetCostAndUsage')).toBe(1);
  });

  it('is the same with a group on each page', async () => {
    emulator.pageSize = 1;
    expect(await read()).toEqual(EVERY);
    expect(emulator.requests.count('GetCostAndUsage')).toBe(4);
  });

  it('is not read where access is denied, or where a group names no account', async () => {
    emulator.setFaults([{ service: 'ce', fault: 'deny' }]);
    expect(await read()).toMatchObject({ state: 'unread', cause: expect.stringContaining('access to Cost Explorer') });
    const group = { Keys: ['EUC1-SnapshotUsage'], Metrics: { UnblendedCost: { Amount: '1', Unit: 'USD' } } };
    const month = { TimePeriod: { Start: '2026-10-01', End: '2026-11-01' }, Estimated: false, Groups: [group] };
    emulator.setFaults([
      {
        service: 'ce',
        fault: 'answer',
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: JSON.stringify({ ResultsByTime: [month] }),
      },
    ]);
    expect(await read()).toMatchObject({ state: 'unread', cause: 'Cost Explorer gave an account that is none ("")' });
  });
});
