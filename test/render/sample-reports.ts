import { blockOf } from '../../lambda/core/plan/plan';
import type { EvaluatedSnapshot, PlanSummary, Report } from '../../lambda/core/report/report-model';
import { invokeCommand } from '../../lambda/render/deletion-commands';
import type { TextContext } from '../../lambda/render/report-header';
import {
  aFailedScope,
  aReport,
  aScope,
  aSource,
  changes,
  DAY,
  excluded,
  expired,
  kept,
  NOW,
} from '../support/report-builder';

export const CONTEXT: TextContext = {
  fullReport: 's3://reports-bucket/reports/20261123T080000Z-1a2b3c4d/report.html',
  files: [
    's3://reports-bucket/reports/20261123T080000Z-1a2b3c4d/report.json',
    's3://reports-bucket/reports/20261123T080000Z-1a2b3c4d/report.csv',
    's3://reports-bucket/reports/20261123T080000Z-1a2b3c4d/report.html',
  ],
  index: 's3://reports-bucket/reports/index.html',
  run: {
    kind: 'deployed',
    region: 'eu-central-1',
    functionName: 'LightsailRetention-RetentionReportFunction3C2B1A0D-7g6f5E4d',
    nextReport: '2026-11-30',
  },
  applyCommand: null,
  confirmedSubscribers: 1,
  deletionMode: 'off',
};

const shop = {
  kind: 'database',
  region: 'eu-central-1',
  source: aSource('shop-db', 'database', 'eu-central-1'),
} as const;
const old = { source: aSource('old-web') } as const;

const items: readonly EvaluatedSnapshot[] = [
  excluded('held', 'held by the tag no_delete of the snapshot', {
    ...shop,
    name: 'shop-db-before-move',
    createdAt: NOW - 400 * DAY,
    sizeGb: 80,
  }),
  expired(
    { ...shop, name: 'shop-db-1001', createdAt: NOW - 53 * DAY, sizeGb: 80 },
    {
      policy: {
        id: 'short',
        name: 'short',
        origin: 'source-tag',
        policy: { keep: null, expireAfter: null, expireOn: null },
      },
      reasons: [{ code: 'expireAfter', kind: 'old', duration: '30d', day: 20_757 }],
    },
  ),
  excluded('problem', 'the tag retention:policy names "standrad", which is no policy', { name: 'web-typo' }),
  kept({ name: 'web-1120', createdAt: NOW - 3 * DAY }),
  kept({ name: 'web-1119', createdAt: NOW - 4 * DAY }),
  expired({ name: 'web-1103' }),
  expired({
    name: 'web-1102',
    createdAt: NOW - 21 * DAY,
    attachedDisks: [{ name: 'data', path: '/dev/xvdf', sizeGb: 64, system: false }],
  }),
  excluded('unmanaged', 'no tag, rule or default names a policy', { name: 'try-out', source: null }),
  excluded('unfinished', 'its state is pending', { name: 'web-now', state: 'pending', createdAt: NOW - 60_000 }),
  excluded('automatic-copy', 'a kept copy of an automatic snapshot', { name: 'auto-copy', fromAutoSnapshot: true }),
  expired({ ...old, name: 'old-web-7', createdAt: NOW - 200 * DAY, sizeGb: 20 }, { sourceExists: false }),
];

const problem = {
  code: 'tag.unknown-policy',
  arn: items[2]?.snapshot.arn ?? null,
  message: 'the tag retention:policy names "standrad", which is no policy; did you mean "standard"?',
};

const scopes = [
  aScope({ snapshots: 10 }),
  aScope({ region: 'eu-central-1', kind: 'database', pages: 1, snapshots: 2 }),
  aScope({ kind: 'disk', pages: 1, snapshots: 0 }),
];

/** What the plan of such a report says of itself. */
function aPlan(count: number, snapshots: number, complete: boolean, origin = 'retention.yaml'): PlanSummary {
  const blocked = blockOf({ complete, count, snapshots, config: { origin, caps: { maxDeletions: 100, maxShare: 1 } } });
  return { id: 'p', digest: 'd', expiresAt: NOW + 7 * DAY, count, blocked };
}

const unread = [
  aFailedScope('eu-south-2', 'disk'),
  aScope({ region: 'eu-west-1', sources: 'failed', error: { code: 'ThrottlingException', message: 'Rate exceeded' } }),
];

const APPLY_COMMAND = invokeCommand(
  { id: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'0'.repeat(64)}` },
  'arn:aws:lambda:eu-central-1:123456789012:function:LightsailRetention-RetentionDeletionFunction0A1B2C3D-4e5f6G7h:live',
);

const AUTOMATIC = {
  deletionMode: 'automatic',
  grace: '7d',
  deletionSchedule: 'LightsailRetention-RetentionDeletionSchedule-8J9K',
  dashboard: 'LightsailRetention-eu-central-1-c8a1f0e2',
} as const;

const STALE = [
  {
    source: { arn: aSource('mail').arn, name: 'mail', region: 'us-east-1', kind: 'instance' },
    newestAt: NOW - 40 * DAY,
  },
  {
    source: { arn: aSource('lab').arn, name: 'lab', region: 'us-east-1', kind: 'instance' },
    newestAt: NOW - 121 * DAY,
  },
] as const;

/** Candidates of three sources, and snapshots that stay. */
const counted: readonly EvaluatedSnapshot[] = [
  ...[7, 8, 9, 10, 11].map((weeks) => expired({ name: `web-${weeks}`, createdAt: NOW - weeks * 7 * DAY })),
  ...items,
];

/** Gives the candidates these days in turn. */
const dueOn = (all: readonly EvaluatedSnapshot[], days: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    all
      .filter(({ verdict }) => verdict === 'expire')
      .map(({ snapshot }, index) => [snapshot.arn ?? '', days[index % days.length] ?? '']),
  );

/** One report per situation that the e-mail must be good at; each golden has its name. */
export const SITUATIONS: Readonly<
  Record<string, { readonly report: Report; readonly context?: Partial<TextContext> }>
> = {
  'nothing-to-do': {
    report: aReport([kept({ name: 'web-1120' }), kept({ name: 'web-1119', createdAt: NOW - 21 * DAY })]),
  },
  'no-snapshots': { report: aReport([]) },
  'some-expiring': {
    report: aReport(items, {
      scopes,
      problems: [problem],
      automatic: [
        {
          source: { arn: aSource('web').arn, name: 'web', region: 'us-east-1', kind: 'instance' },
          count: 7,
          newestAt: NOW - DAY,
          addOnEnabled: true,
        },
        {
          source: { arn: aSource('blog').arn, name: 'blog', region: 'us-east-1', kind: 'instance' },
          count: 5,
          newestAt: NOW - 90 * DAY,
          addOnEnabled: false,
        },
      ],
      stale: [STALE[0], { ...STALE[1], newestAt: null }],
      changes: changes({
        added: items.slice(3, 5),
        newlyExpiring: items.slice(5, 6),
        newlyHeld: items.slice(0, 1),
        gone: [{ arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/web-0901', name: 'web-0901' }],
      }),
    }),
    context: {
      applyCommand: APPLY_COMMAND,
      deletionMode: 'approve',
    },
  },
  thousands: {
    report: aReport(
      Array.from({ length: 5_000 }, (_, i) =>
        expired({ name: `server-${i % 40}-${i}`, createdAt: NOW - i * DAY, source: aSource(`server-${i % 40}`) }),
      ),
    ),
    context: { applyCommand: APPLY_COMMAND, deletionMode: 'approve' },
  },
  blocked: {
    report: aReport(
      Array.from({ length: 5_000 }, (_, i) =>
        expired({ name: `server-${i % 40}-${i}`, createdAt: NOW - i * DAY, source: aSource(`server-${i % 40}`) }),
      ),
      {
        plan: aPlan(5_000, 5_000, true),
      },
    ),
    context: { limits: { maxDeletions: 100, maxShare: 1 } },
  },
  incomplete: {
    report: aReport(items.slice(3, 7), {
      complete: false,
      scopes: [
        ...scopes,
        ...unread,
        aScope({ region: 'ap-east-1', status: 'disabled', sources: 'disabled', pages: 0, snapshots: 0 }),
      ],
      plan: aPlan(2, 4, false),
      changes: changes({ uncompared: [{ region: 'eu-south-2', kind: 'disk' }] }),
    }),
  },
  'incomplete-nothing-expiring': {
    report: aReport(items.slice(3, 5), { complete: false, scopes: [...scopes, ...unread], plan: aPlan(0, 2, false) }),
    context: { deletionMode: 'automatic', grace: '7d' },
  },
  'nothing-read': {
    report: aReport([], {
      complete: false,
      scopes: [
        aFailedScope('us-east-1', 'instance'),
        aFailedScope('us-east-1', 'disk'),
        aFailedScope('us-east-1', 'database'),
      ],
      plan: aPlan(0, 0, false),
      changes: null,
    }),
  },
  'unknown-sizes': {
    report: aReport(
      [kept({ name: 'web-1120', sizeGb: null }), expired(), expired({ name: 'web-1102', sizeGb: null })],
      {
        changes: changes({ noLongerHeld: [expired()], noLongerExpiring: [kept({ name: 'web-1120' })] }),
      },
    ),
  },
  problems: { report: aReport(items.slice(2, 5), { problems: [problem] }) },
  'first-run': {
    report: aReport(items.slice(3, 7), {
      changes: null,
      config: { origin: 'built-in', digest: `sha256:${'2'.repeat(64)}` },
      plan: aPlan(2, 4, true, 'built-in'),
    }),
    context: { isFirstReport: true },
  },
  'no-subscriber': { report: aReport(items.slice(3, 7)), context: { confirmedSubscribers: 0 } },
  countdown: {
    report: aReport(counted, {
      scopes,
      problems: [problem, { ...problem, message: 'the key retention-hold is not a known key' }],
      stale: STALE,
      changes: changes({ added: items.slice(3, 5), newlyExpiring: items.slice(5, 6) }),
    }),
    context: { ...AUTOMATIC, due: dueOn(counted, ['2026-11-30']) },
  },
  'countdown-several-days': {
    report: aReport(counted, { scopes }),
    context: { ...AUTOMATIC, due: dueOn(counted, ['2026-11-30', '2026-12-02', '2027-01-04']) },
  },
  'automatic-without-days': { report: aReport(items.slice(3, 7)), context: { ...AUTOMATIC, due: new Map() } },
  'not-stored': {
    report: aReport(items.slice(3, 7), {
      problems: [{ code: 'report.not-stored', arn: null, message: 'store the report: it took more than 300 s' }],
      plan: { ...aPlan(2, 4, true), blocked: { code: 'report.not-stored', message: 'the report could not be stored' } },
    }),
    context: { ...AUTOMATIC, fullReport: null, files: [] },
  },
};
