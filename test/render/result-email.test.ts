import * as fc from 'fast-check';
import { type ApplyResult, countOutcomes, type ItemResult, type Unsettled } from '../../lambda/core/plan/outcome';
import { UTC } from '../../lambda/core/time/zone';
import { invokeCommand } from '../../lambda/render/deletion-commands';
import {
  type ResultContext,
  type RunEnd,
  renderResultEmail,
  resultAttributes,
  resultSubject,
} from '../../lambda/render/result-email';
import { expectGolden } from '../support/golden';
import { APPROVED } from '../support/run-origin';
import { expectWithinLimits } from './email-limits';

const item = (given: Partial<ItemResult> = {}): ItemResult => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${given.name ?? 'web-1103'}`,
  name: 'web-1103',
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2026-11-03T08:00:00.000Z',
  source: 'web',
  sizeGb: 40,
  monthlyCostCeiling: 2,
  policy: 'standard',
  reasons: [{ code: 'expireAfter', text: '30d old since 2026-10-31' }],
  requestId: null,
  outcome: 'deleted',
  code: 'deleted',
  text: 'deleted',
  at: '2026-11-23T08:00:00.000Z',
  ...given,
});

const result = (items: readonly ItemResult[], requested = items.length): ApplyResult => ({
  schemaVersion: 1,
  plan: { id: 'a-plan', digest: `sha256:${'0'.repeat(64)}`, count: requested },
  account: '123456789012',
  approvedBy: APPROVED,
  config: { origin: 'retention.yaml', digest: `sha256:${'1'.repeat(64)}` },
  report: '20261123T080000Z-1a2b3c4d',
  status: requested === items.length ? 'finished' : 'unfinished',
  startedAt: '2026-11-23T08:00:00.000Z',
  updatedAt: '2026-11-23T08:01:00.000Z',
  totals: countOutcomes(requested, items),
  items,
});

const context = (given: Partial<ResultContext> = {}): ResultContext => ({
  zone: UTC,
  region: 'eu-west-1',
  planId: 'a-plan',
  result: result([item()]),
  unread: null,
  end: { state: 'finished' },
  files: ['s3://reports/results/a-plan.html', 's3://reports/results/a-plan.json'],
  resumeCommand: null,
  ...given,
});

const UNSETTLED: Unsettled = {
  arn: 'arn:aws:lightsail:…:a',
  name: 'web-1104',
  source: 'web',
  sizeGb: 40,
  monthlyCostCeiling: 2,
  policy: 'standard',
  reasons: [{ code: 'expireAfter', text: '30d old since 2026-10-31' }],
};

/** 22 deleted of 5 sources, 2 failed, 2 skipped. */
const MIXED: readonly ItemResult[] = [
  ...Array.from({ length: 22 }, (_, i) =>
    item({
      name: `web-${i}`,
      source: ['staging', 'prod-web', 'app', 'wiki', 'shop-data'][(i * i) % 5] ?? '',
      kind: (i * i) % 5 === 4 ? 'disk' : 'instance',
      region: (i * i) % 5 < 2 ? 'eu-central-1' : 'us-east-1',
      at: `2026-11-23T08:${String(i % 14).padStart(2, '0')}:00.000Z`,
    }),
  ),
  item({ name: 'prod-web-2025-10-06', outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed' }),
  item({ name: 'prod-web-2025-11-05', outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed' }),
  item({ name: 'wiki-2026-05-24', outcome: 'spared', code: 'hold', text: 'held by the tag retention:hold' }),
  item({ name: 'app-2026-09-24', outcome: 'changed', code: 'snapshot.changed', text: 'another snapshot has its name' }),
];

const COMMAND = invokeCommand(
  { id: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'0'.repeat(64)}` },
  `arn:aws:lambda:ap-southeast-2:123456789012:function:${'f'.repeat(64)}:live`,
  { name: '20261123T080000Z-1a2b3c4d-20261123T090000Z' },
);

const stopped: RunEnd = { state: 'stopped', code: 'run.deadline', text: 'it did not end within 23 hours' };

test.each<[string, Partial<ResultContext>, string, string]>([
  ['all deleted', {}, '1 of 1 snapshot deleted, up to $2.00/month', 'deleted'],
  [
    'some failed',
    { result: result([item(), item({ name: 'b', outcome: 'failed', code: 'x' })]) },
    '1 of 2 snapshots deleted, 1 failed',
    'deletion-failed',
  ],
  [
    'the form of the contract',
    { result: result(MIXED) },
    '22 of 26 snapshots deleted, 2 failed, 2 skipped',
    'deletion-failed',
  ],
  [
    'not finished',
    { result: result([item()], 3), end: stopped },
    'NOT FINISHED: 1 of 3 snapshots deleted, 2 not processed',
    'deletion-stopped',
  ],
  [
    'not known of one',
    { result: { ...result([], 3), unsettled: [UNSETTLED] }, end: stopped },
    'NOT FINISHED: 0 of 3 snapshots deleted, 1 unknown, 2 not processed',
    'deletion-stopped',
  ],
  [
    'refused',
    { result: null, end: { state: 'refused', code: 'plan.expired', text: 'too late' } },
    'Nothing deleted: plan.expired',
    'deletion-refused',
  ],
  [
    'not readable',
    { result: null, unread: 'the bucket is away', end: { state: 'failed', code: 'run.failed', text: 'x' } },
    'Not known what was deleted: run.failed',
    'deletion-unread',
  ],
  [
    'carried out elsewhere',
    { result: null, end: { state: 'refused', code: 'plan.in-progress', text: 'another is at it' } },
    'Already in progress: plan.in-progress',
    'deletion-refused',
  ],
])('the subject says the outcome, and an attribute too: %s', (_, given, subject, outcome) => {
  expect(resultSubject(context(given))).toBe(`[Lightsail] ${subject}`);
  expect(resultAttributes(context(given)).outcome).toBe(outcome);
});

test.each<[string, Partial<ResultContext>]>([
  ['after-a-deletion', { result: result(MIXED.filter(({ outcome }) => outcome === 'deleted')), zone: UTC }],
  ['deletion-failed', { result: result(MIXED) }],
  [
    'deletion-stopped',
    {
      result: { ...result(MIXED, 40), unsettled: [UNSETTLED] },
      end: stopped,
      resumeCommand: {
        command: invokeCommand(
          { id: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'0'.repeat(64)}` },
          'arn:aws:lambda:eu-west-1:123456789012:function:LightsailRetention-RetentionDeletionFunction0A1B2C3D:live',
          { name: '20261123T080000Z-1a2b3c4d-20261123T090000Z' },
        ),
        region: 'eu-west-1',
      },
    },
  ],
  [
    'deletion-refused',
    { result: null, end: { state: 'refused', code: 'plan.expired', text: 'it expired on 2026-11-30' } },
  ],
])('the e-mail of a result reads as reviewed: %s', (name, given) => {
  const { subject, body } = renderResultEmail(context({ planId: '20261123T080000Z-1a2b3c4d', ...given }));
  expectGolden(`email-${name}.txt`, `Subject: ${subject}\n\n${body}`);
  expectWithinLimits({ subject, body });
});

test('the e-mail has failures first, each with its reason, and the link of the page', () => {
  const { body } = renderResultEmail(
    context({
      result: result([
        item({ name: 'gone' }),
        item({ name: 'kept', outcome: 'spared', code: 'hold', text: 'tag retention:hold' }),
        item({ name: 'stuck', outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed' }),
        item({ name: 'late', outcome: 'failed', code: 'operation.timeout', text: 'no end', mayStillBeDeleted: true }),
      ]),
    }),
  );
  const positions = ['- late', '- stuck', '- kept', 'DELETED: 1 (up to $2.00 a month)', 's3/object/reports?region'].map(
    (text) => body.indexOf(text),
  );
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(positions.every((position) => position >= 0)).toBe(true);
  expect(body).toContain('- stuck: not allowed (AccessDeniedException)\n');
  expect(body).toContain('- late: no end (operation.timeout)\n');
});

test('the e-mail of an automatic deletion names the day of the next report, which says when a failed one is tried again', () => {
  const failed = result([
    item({ name: 'stuck', outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed' }),
    item({ name: 'late', outcome: 'failed', code: 'operation.timeout', text: 'no end', mayStillBeDeleted: true }),
  ]);
  const automatic = { ...failed, approvedBy: { kind: 'automatic', arn: null, claimed: false } } as const;
  const { body } = renderResultEmail(context({ result: automatic, nextReport: '2026-12-07' }));
  expect(body).toContain('AWS may still delete it. The next report (7 Dec 2026) shows whether it is gone.');
  expect(body).toContain(
    'The one that failed is tried again on a day that the next report names (7 Dec 2026), with how to keep it. ' +
      'Ask who manages your AWS account to allow lightsail:DeleteInstanceSnapshot.',
  );
  expect(renderResultEmail(context({ result: automatic })).body).toContain(
    'on a day that the next report names, with ',
  );
});

test('the e-mail of an unfinished plan has the reason and the command that continues it', () => {
  const { body } = renderResultEmail(
    context({
      result: result([item()], 3),
      end: stopped,
      resumeCommand: { command: 'aws lambda invoke again', region: 'eu-west-1' },
    }),
  );
  expect(body).toContain('The run was stopped: it did not end within 23 hours (run.deadline).');
  expect(body).toContain(
    'CloudShell: https://eu-west-1.console.aws.amazon.com/cloudshell/home?region=eu-west-1\naws lambda invoke again\n',
  );
});

test('a sent delete without outcome comes first in the e-mail, by its ARN if the plan is missing', () => {
  const given = context({
    result: { ...result([item()], 3), unsettled: [UNSETTLED, { ...UNSETTLED, name: null }] },
    end: stopped,
  });
  const { body } = renderResultEmail(given);
  expect(body).toContain(
    'The outcome of 2 is not known: AWS may still delete them. The next report shows which are gone.',
  );
  expect(body).toMatch(
    /NOT KNOWN: 2 \(a delete may have been sent\)\n- web-1104 of web\n- arn:aws:lightsail:…:a of web\n[\s\S]*DELETED: 1 /,
  );
});

test('the e-mail of a refused plan says that nothing was deleted, and why', () => {
  const { body } = renderResultEmail(
    context({ result: null, end: { state: 'refused', code: 'plan.expired', text: 'too late' }, files: [] }),
  );
  expect(body).toMatch(/^The plan was refused: too late \(plan\.expired\)\.\nNothing was deleted\.\n\n/);
  expect(body).toMatch(/\n\nYou do not need to do anything: the next report makes a new plan\.\n\nPlan a-plan\. /);
});

test('the e-mail of 20,000 outcomes stays within its limits, and its subject has at most 99 printable characters', () => {
  const items = Array.from({ length: 20_000 }, (_, index) => item({ name: `web-${index}-${'ü'.repeat(30)}` }));
  expectWithinLimits(renderResultEmail(context({ result: result(items) })));
  const long: RunEnd = { state: 'failed', code: `x\n${'é'.repeat(10)}${'y'.repeat(200)}`, text: 'z' };
  expect(resultSubject(context({ result: null, end: long }))).toMatch(/^[!-~][ -~]{0,98}$/);
});

test('the e-mail of any result stays within 40 lines and 8 KiB, and names or counts every outcome', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 255 }),
    fc.constantFrom('雪🦊'.repeat(60), 'a\nDELETED: 9', '\u202egpj.exe', 'https://evil.example/'),
  );
  const outcome = fc.constantFrom('deleted', 'already-gone', 'spared', 'changed', 'failed');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, outcome, fc.boolean()), { maxLength: 60 }),
      fc.array(text, { maxLength: 5 }),
      fc.nat(9),
      fc.boolean(),
      fc.option(text, { nil: null }),
      (outcomes, unsettled, open, isEarly, unread) => {
        const items = outcomes.map(([name, each, late], i) =>
          item({
            name,
            source: `${name}${i % 9}`,
            outcome: each,
            code: name,
            text: name,
            ...(late && each === 'failed' && { mayStillBeDeleted: true }),
          }),
        );
        const recorded = {
          ...result(items, items.length + unsettled.length + open),
          unsettled: unsettled.map((name) => ({ ...UNSETTLED, name })),
        };
        const mail = renderResultEmail(
          context({
            planId: unsettled[0] ?? 'a-plan',
            result: unread === null ? recorded : null,
            unread,
            end: isEarly
              ? { state: 'failed', code: unsettled[0] ?? 'x', text: unsettled[1] ?? 'y' }
              : { state: 'finished' },
            files: ['s3://reports/results/a-plan.html', 's3://reports/results/a-plan.json'],
            evidenceHead: `00000214:${'0'.repeat(64)}`,
            resumeCommand: open > 0 ? { command: COMMAND, region: 'eu-west-1' } : null,
          }),
        );
        expectWithinLimits(mail);
        if (unread !== null) return;
        const blockCount = (heading: string): number => {
          const [, block = ''] = new RegExp(`^${heading}: [\\d,]+(?: .*)?\n((?:- .*\n)*)`, 'm').exec(mail.body) ?? [];
          return block
            .split('\n')
            .reduce((sum, line) => sum + (line === '' ? 0 : Number(/^- and (\d+) more$/.exec(line)?.[1] ?? 1)), 0);
        };
        const countOf = (...wanted: string[]): number => items.filter((each) => wanted.includes(each.outcome)).length;
        const late = items.filter(({ mayStillBeDeleted }) => mayStillBeDeleted === true).length;
        expect(blockCount('FAILED')).toBe(countOf('failed') - late);
        expect(blockCount('SKIPPED')).toBe(countOf('spared', 'changed'));
        expect(/^DELETED: /m.test(mail.body)).toBe(countOf('deleted') > 0);
      },
    ),
    { numRuns: 200 },
  );
});

test('text of other people stays text, on one line of the e-mail', () => {
  const name = '<img src=x onerror=alert(1)>\n\u202eevil';
  const given = context({
    result: result([item({ name, source: name, outcome: 'failed', code: 'x', text: '</td><script>' })]),
  });
  const { body } = renderResultEmail(given);
  expect(body.split('\n').some((line) => line.startsWith('evil'))).toBe(false);
  expect(body).not.toContain('\u202e');
});
