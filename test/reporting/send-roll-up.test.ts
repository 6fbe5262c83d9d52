import type { FollowedRollUp } from '../../lambda/core/report/account-changes';
import { makeRollUp } from '../../lambda/organization/roll-up';
import { sendRollUp, wantsRollUp } from '../../lambda/reporting/send-roll-up';
import { memoryStore } from '../fakes/memory-store';
import { someTotals } from '../organization/totals';

const NOW = Date.UTC(2026, 10, 23, 8);
const ID = '20261123T080000Z-1a2b3c4d';

function rollUpOf(given: Partial<FollowedRollUp> = {}, expire = 0, changed = false): FollowedRollUp {
  const row = { id: '123456789012', name: null, ou: null, status: 'read', error: null, reportId: ID } as const;
  const totals = someTotals({ snapshots: 2, expire });
  const accounts = [{ ...row, totals, changed, unreadReports: 0 }];
  const nothing = { since: ID, joined: [], left: [], moved: [], suspended: [], lostRole: [] };
  return { ...makeRollUp(ID, accounts), accounts, changes: nothing, ...given };
}

const JOINED = [{ id: '123456789012', name: null }];

test.each<[string, FollowedRollUp, Record<'always' | 'expiring' | 'changed', boolean>]>([
  ['has nothing new', rollUpOf(), { always: true, expiring: false, changed: false }],
  ['has expired snapshots', rollUpOf({}, 1), { always: true, expiring: true, changed: false }],
  ['has an account with changes', rollUpOf({}, 0, true), { always: true, expiring: false, changed: true }],
  ['is the first', rollUpOf({ changes: null }), { always: true, expiring: false, changed: true }],
  ['is incomplete', rollUpOf({ complete: false }), { always: true, expiring: true, changed: true }],
  ['has a warning', rollUpOf({ warnings: ['w'] }), { always: true, expiring: true, changed: true }],
  [
    'has an account that joined',
    rollUpOf({ changes: { since: ID, joined: JOINED, left: [], moved: [], suspended: [], lostRole: [] } }),
    { always: true, expiring: true, changed: true },
  ],
])('the message about an organization is sent as report.send says when it %s', (_, rollUp, wanted) => {
  for (const send of ['always', 'expiring', 'changed'] as const) expect(wantsRollUp(rollUp, send)).toBe(wanted[send]);
});

test.each([null, NOW])(
  'a message that was sent is not sent again because its note could not be written (%p)',
  async (scheduledAt) => {
    let sent = 0;
    const store = memoryStore();
    const failing = {
      ...store,
      put: () => Promise.reject(new Error('no access')),
      putIfAbsent: (object: Parameters<typeof store.putIfAbsent>[0]) =>
        object.key.includes('sent') ? Promise.reject(new Error('no access')) : store.putIfAbsent(object),
    };
    const channel = {
      send: async () => {
        sent += 1;
      },
      confirmedSubscribers: async () => 1,
    };
    const message = { subject: 's', body: 'b', attributes: {} };
    const request = { reportId: ID, digest: 'd', scheduledAt, message, confirmedSubscribers: 1 };
    await expect(sendRollUp({ store: failing, channel, clock: () => NOW }, request)).resolves.toBe('sent');
    expect(sent).toBe(1);
  },
);
