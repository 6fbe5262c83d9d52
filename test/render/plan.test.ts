import { makePlan } from '../../lambda/core/plan/plan';
import { renderPlanJson } from '../../lambda/render/plan';
import { digestOf } from '../../lambda/runtime/digest';
import { aConfig } from '../support/config-builder';
import { aScope, expired, kept, NOW } from '../support/report-builder';

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
