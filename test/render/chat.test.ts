import Ajv from 'ajv';
import * as fc from 'fast-check';
import type { ChatNotification } from '../../lambda/core/report/chat-notification';
import { renderChat } from '../../lambda/render/chat';
import { expectGolden } from '../support/golden';
import { aFailedScope, aReport, aSource, expired } from '../support/report-builder';
import schema from './custom-notification.schema.json';
import { HOSTILE_NAMES } from './hostile';
import { CONTEXT, SITUATIONS } from './sample-reports';

const valid = new Ajv({ allErrors: true }).compile(schema);

function accepted(notification: ChatNotification): ChatNotification {
  const sent: unknown = JSON.parse(JSON.stringify(notification));
  expect({ valid: valid(sent), errors: valid.errors }).toEqual({ valid: true, errors: null });
  return notification;
}

describe('the chat message', () => {
  test.each(['some-expiring', 'incomplete'])('reads as reviewed: %s', (name) => {
    const { report, context } = SITUATIONS[name] ?? { report: aReport([]) };
    const { title, description, nextSteps } = accepted(renderChat(report, { ...CONTEXT, ...context })).content;
    expectGolden(
      `chat-${name}.txt`,
      `${title}\n\n${description}\n\n${nextSteps.map((step) => `> ${step}\n`).join('')}`,
    );
  });

  test('is accepted in every situation, and says where the full report is', () => {
    for (const { report, context } of Object.values(SITUATIONS)) {
      const { fullReport } = { ...CONTEXT, ...context };
      expect(accepted(renderChat(report, { ...CONTEXT, ...context })).content.description).toContain(
        fullReport ?? 'not stored',
      );
    }
  });

  test('stays within its limits whatever there is to say, counts what it left out, and still says where the full report is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 255 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 200 }),
        (names, problems) => {
          const items = names.map((name, i) => expired({ name, source: aSource(`${name}${i}`) }));
          const report = aReport(items, {
            complete: false,
            scopes: names.map((name) => aFailedScope(name, 'disk')),
            problems: Array.from({ length: problems }, (_, i) => ({
              code: 'tag.x',
              arn: null,
              message: `${names[i % names.length]}`,
            })),
          });
          const { description } = accepted(renderChat(report, { ...CONTEXT, applyCommand: 'x'.repeat(500) })).content;
          expect(description).toContain(CONTEXT.fullReport);
          const [, sources = ''] = description.split('*Expired by policy, by source*');
          const [part = ''] = sources.split('\n\n');
          const left = Number(/… and (\d+) more/.exec(part)?.[1] ?? 0);
          expect((part.match(/^• /gm) ?? []).length + left).toBe(names.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('lets no name mention anybody, or become a link', () => {
    const names = [...HOSTILE_NAMES, '<!channel>', '<https://example.com|harmless>'];
    for (const name of names) {
      const { description } = accepted(
        renderChat(aReport([expired({ name, source: aSource(name) })]), CONTEXT),
      ).content;
      expect(description).not.toMatch(/[<>]|\]\(|\u202e/);
    }
  });

  test('lets no word become a mention or a link by itself', () => {
    for (const name of [
      '@here',
      '#general',
      'www.example.com',
      'shop.example',
      'https://example.com',
      '_x_',
      'a`@here`b',
    ]) {
      const { description } = accepted(renderChat(aReport([expired({ source: aSource(name) })]), CONTEXT)).content;
      const shown = description.replace(/`[^`\n]*`/g, '').replace(/^\*[^*\n]+\*$/gm, '');
      expect(shown).not.toMatch(/[@#`*_]|:\/\/|\w\.[a-z]{2}/i);
    }
  });

  test('offers the command that approves where it is short enough, and else says where it is', () => {
    const { report } = SITUATIONS['some-expiring'] ?? { report: aReport([]) };
    const stepsWith = (applyCommand: string): readonly string[] =>
      accepted(renderChat(report, { ...CONTEXT, applyCommand })).content.nextSteps;
    expect(stepsWith('x'.repeat(300))).toContain(`To delete the expired snapshots: ${'x'.repeat(300)}`);
    expect(stepsWith('x'.repeat(330))).toContain(
      'To delete the expired snapshots: use the command in the e-mail of this report',
    );
  });

  test('offers no command to delete while the plan is blocked', () => {
    const { report } = SITUATIONS.blocked ?? { report: aReport([]) };
    expect(renderChat(report, { ...CONTEXT, applyCommand: 'apply-it' }).content.nextSteps.join()).not.toContain(
      'apply-it',
    );
  });
});
