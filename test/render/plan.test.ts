import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { makePlan } from '../../lambda/core/plan/plan';
import { renderPlanJson } from '../../lambda/render/plan';
import { digestOf } from '../../lambda/runtime/digest';
import { readPlan } from '../../lambda/storage/report-history';
import { aConfig } from '../support/config-builder';
import { aScope, aSource, expired, kept, NOW } from '../support/report-builder';

const planOf = (names: readonly string[]) => {
  const items = [kept(), ...names.map((name) => expired({ name }))];
  const given = { id: 'a', createdAt: NOW, account: null, scopes: [aScope()], complete: true, config: aConfig() };
  const content = makePlan({ ...given, items });
  return { ...content, digest: digestOf(content) };
};

it.each([[[]], [['web-1']], [['web-1', 'a "name"\u2028', 'web-3']]])(
  'writes the plan of %j whole, and nothing besides',
  (names) => {
    const plan = planOf(names);
    const parsed = JSON.parse([...renderPlanJson(plan)].join(''));
    expect(parsed).toEqual({ ...plan, items: [...plan.items] });
    const { digest, ...content } = parsed;
    expect(digest).toBe(digestOf(content));
  },
);

it('a plan is hashed and read back whole for any text of the account and any size', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          name: fc.string({ unit: 'binary', minLength: 1 }),
          source: fc.option(fc.string({ unit: 'binary', minLength: 1 })),
          sizeGb: fc.option(fc.double({ min: 0, max: 10_000_000, noNaN: true })),
        }),
        { maxLength: 5 },
      ),
      (snapshots) => {
        const items = snapshots.map(({ name, source, sizeGb }, index) =>
          expired({
            name: `${index}${name}`,
            source: source === null ? null : { ...aSource('web'), name: source },
            sizeGb,
          }),
        );
        const given = { id: 'a', createdAt: NOW, account: '123456789012', scopes: [aScope()], complete: true };
        const content = makePlan({ ...given, config: aConfig({ caps: { maxShare: 1 } }), items: [...items, kept()] });
        const text = [...renderPlanJson({ ...content, digest: digestOf(content) })].join('');
        const { digest, ...written } = JSON.parse(text);
        expect(digest).toBe(digestOf(written));
        expect(digest).toBe(
          `sha256:${createHash('sha256')
            .update(canonicalize(written) ?? '')
            .digest('hex')}`,
        );
        const plan = readPlan(text, 'a', digestOf);
        expect(plan?.items.map(({ source, sizeGb }) => [source, sizeGb === null ? null : Number(sizeGb)])).toEqual(
          snapshots.map(({ source, sizeGb }) => [
            source,
            sizeGb === null || !/^\d+(\.\d+)?$/.test(String(sizeGb)) ? null : sizeGb,
          ]),
        );
      },
    ),
    { numRuns: 300 },
  );
});

it('the plan is written with a line for each snapshot, in chunks', () => {
  const pieces = [...renderPlanJson(planOf(Array.from({ length: 50 }, (_, i) => `web-${i}`)))];
  expect(pieces.length).toBeGreaterThan(50);
  expect(
    pieces
      .join('')
      .split('\n')
      .filter((line) => line.includes('"arn"')),
  ).toHaveLength(50);
});
