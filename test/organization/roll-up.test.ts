import type { RollUpAccount } from '../../lambda/core/report/roll-up';
import { makeRollUp, reportedAccount, sumTotals, unreadAccount } from '../../lambda/organization/roll-up';
import { aReport, expired, kept } from '../support/report-builder';

const MEMBER = { id: '123456789012', name: 'client-shop', ou: null };
const FAILED = { status: 'failed', pages: 0, error: { code: 'AccessDeniedException', message: 'no' } } as const;

function reportWith(scopes: readonly object[], more: object = {}) {
  const report = aReport([kept(), expired({ name: 'old' })]);
  const [scope] = report.scopes;
  return {
    ...report,
    complete: false,
    scopes: scopes.map((each) => ({ ...scope, ...each })),
    ...more,
  } as typeof report;
}

it('an account whose lists were all read is read', () => {
  const report = aReport([kept()]);
  expect(reportedAccount(MEMBER, report)).toEqual({
    ...MEMBER,
    status: 'read',
    error: null,
    reportId: report.reportId,
    totals: report.totals,
  });
});

it('an account with one list that was not read is incomplete, and names that error', () => {
  expect(reportedAccount(MEMBER, reportWith([{}, FAILED]))).toMatchObject({
    status: 'incomplete',
    error: { code: 'AccessDeniedException', message: 'no' },
    totals: { snapshots: 2 },
  });
});

it('an account names its lists that were not read, and its regions that a control policy denies', () => {
  const scopes = [
    {},
    { ...FAILED, kind: 'disk' },
    { status: 'denied', sources: 'denied', region: 'eu-west-1' },
  ] as const;
  expect(reportedAccount(MEMBER, reportWith(scopes))).toMatchObject({
    notRead: ['us-east-1 disk (AccessDeniedException)'],
    deniedRegions: ['eu-west-1'],
  });
  expect(reportedAccount(MEMBER, reportWith([{}, scopes[2], scopes[2]], { complete: true }))).toMatchObject({
    status: 'read',
    deniedRegions: ['eu-west-1'],
  });
});

it('an account of which nothing was read has failed and has no report, also where its report calls itself complete', () => {
  for (const complete of [false, true])
    expect(reportedAccount(MEMBER, reportWith([FAILED, { ...FAILED, status: 'denied' }], { complete }))).toMatchObject({
      status: 'failed',
      reportId: null,
      totals: null,
      error: { code: 'AccessDeniedException' },
    });
});

it('a report that names a resource of another account counts as none', () => {
  const report = aReport([kept(), kept({ account: '999999999999', name: 'stranger' })]);
  expect(reportedAccount(MEMBER, report)).toMatchObject({
    status: 'failed',
    reportId: null,
    error: { code: 'organization.foreign-resource', message: expect.stringContaining('stranger') },
  });
});

it('a roll-up is complete only if every account was read in full', () => {
  const read = reportedAccount(MEMBER, aReport([kept()]));
  const others: readonly RollUpAccount[] = [
    { ...read, id: '222222222222', status: 'incomplete' },
    ...(['no-role', 'not-active', 'failed'] as const).map((status) =>
      unreadAccount({ ...MEMBER, id: '222222222222' }, status, { code: 'c', message: 'm' }),
    ),
  ];
  expect(makeRollUp('r', [read]).complete).toBe(true);
  for (const other of others) expect(makeRollUp('r', [read, other]).complete).toBe(false);
});

it('the accounts of a roll-up are in order of their ids, whatever order they were read in', () => {
  const [one, two] = ['222222222222', '111111111111'].map((id) =>
    unreadAccount({ ...MEMBER, id }, 'no-role', { code: 'c', message: 'm' }),
  ) as [RollUpAccount, RollUpAccount];
  expect(makeRollUp('r', [one, two])).toEqual(makeRollUp('r', [two, one]));
});

it('sums of money are whole cents', () => {
  const { totals } = aReport([kept()]);
  const cents = Array.from({ length: 10 }, () => ({ ...totals, monthlyCostCeiling: 0.1 }));
  expect(sumTotals(cents).monthlyCostCeiling).toBe(1);
  expect(sumTotals([])).toMatchObject({ snapshots: 0, monthlyCostCeiling: 0, currency: 'USD' });
});
