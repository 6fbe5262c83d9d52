import { type ApplyResult, countOutcomes, type ItemResult, type Unsettled } from '../../lambda/core/plan/outcome';
import { UTC } from '../../lambda/core/time/zone';
import {
  type ResultContext,
  type RunEnd,
  renderResultEmail,
  resultAttributes,
  resultSubject,
} from '../../lambda/render/result-email';
import { renderResultHtml } from '../../lambda/render/result-html';
import { APPROVED } from '../support/run-origin';

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

const stopped: RunEnd = { state: 'stopped', code: 'run.deadline', text: 'it did not end within 23 hours' };

test.each<[string, Partial<ResultContext>, string, string]>([
  ['all deleted', {}, '1 of 1 planned snapshots deleted, at most $2.00/month', 'deleted'],
  [
    'some failed',
    { result: result([item(), item({ name: 'b', outcome: 'failed', code: 'x' })]) },
    '1 of 2 deletions failed, 1 deleted',
    'deletion-failed',
  ],
  [
    'not finished',
    { result: result([item()], 3), end: stopped },
    'Deletion not finished: 1 deleted, 2 of 3 not processed',
    'deletion-stopped',
  ],
  [
    'not known of one',
    { result: { ...result([], 3), unsettled: [UNSETTLED] }, end: stopped },
    'Deletion not finished: 0 deleted, 1 unknown, 2 of 3 not processed',
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

test('the e-mail has failures first, each outcome with its reason, and the places of the files', () => {
  const { body } = renderResultEmail(
    context({
      result: result([
        item({ name: 'gone' }),
        item({ name: 'kept', outcome: 'spared', code: 'hold', text: 'tag retention:hold' }),
        item({ name: 'stuck', outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed' }),
      ]),
    }),
  );
  const positions = ['stuck', 'kept', 'gone', 's3://reports/results/a-plan.html'].map((text) => body.indexOf(text));
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(positions.every((position) => position >= 0)).toBe(true);
  expect(body).toContain('not allowed [AccessDeniedException]');
  expect(body).toContain('Freed: at most $2.00/month');
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
    '    aws lambda invoke again\n    https://eu-west-1.console.aws.amazon.com/cloudshell/home?region=eu-west-1\n',
  );
});

test('a sent delete without outcome comes first in the e-mail and on the page, by its ARN if the plan is missing', () => {
  const given = context({
    result: { ...result([item()], 3), unsettled: [UNSETTLED, { ...UNSETTLED, name: null }] },
    end: stopped,
  });
  const { body } = renderResultEmail(given);
  expect(body).toContain('Of 3 planned snapshots: 1 deleted, 2 of unknown outcome, 0 not processed.');
  expect(body).toMatch(
    /A delete may have been sent: its outcome is not known \(2\)\n {2}- web-1104 of web\n {2}- arn:aws:lightsail:…:a of web\n[\s\S]*Deleted \(1\)/,
  );
  const html = [...renderResultHtml(given)].join('');
  for (const text of ['web-1104', 'arn:aws:lightsail:…:a', 'its outcome is not known']) expect(html).toContain(text);
});

test('the e-mail of a refused plan says that nothing was deleted, and why', () => {
  const { body } = renderResultEmail(
    context({ result: null, end: { state: 'refused', code: 'plan.expired', text: 'too late' }, files: [] }),
  );
  expect(body).toMatch(/^The plan was refused: too late \(plan\.expired\)\.\nNothing was deleted\. Plan a-plan\.\n/);
});

test('the e-mail has at most 250 KiB, is cut between lines, and its subject has at most 99 printable characters', () => {
  const items = Array.from({ length: 20_000 }, (_, index) => item({ name: `web-${index}-${'ü'.repeat(30)}` }));
  const { subject, body } = renderResultEmail(context({ result: result(items) }));
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(250 * 1024);
  expect(Buffer.byteLength(body)).toBeGreaterThan(200 * 1024);
  expect(body).toMatch(/\n… and [\d,]+ more lines, in s3:\/\/reports\/results\/a-plan\.html\n/);
  const long: RunEnd = { state: 'failed', code: `x\n${'é'.repeat(10)}${'y'.repeat(200)}`, text: 'z' };
  for (const text of [subject, resultSubject(context({ result: null, end: long }))])
    expect(text).toMatch(/^[!-~][ -~]{0,98}$/);
});

test('text of other people stays text, on one line of the e-mail and in the page', () => {
  const name = '<img src=x onerror=alert(1)>\n\u202eevil';
  const given = context({
    result: result([item({ name, source: name, outcome: 'failed', code: 'x', text: '</td><script>' })]),
  });
  const { body } = renderResultEmail(given);
  expect(body.split('\n').some((line) => line.startsWith('evil'))).toBe(false);
  expect(body).not.toContain('\u202e');
  const html = [...renderResultHtml(given)].join('');
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
});

test('the page of a deletion answers who approved it, why each snapshot was deleted, and by which request', () => {
  const ben = { kind: 'dashboard', arn: 'arn:aws:iam::123456789012:user/ben', claimed: true } as const;
  const items = [item({ requestId: 'a1b2-c3' }), item({ name: 'other', approvedBy: ben, policy: null, reasons: [] })];
  const html = [...renderResultHtml(context({ result: result(items) }))].join('');
  for (const text of [
    '<dt>Approved by</dt><dd>arn:aws:iam::123456789012:user/ann, the caller of the command line (confirmed by STS)</dd>',
    '<dt>Report</dt><dd>20261123T080000Z-1a2b3c4d</dd>',
    `<dt>Configuration</dt><dd>retention.yaml, sha256:${'1'.repeat(64)}</dd>`,
    `<dt>Plan</dt><dd>a-plan, 2 snapshots, sha256:${'0'.repeat(64)}</dd>`,
    '<td>policy standard: 30d old since 2026-10-31</td>',
    '<td>a1b2-c3</td>',
    '40 GB, at most $2.00/month',
    'Approved by arn:aws:iam::123456789012:user/ben, a user of the dashboard (claimed)',
    '<td>not recorded</td>',
    '<td>none</td>',
  ])
    expect(html).toContain(text);
  const old = { ...result([item()]), approvedBy: null, config: null, report: null };
  expect([...renderResultHtml(context({ result: old }))].join('')).toContain(
    '<dt>Approved by</dt><dd>not recorded</dd>',
  );
});

test('the page of a deletion names every snapshot, makes no request and runs no script', () => {
  const html = [
    ...renderResultHtml(context({ result: result([item(), item({ name: 'other' })], 3), end: stopped })),
  ].join('');
  for (const text of [
    'web-1103',
    'other',
    'it did not end within 23 hours',
    'at most $2.00/month',
    "default-src 'none'",
  ])
    expect(html).toContain(text);
  expect(html).not.toMatch(/<script|https?:\/\//);
  expect([...renderResultHtml(context({ result: null, end: stopped }))].join('')).toContain(
    'Nothing was deleted: it did not end',
  );
});

test('the page of a deletion shows times in the configured zone, which it names once', () => {
  const html = [...renderResultHtml(context({ zone: { name: 'Asia/Tokyo', offsetAt: () => 9 * 3_600_000 } }))].join('');
  expect(html).toContain('<td>2026-11-23 17:00</td>');
  expect(html.split('Asia/Tokyo')).toHaveLength(2);
  expect(html).not.toContain('UTC');
});
