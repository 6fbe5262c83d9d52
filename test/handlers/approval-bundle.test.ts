import '../support/one-realm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { type Emulator, startEmulator } from '../../emulator/server';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { renderPlanJson } from '../../lambda/render/plan';
import { makeReport } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { buildApprovalEnv, buildEnv } from '../../lambda/runtime/env';
import { type FunctionName, stageFunction } from '../../lambda/runtime/stage-function';
import { DELETION_WRITES_ONCE, planFile } from '../../lambda/storage/keys';
import { ACCOUNT, HERE, smallAccount } from '../deletion/rig';
import { pointSdkTo } from '../support/aws-env';
import { bundleOf } from '../support/built-programs';
import { aConfig } from '../support/config-builder';
import { actionsIn, contextOf, textOfHtml, widgetEvent } from '../support/console-widget';
import { type FakeLambda, startFakeLambda } from './fake-lambda';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
const BUCKET = 'reports';
const ID = '20261123T080000Z-1a2b3c4d';
const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`;
const ALIAS = `${functionArn('lightsail-deletion')}:live`;
const CONFIG = {
  version: 1,
  policies: { standard: { keep: { last: 3 } } },
  default: 'standard',
  caps: { maxShare: 0.9 },
};

type WidgetFunction = (event: unknown, context: Context) => Promise<string>;

interface Console extends Pick<FakeLambda, 'asked' | 'ended'> {
  readonly emulator: Emulator;
  readonly plan: { readonly id: string; readonly digest: string };
  readonly view: () => Promise<string>;
  /** Clicks the button of a widget, after a number was typed into its field. */
  readonly click: (html: string, typed: string) => Promise<string>;
  readonly approve: (event: unknown) => Promise<string>;
  readonly left: () => number;
}

describe('the bundles of an approval on the dashboard', () => {
  const work = mkdtempSync(join(tmpdir(), 'approval-bundle-'));
  const folderOf = (name: FunctionName): string => join(work, name);
  beforeAll(() => {
    for (const name of ['view', 'approve', 'delete'] as const) {
      stageFunction(bundleOf(name), { origin: 'retention.yaml', config: CONFIG }, folderOf(name));
    }
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  const load = <T>(name: FunctionName): T =>
    (require(join(folderOf(name), 'index.js')) as { readonly handler: T }).handler;

  async function putPlan(emulator: Emulator, id: string): Promise<Console['plan']> {
    const { plan } = await makeReport(
      {
        clock: Date.now,
        digest: digestOf,
        readInventory: makeReadInventory({
          clients: makeLightsailClients(),
          firstRegion: HERE,
          account: ACCOUNT,
          kinds: snapshotKinds,
          clock: Date.now,
        }),
      },
      {
        reportId: id,
        config: aConfig(CONFIG),
        at: null,
        inventory: { regions: 'all', kinds: ['instance', 'disk', 'database'], deadline: null },
        previous: null,
      },
    );
    emulator.objects.get(BUCKET)?.set(planFile(plan.id), {
      body: Buffer.from([...renderPlanJson(plan)].join('')),
      contentType: 'application/json',
      metadata: {},
      etag: '"plan"',
      lastModified: Date.now(),
    });
    return plan;
  }

  /** Runs a test on the three bundles, over an account, a bucket, a topic and Lambda. */
  async function withConsole(test: (deployed: Console) => Promise<void>): Promise<void> {
    const { url, asked, ended, close } = await startFakeLambda(() => load('delete'));
    const emulator = await startEmulator({
      writeOnce: DELETION_WRITES_ONCE,
      account: smallAccount(),
      topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
      buckets: [BUCKET],
    });
    const restore = pointSdkTo(emulator.url);
    Object.assign(process.env, buildEnv({ topicArn: TOPIC, bucket: BUCKET, deletionMode: 'approve' }), {
      ...buildApprovalEnv(BUCKET, 'approveFunction', functionArn('approve')),
      ...buildApprovalEnv(BUCKET, 'deletionFunction', ALIAS),
      AWS_ENDPOINT_URL_LAMBDA: url,
      POWERTOOLS_METRICS_DISABLED: 'true',
    });
    const quiet = [jest.spyOn(process.stdout, 'write'), jest.spyOn(process.stderr, 'write')];
    for (const each of quiet) each.mockReturnValue(true);
    try {
      const plan = await putPlan(emulator, ID);
      const approve = (event: unknown): Promise<string> =>
        load<WidgetFunction>('approve')(event, contextOf(functionArn('approve')));
      await test({
        emulator,
        plan,
        asked,
        ended,
        approve,
        view: () => load<WidgetFunction>('view')(widgetEvent({}), contextOf(functionArn('view'))),
        click: async (html, typed) => {
          const [action] = actionsIn(html);
          if (action?.endpoint !== functionArn('approve')) throw new Error(`no button that approves: ${html}`);
          return approve(widgetEvent(action.parameters, { count: typed }));
        },
        left: () =>
          (['instanceSnapshots', 'diskSnapshots'] as const).flatMap((list) =>
            emulator.world.regions.flatMap((region) => emulator.world.rows(region, list)),
          ).length,
      });
    } finally {
      await ended();
      for (const each of quiet) each.mockRestore();
      for (const name of ['AWS_ENDPOINT_URL_LAMBDA', 'APPROVE_FUNCTION', 'DELETION_FUNCTION']) delete process.env[name];
      restore();
      await emulator.close();
      close();
    }
  }

  it(
    'show a plan, approve it by the button and its count, and show what became of it',
    () =>
      withConsole(async ({ emulator, plan, view, click, asked, ended, left }) => {
        const open = await view();
        expect(textOfHtml(open)).toContain('These can be deleted: 5 snapshots of 2 sources');
        expect(asked).toEqual([]);
        expect(textOfHtml(await click(open, '5'))).toContain(`Approved: 5 snapshots of the plan ${ID}`);
        await ended();
        expect(asked).toEqual([
          {
            name: ID,
            target: ALIAS,
            event: { plan: ID, digest: plan.digest, count: 5, approvedBy: { kind: 'dashboard', arn: null } },
          },
        ]);
        expect(left()).toBe(6);
        const result = JSON.parse(emulator.objects.get(BUCKET)?.get(`results/${ID}.json`)?.body.toString() ?? '');
        expect(result).toMatchObject({
          status: 'finished',
          approvedBy: { kind: 'dashboard', arn: null, claimed: true },
          totals: { deleted: 5 },
        });
        const approvals = [...(emulator.objects.get(BUCKET) ?? [])].filter(([key]) => key.includes('once-approval-'));
        expect(approvals.map(([, { body }]) => JSON.parse(body.toString()))).toEqual([
          expect.objectContaining({ count: 5, approvedBy: { kind: 'dashboard', arn: null, claimed: true } }),
        ]);
        const finished = textOfHtml(await view());
        expect(finished).toContain('The newest plan is finished. 5 of 5 snapshots have an outcome: 5 deleted.');
        expect(finished).toContain('Approved by a user of the dashboard (claimed), ARN not known.');
        expect(actionsIn(await view())).toEqual([]);
      }),
    120_000,
  );

  it(
    'start one execution for two clicks at once, and none for a click on a page that was shown before it',
    () =>
      withConsole(async ({ view, click, asked, ended, left, emulator }) => {
        const open = await view();
        const answers = await Promise.all([click(open, '5'), click(open, '5')]);
        for (const answer of answers) expect(textOfHtml(answer)).toContain('Approved: 5 snapshots');
        await ended();
        expect(new Set(asked.map(({ name }) => name))).toEqual(new Set([ID]));
        expect(left()).toBe(6);
        const late = await click(open, '5');
        expect(textOfHtml(late)).toMatch(
          /^Nothing was approved: this plan is finished\. 5 of 5 .*: 5 deleted\..* Approved by a user of the dashboard/,
        );
        expect(late).not.toMatch(/<form|cwdb-action/);
        await ended();
        expect([left(), emulator.published.length, asked.length]).toEqual([6, 1, 2]);
      }),
    120_000,
  );

  it(
    'approve a plan again after its deletion was refused, by a new execution',
    () =>
      withConsole(async ({ emulator, view, click, asked, ended, left }) => {
        emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDisks' }]);
        const first = await view();
        await click(first, '5');
        await ended();
        emulator.setFaults([]);
        const again = await view();
        expect(textOfHtml(await click(first, '5'))).toMatch(
          /^Nothing was approved: this plan was approved before.* not everything can be read now: .*approval\.old-page/,
        );
        expect(textOfHtml(again)).toMatch(/This plan was approved before.*not everything can be read now/);
        expect(left()).toBe(11);
        await click(again, '5');
        await ended();
        expect(asked.map(({ name }) => name)).toEqual([ID, `${ID}-1`]);
        expect(left()).toBe(6);
      }),
    120_000,
  );

  it(
    'start nothing for a view, a refresh, a description, a wrong count or a page that is no longer the newest',
    () =>
      withConsole(async ({ emulator, view, click, approve, asked, left }) => {
        const open = await view();
        const [action] = actionsIn(open);
        expect(textOfHtml(await approve(widgetEvent({})))).toContain('Nothing was approved.');
        expect(await approve({ ...widgetEvent(action?.parameters ?? {}, { count: '5' }), describe: true })).toContain(
          '##',
        );
        for (const typed of ['', '4', '05', ' 5', '5 ', '5.0', '５', '0x5', '1e0'])
          expect(textOfHtml(await click(open, typed))).toContain('plan.count');
        await putPlan(emulator, '20261124T080000Z-1a2b3c4d');
        expect(textOfHtml(await click(open, '5'))).toContain('approval.old-page');
        expect([asked, left()]).toEqual([[], 11]);
      }),
    120_000,
  );
});
