import type { FollowedAccount, FollowedRollUp } from '../../lambda/core/report/account-changes';
import { UTC } from '../../lambda/core/time/zone';
import { makeRollUp } from '../../lambda/organization/roll-up';
import { accountChangeLines } from '../../lambda/render/account-changes';
import { renderRollUpEmail } from '../../lambda/render/roll-up-email';
import { storeRollUp } from '../../lambda/reporting/store-roll-up';
import { reportFiles } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
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

/** The page of a roll-up as it is stored. */
async function storedPage(changes: FollowedRollUp['changes'], missed: Parameters<typeof storeRollUp>[2]) {
  const objects = new Map<string, string>();
  await storeRollUp(memoryStore(objects), { ...rollUp, changes }, missed, { zone: UTC }, 'eu-central-1');
  return objects.get(reportFiles(rollUp.reportId).html) ?? '';
}

test('the page names every account that changed, and both paths of one that moved', async () => {
  const [evil] = some.map((each) => ({ ...each, name: '<b>x</b>' }));
  const missed = [evil ?? { id: '', name: null }];
  const page = await storedPage(rollUp.changes, missed);
  const section = /<section id="changes">.*?<\/section>/s.exec(page)?.[0] ?? '';
  expect([...section.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, head]) => head)).toEqual([
    'Not read in three reports or more (1)',
    'Lost its role since the report before (50)',
    'No longer active (50)',
    'Left, or excluded now (50)',
    'Joined (50)',
    'In another organizational unit (50)',
  ]);
  for (const { id } of some) expect(section.split(`(${id})`).length - 1).toBeGreaterThanOrEqual(5);
  expect(section.split(': from o-a/r-b/ to o-a/r-b/ou-c/')).toHaveLength(51);
  expect(section).toContain('Compared with the report 20261116T080000Z-1a2b3c4d');
  expect(section).not.toContain('<b>x');
});

test('the page has no such part where nothing changed, or where there is no report before', async () => {
  const none = { since: 'r', joined: [], left: [], moved: [], suspended: [], lostRole: [] };
  for (const changes of [none, null]) expect(await storedPage(changes, [])).not.toContain('What changed');
  expect(await storedPage(null, some.slice(0, 1))).toContain('Not read in three reports or more (1)');
});
