import { parseConfig } from '../../lambda/config/parse-config';
import type { SourceState } from '../../lambda/core/snapshot/snapshot';
import { reportSources } from '../../lambda/reporting/report-sources';
import { anInventory } from '../fakes/inventory';
import { aSnapshot, NOW } from '../support/report-builder';

const DAY = 86_400_000;
const arnOf = (name: string, region = 'us-east-1') => `arn:aws:lightsail:${region}:123456789012:Instance/${name}`;
const listed = (name: string) => ({ arn: arnOf(name), name, region: 'us-east-1', kind: 'instance' as const });

function config() {
  const result = parseConfig({ version: 1 }, 'retention.yaml');
  if (!result.ok) throw new Error('the configuration is not valid');
  return result.config;
}

const STATES: Readonly<Record<string, SourceState>> = {
  web: { state: 'exists', name: 'web-renamed', tags: new Map([['retention:hold', null]]) },
  gone: { state: 'gone' },
  unread: { state: 'unread', list: { region: 'us-east-1', kind: 'instance' } },
  unconfirmed: { state: 'unconfirmed', why: 'denied' },
};

const sourcesOf = (names: readonly string[], ages: readonly number[] = [20]) =>
  reportSources(
    anInventory({
      sources: (arn) => STATES[arn.split('/')[1] ?? ''] ?? { state: 'gone' },
      sourceList: [listed('web')],
      snapshots: names.flatMap((name) =>
        ages.map((days) =>
          aSnapshot({ name: `${name}-${days}`, source: { arn: arnOf(name), name }, createdAt: NOW - days * DAY }),
        ),
      ),
    }),
    NOW,
    config(),
  );

describe('the sources of a report', () => {
  it('are those that a list has or a snapshot names, each once, in order', () => {
    expect(sourcesOf(['unread', 'gone', 'web', 'unconfirmed'], [1, 2]).map(({ arn }) => arn)).toEqual(
      ['gone', 'unconfirmed', 'unread', 'web'].map((name) => arnOf(name)),
    );
  });

  it.each([
    ['web', true],
    ['gone', false],
    ['unread', null],
    ['unconfirmed', null],
  ])('say of %s that it exists: %s', (name, exists) => {
    expect(sourcesOf([name]).find(({ arn }) => arn === arnOf(name))?.exists).toBe(exists);
  });

  it('have the tags and the current name of a source that exists, and no tags otherwise', () => {
    const [gone, web] = sourcesOf(['gone', 'web']);
    expect([web?.name, [...(web?.tags ?? [])]]).toEqual(['web-renamed', [['retention:hold', null]]]);
    expect([gone?.name, [...(gone?.tags ?? [])]]).toEqual(['gone', []]);
  });

  it('are in the region and account of their ARN, wherever the snapshot is', () => {
    const arn = 'arn:aws:lightsail:eu-west-1:999999999999:Instance/far';
    const [, far] = reportSources(
      anInventory({ sourceList: [listed('web')], snapshots: [aSnapshot({ source: { arn, name: 'far' } })] }),
      NOW,
      config(),
    );
    expect(far).toMatchObject({ account: '999999999999', region: 'eu-west-1', exists: false });
  });

  it('are stale when a listed source has no snapshot younger than report.staleAfter', () => {
    const stale = (ages: readonly number[]) => sourcesOf(['web'], ages)[0]?.stale;
    expect([stale([15, 40]), stale([13, 40]), stale([])]).toEqual([true, false, false]);
    expect(sourcesOf(['gone'], [400])[0]?.stale).toBe(false);
  });
});
