import { listAccounts, organizationsEndpoint } from '../../lambda/aws/list-accounts';

type Answer = { readonly Accounts?: unknown; readonly NextToken?: unknown } | Error;

async function list(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const accounts = await listAccounts(
    async (token) => {
      asked.push(token ?? 'first');
      const answer = answers[token ?? 'first'];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    { deadline: null, clock: () => 0 },
  );
  return { accounts, asked };
}

const row = (digit: string, more: object = {}) => ({
  Id: digit.repeat(12),
  Name: `a${digit}`,
  State: 'ACTIVE',
  ...more,
});
const failure = (name: string, message = 'because') => Object.assign(new Error(message), { name });

it('reads every page, also behind an empty one', async () => {
  const { accounts, asked } = await list({
    first: { Accounts: [row('1')], NextToken: 'b' },
    b: { Accounts: [], NextToken: 'c' },
    c: { Accounts: [row('2')] },
  });
  expect(asked).toEqual(['first', 'b', 'c']);
  expect(accounts.map(({ id }) => id)).toEqual(['111111111111', '222222222222']);
});

it('takes the path of the OU without the account, and the state under both of its names', async () => {
  const { accounts } = await list({
    first: {
      Accounts: [
        row('1', { Paths: ['o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/111111111111/'] }),
        { Id: '222222222222', Status: 'SUSPENDED' },
      ],
    },
  });
  expect(accounts).toEqual([
    { id: '111111111111', name: 'a1', ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/', state: 'ACTIVE' },
    { id: '222222222222', name: null, ou: null, state: 'SUSPENDED' },
  ]);
});

test.each<[string, Readonly<Record<string, Answer>>, string, RegExp]>([
  ['a denied call', { first: failure('AccessDeniedException') }, 'organization.denied', /delegated administrator/],
  [
    'an organization that is not used',
    { first: failure('AWSOrganizationsNotInUseException') },
    'organization.not-used',
    /--account ID/,
  ],
  ['throttling', { first: failure('TooManyRequestsException') }, 'organization.unreadable', /TooManyRequests/],
  [
    'a repeated token',
    { first: { Accounts: [], NextToken: 'b' }, b: { Accounts: [], NextToken: 'b' } },
    'organization.unreadable',
    /same next page/,
  ],
  ['an answer without a list', { first: {} }, 'organization.unreadable', /without its list/],
  ['an account without a number', { first: { Accounts: [{ Name: 'x' }] } }, 'organization.unreadable', /12 digits/],
  [
    'a denial of a later page',
    { first: { Accounts: [row('1')], NextToken: 'b' }, b: failure('AccessDeniedException') },
    'organization.denied',
    /refused/,
  ],
])('leaves no account out in silence: %s is an error', async (_, answers, code, message) => {
  await expect(list(answers)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test.each([
  ['eu-central-1', 'https://organizations.us-east-1.amazonaws.com'],
  ['us-gov-east-1', 'https://organizations.us-gov-west-1.amazonaws.com'],
  ['cn-north-1', 'https://organizations.cn-northwest-1.amazonaws.com.cn'],
])('a caller in %s asks %s', (region, endpoint) => {
  expect(organizationsEndpoint(region).endpoint).toBe(endpoint);
});
