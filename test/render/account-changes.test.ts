import type { FollowedAccount, FollowedRollUp } from '../../lambda/core/report/account-changes';
import { makeRollUp } from '../../lambda/organization/roll-up';
import { accountChangeLines } from '../../lambda/render/account-changes';
import { renderRollUpEmail } from '../../lambda/render/roll-up-email';
import { someTotals } from '../organization/totals';
import { expectWithinLimits } from './email-limits';

const NAME = 'the account of the team that runs the shop, and of everything that belongs to it';

const account = (index: number): FollowedAccount => {
  const isRead = index % 3 > 0;
  return {
    id: String(100_000_000_000 + index),
    name: `${NAME} ${index}`,
    ou: null,
    status: isRead ? 'read' : 'no-role',
    error: isRead ? null : { code: 'AccessDenied', message: `cannot assume the role: ${NAME.repeat(5)}` },
    reportId: isRead ? '20261123T080000Z-1a2b3c4d' : null,
    totals: isRead ? someTotals({ snapshots: 60, expire: 30, expireMonthlyCostCeiling: 1_234.5 }) : null,
    unreadReports: isRead ? 0 : 4,
  };
};

const accounts = Array.from({ length: 300 }, (_, index) => account(index));
const some = accounts.slice(0, 50);
const rollUp: FollowedRollUp = {
  ...makeRollUp('20261123T080000Z-1a2b3c4d', accounts),
  accounts,
  changes: {
    since: '20261116T080000Z-1a2b3c4d',
    joined: some,
    left: some,
    moved: some.map((each) => ({ ...each, from: 'o-a/r-b/', to: 'o-a/r-b/ou-c/' })),
    suspended: some,
    lostRole: some,
  },
};

test('changes of accounts are a sentence for each kind, the accounts of an alarm first', () => {
  const lines = accountChangeLines(rollUp, some.slice(0, 1));
  expect(lines.map((line) => line.split(':')[0])).toEqual([
    'Not read in three reports or more',
    'Lost its role since the report before',
    'No longer active',
    'Left, or excluded now',
    'Joined',
    'In another organizational unit',
  ]);
  expect(lines[4]).toMatch(/ and 47 more\.$/);
  expect(accountChangeLines({ ...rollUp, changes: null }, [])).toEqual([]);
});

test('the e-mail about 300 accounts, of which 100 could not be read, fits with all that a deployment adds', () => {
  const link = `https://eu-central-1.console.aws.amazon.com/s3/object/${'b'.repeat(63)}?prefix=${'k'.repeat(80)}`;
  const email = renderRollUpEmail(rollUp, {
    places: ['page', 'dashboard'].map((text) => ({ text, link })),
    changes: accountChangeLines(rollUp, some),
    footer: ['Configuration retention.yaml, sha256:0123456789abcdef. Next report: 7 Dec 2026.'],
  });
  expectWithinLimits(email);
  expect(email.body).toContain('Not read in three reports or more: ');
});
