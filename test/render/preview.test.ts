import type { Plan, PlanItem } from '../../lambda/core/plan/plan';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import { oneReason, type Preview, raisedCapsText, renderPreview } from '../../lambda/render/preview';
import { aSource, expired, NOW } from '../support/report-builder';

const itemOf = ({ snapshot: { name } }: EvaluatedSnapshot): PlanItem => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}`,
  name: name ?? '',
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2026-10-01T00:00:00.000Z',
});

const OLD = { code: 'expireAfter', kind: 'old', duration: '30d', day: 20_500 } as const;
const FULL = { code: 'last', kind: 'full', of: 3 } as const;
const STANDARD = { id: 'standard', name: 'standard', origin: 'default' } as unknown as EvaluatedSnapshot['policy'];

const EVALUATED: readonly EvaluatedSnapshot[] = [
  { ...expired({ name: 'web-1103' }), policy: STANDARD, reasons: [FULL, OLD] },
  { ...expired({ name: 'web-1102', createdAt: NOW - 21 * 86_400_000 }), policy: STANDARD, reasons: [FULL] },
  { ...expired({ name: 'db-1', source: aSource('db'), sizeGb: null }), policy: null, reasons: [] },
];

const PLAN = { id: 'p', account: '123456789012', items: Array(5).fill({}), caps: 'raised' } as unknown as Plan;

const preview = (given: Partial<Preview> = {}): Preview => {
  const { caps: _, ...ordinary } = PLAN;
  const of = (evaluated: EvaluatedSnapshot) => ({ item: itemOf(evaluated), evaluated });
  return {
    plan: ordinary,
    config: {
      pricing: { default: 0.05, regions: new Map() },
      caps: { maxDeletions: 2, maxShare: 0.5, raisable: false },
    },
    isDryRun: false,
    isRefused: false,
    doneBefore: 1,
    groups: [
      { region: 'us-east-1', items: EVALUATED.slice(0, 2).map(of) },
      { region: 'us-east-1', items: EVALUATED.slice(2).map(of) },
    ],
    skipped: [{ item: { name: 'web-9', region: 'us-east-1' }, skipReason: { code: 'hold', text: 'held' } }],
    now: NOW,
    ...given,
  };
};

const textOf = (given: Partial<Preview> = {}, columns = Number.POSITIVE_INFINITY): string =>
  [...renderPreview(preview(given), columns)].join('');

describe('the preview of a deletion', () => {
  it('shows by source what will be deleted, newest first, with ceilings and one reason each, and what will not', () => {
    expect(textOf()).toBe(`Plan p, account 123456789012: 5 snapshots.
An earlier run processed 1 of them.
3 snapshots will be deleted, at most $4.00/month and 1 of unknown size. It cannot be undone.

web (instance, us-east-1): 2 snapshots, at most $4.00/month
  - web-1103, 20 days old, at most $2.00/month; policy standard: 30d old since 2026-02-16
  - web-1102, 21 days old, at most $2.00/month; policy standard: last: 3 of 3 slots filled

db (instance, us-east-1): 1 snapshot, cost not known
  - db-1, 20 days old, cost not known; no policy

Of the plan, 1 snapshot will not be deleted:
  - web-9 (us-east-1): held [hold]

`);
  });

  it('speaks of a dry run in the conditional, and never says that something will be deleted', () => {
    const text = textOf({ isDryRun: true });
    expect(text).toContain('3 snapshots would be deleted, at most $4.00/month and 1 of unknown size.');
    expect(text).toContain('Of the plan, 1 snapshot would not be deleted:');
    expect(text).not.toMatch(/ will /);
    expect(textOf({ isDryRun: true, groups: [] })).toContain('Nothing would be deleted.');
    expect(textOf({ groups: [] })).toContain('Nothing is left to delete.');
  });

  it('does not say of a plan that is refused that its list would be deleted', () => {
    const text = textOf({ isDryRun: true, isRefused: true });
    expect(text).toContain(
      'The plan cannot be applied. On its list: 3 snapshots, at most $4.00/month and 1 of unknown',
    );
    expect(text).not.toContain('would be deleted');
  });

  it('names the limits that a plan with raised caps ignores, and says nothing of them for any other plan', () => {
    const raised = textOf({ plan: PLAN });
    expect(raised).toContain(
      'The limits were raised for this plan: it may delete 5 snapshots (the configuration says caps.maxDeletions: 2, caps.maxShare: 0.5).',
    );
    expect(textOf()).not.toContain('limits');
    expect(raisedCapsText(preview().plan, preview().config)).toBe('');
  });

  it('wraps between words at the width of a terminal, and never without one', () => {
    for (const columns of [60, 80, 200])
      for (const line of textOf({}, columns).split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    expect(textOf({}, 60).replace(/\s+/g, ' ')).toBe(textOf().replace(/\s+/g, ' '));
  });

  it('gives the age as the reason where there is one, else what covers the longest period, else what is full', () => {
    const week = { code: 'weekly', kind: 'taken', period: 2_900, by: 'web-1' } as const;
    const month = { code: 'monthly', kind: 'taken', period: 24_323, by: 'web-2' } as const;
    const yearly = { code: 'yearly', kind: 'full', of: 2 } as const;
    const reasonOf = (...reasons: EvaluatedSnapshot['reasons']) =>
      oneReason({ ...expired(), policy: STANDARD, reasons });
    expect([reasonOf(FULL, OLD), reasonOf(FULL, week, month, yearly), reasonOf(FULL, yearly)]).toEqual([
      'policy standard: 30d old since 2026-02-16',
      'policy standard: monthly: 2026-12 already kept by web-2',
      'policy standard: yearly: 2 of 2 slots filled',
    ]);
    expect(oneReason({ ...expired(), policy: null, reasons: [] })).toBe('no policy');
  });
});
