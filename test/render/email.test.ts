import * as fc from 'fast-check';
import type { EvaluatedSnapshot, Report } from '../../lambda/core/report/report-model';
import { billOf, type Spend } from '../../lambda/core/report/spend';
import { fullDayText } from '../../lambda/render/day-text';
import { renderEmail } from '../../lambda/render/email';
import { commandLines } from '../../lambda/render/email-layout';
import { reportSubject } from '../../lambda/render/email-subject';
import { renderHtml } from '../../lambda/render/html';
import { messageAttributes } from '../../lambda/render/message-attributes';
import type { TextContext } from '../../lambda/render/report-header';
import { expectGolden } from '../support/golden';
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
import { expectWithinLimits, linesOf } from './email-limits';
import { CONTEXT, SITUATIONS } from './sample-reports';

const situation = (name: string): Report => SITUATIONS[name]?.report ?? aReport([]);

const mailOf = (name: string, more: Partial<TextContext> = {}) => {
  const { report = aReport([]), context = {} } = SITUATIONS[name] ?? {};
  return renderEmail(report, { ...CONTEXT, ...context, ...more });
};

const number = (text = '0'): number => Number(text.replaceAll(',', ''));

/** The candidates that the lines of sources count. */
const countedIn = (body: string): number =>
  [
    ...body.matchAll(
      /^- .*: ([\d,]+) of [\d,]+(?:, the oldest made .*)?$|^- and ([\d,]+) snapshots? of [\d,]+ more .*$/gm,
    ),
  ].reduce((sum, [, some, rest]) => sum + number(some ?? rest), 0);

describe('the e-mail', () => {
  test.each(Object.keys(SITUATIONS))('reads as reviewed: %s', (name) => {
    const { subject, body } = mailOf(name);
    expectGolden(`email-${name}.txt`, `Subject: ${subject}\n\n${body}`);
    expectWithinLimits({ subject, body });
  });

  const seventeen = [...Array.from({ length: 17 }, () => expired()), ...Array.from({ length: 40 }, () => kept())];
  const on = (days: readonly string[]) => new Map(days.map((day, index) => [`arn-${index}`, day]));
  const capped = { code: 'cap.max-deletions', message: 'too many' } as const;

  test.each<[string, Report, Partial<TextContext>, string]>([
    ['candidates', aReport(seventeen), {}, '17 of 57 snapshots can be deleted, up to $34.00/month'],
    [
      'one date',
      aReport(seventeen),
      { due: on(['2026-12-07', '2026-12-07']) },
      '2 snapshots will be deleted on 7 Dec unless held (57 checked)',
    ],
    [
      'several dates',
      aReport(seventeen),
      { due: on(['2026-12-07', '2026-12-02', '2026-12-02', '2027-01-01']) },
      '4 snapshots will be deleted, the first 2 on 2 Dec, unless held (57 checked)',
    ],
    ['nothing', aReport([kept(), kept()]), {}, 'Nothing to do: all 2 snapshots are within policy'],
    [
      'a problem',
      aReport([kept()], { problems: [{ code: 'x', arn: null, message: 'm' }] }),
      {},
      'Nothing to delete (1 checked), but 1 thing needs attention',
    ],
    [
      'one region not read',
      aReport([kept()], { complete: false, scopes: [aScope(), aFailedScope('ap-southeast-2', 'disk')] }),
      {},
      'INCOMPLETE: snapshots in Sydney could not be read. Nothing will be deleted',
    ],
    [
      'a region with a name that is not ASCII',
      aReport([kept()], { complete: false, scopes: [aScope(), aFailedScope('sa-east-1', 'disk')] }),
      {},
      'INCOMPLETE: snapshots in Sao Paulo could not be read. Nothing will be deleted',
    ],
    [
      'several regions not read',
      aReport([kept()], {
        complete: false,
        scopes: [aScope(), ...['eu-west-1', 'eu-west-2', 'eu-west-3'].map((region) => aFailedScope(region, 'disk'))],
      }),
      {},
      'INCOMPLETE: lists in 3 regions could not be read. Nothing will be deleted',
    ],
    [
      'a blocked plan',
      aReport(seventeen, { plan: { ...aReport([]).plan, blocked: capped } }),
      {},
      'BLOCKED: 17 of 57 snapshots exceed your limits. Nothing will be deleted',
    ],
    [
      'the first report',
      aReport(seventeen, { changes: null }),
      { isFirstReport: true },
      'First report: 17 of 57 snapshots can be deleted, up to $34.00/month',
    ],
  ])('has the subject of the contract: %s', (_, report, context, subject) => {
    expect(renderEmail(report, { ...CONTEXT, deletionMode: 'automatic', ...context }).subject).toBe(
      `[Lightsail] ${subject}`,
    );
  });

  test('has a subject that SNS accepts, whatever the numbers', () => {
    const amount = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 0, max: 1e15 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 90 }),
        fc.boolean(),
        (snapshots, expire, cents, complete, failed, isFirstReport) => {
          const base = aReport([]);
          const totals = { ...base.totals, snapshots, expire, expireMonthlyCostCeiling: cents / 100 };
          const scopes = Array.from({ length: failed }, (_, i) => aFailedScope(`eu-south-${i}`, 'disk'));
          const { subject } = renderEmail({ ...base, totals, complete, scopes }, { ...CONTEXT, isFirstReport });
          expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
          expect(/INCOMPLETE/.test(subject)).toBe(!complete);
        },
      ),
    );
  });

  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 255 }),
    fc.string({ unit: 'grapheme', maxLength: 120 }),
    fc.constantFrom(
      '雪🦊'.repeat(60),
      'a\nSubject: b',
      '\u202egpj.exe',
      '- and 9 snapshots of 3 more servers',
      'https://evil.example/',
      '𝕏'.repeat(255),
    ),
  );
  const state = fc.record({
    amount: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 1, 9, 10, 400)),
    sources: fc.integer({ min: 1, max: 500 }),
    every: fc.integer({ min: 1, max: 4 }),
    names: fc.array(text, { minLength: 1, maxLength: 12 }),
    complete: fc.boolean(),
    failed: fc.integer({ min: 0, max: 30 }),
    off: fc.integer({ min: 0, max: 20 }),
    problems: fc.integer({ min: 0, max: 50 }),
    stale: fc.integer({ min: 0, max: 20 }),
    blocked: fc.constantFrom(null, 'cap.max-share' as const, 'config.built-in' as const, 'report.not-stored' as const),
    hasChanges: fc.boolean(),
    mode: fc.constantFrom('off' as const, 'approve' as const, 'automatic' as const),
    days: fc.integer({ min: 0, max: 9 }),
    hasCommand: fc.boolean(),
    approvesOnDashboard: fc.boolean(),
    confirmedSubscribers: fc.constantFrom<(number | null)[]>(null, 0, 1),
    bill: fc.constantFrom(null, 'unread' as const, 1, 30),
  });

  type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

  const HUGE: State = {
    amount: 100_000,
    sources: 500,
    every: 2,
    names: ['雪🦊'.repeat(60), '𝕏'.repeat(255)],
    complete: true,
    failed: 30,
    off: 20,
    problems: 50,
    stale: 20,
    blocked: null,
    hasChanges: true,
    mode: 'off',
    days: 0,
    hasCommand: true,
    approvesOnDashboard: true,
    confirmedSubscribers: 0,
    bill: 30,
  };

  /** A bill of so many regions whose codes are not known, as long as a line of it can be. */
  function spendOf(bill: State['bill'], names: readonly string[]): Spend | null {
    if (bill === null) return null;
    const [name = ''] = names;
    if (bill === 'unread') return { state: 'unread', cause: name, remedy: name };
    const amounts = Array.from({ length: bill }, (_, i) => [`${name}${i}-SnapshotUsage`, 10n ** 32n] as const);
    const before = billOf('2026-08', true, amounts);
    return { state: 'read', bill: billOf('2026-10', false, amounts), change: { month: '2026-09', before } };
  }

  function checkState(given: State): void {
    const { amount, names, every, mode, blocked } = given;
    const name = (i: number): string => names[i % names.length] ?? '';
    const itemAt = (i: number): EvaluatedSnapshot => {
      const snapshot = {
        name: name(i),
        arn: `arn-${i}`,
        createdAt: NOW - (i % 900) * DAY,
        source: aSource(`${name(i % given.sources)}${i % given.sources}`),
      };
      if (i % every === 0) return expired(snapshot, { sourceExists: i % 3 !== 0 });
      return i % 7 === 1 ? excluded('unmanaged', name(i), snapshot) : kept(snapshot);
    };
    const items = Array.from({ length: amount }, (_, i) => itemAt(i));
    const problem = (i: number) => ({ code: name(i), arn: `arn-${i}`, message: name(i + 1) });
    const base = aReport(items, {
      complete: given.complete,
      account: name(0),
      config: { origin: name(1), digest: `sha256:${'1'.repeat(64)}` },
      scopes: [
        aScope({ snapshots: amount }),
        ...Array.from({ length: given.complete ? 0 : given.failed }, (_, i) => aFailedScope(name(i), 'disk')),
        ...Array.from({ length: given.off }, (_, i) =>
          aScope({ region: `off-${i}`, status: i % 2 === 0 ? 'disabled' : 'denied', sources: 'disabled' }),
        ),
      ],
      problems: Array.from({ length: given.problems }, (_, i) => problem(i)),
      stale: Array.from({ length: given.stale }, (_, i) => ({
        source: { arn: name(i), name: name(i), region: 'us-east-1', kind: 'instance' },
        newestAt: NOW - i * DAY,
      })),
      automatic: Array.from({ length: given.stale }, (_, i) => ({
        source: { arn: name(i), name: name(i), region: 'us-east-1', kind: 'instance' },
        count: i,
        newestAt: null,
        addOnEnabled: false,
      })),
      changes: given.hasChanges ? changes({ added: items }) : null,
      spend: spendOf(given.bill, names),
    });
    const isCounting = mode === 'automatic' && given.days > 0 && given.complete && blocked === null;
    const due = items
      .filter(({ verdict }) => verdict === 'expire' && isCounting)
      .map(({ snapshot }, i) => [snapshot.arn ?? '', `2026-12-0${1 + (i % given.days)}`] as const);
    const report = {
      ...base,
      plan: { ...base.plan, blocked: blocked === null ? null : { code: blocked, message: name(2) } },
    };
    const mail = renderEmail(report, {
      ...CONTEXT,
      deletionMode: mode,
      due: new Map(due),
      applyCommand: given.hasCommand && mode !== 'off' ? (SITUATIONS.thousands?.context?.applyCommand ?? null) : null,
      confirmedSubscribers: given.confirmedSubscribers,
      deletionSchedule: `${'s'.repeat(64)}`,
      dashboard: 'd'.repeat(200),
      approvesOnDashboard: given.approvesOnDashboard && mode === 'approve',
      evidenceHead: `00000214:${'0'.repeat(64)}`,
      fullReport: blocked === 'report.not-stored' ? null : CONTEXT.fullReport,
      tagPrefix: 'r'.repeat(60),
    });
    expectWithinLimits(mail);
    expect(countedIn(mail.body.replace(/; (?:[\d,]+ )?deleted (?:on|from) \d+ \w+.*$/gm, ''))).toBe(
      report.totals.expire,
    );
    expect(mail.body).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2028\u2029]|^Subject: /mu);
    for (const link of mail.body.match(/\S*:\/\/\S*/g) ?? [])
      expect(link).toMatch(/^https:\/\/(?:[a-z0-9-]+\.console|lightsail)\.aws\.amazon\.com\//);
    expect((mail.body.match(/^ *aws /gm) ?? []).length).toBeLessThanOrEqual(1);
  }

  test('stays within 40 lines and 8 KiB for any account, accounts for every candidate, and lets no text of others forge a line or a link', () => {
    fc.assert(fc.property(state, checkState), {
      numRuns: 150,
      examples: [
        [{ ...HUGE, mode: 'automatic', days: 9 }],
        [{ ...HUGE, amount: 2_000, complete: false }],
        [{ ...HUGE, amount: 2_000, mode: 'approve' }],
      ],
    });
  });

  test('keeps hostile names on one line and shows what would reorder text', () => {
    const hostile = 'a\nNOTHING TO DO\r\u2028\u202egpj.exe\u0000\u009b\ud800';
    const { body } = renderEmail(aReport([expired({ name: hostile, source: aSource(hostile) })]), CONTEXT);
    expect(body).toContain('- a\ufffdNOTHING TO DO\ufffd\ufffd\ufffdgpj.exe\ufffd\ufffd\ufffd, Virginia: 1 of 1');
    expect(body).not.toMatch(/[\u202e\u2028\r\0\u009b]/);
  });

  test('names each region that was not read before the candidates, with the remedy that the service offers', () => {
    const scopes = [aScope(), aFailedScope('eu-south-2', 'disk')];
    const { body } = renderEmail(aReport([expired()], { complete: false, scopes }), CONTEXT);
    expect(body.indexOf('The snapshots in Spain (eu-south-2) could not be read: ')).toBeGreaterThan(0);
    expect(body.indexOf('Spain (eu-south-2)')).toBeLessThan(body.indexOf('WHAT COULD BE DELETED'));
    expect(body).toContain('Ask for lightsail:GetDiskSnapshots');
  });

  test('never says that all is well after an incomplete reading', () => {
    for (const name of ['incomplete', 'incomplete-nothing-expiring', 'nothing-read']) {
      const { subject, body } = mailOf(name, { deletionMode: 'automatic', due: new Map() });
      expect(subject).toContain('INCOMPLETE');
      expect(body).toMatch(
        /^Nothing will be deleted, because not everything could be read\.(?: Deletion days in earlier e-mails are cancelled\.)?\n/,
      );
      expect(body).toMatch(/^(In what could be read|Nothing could be read)/m);
      expect(body).not.toMatch(/within policy|do not need to do anything|nothing changed\.|will be deleted (on|:)/i);
    }
  });

  test('names snapshots of unknown size wherever it says what they cost at most', () => {
    const { subject, body } = renderEmail(situation('unknown-sizes'), CONTEXT);
    for (const line of [subject, ...linesOf(body).filter((each) => each.includes('$'))])
      expect(line).toMatch(/up to \$[\d.]+(\/month| a month) and [12] of unknown size/);
    const none = renderEmail(aReport([expired({ sizeGb: null })]), CONTEXT);
    expect(`${none.subject} ${none.body}`).not.toContain('$');
    expect(none.body).toContain('Their size and cost are not known.');
  });

  test('counts what needs attention like the page of the same report, in each situation', () => {
    for (const { report } of Object.values(SITUATIONS)) {
      if (report.plan.blocked?.code === 'report.not-stored') continue;
      const { body } = renderEmail(report, CONTEXT);
      const html = [...renderHtml(report, { stored: true, tagPrefix: 'retention' })].join('');
      const onPage = /href="#h-att">(\d+) needs? attention/.exec(html)?.[1];
      expect(/^NEEDS ATTENTION: (\d+) things?\./m.exec(body)?.[1]).toBe(onPage);
    }
  });

  test.each([
    ['kept', kept, 'It is kept. '],
    ['on the list', expired, 'It is on the list. '],
  ] as const)('says what becomes of a snapshot whose source is gone and that is %s', (_, made, text) => {
    const { body } = renderEmail(aReport([made({}, { sourceExists: false }), kept()]), CONTEXT);
    expect(body).toContain(`${text}It may be the only copy.\n`);
  });

  const server = (name: string) => ({ ...aSource(name), kind: 'instance', region: 'us-east-1' }) as const;

  test('names the sources without a recent snapshot, those that wait longest first, as many as fit', () => {
    const stale = Array.from({ length: 9 }, (_, index) => ({
      source: server(`server-number-${index}`),
      newestAt: index === 8 ? null : NOW - (20 + index) * DAY,
    }));
    const { body } = renderEmail(aReport([kept()], { stale }), CONTEXT);
    expect(body).toContain(
      '- 9 servers have no recent snapshot: server-number-8 (none at all), server-number-7 (27), server-number-6 (26) ' +
        'and 6 more (the report names all). Make one of each now.\n',
    );
    expect(linesOf(body)[1]).toContain('9 servers have no recent snapshot.');
  });

  test('says how many lack a backup where the whole sentence does not fit', () => {
    const stale = [
      { source: server('web'), newestAt: NOW - 20 * DAY },
      { source: server('shop'), newestAt: null },
    ];
    const days = ['2026-12-02', '2026-12-07', '2026-12-09'];
    const zone = { ...aReport([]).zone, name: 'America/North_Dakota/New_Salem' };
    const { body } = renderEmail(aReport([expired(), expired(), expired(), kept()], { stale, zone }), {
      ...CONTEXT,
      deletionMode: 'automatic',
      due: on(days),
    });
    expect(linesOf(body)[0]).toMatch(/\. 2 (?:servers )?have no recent snapshot\.$/);
  });

  test('says that no backup is missing only where everything was read and has a recent one', () => {
    const source = { ...server('web'), account: null, exists: true, tags: new Map(), newestAt: NOW, stale: false };
    const without = { ...source, ...server('shop'), newestAt: null };
    const says = (given: Partial<Report>, items = [kept()]) =>
      /^All regions were read\. (.*\. )?(?:Since|There is no earlier)/m.exec(
        renderEmail(aReport(items, given), CONTEXT).body,
      )?.[1] ?? '';
    expect(says({ sources: [source] })).toBe('Every server, disk and database has a recent snapshot. ');
    expect(says({ sources: [source, without] })).toBe(
      'Everything that has manual snapshots has a recent one; 1 has none. ',
    );
    expect(says({ stale: [{ source: server('web'), newestAt: NOW - 20 * DAY }] })).toBe('');
    expect(says({}, [])).toBe('');
    expect(renderEmail(aReport([kept()], { complete: false }), CONTEXT).body).not.toContain('All regions were read');
  });

  test('says the same share and the same limits as the page of a blocked plan', () => {
    const report = situation('blocked');
    const limits = { maxDeletions: 2, maxShare: 0.125 };
    const aDuration = { years: 0, months: 0, days: 7, hours: 0, text: '7d' };
    const config = {
      floors: { minKeep: 1, minAge: aDuration },
      caps: { ...limits, raisable: false },
      deletion: { planValidFor: aDuration, grace: aDuration },
    };
    const html = [...renderHtml(report, { stored: true, tagPrefix: 'retention', config })].join('');
    const [outcome = ''] = linesOf(renderEmail(report, { ...CONTEXT, limits }).body);
    expect(outcome).toMatch(/\(\d+ %\)\. Your limits are 2 snapshots and 12\.5 %\./);
    expect(html).toContain(outcome);
  });

  test('asks nobody to install anything: its commands are those of AWS, beside the link of a terminal that has it', () => {
    for (const name of Object.keys(SITUATIONS)) {
      const { body } = mailOf(name);
      expect({ name, asks: /npx|lightsail-retention (report|apply|explain)|install/.test(body) }).toEqual({
        name,
        asks: false,
      });
      expect(
        body.includes('CloudShell: https://eu-central-1.console.aws.amazon.com/cloudshell/home?region=eu-central-1\n'),
      ).toBe(/^aws /m.test(body));
    }
  });

  test('answers what will happen, when, and how to stop it, in the first two lines and by a link', () => {
    const { body } = mailOf('countdown');
    const [what = '', how = ''] = linesOf(body);
    expect(what).toMatch(
      /^9 snapshots will be deleted on Monday, 30 November 2026, from 13:47 \(UTC\)\. The other 7 stay /,
    );
    expect(how).toMatch(/add the tag retention:hold .* before then\. To stop all, use the link "Stop all" below\.$/);
    expect(body).toMatch(
      /^Stop all automatic deletion \(choose Disable\): https:\/\/eu-central-1\.console\.aws\.amazon\.com\/scheduler\/home\?region=eu-central-1#schedules\/default\/\S+$/m,
    );
  });

  test('has only console links of the partition of its region', () => {
    for (const [region, host] of [
      ['cn-north-1', 'console.amazonaws.cn'],
      ['us-gov-west-1', 'console.amazonaws-us-gov.com'],
    ] as const) {
      const { body } = mailOf('countdown', { run: { kind: 'deployed', region } });
      const links = (body.match(/https:\S+/g) ?? []).filter(
        (link) => !link.startsWith('https://lightsail.aws.amazon.com/'),
      );
      expect(links).toHaveLength(3);
      for (const link of links) expect(link.startsWith(`https://${region}.${host}/`)).toBe(true);
    }
  });

  test('announces only the deletions that automatic deletion will make', () => {
    const given = (report: Report, due: ReadonlyMap<string, string> = new Map()) => {
      const mail = renderEmail(report, { ...CONTEXT, deletionMode: 'automatic', grace: '7d', due });
      return `${mail.subject}\n${mail.body}`;
    };
    const item = expired();
    expect(given(aReport([item]), new Map([[item.snapshot.arn ?? '', '2026-11-30']]))).toMatch(/will be deleted on/);
    for (const report of [aReport([item]), aReport([kept()]), situation('blocked'), situation('incomplete')])
      expect(given(report)).not.toMatch(/(?<!Nothing )will be deleted(?! by)/i);
  });

  describe('where plans can be approved on the dashboard', () => {
    const context: TextContext = {
      ...CONTEXT,
      applyCommand: 'apply-it',
      deletionMode: 'approve',
      dashboard: 'Snapshots',
      approvesOnDashboard: true,
    };
    const LINK =
      'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/Snapshots';
    const mailWith = (report: Report, given: Partial<TextContext> = {}) =>
      renderEmail(report, { ...context, ...given });

    test('says so with the link and the last day, before the command, with the subject of any other', () => {
      const report = aReport([expired()]);
      const { subject, body } = mailWith(report);
      expect(body).toContain(
        `To delete it (it starts at once, and cannot be undone), approve the plan on the dashboard until 30 Nov 2026 08:00: ${LINK}\n` +
          'Or paste this into CloudShell of account 123456789012:\n',
      );
      expect(body.split(LINK)).toHaveLength(2);
      const other = mailWith(report, { approvesOnDashboard: false });
      expect(subject).toBe(other.subject);
      expect(body.split('\n').length).toBe(other.body.split('\n').length);
      expect(other.body).not.toMatch(/approve the plan/);
    });

    test.each<[string, Report, Partial<TextContext>]>([
      ['there is nothing to delete', aReport([kept()]), {}],
      [
        'the report is incomplete',
        aReport([expired()], { complete: false, scopes: [aFailedScope('eu-south-2', 'disk')] }),
        {},
      ],
      [
        'the plan is blocked',
        aReport([expired()], {
          plan: { id: 'p', digest: 'd', expiresAt: NOW, count: 1, blocked: { code: 'cap.max-share', message: 'x' } },
        }),
        {},
      ],
      ['the plan is not stored', aReport([expired()]), { applyCommand: null, fullReport: null }],
      ['no dashboard is deployed', aReport([expired()]), { dashboard: undefined as never }],
    ])('does not say so where %s', (_, report, given) => {
      expect(mailWith(report, given).body).not.toMatch(/approve the plan/i);
    });
  });

  test('offers no command to delete when the plan is blocked', () => {
    const blocked = { code: 'cap.max-share', message: 'too large a share' } as const;
    const report = aReport([expired()], { plan: { id: 'p', digest: 'd', expiresAt: NOW, count: 1, blocked } });
    const { body } = renderEmail(report, { ...CONTEXT, applyCommand: 'apply-it', deletionMode: 'approve' });
    expect(body).not.toContain('apply-it');
    expect(body).toMatch(/^Your policy would delete 1 of 1 snapshot \(100 %\)\. That is more than your limits\./);
    expect(body).toContain(
      'raise caps.maxDeletions to at least 1 and caps.maxShare to at least 1 in retention.yaml.\nOnce that is deployed, the next report has a plan that you can approve.',
    );
  });

  test('has a command that a shell joins again', () => {
    const command = SITUATIONS.thousands?.context?.applyCommand ?? '';
    const lines = commandLines(command);
    expect(lines.map((line) => line.replace(/ \\$/, '').trim()).join(' ')).toBe(command);
    expect(lines.length).toBeLessThanOrEqual(7);
    for (const line of lines) expect(line.length <= 76 || !line.replace(/ \\$/, '').trim().includes(' ')).toBe(true);
    expect(mailOf('thousands').body).toContain(`${lines.join('\n')}\n`);
  });

  test('names the configured prefix in the advice on keeping', () => {
    expect(renderEmail(aReport([expired()]), { ...CONTEXT, tagPrefix: 'acme' }).body).toContain(
      'add the tag acme:hold',
    );
  });

  test('has the same subject as the list of reports', () => {
    for (const { report, context } of Object.values(SITUATIONS))
      expect(renderEmail(report, { ...CONTEXT, ...context }).subject).toBe(reportSubject(report, context));
  });

  test('prints the evidence head as history --verify accepts it', () => {
    const evidenceHead = `00000214:${'9c'.repeat(32)}`;
    expect(renderEmail(aReport([kept()]), { ...CONTEXT, evidenceHead }).body).toContain(
      `\nEvidence: ${evidenceHead}\n`,
    );
  });

  test('writes days as people read them', () => {
    expect(fullDayText('2026-12-07')).toBe('Monday, 7 December 2026');
  });

  test('carries attributes by which subscribers filter', () => {
    expect(messageAttributes(aReport([expired(), kept()]))).toEqual({
      outcome: 'expiring',
      expiring: 1,
      complete: 'true',
      problems: 0,
    });
    expect(messageAttributes(aReport([kept()])).outcome).toBe('nothing');
    expect(messageAttributes(aReport([kept()], { problems: [{ code: 'x', arn: null, message: 'm' }] })).outcome).toBe(
      'problems',
    );
    expect(messageAttributes(aReport([expired()], { complete: false }))).toMatchObject({
      outcome: 'incomplete',
      complete: 'false',
    });
  });
});
