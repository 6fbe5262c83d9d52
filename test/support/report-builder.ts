import { monthlyCostCeiling, roundMoney } from '../../lambda/core/policy/cost';
import type { PolicyUse } from '../../lambda/core/policy/policy';
import type { Changes, EvaluatedSnapshot, PlanSummary, Report, Scope } from '../../lambda/core/report/report-model';
import type { Kind, Snapshot } from '../../lambda/core/snapshot/snapshot';
import { UTC } from '../../lambda/core/time/zone';

export const NOW = Date.UTC(2026, 10, 23, 8);
export const DAY = 86_400_000;
const ACCOUNT = '123456789012';
const TYPES: Readonly<Record<Kind, string>> = {
  instance: 'InstanceSnapshot',
  disk: 'DiskSnapshot',
  database: 'RelationalDatabaseSnapshot',
};

/**
 * A regular instance snapshot of `web` in us-east-1, 20 days old, unless told otherwise. Its ARN is made from its name.
 */
export function aSnapshot(given: Partial<Snapshot> = {}): Snapshot {
  const kind = given.kind ?? 'instance';
  const region = given.region ?? 'us-east-1';
  const name = given.name === undefined ? 'web-1103' : given.name;
  return {
    kind,
    account: ACCOUNT,
    region,
    arn: `arn:aws:lightsail:${region}:${ACCOUNT}:${TYPES[kind]}/${name}`,
    name,
    createdAt: NOW - 20 * DAY,
    sizeGb: 40,
    state: kind === 'disk' ? 'completed' : 'available',
    fromAutoSnapshot: false,
    tags: new Map(),
    source: aSource('web', kind, region),
    ...given,
  };
}

/** What a snapshot says of its source. */
export const aSource = (name: string, kind: Kind = 'instance', region = 'us-east-1') => ({
  name,
  arn: `arn:aws:lightsail:${region}:${ACCOUNT}:${kind}/${name}`,
});

export const STANDARD: PolicyUse = {
  id: 'standard',
  name: 'standard',
  origin: 'rule',
  rule: 'production',
  policy: { keep: { counts: { daily: 7 }, within: {} }, expireAfter: null, expireOn: null },
};

/** A snapshot that its policy keeps. */
export function kept(given: Partial<Snapshot> = {}, more: Partial<EvaluatedSnapshot> = {}): EvaluatedSnapshot {
  const reasons = [{ code: 'daily', kind: 'kept', nth: 3, of: 7, period: 20_777, oldest: false }] as const;
  return {
    snapshot: aSnapshot(given),
    sourceExists: true,
    verdict: 'keep',
    status: 'managed',
    policy: STANDARD,
    reasons,
    ...more,
  };
}

/** A snapshot past its policy. */
export function expired(given: Partial<Snapshot> = {}, more: Partial<EvaluatedSnapshot> = {}): EvaluatedSnapshot {
  const reasons = [
    { code: 'daily', kind: 'full', of: 7 },
    { code: 'weekly', kind: 'taken', period: 2_965, by: 'web-1108' },
  ] as const;
  return {
    snapshot: aSnapshot(given),
    sourceExists: true,
    verdict: 'expire',
    status: 'managed',
    policy: STANDARD,
    reasons,
    ...more,
  };
}

/** A snapshot that is kept without being evaluated. */
export function excluded(
  status: Exclude<EvaluatedSnapshot['status'], 'managed'>,
  text: string,
  given: Partial<Snapshot> = {},
): EvaluatedSnapshot {
  const code = {
    held: 'hold',
    problem: 'tag.unknown-policy',
    unfinished: 'unfinished',
    future: 'future',
    'automatic-copy': 'automatic-copy',
    unmanaged: 'unmanaged',
  } as const;
  return kept(given, { status, policy: null, reasons: [{ code: code[status], kind: 'excluded', text }] });
}

/** A list that was read. */
export const aScope = (given: Partial<Scope> = {}): Scope => ({
  account: ACCOUNT,
  region: 'us-east-1',
  kind: 'instance',
  status: 'read',
  sources: 'read',
  pages: 3,
  snapshots: 57,
  ...given,
});

/** A list that was refused. */
export const aFailedScope = (region: string, kind: Kind): Scope =>
  aScope({
    region,
    kind,
    status: 'failed',
    sources: 'failed',
    pages: 0,
    snapshots: 0,
    error: {
      code: 'AccessDeniedException',
      message: 'the role may not list this',
      tip: 'ask for lightsail:GetDiskSnapshots',
    },
  });

/** What changed since last Monday: nothing, unless told otherwise. */
export const changes = (given: Partial<Changes> = {}): Changes => ({
  previousReportId: '20261116T080000Z-00000000',
  previousAt: NOW - 7 * DAY,
  uncompared: [],
  added: [],
  gone: [],
  newlyExpiring: [],
  noLongerExpiring: [],
  newlyHeld: [],
  noLongerHeld: [],
  ...given,
});

const PLAN: PlanSummary = {
  id: '20261123T080000Z-1a2b3c4d',
  digest: `sha256:${'0'.repeat(64)}`,
  expiresAt: NOW + 7 * DAY,
  count: 0,
  blocked: null,
};

/** A complete report of these snapshots; totals follow from them. */
export function aReport(items: readonly EvaluatedSnapshot[], given: Partial<Report> = {}): Report {
  const pricing = given.pricing ?? { default: 0.05, regions: new Map<string, number>() };
  const expiring = items.filter(({ verdict }) => verdict === 'expire');
  const size = (some: readonly EvaluatedSnapshot[]) =>
    some.reduce((sum, { snapshot }) => sum + (snapshot.sizeGb ?? 0), 0);
  const cost = (some: readonly EvaluatedSnapshot[]) =>
    roundMoney(some.reduce((sum, { snapshot }) => sum + (monthlyCostCeiling(snapshot, pricing) ?? 0), 0));
  const problems = given.problems ?? [];
  return {
    reportId: '20261123T080000Z-1a2b3c4d',
    generatedAt: NOW,
    evaluatedAt: NOW,
    zone: UTC,
    config: { origin: 'retention.yaml', digest: `sha256:${'1'.repeat(64)}` },
    account: ACCOUNT,
    complete: true,
    scopes: [aScope({ snapshots: items.length })],
    totals: {
      snapshots: items.length,
      keep: items.length - expiring.length,
      expire: expiring.length,
      held: items.filter(({ status }) => status === 'held').length,
      unmanaged: items.filter(({ status }) => status === 'unmanaged').length,
      problems: problems.length,
      sizeGb: size(items),
      expireSizeGb: size(expiring),
      monthlyCostCeiling: cost(items),
      expireMonthlyCostCeiling: cost(expiring),
      currency: 'USD',
    },
    items,
    problems,
    plan: { ...PLAN, count: expiring.length },
    pricing,
    automatic: [],
    automaticRead: true,
    spend: null,
    sources: [],
    stale: [],
    changes: changes(),
    confirmedGone: [],
    allRegions: true,
    ...given,
  };
}
