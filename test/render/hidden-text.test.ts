import fc from 'fast-check';
import { reportFailure } from '../../cli/terminal';
import { type ApplyResult, countOutcomes, type ItemResult } from '../../lambda/core/plan/outcome';
import type { NewPlan, Plan, PlanItem } from '../../lambda/core/plan/plan';
import { commandText } from '../../lambda/core/report/command-line';
import type { Report } from '../../lambda/core/report/report-model';
import { UTC } from '../../lambda/core/time/zone';
import { RetentionError } from '../../lambda/core/util/errors';
import { jsonText, visible, visibleLines, visibleMembers } from '../../lambda/core/util/safe-text';
import { renderChat } from '../../lambda/render/chat';
import { renderCsv } from '../../lambda/render/csv';
import { renderEmail } from '../../lambda/render/email';
import { renderHtml } from '../../lambda/render/html';
import { renderJson } from '../../lambda/render/json';
import { renderMarkdown } from '../../lambda/render/markdown';
import { renderPlanJson } from '../../lambda/render/plan';
import { renderPlanList, renderPreview } from '../../lambda/render/preview';
import { type ResultContext, renderResultEmail } from '../../lambda/render/result-email';
import { renderResultHtml } from '../../lambda/render/result-html';
import { renderResultJson } from '../../lambda/render/result-json';
import { outcomeLine, renderResultText, resultEnd } from '../../lambda/render/result-text';
import { renderTerminal } from '../../lambda/render/terminal';
import { indexReports } from '../../lambda/reporting/report-index';
import { storeReport } from '../../lambda/reporting/store-report';
import { memoryStore } from '../fakes/memory-store';
import { aFailedScope, aReport, aSource, changes, excluded, expired, kept, NOW } from '../support/report-builder';
import { CONTEXT } from './sample-reports';

/** Written out here, so that the test does not trust the table that it tests. Tabs and line feeds are layout. */
const HIDDEN: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe0fff],
];
/** What a picture needs: the choice of its form, and a joiner to the next one. */
const IN_PICTURES = /(?<=🦊)[\ufe0e\ufe0f]|(?<=🦊[\ufe0e\ufe0f]?)\u200d(?=🦊)/gu;
const hiddenIn = (text: string): readonly string[] =>
  [...new Set(text.replace(IN_PICTURES, ''))]
    .map((character) => character.codePointAt(0) ?? 0)
    .filter((point) => HIDDEN.some(([from, to]) => point >= from && point <= to))
    .map((point) => point.toString(16));

const PARTS = [
  '\u0000',
  '\u0007',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\r',
  '\b',
  '\u007f',
  '\u0085',
  '\u009b31m',
  '\u009d',
  '\u202e',
  '\u202a',
  '\u2066',
  '\u2069',
  '\u200e',
  '\u061c',
  '\u200b',
  '\u200c',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u3164',
  '\u115f',
  '\u2028',
  '\u2029',
  '\ud800',
  '\udc00',
  '\u{e0041}',
  '\ufe0f',
  '\ufffb',
  '=1+1',
  '<b>',
  '"',
  ',',
  'web',
  'ä',
  '\u{1f98a}',
  '\n',
  '\t',
] as const;
const hostile = fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));

/** A report in which every text that comes from elsewhere is `text`. */
function reportOf(text: string): Report {
  const given = {
    name: text,
    source: { ...aSource('web'), name: text },
    tags: new Map([
      [text, text],
      ['key', null],
    ]),
    state: text,
  };
  const items = [
    expired(given, {
      policy: {
        id: text,
        name: text,
        origin: 'rule',
        rule: text,
        policy: { keep: null, expireAfter: null, expireOn: null },
      },
    }),
    kept({ ...given, arn: `${given.source.arn}${text}` }),
    excluded('problem', text, { ...given, arn: null }),
    excluded('held', text, { ...given, region: text, account: text }),
  ];
  const gone = { arn: text, name: text };
  return aReport(items, {
    account: text,
    complete: false,
    scopes: [{ ...aFailedScope('us-east-1', 'disk'), region: text, error: { code: text, message: text, tip: text } }],
    problems: [{ code: text, arn: text, message: text }],
    config: { origin: text, digest: text },
    changes: changes({
      gone: [gone],
      added: items,
      uncompared: [{ region: text, kind: 'disk' }],
    }),
    plan: { ...aReport([]).plan, blocked: { code: 'inventory.incomplete', message: text } },
  });
}

const itemOf = (text: string): ItemResult => ({
  arn: text,
  name: text,
  kind: 'instance',
  account: text,
  region: text,
  createdAt: '2026-11-03T08:00:00.000Z',
  source: text,
  sizeGb: 1,
  monthlyCostCeiling: 1,
  policy: text,
  reasons: [{ code: text, text }],
  requestId: text,
  approvedBy: { kind: 'automatic', arn: null, claimed: false, announcedBy: [text] },
  outcome: 'failed',
  code: text,
  text,
  at: '2026-11-23T08:00:00.000Z',
});

const resultOf = (text: string): ApplyResult => ({
  schemaVersion: 1,
  plan: { id: text, digest: text, count: 2 },
  account: text,
  approvedBy: { kind: 'caller', arn: text, claimed: true },
  config: { origin: text, digest: text },
  report: text,
  status: 'unfinished',
  startedAt: '2026-11-23T08:00:00.000Z',
  updatedAt: '2026-11-23T08:00:00.000Z',
  totals: countOutcomes(2, [itemOf(text)]),
  items: [itemOf(text)],
  unsettled: [{ arn: text, name: text, source: text, sizeGb: 1, monthlyCostCeiling: 1, policy: text, reasons: [] }],
});

const planItemOf = (text: string): PlanItem => ({
  ...{ arn: text, name: text, kind: 'instance', account: text, region: text, createdAt: '2026-11-03T08:00:00.000Z' },
  ...{ policy: text, source: text, sizeGb: '40', monthlyCostCeiling: '2.00', reason: text },
});

const planOf = (text: string): Plan => ({
  schemaVersion: 1,
  id: text,
  account: text,
  scopes: [],
  createdAt: '2026-11-23T08:00:00.000Z',
  expiresAt: '2026-11-30T08:00:00.000Z',
  config: { origin: text, digest: text },
  complete: true,
  blocked: { code: 'cap.max-share', message: text },
  items: [planItemOf(text)],
  digest: text,
});

const join = (chunks: Iterable<string>): string => [...chunks].join('');

/** All that is printed or stored, by what it is. */
function outputsOf(text: string): Readonly<Record<string, string>> {
  const report = reportOf(text);
  const result = resultOf(text);
  const context = { ...CONTEXT, fullReport: text, files: [text], index: text };
  const ended: ResultContext = {
    planId: text,
    zone: UTC,
    region: 'us-east-1',
    result,
    unread: null,
    end: { state: 'failed', code: text, text },
    files: [text],
    resumeCommand: { command: commandText(['aws', text]), region: 'us-east-1' },
  };
  const mail = renderEmail(report, context);
  const resultMail = renderResultEmail(ended);
  const errors: string[] = [];
  reportFailure(
    new RetentionError('store.s3', text),
    { write: (line: string) => errors.push(line) } as unknown as NodeJS.WritableStream,
    {},
  );
  reportFailure(
    new Error(text),
    { write: (line: string) => errors.push(line) } as unknown as NodeJS.WritableStream,
    {},
  );
  const item = itemOf(text);
  const preview = {
    plan: { ...planOf(text), caps: 'raised' as const },
    config: { pricing: report.pricing, caps: { maxDeletions: 1, maxShare: 1, raisable: false } },
    isDryRun: false,
    isRefused: false,
    doneBefore: 0,
    groups: report.items.map((evaluated) => ({ region: text, items: [{ item: planItemOf(text), evaluated }] })),
    skipped: [{ item, skipReason: item }],
    now: NOW,
  };
  return {
    terminal: join(renderTerminal(report, context, { columns: 80, colour: false })),
    mail: `${mail.subject}\n${mail.body}`,
    markdown: join(renderMarkdown(report, context)),
    html: join(renderHtml(report, { stored: true, tagPrefix: 'retention' })),
    csv: join(renderCsv(report)),
    json: join(renderJson(report)),
    chat: jsonText(renderChat(report, context)),
    plan: join(renderPlanJson(planOf(text) as unknown as NewPlan)),
    planText: join(renderPlanList(planOf(text), UTC, 80)),
    preview: join(renderPreview(preview, 80)),
    resultText: join(renderResultText(result, 80)) + resultEnd(result, 80),
    resultLine: outcomeLine(itemOf(text)),
    resultMail: `${resultMail.subject}\n${resultMail.body}`,
    resultHtml: join(renderResultHtml({ ...ended, result })),
    resultJson: join(renderResultJson(result)),
    errors: errors.join(''),
    log: JSON.stringify({ message: text, nested: { text } }, visibleMembers),
  };
}

const isClean = (name: string, text: string): void => {
  expect([name, hiddenIn(text)]).toEqual([name, []]);
  expect([name, Buffer.from(text, 'utf8').toString('utf8') === text]).toEqual([name, true]);
};

describe('text of other people', () => {
  it('reaches nobody with a character that would be obeyed or hidden, whatever is printed or stored', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const [name, output] of Object.entries(outputsOf(text))) isClean(name, output);
      }),
      { numRuns: 80, examples: [...PARTS, '🦊\u200c\u115f\u0000', 'a\ufe0f\u200d🦊'].map((part): [string] => [part]) },
    );
  });

  it('keeps its identity in every JSON', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { json = '', plan = '', resultJson = '' } = outputsOf(text);
        expect(JSON.parse(json).snapshots[0]).toMatchObject({ name: text, state: text, source: { name: text } });
        expect(JSON.parse(plan)).toEqual(planOf(text));
        expect(JSON.parse(resultJson)).toEqual(resultOf(text));
      }),
      { numRuns: 60, examples: PARTS.map((part): [string] => [part]) },
    );
  });

  it('is stored with nothing hidden in any file of a report', async () => {
    for (const part of PARTS) {
      const objects = new Map<string, string>();
      const store = memoryStore(objects);
      await storeReport(store, reportOf(`a${part}b`), planOf('id') as unknown as NewPlan, { tagPrefix: 'retention' });
      await indexReports(store, reportOf(`a${part}b`), true);
      for (const [key, text] of objects) isClean(key, text);
    }
  });

  it.each([
    ['a joiner that Persian needs', 'می\u200cخواهم'],
    ['the joiners of a picture', '\u{1f469}\u200d\u{1f680}, ❤\ufe0f\u200d\u{1f525}'],
  ])('keeps %s', (_, text) => {
    expect(visible(text)).toBe(text);
  });

  it.each([
    ['between letters that need none', 'we\u200db-1', 'we\ufffdb-1'],
    ['at an end', 'web\u200c', 'web\ufffd'],
    ['side by side', 'می\u200c\u200cخ', 'می\ufffd\ufffdخ'],
    ['as a variation of a digit', 'web-1\ufe0f', 'web-1\ufffd'],
  ])('shows a joiner %s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('keeps the lines of a text of several lines, and of one line makes one', () => {
    expect(visibleLines('a\n\tb\rc')).toBe('a\n\tb\ufffdc');
    expect(visible('a\n\tb')).toBe('a\ufffd\ufffdb');
  });
});
