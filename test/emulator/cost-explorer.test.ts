import { execFile, spawnSync } from 'node:child_process';
import { devNull } from 'node:os';
import { promisify } from 'node:util';
import type { BillRow } from '../../emulator/account';
import { sampleAccount } from '../../emulator/sample-account';
import type { Emulator } from '../../emulator/server';
import { describeWith, itWith } from '../support/optional';
import { ACCOUNT, NOW, withEmulator } from './clients';

const run = promisify(execFile);

interface Answer {
  readonly ResultsByTime: readonly {
    readonly TimePeriod: { readonly Start: string; readonly End: string };
    readonly Estimated: boolean;
    readonly Total: Readonly<Record<string, { readonly Amount: string; readonly Unit: string }>>;
    readonly Groups: readonly {
      readonly Keys: readonly string[];
      readonly Metrics: Readonly<Record<string, { readonly Amount: string; readonly Unit: string }>>;
    }[];
  }[];
  readonly GroupDefinitions?: unknown;
  readonly NextPageToken?: string;
}

/** The environment of a client, without the settings of the machine. */
function envFor(emulator: Emulator): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(inherited),
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
}

const BY_USAGE = ['--group-by', 'Type=DIMENSION,Key=USAGE_TYPE'];
const OCTOBER = ['--time-period', 'Start=2026-10-01,End=2026-11-01', '--granularity', 'MONTHLY'];
const COST = ['--metrics', 'UnblendedCost'];
const HOME = ['--region', 'us-east-1'];

/** `aws ce get-cost-and-usage`: its answer, or what it printed as an error. */
async function ask(emulator: Emulator, ...args: string[]): Promise<Answer> {
  const command = ['ce', 'get-cost-and-usage', '--output', 'json', ...args];
  const { stdout } = await run('aws', command, { env: envFor(emulator) });
  return JSON.parse(stdout);
}

const filterBy = (...pairs: readonly (readonly [string, string])[]): readonly string[] => [
  '--filter',
  JSON.stringify({ And: pairs.map(([Key, value]) => ({ Dimensions: { Key, Values: [value] } })) }),
];

const row = (usageType: string, amount: string, more: Partial<BillRow> = {}): BillRow => ({
  month: '2026-10',
  usageType,
  amount,
  ...more,
});

const withBill = (bill: readonly BillRow[], work: (emulator: Emulator) => Promise<void>, pageSize = 50) =>
  withEmulator({ account: { accountId: ACCOUNT, regions: [], data: {}, bill }, clock: () => NOW, pageSize }, work);

const LIMIT = 60_000;

describe('the AWS CLI cannot tell the emulated Cost Explorer from the service', () => {
  itWith(
    'aws',
    'it groups the bill of the sample account, in the words of the service',
    () =>
      withEmulator({ account: sampleAccount(NOW), clock: () => NOW }, async (emulator) => {
        const answer = await ask(emulator, ...HOME, ...OCTOBER, ...COST, ...BY_USAGE);
        expect(answer.GroupDefinitions).toEqual([{ Type: 'DIMENSION', Key: 'USAGE_TYPE' }]);
        expect(answer.ResultsByTime).toMatchObject([
          { TimePeriod: { Start: '2026-10-01', End: '2026-11-01' }, Estimated: false, Total: {} },
        ]);
        expect(answer.ResultsByTime[0]?.Groups).toContainEqual({
          Keys: ['EUC1-SnapshotUsage'],
          Metrics: { UnblendedCost: { Amount: '52.1704862871', Unit: 'USD' } },
        });
      }),
    LIMIT,
  );

  itWith(
    'aws',
    'it filters, adds up without groups, and tells the current month as estimated',
    () =>
      withBill(
        [
          row('A', '0.1'),
          row('B', '0.2'),
          row('A', '7', { recordType: 'Tax' }),
          row('A', '9', { account: '210987654321' }),
          row('A', '1', { month: '2026-11' }),
        ],
        async (emulator) => {
          const filter = filterBy(['RECORD_TYPE', 'Usage'], ['LINKED_ACCOUNT', ACCOUNT]);
          const period = ['--time-period', 'Start=2026-10-01,End=2026-12-01', '--granularity', 'MONTHLY'];
          const { ResultsByTime } = await ask(emulator, ...HOME, ...period, ...COST, ...filter);
          expect(ResultsByTime.map(({ Total, Estimated }) => [Total.UnblendedCost?.Amount, Estimated])).toEqual([
            ['0.3', false],
            ['1', true],
          ]);
        },
      ),
    LIMIT,
  );
});

const SCRIPT = `
import boto3, json
from botocore.exceptions import ClientError

def client(region='us-east-1'):
    return boto3.client('ce', region_name=region)

def request(**more):
    return dict(dict(TimePeriod={'Start': '2026-10-01', 'End': '2026-11-01'}, Granularity='MONTHLY',
                     Metrics=['UnblendedCost'], GroupBy=[{'Type': 'DIMENSION', 'Key': 'USAGE_TYPE'}]), **more)

def period(start, end):
    return request(TimePeriod={'Start': start, 'End': end})

def refusal(asked, region='us-east-1'):
    try:
        return client(region).get_cost_and_usage(**asked)
    except ClientError as error:
        return [error.response['Error']['Code'], error.response['Error']['Message']]

first = client().get_cost_and_usage(**request())
token = first['NextPageToken']
second = client().get_cost_and_usage(**request(NextPageToken=token))
both = request(GroupBy=[{'Type': 'DIMENSION', 'Key': key} for key in ['USAGE_TYPE', 'LINKED_ACCOUNT']])
print(json.dumps({
    'first': first['ResultsByTime'],
    'second': second['ResultsByTime'],
    'last': 'NextPageToken' not in second,
    'both': client().get_cost_and_usage(**both)['ResultsByTime'][0]['Groups'][0]['Keys'],
    'refusals': [
        refusal(request(NextPageToken=token, Metrics=['BlendedCost'])),
        refusal(request(), 'eu-central-1'),
        refusal(period('2026-11-01', '2026-10-01')),
        refusal(period('2026-10-01', '2027-10-01')),
        refusal(period('2020-10-01', '2026-10-01')),
        refusal(request(Metrics=['Cost'])),
    ],
}))
`;

/** Python may be there without it. */
const BOTO3 = spawnSync('python3', ['-c', 'import boto3'], { stdio: 'ignore' }).status === 0;

describeWith(BOTO3, 'boto3', 'boto3 cannot tell the emulated Cost Explorer from the service', () => {
  /** What the script prints. */
  async function runScript(emulator: Emulator, script = SCRIPT) {
    const { stdout } = await run('python3', ['-c', script], { env: envFor(emulator) });
    return JSON.parse(stdout);
  }

  it(
    'when it groups, pages, and is refused',
    () =>
      withBill(
        [row('EUC1-SnapshotUsage', '1.5E-7'), row('B', '2'), row('C', '3')],
        async (emulator) => {
          const { first, second, last, both, refusals } = await runScript(emulator);
          expect(first).toMatchObject([
            {
              TimePeriod: { Start: '2026-10-01', End: '2026-11-01' },
              Total: {},
              Groups: [
                { Keys: ['EUC1-SnapshotUsage'], Metrics: { UnblendedCost: { Amount: '1.5E-7', Unit: 'USD' } } },
                { Keys: ['B'] },
              ],
              Estimated: false,
            },
          ]);
          expect([second, last]).toMatchObject([[{ Groups: [{ Keys: ['C'] }] }], true]);
          expect(both).toEqual(['EUC1-SnapshotUsage', ACCOUNT]);
          expect(refusals).toEqual([
            ['InvalidNextTokenException', 'Invalid nextToken'],
            ['InvalidSignatureException', "Credential should be scoped to a valid region, not 'eu-central-1'. "],
            ['ValidationException', 'Start date (and hour) should be before end date (and hour)'],
            ['ValidationException', 'end date past the beginning of next month'],
            ['ValidationException', "You haven't enabled historical data beyond 14 months."],
            ['ValidationException', 'Invalid metric: Cost'],
          ]);
        },
        2,
      ),
    LIMIT,
  );

  it.each([
    [{ service: 'ce', fault: 'error', code: 'DataUnavailableException', message: 'Not yet.' } as const, 'Not yet.'],
    [{ service: 'ce', fault: 'deny', by: 'nothing-allows' } as const, 'no identity-based policy allows the ce:'],
  ])(
    'when the service fails with %j',
    (fault, message) =>
      withBill([], async (emulator) => {
        emulator.setFaults([fault]);
        const script = `${SCRIPT.slice(0, SCRIPT.indexOf('first ='))}print(json.dumps(refusal(request())))`;
        const [code, text] = await runScript(emulator, script);
        expect(code).toBe(fault.fault === 'error' ? fault.code : 'AccessDeniedException');
        expect(text).toContain(message);
      }),
    LIMIT,
  );
});
