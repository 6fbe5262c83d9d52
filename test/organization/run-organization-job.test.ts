import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { durableBatches } from '../../lambda/aws/durable-steps';
import { globMatches } from '../../lambda/config/globs';
import type { AccountGlobs } from '../../lambda/core/policy/config';
import type { FollowedRollUp } from '../../lambda/core/report/account-changes';
import { rollUpEvents } from '../../lambda/core/report/retention-event';
import type { RollUpAccount } from '../../lambda/core/report/roll-up';
import {
  accountsOfBatch,
  type BatchEvent,
  type OrganizationPorts,
  type OrganizationResult,
  readAccounts,
  runOrganization,
  storeBatch,
} from '../../lambda/organization/run-organization-job';
import type { ListedAccount } from '../../lambda/organization/select-accounts';
import type { EventsSent } from '../../lambda/ports/event-bus';
import type { Store } from '../../lambda/ports/ports';
import { sha256Of } from '../../lambda/runtime/digest';
import { summaryFile } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';
import { validateEvent } from '../support/event-schema';
import { someTotals } from './totals';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const ID = '20261123T080000Z-1a2b3c4d';

const listed = (count: number): readonly ListedAccount[] =>
  Array.from({ length: count }, (_, i) => ({
    id: String(100_000_000_000 + i),
    name: `account-${i}`,
    ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/',
    state: 'ACTIVE',
  }));

interface Ran {
  readonly result: OrganizationResult | null;
  readonly error: string | null;
  readonly operations: number;
  readonly largest: number;
  readonly mostAtOnce: number;
  readonly sent: readonly FollowedRollUp[];
  readonly summary: FollowedRollUp;
}

/** Runs a report in the local runner of the durable SDK. `read` stands for the function that reads a batch. */
async function ran(
  accounts: readonly ListedAccount[],
  {
    objects = new Map<string, string>(),
    reportId = ID,
    failing = () => false,
    rowOf = (account) => ({
      ...account,
      status: 'read',
      error: null,
      reportId,
      totals: someTotals({ snapshots: 2, expire: 1 }),
    }),
    ports: changed = {},
    globs = { include: ['*'], exclude: [] },
  }: {
    readonly globs?: AccountGlobs;
    readonly objects?: Map<string, string>;
    readonly reportId?: string;
    readonly failing?: (batch: number) => boolean;
    readonly rowOf?: (account: Pick<ListedAccount, 'id' | 'name' | 'ou'>) => RollUpAccount;
    readonly ports?: Partial<OrganizationPorts>;
  } = {},
): Promise<Ran> {
  const store = memoryStore(objects);
  const sent: FollowedRollUp[] = [];
  let [now, mostAtOnce] = [0, 0];
  const ports: OrganizationPorts = {
    clock: () => NOW,
    store,
    newReportId: () => reportId,
    runSchedule: (scheduledAt) => scheduledAt,
    listAccounts: async () => accounts,
    matches: globMatches,
    wasSent: async () => false,
    storeViews: async () => undefined,
    send: async (rollUp) => {
      sent.push(rollUp);
      return 'sent';
    },
    ...changed,
  };
  const handler = withDurableExecution((_: unknown, context) =>
    runOrganization(durableBatches(context), ports, {
      scheduledAt: NOW,
      accounts: globs,
      batchFunction: 'batch',
    }),
  );
  const runner = new LocalDurableTestRunner({ handlerFunction: handler });
  runner.registerFunction('batch', async (event: BatchEvent) => {
    now += 1;
    mostAtOnce = Math.max(mostAtOnce, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    if (failing(event.batch)) throw new Error('the function ran out of time');
    const { selected } = await readAccounts(store, event.reportId);
    await storeBatch(store, event, accountsOfBatch(selected, event.batch).map(rowOf));
    return { batch: event.batch };
  });
  const execution = await runner.run({ payload: {} });
  const operations = execution.getOperations();
  const isDone = execution.getStatus() === 'SUCCEEDED';
  return {
    result: isDone ? (execution.getResult() as OrganizationResult) : null,
    error: isDone ? null : (execution.getError().errorMessage ?? ''),
    operations: operations.length,
    largest: Math.max(...operations.map((operation) => JSON.stringify(operation.getOperationData() ?? {}).length)),
    mostAtOnce,
    sent,
    summary: JSON.parse(objects.get(summaryFile(reportId)) ?? 'null'),
  };
}

/** A store that keeps the first object, and then fails as if its answer had been lost. */
function lostAnswer(): { readonly objects: Map<string, string>; readonly store: Store } {
  const objects = new Map<string, string>();
  const store = memoryStore(objects);
  let isFirst = true;
  return {
    objects,
    store: {
      ...store,
      putIfAbsent: async (object) => {
        const isStored = await store.putIfAbsent(object);
        if (isFirst) {
          isFirst = false;
          throw new Error('socket hang up');
        }
        return isStored;
      },
    },
  };
}

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

test('a report on 5,000 accounts takes at most 300 durable operations, none of them large, ten batches at a time', async () => {
  const { result, error, operations, largest, mostAtOnce, summary } = await ran(listed(5_000));
  expect({ result, error }).toMatchObject({
    result: {
      accounts: 5_000,
      accountsUnread: 0,
      batchesFailed: 0,
      complete: true,
      snapshots: 10_000,
      delivery: 'sent',
    },
    error: null,
  });
  expect(operations).toBeGreaterThan(200);
  expect(operations).toBeLessThanOrEqual(300);
  expect(largest).toBeLessThan(50_000);
  expect(mostAtOnce).toBeLessThanOrEqual(10);
  expect(summary.accounts).toHaveLength(5_000);
}, 120_000);

test('the roll-up is recorded in the evidence chain, and its head is handed to the message', async () => {
  const objects = new Map<string, string>();
  const heads: unknown[] = [];
  const ports: Partial<OrganizationPorts> = {
    evidence: { hashText: sha256Of, keptForDays: 400 },
    send: async (_, __, head) => {
      heads.push(head);
      return 'sent';
    },
  };
  await ran(listed(3), { objects, ports });
  const record = objects.get('evidence/00000001.json') ?? '';
  expect(JSON.parse(record)).toMatchObject({
    number: 1,
    kind: 'report',
    ref: { key: summaryFile(ID), keptUntil: '2027-12-28T08:00:00.000Z' },
    sha256: sha256Of(objects.get(summaryFile(ID)) ?? ''),
  });
  expect(heads).toEqual([`1:${sha256Of(record)}`]);
});

test('a roll-up that cannot be recorded is sent all the same, says so, and the run ends as failed', async () => {
  const objects = new Map([['evidence/00000001.json', 'not a record']]);
  const heads: unknown[] = [];
  const { error } = await ran(listed(3), {
    objects,
    ports: {
      evidence: { hashText: sha256Of, keptForDays: null },
      send: async (_, __, head) => {
        heads.push(head);
        return 'sent';
      },
    },
  });
  expect(heads).toEqual([null]);
  expect(error).toMatch(
    /^the report 20261123T080000Z-1a2b3c4d was sent, and is not in the evidence chain: cannot continue/,
  );
});

test('a batch that fails fails its accounts, names the cause, and changes no other account', async () => {
  const whole = await ran(listed(60));
  const { result, summary, sent } = await ran(listed(60), { failing: (batch) => batch === 1 });
  expect(result).toMatchObject({
    complete: false,
    incomplete: true,
    accountsUnread: 25,
    batchesFailed: 1,
    delivery: 'sent',
  });
  const failed = summary.accounts.slice(25, 50);
  for (const { status, error, totals } of failed) {
    expect({ status, totals }).toEqual({ status: 'failed', totals: null });
    expect(error).toMatchObject({ code: 'organization.batch', message: expect.stringContaining('ran out of time') });
  }
  const others = (all: readonly RollUpAccount[]): readonly RollUpAccount[] => [...all.slice(0, 25), ...all.slice(50)];
  expect(others(summary.accounts)).toEqual(others(whole.summary.accounts));
  expect(sent).toEqual([summary]);
});

test('the order in which the organization lists its accounts does not matter', async () => {
  const one = await ran(listed(60));
  const other = await ran([...listed(60)].reverse());
  expect(other.summary).toEqual(one.summary);
});

test('a suspended account is named, is not read and makes the roll-up incomplete', async () => {
  const [first, ...rest] = listed(3);
  const { summary, result } = await ran([{ ...first, state: 'SUSPENDED' } as ListedAccount, ...rest]);
  expect(summary.accounts.map(({ status }) => status)).toEqual(['not-active', 'read', 'read']);
  expect(summary.accounts[0]?.error?.message).toContain('SUSPENDED');
  expect(result).toMatchObject({ complete: false, accountsMissed: 0 });
});

test('an account that three reports in a row could not read is counted, and names what became of the others', async () => {
  const objects = new Map<string, string>();
  const rowOf =
    (unread: readonly string[]) =>
    (account: Pick<ListedAccount, 'id' | 'name' | 'ou'>): RollUpAccount =>
      unread.includes(account.id)
        ? {
            ...account,
            status: 'no-role',
            error: { code: 'AccessDenied', message: 'no' },
            reportId: null,
            totals: null,
          }
        : { ...account, status: 'read', error: null, reportId: ID, totals: someTotals({}) };
  const [a, b, c, d] = listed(4) as [ListedAccount, ListedAccount, ListedAccount, ListedAccount];
  const report = (day: number, accounts: readonly ListedAccount[], unread: readonly string[]) =>
    ran(accounts, { objects, reportId: `202611${day}T080000Z-1a2b3c4d`, rowOf: rowOf(unread) });

  const first = await report(10, [a, b, c], [a.id]);
  expect(first.summary.changes).toBeNull();
  expect(first.result).toMatchObject({ accountsMissed: 0 });
  const second = await report(11, [a, { ...b, ou: 'o-a1b2c3d4e5/r-ab12/' }, d], [a.id, d.id]);
  expect(second.summary.changes).toMatchObject({
    since: '20261110T080000Z-1a2b3c4d',
    joined: [{ id: d.id }],
    left: [{ id: c.id }],
    moved: [{ id: b.id, from: 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/', to: 'o-a1b2c3d4e5/r-ab12/' }],
    suspended: [],
    lostRole: [],
  });
  const third = await report(12, [a, { ...b, state: 'SUSPENDED' }, d], [a.id]);
  expect(third.summary.changes).toMatchObject({ suspended: [{ id: b.id }], lostRole: [] });
  expect(third.result).toMatchObject({ accountsMissed: 1 });
  const fourth = await report(13, [a, d], [d.id]);
  expect(fourth.summary.changes).toMatchObject({ lostRole: [{ id: d.id }] });
  expect(fourth.result).toMatchObject({ accountsMissed: 0 });
});

test('a list whose answer was lost is the one that is read, also where an account has left since', async () => {
  const lists = [listed(26), listed(25)];
  const lost = lostAnswer();
  const { summary, result } = await ran([], {
    objects: lost.objects,
    ports: { store: lost.store, listAccounts: async () => lists.shift() ?? [] },
  });
  expect(lists).toEqual([]);
  expect(summary.accounts.map(({ id, status }) => [id, status])).toEqual(listed(26).map(({ id }) => [id, 'read']));
  expect(result).toMatchObject({ accounts: 26, accountsUnread: 0 });
});

test('a pattern that matches no account is in the roll-up that is sent, and in the result that is logged', async () => {
  const { summary, sent, result } = await ran(listed(2), {
    globs: { include: ['account-0', 'no-such-*'], exclude: [] },
  });
  const warnings = ['organization.accounts.include: "no-such-*" matches none of 2 accounts'];
  expect(summary.accounts).toHaveLength(1);
  expect([summary.warnings, sent[0]?.warnings]).toEqual([warnings, warnings]);
  expect(result).toMatchObject({ warnings });
  expect((await ran(listed(1))).summary).not.toHaveProperty('warnings');
});

test('a scheduled time whose report was sent makes no other one', async () => {
  const { result, sent, operations } = await ran(listed(3), { ports: { wasSent: async () => true } });
  expect([result, sent, operations]).toEqual([{ delivery: 'already-sent' }, [], 1]);
});

test('patterns that select no account end the report with a sentence', async () => {
  const { error, sent } = await ran([]);
  expect(error).toContain('organization.accounts selects none of 0 accounts');
  expect(sent).toEqual([]);
});

describe('the events of a report on an organization', () => {
  const announcing = (
    announce: NonNullable<OrganizationPorts['announce']>,
    delivery: 'sent' | 'already-sent' | 'switched-off' = 'sent',
  ): Partial<OrganizationPorts> => ({ announce, send: async () => delivery });

  it('follow its e-mail, with what was stored', async () => {
    const told: unknown[] = [];
    const announce: OrganizationPorts['announce'] = async (...given) => {
      told.push(given);
      return { events: 'sent' };
    };
    const { result, summary } = await ran(listed(3), { ports: announcing(announce) });
    expect(told).toEqual([[summary, 'sent']]);
    expect(result).toMatchObject({ delivery: 'sent', events: 'sent' });
  });

  it('are sent by the run that sends the e-mail alone', async () => {
    const announce = jest.fn();
    const { result } = await ran(listed(3), { ports: announcing(announce, 'already-sent') });
    expect(announce).not.toHaveBeenCalled();
    expect(result).not.toHaveProperty('events');
  });

  it('never fail it', async () => {
    const refused = { events: 'failed', eventsFailure: 'no such bus' } as const;
    const { result } = await ran(listed(3), { ports: announcing(async () => refused) });
    expect(result).toMatchObject({ delivery: 'sent', ...refused });
    const broken = await ran(listed(3), { ports: announcing(() => Promise.reject(new Error('died'))) });
    expect([broken.error, broken.result]).toMatchObject([null, { delivery: 'sent', events: 'failed' }]);
  });

  it('are put before a report that is not in the evidence chain ends, and named in its error where they were not', async () => {
    const errorWith = async (sent: EventsSent) => {
      const evidence = { hashText: sha256Of, keptForDays: null };
      const announce = jest.fn(async () => sent);
      const objects = new Map([['evidence/00000001.json', 'not a record']]);
      const { error } = await ran(listed(3), { objects, ports: { ...announcing(announce), evidence } });
      expect(announce).toHaveBeenCalledTimes(1);
      return error;
    };
    expect(await errorWith({ events: 'sent' })).toMatch(/is not in the evidence chain: (?!.*events)/);
    expect(await errorWith({ events: 'failed', eventsFailure: 'no such bus' })).toMatch(
      /is not in the evidence chain: .*; the events were not put: no such bus$/,
    );
  });

  it('are one for the report, and one for each account that was not read in full, without a name', async () => {
    const rowOf = (account: Pick<ListedAccount, 'id' | 'name' | 'ou'>): RollUpAccount => {
      const error = { code: 'AccessDenied', message: 'the role <secret> of account-1' };
      if (account.name === 'account-1') return { ...account, status: 'no-role', error, reportId: null, totals: null };
      if (account.name === 'account-2')
        return { ...account, status: 'incomplete', error: null, reportId: ID, totals: someTotals({ snapshots: 1 }) };
      return { ...account, status: 'read', error: null, reportId: ID, totals: someTotals({ snapshots: 2 }) };
    };
    const [first, ...rest] = listed(4);
    const { summary } = await ran([...rest, { ...first, state: 'SUSPENDED' } as ListedAccount], { rowOf });
    const events = rollUpEvents(summary, { location: 's3://b/summary.json', email: 'sent', config: 'sha256:1' });
    const failed = { schemaVersion: 1, type: 'account-failed', reportId: ID };
    const idOf = (id: string) => ({ id: `account-failed/${ID}/${id}`, account: id });
    expect(events).toEqual([
      {
        ...{ schemaVersion: 1, type: 'report', id: `report/${ID}`, reportId: ID, account: null },
        ...{ accounts: 4, accountsUnread: 3, complete: false, location: 's3://b/summary.json', email: 'sent' },
        ...{ config: 'sha256:1', totals: someTotals({ snapshots: 3 }) },
      },
      { ...failed, ...idOf('100000000000'), status: 'not-active', code: 'organization.not-active' },
      { ...failed, ...idOf('100000000001'), status: 'no-role', code: 'AccessDenied' },
      { ...failed, ...idOf('100000000002'), status: 'incomplete', code: 'unknown' },
    ]);
    expect(events.flatMap(validateEvent)).toEqual([]);
    expect(JSON.stringify(events)).not.toMatch(/account-\d|secret|ou-ab12/);
  });
});
