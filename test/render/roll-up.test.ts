import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { AccountStatus, RollUpAccount, RollUpBill } from '../../lambda/core/report/roll-up';
import { makeRollUp, reportedAccount, unreadAccount } from '../../lambda/organization/roll-up';
import { accountDetails, unreadLine } from '../../lambda/render/roll-up';
import { renderRollUpCsv } from '../../lambda/render/roll-up-csv';
import { renderRollUpEmail } from '../../lambda/render/roll-up-email';
import { ROLL_UP_SCRIPT, ROLL_UP_SCRIPT_HASH, renderRollUpHtml } from '../../lambda/render/roll-up-html';
import { renderRollUpJson } from '../../lambda/render/roll-up-json';
import { renderRollUpMarkdown, renderRollUpText } from '../../lambda/render/roll-up-text';
import { aReport, expired, kept } from '../support/report-builder';

const REPORT = aReport([kept(), expired({ name: 'old' })]);
const idOf = (index: number): string => String(210_000_000_000 + index);

function account(
  index: number,
  status: AccountStatus = 'read',
  name: string | null = `client-${index}`,
): RollUpAccount {
  const member = { id: idOf(index), name, ou: null };
  if (status === 'no-role' || status === 'not-active' || status === 'failed')
    return unreadAccount(member, status, { code: 'AccessDenied', message: `refused for ${index}` });
  const read = reportedAccount({ ...member, id: '123456789012' }, REPORT);
  return { ...read, ...member, status, error: status === 'read' ? null : { code: 'E', message: 'a list' } };
}

const MANY = Array.from({ length: 300 }, (_, index) => account(index, index < 25 ? 'no-role' : 'read'));
const CONTEXT = { details: new Map([[idOf(299), accountDetails(REPORT)]]), jsonCommand: null };
const textOf = (chunks: Iterable<string>): string => [...chunks].join('');
const STYLE = { columns: 80, colour: false };

test.each<[readonly RollUpAccount[], string]>([
  [[account(1)], 'The account was read in full.'],
  [[account(1), account(2)], 'All 2 accounts were read in full.'],
  [[account(1, 'no-role'), account(2)], '1 of 2 accounts could not be read: client-1.'],
  [[account(1, 'failed', null), account(2)], `1 of 2 accounts could not be read: ${idOf(1)}.`],
  [[account(1), account(2, 'incomplete')], 'All of 2 accounts could be reached, 1 read in part: client-2.'],
  [
    [account(1, 'not-active'), account(2, 'incomplete')],
    '1 of 2 accounts could not be read: client-1; 1 read in part: client-2.',
  ],
])('the first line of case %#', (accounts, line) => {
  expect(unreadLine(accounts)).toBe(line);
});

it('the first line of the e-mail counts the accounts that could not be read, and names the first ten', () => {
  const [first = ''] = renderRollUpEmail(makeRollUp('r', MANY)).body.split('\n');
  expect(first).toMatch(/^25 of 300 accounts could not be read: client-0, .*client-9 and 15 more\.$/);
});

it('the first line of the e-mail names ten accounts also where their names are long', () => {
  const long = MANY.map((each, index) => ({ ...each, name: `client-with-a-long-name-${index}` }));
  const [first = ''] = renderRollUpEmail(makeRollUp('r', long)).body.split('\n');
  expect(first.length).toBeLessThanOrEqual(200);
  expect(first.split(': ')[1]?.split(', ')).toHaveLength(10);
  expect(first).toMatch(/ and 15 more\.$/);
});

it('the e-mail keeps its limits, whatever the accounts are', () => {
  const statuses: readonly AccountStatus[] = ['read', 'incomplete', 'no-role', 'not-active', 'failed'];
  const anAccount = fc
    .tuple(fc.nat(999), fc.constantFrom(...statuses), fc.option(fc.string({ unit: 'binary', maxLength: 80 })))
    .map(([index, status, name]) => account(index, status, name));
  fc.assert(
    fc.property(fc.array(anAccount, { minLength: 1, maxLength: 60 }), (accounts) => {
      const { subject, body } = renderRollUpEmail(makeRollUp('r', accounts));
      expect(subject).toMatch(/^[ -~]{1,99}$/);
      expect(body.split('\n').length - 1).toBeLessThanOrEqual(40);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(8 * 1024);
    }),
    { numRuns: 100 },
  );
});

test.each([
  [[account(1, 'no-role'), account(2)], '[Lightsail] INCOMPLETE: 1 of 2 accounts could not be read'],
  [[account(1, 'incomplete')], '[Lightsail] INCOMPLETE: 1 of 1 account could not be read in full'],
  [[account(1), account(2)], '[Lightsail] 2 of 4 snapshots in 2 accounts are expired, up to $4.00/month'],
])('the subject of case %# names what was not read first', (accounts, subject) => {
  expect(renderRollUpEmail(makeRollUp('r', accounts)).subject).toBe(subject);
});

it('text, page, Markdown, JSON and CSV name every account', () => {
  const rollUp = makeRollUp('r', MANY);
  const forms = [
    renderRollUpText(rollUp, CONTEXT, STYLE),
    renderRollUpHtml(rollUp, CONTEXT),
    renderRollUpMarkdown(rollUp),
    renderRollUpJson(rollUp),
    renderRollUpCsv(rollUp),
  ].map(textOf);
  for (const form of forms) for (const { id } of MANY) expect(form).toContain(id);
});

it('the text of 80 columns has no wider line', () => {
  const text = textOf(renderRollUpText(makeRollUp('r', MANY), CONTEXT, STYLE));
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

it('the page lists what was not read before the accounts, and those before by what they could free', () => {
  const cheap = account(1);
  const dear = { ...account(2), totals: cheap.totals && { ...cheap.totals, expireMonthlyCostCeiling: 99 } };
  const page = textOf(renderRollUpHtml(makeRollUp('r', [cheap, dear, account(3, 'failed')]), CONTEXT));
  const places = [idOf(3), idOf(2), idOf(1)].map((id) => page.lastIndexOf(`(${id})`));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

it('names and messages of other people are text on the page', () => {
  const evil = '<cwdb-action action="call">"\'';
  const page = textOf(
    renderRollUpHtml(makeRollUp('r', [account(1, 'failed', evil), account(2, 'read', evil)]), CONTEXT),
  );
  expect(page).not.toContain('<cwdb-action');
  expect(page).toContain('&lt;cwdb-action');
});

it('the content security policy of the page names the hash of its script', () => {
  const hash = createHash('sha256').update(ROLL_UP_SCRIPT).digest('base64');
  expect(ROLL_UP_SCRIPT_HASH).toBe(`sha256-${hash}`);
  expect(textOf(renderRollUpHtml(makeRollUp('r', MANY), CONTEXT))).toContain(`script-src '${ROLL_UP_SCRIPT_HASH}'`);
});

it('an account without a report has empty cells in CSV, not zeros', () => {
  const [head = '', row = ''] = textOf(renderRollUpCsv(makeRollUp('r', [account(1, 'no-role')]))).split('\n');
  const column = head.split(',').indexOf('snapshots');
  expect(row.split(',')[column]).toBe('');
});

it('the page of a deployment links the page of each account', () => {
  const page = textOf(renderRollUpHtml(makeRollUp('r', [account(1)]), CONTEXT, ({ id }) => `${id}/report.html`));
  expect(page).toContain(`href="${idOf(1)}/report.html"`);
});

describe('the bill of a roll-up', () => {
  const ROWS = [account(1), account(2, 'no-role'), account(3), account(4)];
  const BILL: RollUpBill = {
    spend: {
      month: '2026-10',
      final: false,
      currency: 'USD',
      total: 12.75,
      byAccount: { [idOf(1)]: 4.25, [idOf(2)]: 8.5, [idOf(3)]: 0 },
      otherAccounts: 3,
    },
  };
  const UNREAD: RollUpBill = { spend: null, spendUnread: { cause: 'access is denied', remedy: 'allow it' } };
  const LINE =
    'The snapshots of these accounts were billed $12.75 in Oct 2026 (not final yet). Full copies of all that were ' +
    'read would cost up to $12.00 a month. Accounts outside of this report: $3.00.';
  const UNREAD_LINE = 'The bill of last month was not read: access is denied. Remedy: allow it.';
  const NOTE = 'billed $4.25 in Oct 2026, of up to $4.00';
  const NOTE_OF_UNREAD = 'refused for 2; billed $8.50 in Oct 2026';
  const wide = { columns: 200, colour: false };
  const formsOf = (bill?: RollUpBill): Readonly<Record<string, string>> => {
    const rollUp = makeRollUp('r', ROWS, bill);
    return {
      text: textOf(renderRollUpText(rollUp, CONTEXT, wide)),
      page: textOf(renderRollUpHtml(rollUp, CONTEXT)),
      markdown: textOf(renderRollUpMarkdown(rollUp)).replaceAll('\\', ''),
      email: renderRollUpEmail(rollUp).body,
    };
  };

  test.each(['text', 'page', 'markdown', 'email'])('is in one line beside the ceiling of all accounts: %s', (form) => {
    expect(formsOf(BILL)[form]?.replace(/\n(?=\S)/g, ' ')).toContain(LINE);
    expect(formsOf(UNREAD)[form]).toContain(UNREAD_LINE);
    expect(formsOf()[form]).not.toMatch(/billed|The bill/i);
  });

  test('is beside the ceiling of each account, and after the cause where an account was not read', () => {
    const { page, email, text, markdown } = formsOf(BILL);
    for (const form of [page, email]) expect(form).toContain(NOTE);
    for (const form of [page, email, text, markdown]) expect(form).toContain(NOTE_OF_UNREAD);
    expect(text).toMatch(/UP TO +ALL UP TO +BILLED\n/);
    expect(text).toMatch(new RegExp(`${idOf(1)} .* \\$2.00/month +\\$4.00/month +\\$4.25\\n`));
    expect(text).toMatch(new RegExp(`${idOf(3)} .* \\$4.00/month +\\$0.00\\n`));
    expect(text).toMatch(new RegExp(`${idOf(4)} .* \\$4.00/month\\n`));
    expect(markdown).toContain('| UP TO | ALL UP TO | BILLED |');
  });

  test('is in the last columns of CSV: empty for an account that is not in it, or where it was not read', () => {
    const rowsOf = (bill?: RollUpBill) =>
      textOf(renderRollUpCsv(makeRollUp('r', ROWS, bill)))
        .trimEnd()
        .split('\n');
    expect(rowsOf(BILL).map((row) => row.split(',').slice(-2))).toEqual([
      ['billedMonth', 'billed'],
      ['2026-10', '4.25'],
      ['2026-10', '8.5'],
      ['2026-10', '0'],
      ['2026-10', ''],
    ]);
    expect(rowsOf(UNREAD)[1]?.endsWith(',,')).toBe(true);
    expect(rowsOf()[0]?.split(',').at(-1)).toBe('reportId');
  });

  test('is the most that each value of a tag can have cost, where costs are told by a tag', () => {
    const costs = { snapshots: 1, expire: 0, expireMonthlyCostCeiling: 0, unknownSizes: 0 };
    const byTag = [
      { ...costs, value: null, monthlyCostCeiling: 1.5 },
      { ...costs, value: '=web', monthlyCostCeiling: 9, expire: 1, expireMonthlyCostCeiling: 9 },
      { ...costs, value: 'x', monthlyCostCeiling: 1, unknownSizes: 1 },
    ];
    const tagged = makeRollUp('r', [{ ...account(1), byTag }, account(2, 'no-role'), { ...account(4), byTag: [] }], {
      ...BILL,
      costTag: 'team',
    });
    const [head = '', ...lines] = textOf(renderRollUpCsv(tagged)).trimEnd().split('\n');
    expect(head).toBe(
      'account,name,ou,status,error,notRead,tag,value,snapshots,expire,monthlyCostCeiling,expireMonthlyCostCeiling,' +
        'unknownSizes,reportId,billedMonth,accountBilled,billedAtMost',
    );
    const from = head.split(',').indexOf('tag');
    const cells = lines.map((line) => [line.split(',')[0], ...line.split(',').slice(from)]);
    const report = REPORT.reportId;
    expect(cells).toEqual([
      [idOf(1), 'team', '', '1', '0', '1.5', '0', '0', report, '2026-10', '4.25', '1.5'],
      [idOf(1), 'team', "'=web", '1', '1', '9', '9', '0', report, '2026-10', '4.25', '4.25'],
      [idOf(1), 'team', 'x', '1', '0', '1', '0', '1', report, '2026-10', '4.25', '4.25'],
      [idOf(2), 'team', '', '', '', '', '', '', '', '2026-10', '8.5', ''],
      [idOf(4), 'team', '', '', '', '', '', '', report, '2026-10', '', ''],
    ]);
    expect(JSON.parse(textOf(renderRollUpJson(tagged)))).toMatchObject({
      costTag: 'team',
      accounts: [{ byTag }, {}, {}],
    });
    const credited = { ...tagged, spend: BILL.spend && { ...BILL.spend, byAccount: { [idOf(1)]: -3 } } };
    expect(textOf(renderRollUpCsv(credited))).toContain(',2026-10,-3,0\n');
    const free = textOf(renderRollUpCsv({ ...tagged, spend: null })).split('\n')[0];
    expect(free?.endsWith('unknownSizes,reportId')).toBe(true);
  });

  test('is in JSON, with the cause where it was not read, which makes nothing incomplete', () => {
    const jsonOf = (bill: RollUpBill) =>
      JSON.parse(textOf(renderRollUpJson(makeRollUp('r', [account(1)], bill)))) as object;
    expect(jsonOf(BILL)).toMatchObject({ complete: true, spend: BILL.spend });
    expect(jsonOf(UNREAD)).toMatchObject({ complete: true, ...UNREAD });
    expect(jsonOf({ spend: null })).not.toHaveProperty('spendUnread');
  });

  test('leaves the e-mail within 40 lines, and the text within its columns', () => {
    const byAccount = Object.fromEntries(MANY.map(({ id }) => [id, 123_456.78]));
    const spend = BILL.spend && { ...BILL.spend, total: 37_037_034, byAccount };
    const rollUp = makeRollUp('r', MANY, { spend });
    const { body } = renderRollUpEmail(rollUp, {
      changes: ['a', 'b', 'c', 'd', 'e', 'f'],
      places: [{ text: 'p' }, { text: 'q' }],
      footer: ['f', 'Evidence: 1:a'],
    });
    expect(body.split('\n').length - 1).toBeLessThanOrEqual(40);
    expect(body.split('\n').filter((line) => line.length > 200)).toEqual([]);
    const text = textOf(renderRollUpText(rollUp, CONTEXT, STYLE));
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('regions that a service control policy denies', () => {
  const denied = (index: number, ...deniedRegions: readonly string[]): RollUpAccount => ({
    ...account(index),
    deniedRegions,
  });
  const HALF = makeRollUp('r', [
    account(1),
    denied(2, 'eu-central-1'),
    denied(3, 'eu-central-1'),
    denied(4, 'eu-west-1', 'us-east-2'),
  ]);
  const LINE =
    'Denied by a service control policy in 3 accounts, and not read: ' +
    'eu-central-1 in client-2, client-3; eu-west-1, us-east-2 in client-4.';

  it('are named in the first lines of every form, none of which calls the accounts read in full', () => {
    const forms = [
      textOf(renderRollUpText(HALF, CONTEXT, { columns: 200, colour: false })),
      textOf(renderRollUpMarkdown(HALF)).replaceAll('\\', ''),
      textOf(renderRollUpHtml(HALF, CONTEXT)),
      renderRollUpEmail(HALF).body,
    ];
    for (const form of forms) {
      expect(form).not.toContain('in full');
      expect(form).toContain('All 4 accounts were read, except in regions that a service control policy denies.');
      expect(form).toContain(LINE);
      expect(form.indexOf(LINE)).toBeLessThan(form.indexOf('8 snapshots in 4 accounts'));
    }
    expect(HALF.complete).toBe(true);
  });

  it('are in the row of their account in CSV and JSON', () => {
    expect(textOf(renderRollUpCsv(HALF))).toContain('eu-west-1 (denied by a service control policy)');
    const { accounts } = JSON.parse(textOf(renderRollUpJson(HALF)));
    expect(accounts.map((row: RollUpAccount) => row.deniedRegions)).toEqual([
      undefined,
      ['eu-central-1'],
      ['eu-central-1'],
      ['eu-west-1', 'us-east-2'],
    ]);
  });

  it('are named once where they are denied in all accounts, and with every account below where in many', () => {
    const all = makeRollUp(
      'r',
      MANY.map((_, index) => denied(index, 'eu-west-3')),
    );
    const [, second] = renderRollUpEmail(all).body.split('\n');
    expect(second).toBe('Denied by a service control policy in 300 accounts, and not read: eu-west-3 in all of them.');
    const most = makeRollUp('r', [account(299), ...all.accounts.slice(0, 299)]);
    expect(renderRollUpEmail(most).body).toContain('eu-west-3 in client-0, client-1,');
    const [, list = ''] = textOf(renderRollUpMarkdown(most)).split('## Regions denied');
    for (const { id } of most.accounts.slice(0, 299)) expect(list.split('## Accounts')[0]).toContain(id);
  });
});

it('what was not read of an account is named in text, page, Markdown and e-mail', () => {
  const part = { ...account(1, 'incomplete'), notRead: ['us-east-1 disk (AccessDeniedException)'] };
  const rollUp = makeRollUp('r', [part]);
  const forms = [
    renderRollUpText(rollUp, CONTEXT, { columns: 200, colour: false }),
    renderRollUpMarkdown(rollUp),
    renderRollUpHtml(rollUp, CONTEXT),
    [renderRollUpEmail(rollUp).body],
  ].map(textOf);
  for (const form of forms) expect(form.replaceAll('\\', '')).toContain('us-east-1 disk (AccessDeniedException)');
});

describe('patterns that match no account', () => {
  const warnings = ['a', 'b', 'c'].map(
    (glob) => `organization.accounts.include: "${glob}*" matches none of 300 accounts`,
  );
  const warned = { ...makeRollUp('r', MANY), warnings };

  it('are named in the e-mail and on the page', () => {
    expect(renderRollUpEmail(warned).body).toContain(`Warning: ${warnings[0]}; and 2 more.`);
    const page = textOf(renderRollUpHtml(warned, CONTEXT)).replaceAll('&quot;', '"');
    for (const warning of warnings) expect(page).toContain(`Warning: ${warning}`);
  });

  it('denied regions and a bill leave the e-mail within 40 lines', () => {
    const denied = MANY.map((each, index) => (index < 40 ? { ...each, deniedRegions: ['eu-west-1'] } : each));
    const { body } = renderRollUpEmail(
      { ...warned, accounts: denied, spendUnread: { cause: 'access is denied', remedy: 'allow it' } },
      {
        changes: ['a', 'b', 'c', 'd', 'e', 'f'],
        places: [{ text: 'p' }, { text: 'q' }],
        footer: ['f', 'Evidence: 1:a'],
      },
    );
    expect(body.split('\n').length - 1).toBeLessThanOrEqual(40);
  });
});
