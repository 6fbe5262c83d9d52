import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { DETAIL_TYPES } from '../../lambda/core/report/retention-event';
import { METRICS } from '../../lambda/runtime/metrics';
import { synthesized } from '../lib/synthesized';

const ROOT = join(__dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'cost.md'), 'utf8');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The row of a table with this first cell: the other cells. */
function row(what: string): readonly string[] {
  const rows = page.split('\n').map((line) =>
    line
      .replace(/[*`]/g, '')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const [found, ...more] = rows.filter(([first]) => first === what);
  if (found === undefined || more.length > 0) throw new Error(`docs/cost.md has not one row "${what}"`);
  return found.slice(1);
}
const arithmetic = (what: string): string => row(what)[0] ?? '';
const cost = (what: string): number => Number(row(what)[1]);
const sum = (...rows: readonly string[]): number => rows.reduce((total, what) => total + cost(what), 0);

/** Metrics that an alarm looks at: CloudWatch bills each of them. */
function alarmMetrics(template: Template): readonly number[] {
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')) as {
    readonly Properties: { readonly Metrics?: readonly { readonly MetricStat?: unknown }[] };
  }[];
  return alarms.map(
    ({ Properties: { Metrics } }) => Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1,
  );
}

const RUNNING = [
  'Lambda, reports',
  'Lambda, check for the first report',
  'EventBridge Scheduler',
  'S3',
  'SNS',
  'CloudWatch Logs',
  'metrics of reports',
];
const CHECK = ['Lambda, daily check', 'metric of the daily check'];
const BILL = ['Cost Explorer'];
const ORGANIZATION = [
  'Lambda, batches',
  'Lambda, the roll-up',
  'durable executions of roll-ups',
  'S3, reports of accounts',
  'metric of an organization',
];
const DELETION = ['Lambda, deletions', 'Lambda, daily start', 'durable execution', 'metrics of deletions'];

const APPROVAL = ['Lambda, widget', 'Lambda, approvals'];

const templates = { report: synthesized(), deletion: synthesized({ deletion: 'automatic' }) };
const all = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

describe('docs/cost.md', () => {
  test('counts the events of a report and of its deletion', () => {
    expect(arithmetic('EventBridge, events')).toContain(
      `× ${Object.keys(DETAIL_TYPES).length} events × $1.00 per million`,
    );
    expect(cost('EventBridge, events')).toBe(0);
  });

  test('counts the alarms, and the metrics that each looks at, as they are deployed', () => {
    const [report, both] = [alarmMetrics(templates.report), alarmMetrics(templates.deletion)];
    expect(arithmetic('alarms')).toContain(`${report.length} alarms over ${all(report)} metrics × $0.10`);
    expect(arithmetic('alarms of deletions')).toContain(
      `${both.length - report.length} alarms over ${all(both) - all(report)} metrics × $0.10`,
    );
    expect(page).toContain(`With deletion there are ${both.length} alarms over ${all(both)} metrics`);
    expect(all(both)).toBeLessThanOrEqual(10);
    expect(cost('alarms')).toBeCloseTo(all(report) * 0.1, 5);
    expect(cost('alarms of deletions')).toBeCloseTo((all(both) - all(report)) * 0.1, 5);
    expect(alarmMetrics(synthesized({ deletion: 'approve' }))).toEqual(both);
  });

  test('counts the alarm of an approval on the dashboard, and the metrics of all alarms with it', () => {
    const before = alarmMetrics(synthesized({ deletion: 'approve' }));
    const after = alarmMetrics(synthesized({ deletion: 'approve', approval: 'dashboard' }));
    const [alarms, metrics] = [after.length - before.length, all(after) - all(before)];
    expect(arithmetic('alarm of approvals')).toContain(`${alarms} alarm over ${metrics} metrics × $0.10`);
    expect(cost('alarm of approvals')).toBeCloseTo(metrics * 0.1, 5);
    expect(page).toContain(`There are then ${after.length} alarms over ${all(after)} metrics.`);
    expect(page).toContain(`so it costs at least $${((all(after) - 10) * 0.1).toFixed(2)}`);
  });

  test('counts what the other settings deploy', () => {
    const dashboards = (template: Template): number =>
      Object.keys(template.findResources('AWS::CloudWatch::Dashboard')).length;
    for (const template of Object.values(templates))
      expect(arithmetic('dashboard')).toContain(`${dashboards(template)} dashboard `);
    const alarms = synthesized({ monitoring: 'alarms', deletion: 'automatic' });
    expect([alarmMetrics(alarms), dashboards(alarms)]).toEqual([alarmMetrics(templates.deletion), 0]);
    const off = synthesized({ monitoring: 'off', deletion: 'automatic' });
    expect([alarmMetrics(off), dashboards(off)]).toEqual([[], 0]);
  });

  test('counts every metric that is emitted', () => {
    const { deleted, deletionsFailed, reportAgeHours, accountsMissed, ...ofReports } = METRICS;
    expect(arithmetic('metrics of reports')).toContain(`${Object.keys(ofReports).length} metrics `);
    expect(arithmetic('metric of the daily check')).toContain(`${[reportAgeHours].length} metric `);
    expect(arithmetic('metric of an organization')).toContain(`${[accountsMissed].length} metric `);
    expect(arithmetic('metrics of deletions')).toContain(`${[deleted, deletionsFailed].length} metrics `);
  });

  test.each(
    [...RUNNING, ...CHECK, ...BILL, ...DELETION, ...APPROVAL, ...ORGANIZATION].filter((what) =>
      /^[^;,]*\$[^;,]*$/.test(arithmetic(what)),
    ),
  )('multiplies right: %s', (what) => {
    const [product = '', ...rest] = arithmetic(what).split(' / ');
    const scale = product.includes('per million') ? 1e-6 : product.includes('MB') ? 1e-3 : 1;
    const factors = [...product.matchAll(/(?:^|× \$?)([\d.]+)/g)].map((match) => Number(match[1]));
    expect(factors.length).toBeGreaterThan(1);
    const value =
      (factors.reduce((total, factor) => total * factor, 1) * scale) /
      rest.reduce((total, part) => total * Number(part), 1);
    expect(Math.abs(value - cost(what))).toBeLessThan(0.00051);
  });

  const running = sum(...RUNNING);
  const deletion = sum(...DELETION);
  const check = sum(...CHECK);
  test.each([
    ['-c monitoring=off', running, deletion],
    ['-c monitoring=alarms, or alarms and dashboard, while free ones are left', running + check, deletion],
    [
      '-c monitoring=alarms, the free alarms used up',
      running + check + cost('alarms'),
      deletion + cost('alarms of deletions'),
    ],
    [
      'alarms and dashboard, the free ones of both used up',
      running + check + cost('alarms') + cost('dashboard'),
      deletion + cost('alarms of deletions'),
    ],
  ])('adds up: %s', (what, report, more) => {
    expect(cost('running')).toBeCloseTo(running, 5);
    expect(row(what)).toEqual([report.toFixed(2), (report + more).toFixed(2)]);
    for (const total of row(what)) expect(readme).toContain(`$${total}`);
  });

  test('adds up what 300 accounts cost, and counts their alarms', () => {
    const targets = ['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'];
    const [alone, all300] = [templates.report, synthesized({ organization: { targets } })].map(alarmMetrics);
    expect(cost('300 accounts')).toBeCloseTo(sum(...ORGANIZATION), 5);
    expect(arithmetic('alarms of an organization')).toContain(
      `${(all300 ?? []).length - (alone ?? []).length} alarms over ${all(all300 ?? []) - all(alone ?? [])} metrics`,
    );
  });

  test('says truly where the aim is met: under $0.05 without alarms and dashboard, under $0.50 with all', () => {
    expect(running + deletion).toBeLessThan(0.05);
    expect(running + check + deletion).toBeLessThan(0.5);
    expect(running + check + cost('alarms')).toBeGreaterThan(0.5);
    expect(page).toContain('**The second is missed where the free alarms are used up**');
  });
});
