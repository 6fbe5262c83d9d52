import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../lambda/metrics';
import { synthesized } from '../lib/synthesized';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'cost.md'), 'utf8');

/** A row of the table: its arithmetic and its sum. */
function row(what: string): { readonly arithmetic: string; readonly sum: number } {
  const cells = page
    .split('\n')
    .find((line) => line.replaceAll('*', '').startsWith(`| ${what}`))
    ?.split('|');
  if (cells === undefined) throw new Error(`docs/cost.md has no row "${what}"`);
  return { arithmetic: cells[2] ?? '', sum: Number((cells[3] ?? '').replaceAll('*', '')) };
}

describe('docs/cost.md', () => {
  test('counts the alarms, the dashboard and the metrics that are deployed', () => {
    const count = (type: string): number => Object.keys(synthesized().findResources(type)).length;
    expect(row('alarms').arithmetic).toContain(` ${count('AWS::CloudWatch::Alarm')} alarms`);
    expect(row('dashboard').arithmetic).toContain(` ${count('AWS::CloudWatch::Dashboard')} dashboard`);
    const { deleted, deletionsFailed, reportAgeHours, ...ofReports } = METRICS;
    expect(row('metrics of reports').arithmetic).toContain(` ${Object.keys(ofReports).length} metrics`);
  });

  test('adds up, and stays under what was promised', () => {
    const running = ['Lambda, reports', 'Lambda, daily check', 'EventBridge', 'S3', 'SNS', 'CloudWatch Logs', 'metrics of reports'];
    const base = running.reduce((sum, what) => sum + row(what).sum, 0);
    expect(row('without monitoring').sum).toBeCloseTo(base, 2);
    const all = base + row('metric of the daily check').sum + row('alarms').sum + row('dashboard').sum;
    expect(row('all of it').sum).toBeCloseTo(all, 2);
    expect(base).toBeLessThan(0.05);
    expect(all).toBeLessThan(0.5);
  });
});
