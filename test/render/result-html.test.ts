import type { ItemResult } from '../../lambda/core/plan/outcome';
import { UTC } from '../../lambda/core/time/zone';
import type { ResultPageContext } from '../../lambda/render/page/result-first-screen';
import { type ResultLinks, renderResultHtml } from '../../lambda/render/result-html';
import { anOutcome, aResult } from '../support/result-builder';

const PLAN = '20261123T080000Z-1a2b3c4d';

const context = (items: readonly ItemResult[], given: Partial<ResultPageContext> = {}): ResultPageContext => ({
  planId: PLAN,
  zone: UTC,
  region: 'eu-west-1',
  result: aResult(PLAN, items),
  unread: null,
  end: { state: 'finished' },
  resumeCommand: null,
  ...given,
});

/** The page without its style. */
const page = (given: ResultPageContext, links?: ResultLinks): string =>
  [...renderResultHtml(given, links)].join('').replace(/<style>[\s\S]*?<\/style>/, '');
const plainText = (html: string): string =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const shown = (html: string, tag: string): string =>
  plainText(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '');

const failed = (name: string, given: Partial<ItemResult> = {}): ItemResult =>
  anOutcome(name, { outcome: 'failed', code: 'AccessDeniedException', text: 'not allowed', ...given });
const held = (name: string): ItemResult =>
  anOutcome(name, { outcome: 'spared', code: 'hold', text: 'held by the tag retention:hold', requestId: null });
const late = failed('late', { code: 'operation.timeout', text: 'no end', mayStillBeDeleted: true });
const gone = anOutcome('gone', {
  outcome: 'already-gone',
  code: 'snapshot.gone',
  text: 'it was gone',
  requestId: null,
});

/** The commands and names of a run that stopped before its end. */
const STOPPED = {
  end: { state: 'stopped', code: 'run.deadline', text: 'it did not end within 23 hours' },
  resumeCommand: { command: 'aws lambda invoke again', region: 'eu-west-1' },
} as const;

describe('the first screen of a result', () => {
  const lead = (html: string): string => plainText(/<p class="lead">(.*?)<\/p>/s.exec(html)?.[1] ?? '');

  test('says what was deleted, on which day, what that cost, and that nothing needs to be done', () => {
    const html = page(context([anOutcome('a'), anOutcome('b')]));
    expect(shown(html, 'h1')).toBe('2 snapshots were deleted on 23 November 2026.');
    expect(lead(html)).toBe('What was deleted cost up to $4.00 a month (80 GB).');
    expect(shown(html, 'aside')).toContain('No action needed');
    expect(html).not.toContain('class="split"');
  });

  test('names what was not deleted, and what may still be deleted', () => {
    const html = page(context([anOutcome('a'), failed('b'), late, held('c'), gone]));
    expect(shown(html, 'h1')).toBe('1 of 5 snapshots was deleted on 23 November 2026.');
    expect(lead(html)).toContain(
      '1 could not be deleted. The outcome of late is not known: AWS may still delete it. The next report shows whether it is gone. 1 was skipped, and not deleted. 1 was already gone.',
    );
    expect(html).toContain('aria-label="1 deleted, 1 failed, 1 not known, 1 skipped, 1 already gone"');
    expect(shown(html, 'aside')).toContain('Find out why one failed');
  });

  test('of a run that stopped says why, and has the command that goes on', () => {
    const result = aResult(PLAN, [anOutcome('a')], {
      status: 'unfinished',
      plan: { id: PLAN, digest: `sha256:${'1'.repeat(64)}`, count: 4 },
      unsettled: [{ ...anOutcome('b'), name: 'b' }],
    });
    const html = page(context([], { ...STOPPED, result }));
    expect(lead(html)).toMatch(/^The run was stopped: it did not end within 23 hours \(run\.deadline\)\./);
    expect(lead(html)).toContain(
      'The outcome of b is not known: AWS may still delete it. The next report shows whether it is gone. 2 were not processed.',
    );
    const panel = shown(html, 'aside');
    expect(panel).toContain('Continue with the other 3');
    expect(panel).toContain('aws lambda invoke again');
    expect(html).toContain('href="https://eu-west-1.console.aws.amazon.com/cloudshell/home?region=eu-west-1"');
    expect(plainText(html)).toContain('2 snapshots were not processed; the plan names each.');
  });

  test('says that nothing was deleted', () => {
    const html = page(context([held('a')]));
    expect(shown(html, 'h1')).toBe('Nothing was deleted.');
    expect(lead(html)).toBe('1 was skipped, and not deleted.');
    expect(html).not.toContain('id="deleted"');
  });

  test('names snapshots of unknown size beside the cost', () => {
    const unknown = anOutcome('b', { sizeGb: null, monthlyCostCeiling: null });
    expect(lead(page(context([anOutcome('a'), unknown])))).toContain('(40 GB) and 1 of unknown size.');
    expect(lead(page(context([unknown])))).toBe('What was deleted has no known size and cost.');
  });

  test('shows times in the configured zone, which it names once', () => {
    const html = page(context([anOutcome('a')], { zone: { name: 'Asia/Tokyo', offsetAt: () => 9 * 3_600_000 } }));
    expect(html).toContain('<dt>Deleted</dt><dd>23 Nov 2026, 17:01 (Asia/Tokyo)</dd>');
    expect(html).toContain('<span class="nb">23 Nov 2026, 17:01</span>');
    expect(html.split('Asia/Tokyo')).toHaveLength(2);
    expect(html).not.toContain('UTC');
  });
});

describe('the lists of a result', () => {
  test('have what needs a person first, each with its outcome and reason', () => {
    const html = page(context([anOutcome('done'), gone, held('kept'), failed('stuck'), late]));
    const titles = [...html.matchAll(/<tr class="of"><th[^>]*><b>(.*?)<\/b>/g)].map(([, title = '']) =>
      plainText(title),
    );
    expect(titles).toEqual([
      'May still be deleted: 1',
      'Could not be deleted: 1',
      'Skipped: 1',
      'Already gone: 1',
      'web',
    ]);
    const names = [...html.matchAll(/<th scope="row" class="nm"><bdi>(.*?)<\/bdi>/g)].map(([, name]) => name);
    expect(names).toEqual(['late', 'stuck', 'kept', 'gone', 'done']);
    expect(html).toContain('not allowed <span class="quiet">(AccessDeniedException)</span>');
    expect(html).toContain('held by the tag retention:hold <span class="quiet">(hold)</span>');
  });

  test('begin with snapshots whose outcome is not known, by their ARN if the plan is missing', () => {
    const unsettled = [{ ...anOutcome('a'), arn: 'arn:aws:lightsail:…:a', name: null }].map(
      ({ outcome: _, ...rest }) => rest,
    );
    const html = page(context([], { ...STOPPED, result: { ...aResult(PLAN, [anOutcome('b')]), unsettled } }));
    expect(html).toContain('<b>Outcome not known: 1</b> <span>A delete may have been sent.</span>');
    expect(html).toContain('<bdi>arn:aws:lightsail:…:a</bdi></th>');
  });

  test('give one reason that a calendar can check, and the others below it', () => {
    const reasons = [
      { code: 'last', text: 'last: 3 of 3 slots filled' },
      { code: 'weekly', text: 'weekly: 4 of 4 slots filled' },
      { code: 'yearly', text: 'yearly: 2026 already kept by web-1122' },
      { code: 'expireAfter', text: '30d old since 2026-10-31' },
    ];
    const html = page(context([anOutcome('a', { reasons })]));
    expect(html).toContain(
      '<summary><span class="pn">standard</span> yearly: 2026 already kept by web-1122; 30d old since 2026-10-31</summary>',
    );
    expect(html).toContain('<span class="full">last: 3 of 3 slots filled; weekly: 4 of 4 slots filled; yearly: ');
    expect(page(context([anOutcome('a', { policy: null, reasons: [] })]))).toContain(
      '<td class="why">not recorded</td>',
    );
  });

  test('group what was deleted by source with its size and cost, the largest group first', () => {
    const html = page(
      context([
        anOutcome('a', { source: 'small' }),
        anOutcome('b', { source: 'large' }),
        anOutcome('c', { source: 'large', monthlyCostCeiling: null, sizeGb: null }),
      ]),
    );
    const notes = [...html.matchAll(/<tr class="of"><th[^>]*>(.*?)<span class="printed/g)].map(([, note = '']) =>
      plainText(note),
    );
    expect(notes).toEqual([
      'large instance · Virginia (us-east-1) · 2 deleted, 40 GB, up to $2.00 a month and 1 of unknown size',
      'small instance · Virginia (us-east-1) · 1 deleted, 40 GB, up to $2.00 a month',
    ]);
  });

  test('have the request id of each delete, and another approval where there was one', () => {
    const ben = { kind: 'dashboard', arn: 'arn:aws:iam::123456789012:user/ben', claimed: true } as const;
    const html = page(context([anOutcome('a'), anOutcome('b', { requestId: null, approvedBy: ben })]));
    expect(html).toContain('<span class="sub id">request-a</span>');
    expect(html).toContain('<span class="sub id">no delete request</span>');
    expect(html).toContain('Approved by arn:aws:iam::123456789012:user/ben, a user of the dashboard (claimed)');
  });
});

describe('the record of a result', () => {
  const links: ResultLinks = { report: 'https://a/', plan: 'https://b/', index: 'https://c/', json: 'https://d/' };

  test('answers who approved it, by which plan, report and configuration, and has the head of the evidence', () => {
    const head = `00000226:${'b'.repeat(64)}`;
    const html = page(context([anOutcome('a')], { evidenceHead: head }));
    for (const text of [
      '<dt>Approved by</dt><dd>arn:aws:iam::123456789012:user/ann, the caller of the command line (confirmed by STS)</dd>',
      `<dt>Plan</dt><dd>${PLAN}, 1 snapshot, sha256:${'1'.repeat(64)}</dd>`,
      `<dt>Report</dt><dd>${PLAN}</dd>`,
      `<dt>Configuration</dt><dd>retention.yaml, sha256:${'2'.repeat(64)}</dd>`,
      `<dt>Evidence</dt><dd>${head}</dd>`,
    ])
      expect(html).toContain(text);
    expect(page(context([], { evidenceHead: null }))).toContain('<dt>Evidence</dt><dd>not recorded</dd>');
    expect(page(context([]))).not.toContain('<dt>Evidence</dt>');
    const old = { ...aResult(PLAN, []), approvedBy: null, config: null, report: null };
    expect(page(context([], { result: old }))).toContain('<dt>Approved by</dt><dd>Not recorded</dd>');
  });

  test('links to the report, the plan, the index and the data, where they are known', () => {
    const texts = (given: ResultLinks): readonly string[] =>
      [...(/<p class="links">(.*?)<\/p>/.exec(page(context([]), given))?.[1] ?? '').matchAll(/href="(.*?)"/g)].map(
        ([, href = '']) => href,
      );
    expect(texts(links)).toEqual(['https://a/', 'https://b/', 'https://c/', 'https://d/']);
    expect(texts({ ...links, report: null })).toEqual(['https://b/', 'https://c/', 'https://d/']);
  });
});

describe('the page of a result', () => {
  test('makes no request, runs no script, and has no attribute that its policy would refuse', () => {
    const html = page(context([anOutcome('a'), failed('b')], STOPPED));
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|script-src| style=| on[a-z]+=|\ssrc=/);
    expect(html.replace(/ href="https:[^"]*"/g, '')).not.toMatch(/https?:/);
  });

  test('keeps text of other people as text', () => {
    const name = '<img src=x onerror=alert(1)>\n\u202eevil';
    const html = page(
      context([anOutcome(name, { source: name, outcome: 'failed', code: name, text: '</td><script>' })]),
    );
    expect(html).not.toMatch(/<img|<script|\u202e/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });
});
