import { type ApplyResult, countOutcomes, type ItemResult } from '../../lambda/core/plan/outcome';
import { renderResultJson } from '../../lambda/render/result-json';
import { resultFile } from '../../lambda/storage/keys';
import { APPROVED } from './run-origin';

export const REASON = { code: 'expireAfter', text: '30d old since 2026-10-31' } as const;

/** The outcome of a snapshot that was deleted, unless other members are given. */
export const anOutcome = (name: string, given: Partial<ItemResult> = {}): ItemResult => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}`,
  name,
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2026-10-01T00:00:00.000Z',
  source: 'web',
  sizeGb: 40,
  monthlyCostCeiling: 2,
  policy: 'standard',
  reasons: [REASON],
  outcome: 'deleted',
  code: 'deleted',
  text: 'deleted',
  at: '2026-11-23T08:01:00.000Z',
  requestId: `request-${name}`,
  ...given,
});

/** The finished result of a plan, unless other members are given. */
export const aResult = (id: string, items: readonly ItemResult[], given: Partial<ApplyResult> = {}): ApplyResult => ({
  schemaVersion: 1,
  plan: { id, digest: `sha256:${'1'.repeat(64)}`, count: items.length },
  account: '123456789012',
  approvedBy: APPROVED,
  config: { origin: 'retention.yaml', digest: `sha256:${'2'.repeat(64)}` },
  report: id,
  status: 'finished',
  startedAt: '2026-11-23T08:00:00.000Z',
  updatedAt: '2026-11-23T08:05:00.000Z',
  totals: countOutcomes(given.plan?.count ?? items.length, items),
  items,
  ...given,
});

/** A result as a run stores it. */
export const storedResult = (result: ApplyResult) => ({
  key: resultFile(result.plan.id),
  contentType: 'application/json',
  body: [...renderResultJson(result)],
});
