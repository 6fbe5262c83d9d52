import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { type BundleInvocation, runBundle } from '../../cli/run-bundle';
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
import type { FollowedRollUp } from '../../lambda/core/report/account-changes';
import { compactInstant } from '../../lambda/core/time/instant';
import { wireOrganization } from '../../lambda/handlers/wire-organization';
import type { OrganizationResult } from '../../lambda/organization/run-organization-job';
import { buildEnv } from '../../lambda/runtime/env';
import { stageFunction } from '../../lambda/runtime/stage-function';
import { WRITE_ONCE } from '../../lambda/storage/keys';
import { pointSdkTo } from '../support/aws-env';
import { bundleOf } from '../support/built-programs';
import { validateEvent } from '../support/event-schema';
import { runCli } from '../support/terminal';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const CONFIG = { version: 1, policies: { short: { expireAfter: '60d', keep: { last: 3 } } }, default: 'short' };
const MEMBER_ENV = {
  memberRole: `arn:aws:iam::{account}:role/${SAMPLE_ROLE.name}`,
  externalId: SAMPLE_ROLE.externalId,
};

interface Hub {
  readonly emulator: Emulator;
  readonly organization: OrganizationData;
  /** Runs the function of the organization once. Batches run the bundle that is deployed, each in its own process. */
  readonly report: (event: unknown) => Promise<OrganizationResult>;
  readonly stored: (name: string) => string;
  readonly keys: () => readonly string[];
  /** What the batches have logged. */
  readonly logs: () => string;
}

describe('the report of an organization', () => {
  const work = mkdtempSync(join(tmpdir(), 'organization-'));
  let restore: () => void = () => undefined;

  beforeAll(async () => {
    await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });
  });
  afterAll(async () => {
    await LocalDurableTestRunner.teardownTestEnvironment();
    rmSync(work, { recursive: true, force: true });
  });
  afterEach(() => restore());

  async function withHub(
    given: {
      readonly config?: object;
      readonly faults?: readonly FaultInput[];
      readonly change?: (organization: OrganizationData) => OrganizationData;
      readonly failing?: (batch: number) => boolean;
      readonly eventBus?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
    use: (hub: Hub) => Promise<void>,
  ): Promise<void> {
    const now = Date.now();
    const organization = (given.change ?? ((each) => each))(sampleOrganization(now));
    const emulator = await startEmulator({
      account: { account: sampleAccount(now), organization },
      faults: [...(given.faults ?? [])],
      topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
      buckets: [BUCKET],
      writeOnce: WRITE_ONCE,
    });
    restore = pointSdkTo(emulator.url);
    const folder = mkdtempSync(join(work, 'function-'));
    stageFunction(bundleOf('accounts'), { origin: 'retention.yaml', config: given.config ?? CONFIG }, folder);
    const environment = {
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const logs: string[] = [];
    const readBatch = async (event: { readonly batch: number }): Promise<unknown> => {
      if (given.failing?.(event.batch) === true) throw new Error('Task timed out after 900.00 seconds');
      const env = { ...buildEnv({ topicArn: TOPIC, bucket: BUCKET, ...MEMBER_ENV }), ...environment, ...given.env };
      const run = { folder, event, env, timeout: 120_000, log: (text: string) => logs.push(text) };
      const answer: BundleInvocation = await runBundle(run);
      if (answer.ok) return answer.result;
      throw new Error(`${answer.error}\n${logs.join('')}`);
    };
    const handler = withDurableExecution((event: unknown, context) =>
      wireOrganization(
        {
          ...buildEnv({
            topicArn: TOPIC,
            bucket: BUCKET,
            batchFunction: 'batch',
            reportSchedule: 'cron(0 8 ? * MON *)',
            ...(given.eventBus !== undefined && { eventBus: given.eventBus }),
          }),
          ...environment,
        },
        folder,
      )(event, context),
    );
    const report = async (event: unknown): Promise<OrganizationResult> => {
      const runner = new LocalDurableTestRunner({ handlerFunction: handler });
      runner.registerFunction('batch', readBatch);
      const execution = await runner.run({ payload: event });
      if (execution.getStatus() !== 'SUCCEEDED') throw new Error(execution.getError().errorMessage);
      return execution.getResult() as OrganizationResult;
    };
    const objects = () => [...(emulator.objects.get(BUCKET) ?? [])];
    try {
      await use({
        emulator,
        organization,
        report,
        keys: () => objects().map(([key]) => key),
        logs: () => logs.join(''),
        stored: (name) =>
          objects()
            .find(([key]) => key.endsWith(name))?.[1]
            .body.toString() ?? '',
      });
    } finally {
      await emulator.close();
    }
  }

  const summaryOf = ({ stored }: Hub): FollowedRollUp => JSON.parse(stored('/summary.json'));
  const attributeOf = ({ published }: Emulator, name: string): readonly unknown[] =>
    published.map(({ attributes }) => attributes[name]?.value);

  it('reads 40 accounts, names each that it cannot read and why, and sends one message about all', async () => {
    await withHub({}, async (hub) => {
      const { emulator, organization, report, keys } = hub;
      const scheduledTime = new Date(Date.now() - 3_600_000).toISOString();
      const result = await report({ scheduledTime });
      expect(result).toMatchObject({ delivery: 'sent', accounts: 40, accountsUnread: 3, batchesFailed: 0 });

      const { accounts, complete } = summaryOf(hub);
      expect(complete).toBe(false);
      const status = new Map(accounts.map((account) => [account.id, account]));
      expect(status.get(memberNamed(organization, 'client-kennel'))).toMatchObject({ status: 'no-role' });
      expect(status.get(memberNamed(organization, 'client-tailor'))?.error?.message).toContain('trust policy');
      expect(status.get(memberNamed(organization, 'legacy-mail'))).toMatchObject({ status: 'not-active' });
      expect(accounts.filter((account) => account.status === 'read')).toHaveLength(37);

      expect(emulator.published).toHaveLength(1);
      const [mail] = emulator.published;
      expect(mail?.subject).toBe('[Lightsail] INCOMPLETE: 3 of 40 accounts could not be read');
      expect(mail?.message.split('\n')[0]).toMatch(/^3 of 40 accounts could not be read: /);
      expect(mail?.message.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
      expect(attributeOf(emulator, 'scope')).toEqual(['organization']);

      const id =
        keys()
          .find((key) => key.endsWith('/summary.json'))
          ?.split('/')[1] ?? '';
      expect(id.startsWith(compactInstant(Date.parse(scheduledTime)))).toBe(true);
      const member = memberNamed(organization, 'client-bakery');
      for (const name of ['report.json', 'report.html', 'report.csv', 'state.json', 'plan.json'])
        expect(keys()).toContain(`reports/${id}/${member}/${name}`);
      expect(keys().filter((key) => key.startsWith('plans/'))).toEqual([]);
    });
  }, 120_000);

  it('keeps every ARN of a report and its plan within its account, and marks the plan as for reading only', async () => {
    await withHub({}, async (hub) => {
      await hub.report({});
      const plans = hub.keys().filter((key) => key.endsWith('/plan.json'));
      expect(plans).toHaveLength(37);
      let items = 0;
      for (const key of plans) {
        const account = key.split('/')[2] ?? '';
        const plan = JSON.parse(hub.stored(key));
        expect([plan.account, plan.blocked?.code]).toEqual([account, 'organization.report-only']);
        for (const { arn } of plan.items) expect(arn.split(':')[4]).toBe(account);
        items += plan.items.length;
        const report = JSON.parse(hub.stored(key.replace('plan.json', 'report.json')));
        expect(report.plan).toMatchObject({ digest: plan.digest, blocked: { code: 'organization.report-only' } });
        for (const { account: of } of [...report.scopes, ...report.snapshots, ...report.sources])
          expect(of).toBe(account);
      }
      expect(items).toBeGreaterThan(37);
    });
  }, 120_000);

  it('reports the other accounts as before when faults strike some of them, or a whole batch fails', async () => {
    const totals: Map<string, unknown>[] = [];
    const run = (given: Parameters<typeof withHub>[0]) =>
      withHub(given, async (hub) => {
        await hub.report({});
        const rows = summaryOf(hub).accounts.map((account) => [account.id, account] as const);
        totals.push(
          new Map(rows.map(([id, account]) => [id, account.status === 'read' ? account.totals : account.status])),
        );
      });
    await run({});
    const faults = sampleOrganizationFaults(sampleOrganization(Date.now()));
    await run({ faults });
    await run({ failing: (batch) => batch === 1 });
    const [whole, struck, broken] = totals as [Map<string, unknown>, Map<string, unknown>, Map<string, unknown>];
    const changed = (other: Map<string, unknown>): ReadonlyMap<string, unknown> =>
      new Map([...other].filter(([id, value]) => JSON.stringify(whole.get(id)) !== JSON.stringify(value)));
    const organization = sampleOrganization(Date.now());
    const [bookshop, museum, winery] = ['bookshop', 'museum', 'winery'].map((name) =>
      memberNamed(organization, `client-${name}`),
    ) as [string, string, string];
    const ofFaults = changed(struck);
    expect([...ofFaults.keys()].sort()).toEqual([bookshop, museum, winery].sort());
    expect([ofFaults.get(museum), ofFaults.get(winery)]).toEqual(['failed', 'incomplete']);
    const ofBatch = [...changed(broken).values()];
    expect(ofBatch.length).toBeGreaterThan(10);
    expect(new Set(ofBatch)).toEqual(new Set(['failed']));
  }, 180_000);

  it('sends one message for a scheduled time, however often the event is delivered', async () => {
    await withHub({}, async ({ emulator, report }) => {
      const event = { scheduledTime: new Date(Date.now() - 3_600_000).toISOString() };
      expect(await report(event)).toMatchObject({ delivery: 'sent' });
      expect(await report(event)).toEqual({ delivery: 'already-sent' });
      expect(emulator.published).toHaveLength(1);
    });
  }, 120_000);

  it('sends a message for each account too where the configuration wants it, with the account as an attribute', async () => {
    const config = { ...CONFIG, organization: { accounts: { include: ['client-b*'] }, accountMessages: true } };
    await withHub({ config }, async (hub) => {
      const { emulator, report, organization } = hub;
      expect(await report({})).toMatchObject({ accounts: 3, complete: true });
      expect([...attributeOf(emulator, 'scope')].sort()).toEqual(['account', 'account', 'account', 'organization']);
      expect(attributeOf(emulator, 'account')).toContain(memberNamed(organization, 'client-bakery'));
      const ofAccounts = emulator.published.filter(({ attributes }) => attributes.scope?.value === 'account');
      expect(ofAccounts.every(({ subject }) => subject?.startsWith('[Lightsail] client-b'))).toBe(true);
    });
  }, 120_000);

  it('records its roll-up in the evidence chain, so that a changed one is found', async () => {
    const config = { ...CONFIG, organization: { accounts: { include: ['client-b*'] } } };
    await withHub({ config }, async ({ emulator, report, keys }) => {
      await report({});
      await report({});
      const [mail] = emulator.published;
      expect(mail?.message).toMatch(/^Evidence: 1:[0-9a-f]{64}$/m);
      const verify = () =>
        runCli(['history', '--verify', '--store', `s3://${BUCKET}`, '--format', 'json'], process.env);
      const whole = await verify();
      expect(JSON.parse(whole.out)).toMatchObject({ records: 2, broken: [], unrecorded: [], older: [] });
      expect(whole.code).toBe(0);
      const objects = emulator.objects.get(BUCKET);
      const key = keys().find((each) => each.endsWith('/summary.json')) ?? '';
      const summary = objects?.get(key);
      if (summary !== undefined)
        objects?.set(key, {
          ...summary,
          body: Buffer.from(summary.body.toString().replace('"complete":', '"complete": ')),
        });
      const changed = await verify();
      expect(changed.code).toBe(6);
      expect(JSON.stringify(JSON.parse(changed.out).broken)).toContain('summary.json');
    });
  }, 120_000);

  it('reads the bill of every account with one request, and shows it in the summary, the message, the page and the table', async () => {
    const config = {
      ...CONFIG,
      report: { spend: true },
      organization: { accounts: { include: ['client-b*', 'legacy-mail'] }, costTag: 'retention:keep' },
    };
    await withHub({ config }, async (hub) => {
      const { emulator, report, organization, keys, stored } = hub;
      emulator.pageSize = 1_000;
      await report({});
      const { spend } = summaryOf(hub);
      expect(Object.keys(spend?.byAccount ?? {})).toHaveLength(4);
      expect(spend?.byAccount[memberNamed(organization, 'legacy-mail')]).toBeGreaterThan(0);
      expect(spend?.otherAccounts).toBeGreaterThan(spend?.total ?? 0);
      const line = /The snapshots of these accounts were billed \$[\d,.]+ in \w{3} \d{4}/;
      expect(emulator.published[0]?.message).toMatch(line);
      const page = keys().find((key) => /^reports\/[^/]+\/report\.html$/.test(key)) ?? '';
      expect(stored(page)).toMatch(line);
      expect(stored(page.replace('.html', '.csv'))).toMatch(
        /billedMonth,accountBilled,billedAtMost\n.*,retention:keep,last=3 daily=7,/,
      );
      expect(emulator.requests.count('GetCostAndUsage')).toBe(1);
    });
  }, 120_000);

  it('reports as ever where the bill cannot be read, and says so in one line', async () => {
    const config = { ...CONFIG, report: { spend: true }, organization: { accounts: { include: ['client-bakery'] } } };
    await withHub({ config, faults: [{ service: 'ce', fault: 'deny' }] }, async (hub) => {
      expect(await hub.report({})).toMatchObject({ delivery: 'sent', complete: true });
      expect(summaryOf(hub)).toMatchObject({ spend: null, spendUnread: { cause: expect.stringContaining('denied') } });
      expect(hub.emulator.published[0]?.message).toContain('The bill of last month was not read: access to Cost');
      expect(hub.keys().filter((key) => key.startsWith('bills/'))).toEqual([]);
    });
  }, 120_000);

  it('puts one event for its report, and one for each account that it could not read, once for a scheduled time', async () => {
    const eventBus = 'arn:aws:events:eu-central-1:123456789012:event-bus/default';
    await withHub({ eventBus }, async (hub) => {
      const { emulator, report, organization } = hub;
      const event = { scheduledTime: new Date(Date.now() - 3_600_000).toISOString() };
      expect(await report(event)).toMatchObject({ delivery: 'sent', events: 'sent' });
      expect(await report(event)).toEqual({ delivery: 'already-sent' });
      const details = emulator.events.map(({ bus, source, detailType, detail }) => {
        expect([bus, source, validateEvent(detail)]).toEqual([eventBus, 'lightsail-retention', []]);
        return { detailType, account: detail.account, status: detail.status };
      });
      const failure = { detailType: 'Lightsail Snapshot Account Failure' };
      const failed = (['client-kennel', 'client-tailor', 'legacy-mail'] as const).map((name) => ({
        ...failure,
        account: memberNamed(organization, name),
        status: name === 'legacy-mail' ? 'not-active' : 'no-role',
      }));
      expect(details).toHaveLength(4);
      expect(details).toEqual(
        expect.arrayContaining([
          { detailType: 'Lightsail Snapshot Report', account: null, status: undefined },
          ...failed,
        ]),
      );
      expect(emulator.published).toHaveLength(1);
    });
  }, 120_000);

  it('sends its message though the bus refuses the events', async () => {
    const config = { ...CONFIG, organization: { accounts: { include: ['client-bakery'] } } };
    const faults: FaultInput[] = [{ service: 'events', fault: 'deny', by: 'nothing-allows' }];
    await withHub({ eventBus: 'mine', config, faults }, async ({ report, emulator }) => {
      const result = await report({});
      expect(result).toMatchObject({ delivery: 'sent', complete: true, events: 'failed' });
      expect(result).toHaveProperty('eventsFailure', expect.stringContaining('AccessDeniedException'));
      expect(emulator.published).toHaveLength(1);
    });
  }, 120_000);

  it('reports an account as read when its own message is refused, and says in the log that it was not sent', async () => {
    const config = { ...CONFIG, organization: { accounts: { include: ['client-b*'] }, accountMessages: true } };
    const refused = { fault: 'error', service: 'sns', operations: 'Publish', status: 403, times: 3 } as const;
    await withHub({ config, faults: [{ ...refused, code: 'AuthorizationError' }] }, async (hub) => {
      expect(await hub.report({})).toMatchObject({ accounts: 3, accountsUnread: 0, complete: true });
      expect(attributeOf(hub.emulator, 'scope')).toEqual(['organization']);
      expect(hub.logs().match(/"account\.message-failed"/g)).toHaveLength(3);
    });
  }, 120_000);

  it('says in the message and on the page of an account that nothing deletes in it, and names no deployment', async () => {
    const config = {
      ...CONFIG,
      policies: { short: { expireAfter: '1d', keep: { last: 1 } } },
      organization: { accounts: { include: ['client-b*'] }, accountMessages: true },
    };
    await withHub({ config }, async (hub) => {
      await hub.report({});
      const messages = hub.emulator.published.filter(({ attributes }) => attributes.scope?.value === 'account');
      const pages = hub.keys().filter((key) => /\/\d{12}\/report\.html$/.test(key));
      expect([messages.length, pages.length]).toEqual([3, 3]);
      const texts = [...messages.map(({ message }) => message), ...pages.map((key) => hub.stored(key))];
      for (const text of texts) expect(text).not.toContain('deletion=approve');
      const expiring = texts.filter((text) => /Delete what you no longer need|>To delete them</.test(text));
      expect(expiring.length).toBeGreaterThan(1);
      for (const text of expiring) expect(text).toContain('nothing deletes in the accounts of an organization yet');
    });
  }, 120_000);

  it('tells the age of the newest roll-up', async () => {
    await withHub(
      { config: { ...CONFIG, organization: { accounts: { include: ['client-bakery'] } } } },
      async (hub) => {
        await hub.report({ scheduledTime: new Date(Date.now() - 2 * 3_600_000).toISOString() });
        const age = (await hub.report({ check: 'age' })) as unknown as { readonly reportAgeHours: number };
        expect(age.reportAgeHours).toBeGreaterThan(1.9);
        expect(age.reportAgeHours).toBeLessThan(2.5);
      },
    );
  }, 120_000);
});
