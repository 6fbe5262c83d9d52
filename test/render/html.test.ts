import { readFileSync } from 'node:fs';
import type { Report } from '../../lambda/core/report/report-model';
import { UTC } from '../../lambda/core/time/zone';
import { type PageContext, renderHtml } from '../../lambda/render/html';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH, PAGE_STYLE, PAGE_STYLE_HASH } from '../../lambda/render/page/assets';
import type { PageData } from '../../lambda/render/page/data';
import { MAX_ROWS } from '../../lambda/render/page/embed';
import { buildPage, PAGE_ASSETS } from '../../scripts/build-page';
import { aFailedScope, aReport, aSource, changes, excluded, expired, kept } from '../support/report-builder';
import { HOSTILE_NAMES, hostileItems } from './hostile';
import { hashOf } from './page-hashes';
import { SITUATIONS } from './sample-reports';

const STORED: PageContext = { stored: true, tagPrefix: 'retention' };
const page = (report: Report, context = STORED): string => [...renderHtml(report, context)].join('');
const embedded = (html: string): PageData =>
  JSON.parse(/<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)?.[1] ?? '');

describe('the page', () => {
  test('carries the script and the style that its sources build', () => {
    expect(readFileSync(PAGE_ASSETS, 'utf8')).toBe(buildPage());
  });

  test('lets its own style and script through by hash, and nothing else', () => {
    expect({ script: PAGE_SCRIPT_HASH, style: PAGE_STYLE_HASH }).toEqual({
      script: hashOf(PAGE_SCRIPT),
      style: hashOf(PAGE_STYLE),
    });
    const html = page(aReport([]));
    expect(html).toContain(`<style>${PAGE_STYLE}</style>`);
    expect(html).toContain(`<script>${PAGE_SCRIPT}</script>`);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toContain('unsafe');
    expect(PAGE_SCRIPT).not.toMatch(/<\/script|<!--/i);
    expect(PAGE_STYLE).not.toMatch(/<\//);
  });

  test('has a script of at most 80 KB, without a reader of YAML and without zod', () => {
    expect(PAGE_SCRIPT.length).toBeLessThanOrEqual(80 * 1_024);
    expect(PAGE_SCRIPT).not.toMatch(/ZodError|YAMLParseError|safeParse/);
  });

  test('asks for nothing outside of itself, and links to consoles by https alone', () => {
    const html = page(SITUATIONS['some-expiring']?.report ?? aReport([]));
    expect(html.replace(/ href="https:[^"]*"|http:\/\/www\.w3\.org\/2000\/svg|url\(#hatch\)/g, '')).not.toMatch(
      /https?:|\ssrc=|@import|url\(|fetch\(|XMLHttpRequest/,
    );
    const hosts = [...html.matchAll(/<a [^>]*href="(?!#)([^"]*)"/g)].map(([, href = '']) => new URL(href).host);
    expect(new Set(hosts)).toEqual(new Set(['us-east-1.console.aws.amazon.com', 'lightsail.aws.amazon.com']));
    expect([...html.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['data:,']);
  });

  test('has no style attribute and no event attribute, which its policy would refuse', () => {
    for (const { report } of Object.values(SITUATIONS))
      expect(page(report).replace(/<(script|style)[\s\S]*?<\/\1>/g, '')).not.toMatch(/ style=| on[a-z]+=/);
  });

  test('keeps hostile names and tags as text', () => {
    const html = page(
      aReport(hostileItems, {
        problems: HOSTILE_NAMES.map((message) => ({ code: message, arn: message, message })),
        account: '<s>',
        zone: { ...UTC, name: '"><s>' },
      }),
    );
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.replace(PAGE_SCRIPT, '')).not.toMatch(/<img|<svg onload|<!--|<s>/);
    expect(html).not.toMatch(/[\u202e\0]/);
    expect(embedded(html).rows.map(([name]) => name)).toEqual(
      HOSTILE_NAMES.map((name) => name.replace(/[\u202e\t\n\ud800](?![\udc00-\udfff])/g, '\ufffd')),
    );
  });

  test('says what was not read before any snapshot', () => {
    const html = page(SITUATIONS.incomplete?.report ?? aReport([]));
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeGreaterThan(0);
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeLessThan(html.indexOf('id="delete"'));
    expect(html.indexOf('Not read: 2 of 6 lists')).toBeLessThan(html.indexOf('id="row-0"'));
  });

  test('never says that all is well after an incomplete reading', () => {
    for (const name of ['incomplete', 'incomplete-nothing-expiring', 'nothing-read']) {
      const html = page(SITUATIONS[name]?.report ?? aReport([]));
      expect(html).toContain('<title>Incomplete: ');
      expect(html).toMatch(
        /<h1>(Nothing can be deleted: (?:lists|[a-z ]*snapshots) in .* could not|Nothing could) be read/,
      );
      expect(html).toMatch(/<p class="eyebrow">.*Incomplete: /);
      expect(html).not.toMatch(
        /Nothing to do|nothing to do|within policy|All regions were read|There are no snapshots/,
      );
    }
  });

  test('holds every change, as an e-mail that cut its list refers to it', () => {
    const items = Array.from({ length: 1_200 }, (_, i) => kept({ name: `new-${i}` }));
    const gone = Array.from({ length: 700 }, (_, i) => ({ arn: `gone-${i}`, name: null }));
    const html = page(aReport(items, { changes: changes({ added: items, gone }) }));
    for (let i = 0; i < 1_200; i += 1) expect(html).toContain(`<li>new-${i} (`);
    for (const { arn } of gone) expect(html).toContain(`<li>${arn}</li>`);
    expect(html).toContain('<summary>1,195 more</summary>');
    expect(html).toContain('<summary>695 more</summary>');
    for (const tag of ['ul', 'details', 'section'])
      expect(html.match(new RegExp(`<${tag}[ >]`, 'g'))).toHaveLength(html.split(`</${tag}>`).length - 1);
  });

  test('refers to files beside it only where it is stored', () => {
    const report = aReport([kept()]);
    expect(page(report)).toContain('report.csv and report.json, stored beside this page');
    const alone = page(report, { stored: false, tagPrefix: 'acme' });
    expect(alone).not.toContain('beside this page');
    expect(alone).toContain('report --format csv');
    expect(alone).toContain('<code>acme:hold</code>');
  });

  test('names the day of the next report, and the command that makes an incomplete one again', () => {
    const incomplete = SITUATIONS.incomplete?.report ?? aReport([]);
    const run = {
      kind: 'deployed',
      region: 'eu-central-1',
      functionName: 'reports',
      nextReport: '2026-11-30',
    } as const;
    const html = page(incomplete, { ...STORED, run });
    expect(html).toContain('The next report is due on 30 Nov 2026 and makes a new list.');
    const words = html.match(/<code id="again-command">(.*?)<\/code>/)?.[1]?.replace(/<[^>]*>/g, '');
    expect(words).toBe(
      'aws lambda invoke --region eu-central-1 --function-name reports --invocation-type Event /dev/null',
    );
    const alone = page(incomplete, {
      ...STORED,
      run: { kind: 'command-line', options: { profile: 'p' }, plan: null, at: null },
    });
    expect(alone.replace(/<[^>]*>/g, '')).toContain('npx lightsail-retention report --profile p');
    expect(alone).not.toContain('The next report');
    expect(page(aReport([kept()]), { ...STORED, run })).not.toContain('again-command');
  });

  test('names snapshots of unknown size beside every ceiling', () => {
    const html = page(SITUATIONS['unknown-sizes']?.report ?? aReport([]));
    expect(html).toContain('up to <b>$2.00</b> and 1 of unknown size of $2.00 and 2 of unknown size a month');
    expect(html).toContain('40 GB, <b>$2.00</b> a month and 2 of unknown size');
    expect(html).toContain('$2.00 and 2 of unknown size<span class="vh"> $2.00 and 1 of unknown size can be deleted');
  });

  test('carries every snapshot with its verdict and reasons', () => {
    for (const { report } of Object.values(SITUATIONS)) {
      const { rows, words, policies, reasons, sources } = embedded(page(report));
      expect(rows).toHaveLength(report.items.length);
      expect(rows.filter((row) => words[row[6]] === 'Can be deleted')).toHaveLength(report.totals.expire);
      expect(rows.filter((row) => row[9].length === 0 || row[9].some((index) => !reasons[index]))).toEqual([]);
      expect(rows.filter((row) => policies[row[8]] === '' || sources[row[1]] === undefined)).toEqual([]);
    }
  });

  test('lists expired snapshots first if there are too many, with the number and the place of the others', () => {
    const items = Array.from({ length: MAX_ROWS + 10 }, (_, i) => {
      const given = { name: `s${i}` };
      return i % 3 === 0 ? expired(given) : i % 1_000 === 1 ? excluded('held', 'held', given) : kept(given);
    });
    const html = page(aReport(items));
    const { rows } = embedded(html);
    const marks = (mark: string): number => rows.filter((row) => row[5] === mark).length;
    expect(rows).toHaveLength(MAX_ROWS);
    expect(marks('expire')).toBe(items.filter(({ verdict }) => verdict === 'expire').length);
    expect(marks('held')).toBe(items.filter(({ status }) => status === 'held').length);
    const order = rows.map(([name]) => Number(name.slice(1)));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(html).toContain('lists 30,000 of 30,010 snapshots');
    expect(html).toContain('The other 10 are in report.csv');
    expect(html).toContain('A policy cannot be tried here: the page holds 30,000 of 30,010 snapshots.');
    expect(embedded(html).floors).toBeNull();
  });

  test('folds the sources beyond the eighth into one bar', () => {
    const html = page(aReport(Array.from({ length: 14 }, (_, i) => kept({ source: aSource(`s${i}`) }))));
    expect(html).toContain('<bdi>6 others</bdi>');
    expect(html).toContain('<td class="r">$12.00</td>');
  });

  test('says of an account without snapshots that there are none', () => {
    const html = page(aReport([]));
    expect(html).toContain('There are no snapshots.');
    expect(html).not.toContain('id="cost"');
    expect(embedded(html).rows).toEqual([]);
  });

  test('gives the same bytes for the same report', () => {
    for (const { report } of Object.values(SITUATIONS)) expect(page(report)).toBe(page(report));
  });
});

const FLOORS = {
  floors: { minKeep: 1, minAge: { years: 0, months: 0, days: 0, hours: 24, text: '24h' } },
  caps: { maxDeletions: 100, maxShare: 0.5, raisable: false },
  deletion: {
    planValidFor: { years: 0, months: 0, days: 7, hours: 0, text: '7d' },
    grace: { years: 0, months: 0, days: 7, hours: 0, text: '7d' },
  },
} as const;
const DEPLOYED: PageContext = {
  ...STORED,
  config: FLOORS,
  deletionMode: 'automatic',
  run: { kind: 'deployed', region: 'eu-central-1' },
};
const CANDIDATES = [
  kept(),
  ...Array.from({ length: 26 }, (_, i) => expired({ name: `old-${i}` })),
  ...Array.from({ length: 146 }, (_, i) => kept({ name: `new-${i}` })),
];
const dueOn = (dayOf: (index: number) => string): ReadonlyMap<string, string> =>
  new Map(
    CANDIDATES.filter(({ verdict }) => verdict === 'expire').map(({ snapshot }, i) => [snapshot.arn ?? '', dayOf(i)]),
  );
const shown = (html: string, tag: string): string =>
  (new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '').replace(/<[^>]+>/g, '').trim();
const first = (report: Report, context: PageContext): string =>
  page(report, context)
    .replace(/^[\s\S]*<main/, '')
    .replace(/<section[\s\S]*$/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the first screen', () => {
  const report = aReport(CANDIDATES, { changes: null });

  test('counts down to one day, and says how to keep one and how to stop all', () => {
    const context = { ...DEPLOYED, due: dueOn(() => '2026-12-07') };
    expect(shown(page(report, context), 'h1')).toBe('26 snapshots will be deleted on Monday, 7 December.');
    const text = first(report, context);
    expect(text).toContain('The other 147 snapshots stay');
    expect(text).toContain('within your limits: 26 of at most 100 snapshots, 15 % of at most 50 % of all');
    expect(text).toContain('Mon 7 Dec 26 deleted');
    expect(text).toContain('key=retention:hold');
    expect(page(report, { ...context, deletionSchedule: 'deletion-8J9K' })).toContain(
      '<a class="ext" href="https://eu-central-1.console.aws.amazon.com/scheduler/home?region=eu-central-1#schedules/default/deletion-8J9K" rel="noreferrer">Stop all automatic deletion</a>',
    );
    expect(text).toContain(
      'The deletion starts at 13:47 (UTC). If the list is right, leave it: the deletion runs by itself.',
    );
    expect(text).toContain('To keep one, hold it before then ; “Keep one” says how. A deletion cannot be undone.');
    expect(text).not.toContain('Stop all');
  });

  test('counts down to several days, of which it names the first', () => {
    const context = { ...DEPLOYED, due: dueOn((i) => (i < 9 ? '2026-12-02' : '2027-01-04')) };
    expect(shown(page(report, context), 'h1')).toBe('26 snapshots will be deleted, the first 9 on 2 December.');
    expect(first(report, context)).toMatch(/Mon 4 Jan 17 deleted/);
    expect(first(report, context)).toContain('Each deletion starts at 13:47 (UTC).');
    expect(first(report, context)).toContain('To keep one, hold it before 13:47 of its day');
    const line = page(report, context).match(/<ol class="days"[\s\S]*?<\/ol>/)?.[0] ?? '';
    expect(line.match(/ jump|"jump"/g)).toHaveLength(2);
    const three = { ...DEPLOYED, due: dueOn((i) => ['2026-11-25', '2026-11-30', '2027-01-04'][i % 3] ?? '') };
    expect(first(report, three)).toMatch(/Wed 25 9 deleted .*Mon 30 9 deleted .*Mon 4 Jan 8 deleted/);
    const many = { ...DEPLOYED, due: dueOn((i) => `2026-12-${String(i + 1).padStart(2, '0')}`) };
    expect(first(report, many)).toMatch(
      /Mon 23 report Tue 1 Dec 1 deleted .*Mon 7 Dec 1 deleted And on 19 later days\./,
    );
  });

  test('says that the days are not known where they could not be computed', () => {
    expect(shown(page(report, DEPLOYED), 'h1')).toBe('26 snapshots will be deleted on a day that is not known.');
  });

  test('says what can be deleted where nothing is deleted automatically', () => {
    const context = { ...DEPLOYED, deletionMode: 'off' } as const;
    expect(shown(page(report, context), 'h1')).toBe('26 of 173 snapshots can be deleted.');
    expect(first(report, context)).toContain('Report only. Nothing is deleted automatically.');
    expect(first(report, context)).not.toContain('will be deleted');
  });

  test('names the exceeded limits and the first clean-up of a blocked plan', () => {
    const blocked = { code: 'cap.max-share', message: 'too many' } as const;
    const html = { ...report, plan: { ...report.plan, blocked } };
    const config = { ...FLOORS, caps: { ...FLOORS.caps, maxShare: 0.1 } };
    const text = first(html, { ...DEPLOYED, config });
    expect(text).toContain('Nothing will be deleted: 26 snapshots exceed your limits.');
    expect(text).toContain('would delete 26 of 173 snapshots (15 %). Your limits are 100 snapshots and 10 %.');
    expect(text).toContain(
      'ask the person who deployed this to raise caps.maxShare to at least 0.16 in retention.yaml. Once that is deployed, the next report names a day for each deletion, at least 7 days later.',
    );
    expect(text).toContain('This is normal for a first clean-up.');
    const later = { ...html, changes: changes() };
    expect(first(later, { ...DEPLOYED, config })).not.toContain('first clean-up');
    expect(text).not.toContain('within your limits');
  });

  test('says of an incomplete report how long the countdown will be', () => {
    const unread = aReport(CANDIDATES, { complete: false, scopes: [aFailedScope('ap-southeast-2', 'disk')] });
    expect(first(unread, DEPLOYED)).toContain(
      'The next complete report names a day for each deletion, at least 7 days later',
    );
  });

  test('asks who deployed it for a policy, and prints a command for it only on the command line', () => {
    const blocked = { code: 'config.built-in', message: 'the starter policy only reports' } as const;
    const starter = { ...report, plan: { ...report.plan, blocked } };
    expect(first(starter, DEPLOYED)).toContain('Ask the person who deployed this to write one');
    expect(page(starter, DEPLOYED)).not.toContain('npx');
    const run = { kind: 'command-line', options: {}, plan: null, at: null } as const;
    expect(first(starter, { stored: false, tagPrefix: 'retention', run })).toContain('npx lightsail-retention init');
  });

  test('says that there is nothing to do only without a problem', () => {
    expect(shown(page(aReport([kept()]), DEPLOYED), 'h1')).toBe('Nothing to do: the one snapshot is within policy.');
    const problem = { code: 'tag.unknown-policy', arn: null, message: 'a tag is wrong' };
    expect(shown(page(aReport([kept()], { problems: [problem] }), DEPLOYED), 'h1')).toBe(
      'Nothing to delete, and 1 thing needs attention.',
    );
    const source = { arn: 'mail', name: 'mail', region: 'us-east-1', kind: 'instance' } as const;
    const stale = page(aReport([kept()], { stale: [{ source, newestAt: null }] }), DEPLOYED);
    expect(shown(stale, 'h1')).toBe('Nothing to delete, and 1 thing needs attention.');
    expect(stale).not.toContain('No action needed');
  });

  test('repeats the options of the run in each command of the command line', () => {
    const run = {
      kind: 'command-line',
      options: { config: 'a b.yaml', profile: 'me' },
      plan: 'p.json',
      at: null,
    } as const;
    const text = first(report, { stored: false, tagPrefix: 'retention', config: FLOORS, run });
    expect(text.replace(/ +/g, ' ')).toContain(
      'npx lightsail-retention apply p.json --local --config &#39;a b.yaml&#39; --profile me',
    );
    expect(text).toContain('--profile me');
  });
});

describe('the page without its script', () => {
  test('has what can be deleted by source with a reason, and the rows of the table with every reason', () => {
    const html = page(aReport(CANDIDATES)).replace(/<script[\s\S]*?<\/script>/g, '');
    expect(html).toContain('<span class="pn">Policy standard, by the rule “production”</span> Not one of 7 daily.');
    expect(html.match(/<tr role="row" id="row-/g)).toHaveLength(173);
    expect(html).toContain('daily: 7 of 7 slots filled; weekly: 2026-W44 already kept by web-1108');
    expect(html).toContain('daily 3 of 7 (2026-11-20)');
  });

  test('lists holds without an end, the oldest first, with what they cost', () => {
    const hold = 'held without end by tag retention:hold on the snapshot';
    const items = [
      excluded('held', hold, { name: 'newer', createdAt: Date.UTC(2026, 9, 1) }),
      excluded('held', hold, { name: 'older', createdAt: Date.UTC(2025, 9, 1), sizeGb: 80 }),
      excluded('held', 'held through 2027-01-01 by tag retention:hold on the snapshot', { name: 'dated' }),
    ];
    const html = page(aReport(items));
    expect(html).toContain(
      '<li>older: 1 Oct 2025, up to $4.00/month</li>\n<li>newer: 1 Oct 2026, up to $2.00/month</li>',
    );
    expect(html).toContain('<span class="n">2</span><span>snapshots are held without an end</span>');
    // A hold that a person chose is not counted among what needs attention.
    expect(html).toContain('<h2 id="h-know">Good to know</h2>');
    expect(html).not.toContain('h-att');
  });

  test('draws the history of earlier reports, and links to them', () => {
    const DAY = 86_400_000;
    const at = aReport([]).evaluatedAt;
    const history = [2, 1].map((i) => ({ at: at - i * 7 * DAY, keep: 5 * i, expire: i, monthlyCostCeiling: 10 }));
    const links = { json: 'j', csv: 'c', index: 'i', previous: 'p' };
    const html = page(aReport([kept()]), { ...DEPLOYED, history, links });
    expect(html).toContain('aria-label="Kept snapshots: 10 to 1 over 3 reports; 0 can be deleted now"');
    for (const href of ['j', 'c', 'i', 'p']) expect(html).toContain(`<a class="" href="${href}"`);
  });
});
