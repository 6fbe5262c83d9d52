import type { PlanItem } from '../../../lambda/core/plan/plan';
import {
  type Candidate,
  floorBreach,
  type Intersection,
  intersect,
  recheck,
  sourceBreach,
} from '../../../lambda/core/plan/recheck';
import { decide } from '../../../lambda/core/policy/decide';
import { describeReason } from '../../../lambda/core/policy/reason';
import type { Snapshot, SourceLookup } from '../../../lambda/core/snapshot/snapshot';
import { aConfig } from '../../support/config-builder';
import { aSnapshot, aSource, DAY, expired, kept, NOW } from '../../support/report-builder';
import { daily, living, sources, tagged } from '../../support/snapshot-builder';

const CONFIG = aConfig({
  policies: { standard: { keep: { last: 2 } } },
  default: 'standard',
  timezone: 'Europe/Berlin',
});

const itemOf = (snapshot: Snapshot): PlanItem => ({
  arn: snapshot.arn ?? '',
  name: snapshot.name ?? '',
  kind: snapshot.kind,
  account: snapshot.account,
  region: snapshot.region,
  createdAt: new Date(snapshot.createdAt ?? 0).toISOString(),
});
const planned = aSnapshot({ tags: tagged({ env: 'prod' }) });
const candidates: Candidate = { item: itemOf(planned), evaluated: expired(planned) };
const look = (given: Partial<Snapshot>, source = living(), now = NOW) =>
  recheck(candidates, { ...planned, ...given }, source, CONFIG, now);

describe('the check before a delete', () => {
  it('returns null for a snapshot that did not change', () => {
    expect(look({})).toBeNull();
    expect(look({ tags: tagged({ env: 'prod' }) })).toBeNull();
  });

  const OTHER = 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/other';
  const MADE = 'planned was 2026-11-03 09:00:00.000';

  it.each<[string, Partial<Snapshot>, string]>([
    ['another ARN', { arn: OTHER }, `its name now belongs to ${OTHER}`],
    ['no ARN', { arn: null }, 'its name now belongs to none'],
    [
      'another instant of creation',
      { createdAt: NOW - 20 * DAY + 1 },
      `it was created at 2026-11-03 09:00:00.001, ${MADE}`,
    ],
    ['no instant of creation', { createdAt: null }, `it was created at an unknown time, ${MADE}`],
    ['another name', { name: 'web-1104' }, 'its name is web-1104, planned was web-1103'],
    ['no name', { name: null }, 'its name is none, planned was web-1103'],
    ['another kind', { kind: 'disk' }, 'its kind is disk, and its region is us-east-1'],
    ['another region', { region: 'eu-west-1' }, 'its kind is instance, and its region is eu-west-1'],
    ['another account', { account: '210987654321' }, 'it belongs to account 210987654321'],
    ['no account', { account: null }, 'it belongs to account none'],
  ])('says changed of a snapshot with %s', (_, given, text) => {
    expect(look(given)).toEqual({
      outcome: 'changed',
      code: 'snapshot.changed',
      text: `not the snapshot that was planned: ${text}`,
    });
  });

  it('spares a snapshot that named no source, and names one now', () => {
    const without: Candidate = { ...candidates, evaluated: expired({ ...planned, source: null }) };
    expect(recheck(without, { ...planned, source: null }, living(), CONFIG, NOW)).toBeNull();
    expect(recheck(without, planned, living(), CONFIG, NOW)).toMatchObject({ code: 'source.changed' });
  });

  it.each<[Partial<Snapshot>, string]>([
    [{ state: 'pending' }, 'its state is pending now, not available'],
    [{ state: null }, 'its state is none now, not available'],
    [{ tags: tagged({}) }, 'its tags were changed since it was evaluated'],
    [{ source: null }, 'its source has changed'],
    [{ fromAutoSnapshot: true }, 'its mark as a copy of an automatic snapshot has changed'],
    [{ defects: [{ code: 'snapshot.conflict', message: 'twice' }] }, 'twice'],
  ])('says of a snapshot with %j why it is spared', (given, text) => {
    expect(look(given)?.text).toBe(text);
  });

  it('names both times of creation in the configured zone', () => {
    expect(look({ createdAt: NOW - 20 * DAY + 1 })?.text).toContain(
      'it was created at 2026-11-03 09:00:00.001, planned was 2026-11-03 09:00:00.000',
    );
    const planned = [itemOf(aSnapshot())];
    const [skipped] = intersect(planned, [expired({ createdAt: NOW - 19 * DAY })], {
      sources: sources(),
      minKeep: 1,
      zone: CONFIG.zone,
    }).skipped;
    expect(skipped?.skipReason.text).toContain(
      'it was created at 2026-11-04 09:00:00.000, planned was 2026-11-03 09:00:00.000',
    );
  });

  it.each<[string, string, Partial<Snapshot>]>([
    ['is not finished', 'unfinished', { state: 'pending' }],
    ['has no state', 'unfinished', { state: null }],
    ['has another tag', 'tags.changed', { tags: tagged({ env: 'prod', team: 'a' }) }],
    ['has another value', 'tags.changed', { tags: tagged({ env: 'test' }) }],
    ['has a tag without its value', 'tags.changed', { tags: tagged({ env: null }) }],
    ['has one tag less', 'tags.changed', { tags: tagged({}) }],
    ['has another key', 'tags.changed', { tags: tagged({ environment: 'prod' }) }],
    ['is held', 'hold', { tags: tagged({ env: 'prod', 'retention:hold': null }) }],
    ['is held by a foreign tag', 'hold', { tags: tagged({ env: 'prod', no_delete: '' }) }],
    ['has a misspelt hold', 'tag.unknown-key', { tags: tagged({ env: 'prod', 'retention-hold': '' }) }],
    ['names another source', 'source.changed', { source: aSource('shop') }],
    ['names no source', 'source.changed', { source: null }],
    ['is a copy of an automatic snapshot', 'snapshot.differs', { fromAutoSnapshot: true }],
    ['cannot be read whole', 'snapshot.conflict', { defects: [{ code: 'snapshot.conflict', message: 'twice' }] }],
  ])('spares a snapshot that %s', (_, code, given) => {
    expect(look(given)).toMatchObject({ outcome: 'spared', code });
  });

  it('spares a snapshot whose source is held or misspelt', () => {
    expect(look({}, living({ 'retention:hold': null }))).toMatchObject({ outcome: 'spared', code: 'hold' });
    expect(look({}, living({ 'retention:policy': 'nope' }))).toMatchObject({
      outcome: 'spared',
      code: 'tag.unknown-policy',
    });
  });

  it('a dated hold holds through its last local day and not a moment longer, also when the inventory is older', () => {
    const tags = tagged({ env: 'prod', 'retention:hold': 'until 2026-11-23' });
    const dated: Candidate = { ...candidates, evaluated: expired({ ...planned, tags }) };
    const at = (instant: string) => recheck(dated, { ...planned, tags }, living(), CONFIG, Date.parse(instant));
    expect(at('2026-11-23T22:59:59Z')).toMatchObject({ outcome: 'spared', code: 'hold' });
    expect(at('2026-11-23T23:00:00Z')).toBeNull();
  });

  it('looks at the state of its kind: a disk snapshot is finished when it is completed', () => {
    const disk = aSnapshot({ kind: 'disk' });
    const of = (state: string) =>
      recheck({ item: itemOf(disk), evaluated: expired(disk) }, { ...disk, state }, living(), CONFIG, NOW)?.code ??
      null;
    expect([of('completed'), of('available')]).toEqual([null, 'unfinished']);
  });
});

describe('the floor of a group', () => {
  const sibling = aSnapshot({ name: 'web-1120', createdAt: NOW - 3 * DAY });

  it('holds while the kept snapshot is unchanged', () => {
    expect(floorBreach(sibling, { ...sibling })).toBeNull();
  });

  it.each<[string, Snapshot | null]>([
    ['is gone', null],
    ['is another one', { ...sibling, arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/other' }],
    ['was created at another instant', { ...sibling, createdAt: NOW }],
    ['is not finished', { ...sibling, state: 'error' }],
    ['is held, so that it no longer counts', { ...sibling, tags: tagged({ 'retention:hold': null }) }],
    ['names another source', { ...sibling, source: aSource('shop') }],
  ])('is broken when the kept snapshot %s', (_, read) => {
    expect(floorBreach(sibling, read)).toMatch(/^the kept snapshot web-1120 (is|has) /);
  });
});

describe('the source of a group', () => {
  const source = { arn: aSource('web').arn, name: 'web', tags: tagged({ env: 'prod' }) };

  it('is unchanged with the same ARN and the same tags', () => {
    expect(sourceBreach(source, { arn: source.arn, tags: tagged({ env: 'prod' }) })).toBeNull();
  });

  it.each([
    ['no resource has its name', null],
    ['another ARN has its name', { arn: aSource('web2').arn, tags: source.tags }],
    ['its ARN was not sent', { arn: null, tags: source.tags }],
    ['its tags changed', { arn: source.arn, tags: tagged({}) }],
    ['it is held', { arn: source.arn, tags: tagged({ env: 'prod', 'retention:hold': null }) }],
  ])('is changed when %s', (_, read) => {
    expect(sourceBreach(source, read)).toContain('its source web');
  });
});

describe('the intersection of a plan with a new decision', () => {
  const snapshots = daily(5);
  const freshly = (all: readonly Snapshot[], lookup: SourceLookup = sources()) =>
    decide({ snapshots: all, sources: lookup, config: CONFIG, now: NOW }).items;
  const through = (items: readonly Snapshot[], all: readonly Snapshot[], minKeep = 1): Intersection =>
    intersect(items.map(itemOf), freshly(all), { sources: sources(), minKeep });
  const goes = ({ groups }: Intersection): string[] =>
    groups.flatMap(({ items }) => items.map(({ item }) => item.name));
  const stays = ({ skipped }: Intersection) =>
    Object.fromEntries(skipped.map(({ item, skipReason }) => [item.name, `${skipReason.outcome} ${skipReason.code}`]));

  it('is what the plan lists and the fresh decision lists as expiring, newest first', () => {
    const result = through([...snapshots.slice(2)].reverse(), snapshots);
    expect(goes(result)).toEqual(['web-1121', 'web-1120', 'web-1119']);
    expect(stays(result)).toEqual({});
  });

  it('is nothing that the plan does not list', () => {
    expect(goes(through(snapshots.slice(3, 4), snapshots))).toEqual(['web-1120']);
  });

  it('is nothing that the fresh decision keeps, though the plan lists it', () => {
    const result = through(snapshots, snapshots);
    expect(goes(result)).toEqual(['web-1121', 'web-1120', 'web-1119']);
    expect(stays(result)).toEqual({ 'web-1123': 'spared kept', 'web-1122': 'spared kept' });
  });

  it('says of what is gone that it is gone, and of a name that was taken that it changed', () => {
    const [, , , fourth, fifth] = snapshots;
    if (fourth === undefined || fifth === undefined) throw new Error('five days have five snapshots');
    const taken = {
      ...fifth,
      arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/other',
      createdAt: NOW - 10 * DAY,
    };
    const result = through([fourth, fifth], [...snapshots.slice(0, 3), taken]);
    expect(result.skipped.map(({ skipReason }) => skipReason.text)).toEqual([
      'it is not in the list of snapshots',
      'not the snapshot that was planned: its name now belongs to another one',
    ]);
    expect(goes(result)).toEqual([]);
    expect(stays(result)).toEqual({ 'web-1120': 'already-gone snapshot.gone', 'web-1119': 'changed snapshot.changed' });
  });

  it('spares an ARN that is listed twice', () => {
    const [first, ...rest] = snapshots;
    const last = rest.at(-1);
    if (first === undefined || last === undefined) throw new Error('five days have five snapshots');
    const fresh = [...freshly(snapshots), expired({ ...last, region: 'eu-west-1' })];
    const result = intersect([itemOf(last)], fresh, { sources: sources(), minKeep: 1 });
    expect(stays(result)).toEqual({ 'web-1119': 'spared snapshot.conflict' });
    expect(result.skipped[0]?.skipReason.text).toBe('its ARN is listed more than once');
  });

  it('skips an excluded snapshot with its first reason', () => {
    const held = snapshots.map((snapshot, i) =>
      i === 4 ? { ...snapshot, tags: tagged({ no_delete: null }) } : snapshot,
    );
    expect(stays(through(held.slice(4), held))).toEqual({ 'web-1119': 'spared hold' });
  });

  it('says every reason for which the fresh decision keeps a snapshot', () => {
    const all = { code: 'all', kind: 'all' } as const;
    const evaluated = kept({}, { reasons: [...kept().reasons, all] });
    const [skipped] = intersect([itemOf(evaluated.snapshot)], [evaluated], { sources: sources(), minKeep: 1 }).skipped;
    expect(skipped?.skipReason.text).toBe(`${kept().reasons.map(describeReason).join()}; ${describeReason(all)}`);
  });

  it('knows the region of a group, and that one without a source has none to read, and no minimum kept', () => {
    const lone = expired({ source: null });
    const unnamed = { ...kept({ arn: null }), status: 'problem' as const };
    const { groups } = intersect([itemOf(lone.snapshot)], [lone, unnamed], { sources: sources(), minKeep: 1 });
    expect(groups).toEqual([
      { region: 'us-east-1', items: [expect.anything()], floor: [], source: null, absentSource: null },
    ]);
  });

  it('knows the floor of each group: its newest kept ones, as many as minKeep', () => {
    const floors = (minKeep: number) =>
      through(snapshots.slice(2), snapshots, minKeep).groups.map(({ floor }) => floor.map(({ name }) => name));
    expect(floors(1)).toEqual([['web-1123']]);
    expect(floors(2)).toEqual([['web-1123', 'web-1122']]);
  });

  it('does not count an excluded snapshot for the minimum kept', () => {
    const held = snapshots.map((snapshot, i) =>
      i === 0 ? { ...snapshot, tags: tagged({ no_delete: null }) } : snapshot,
    );
    expect(through(held.slice(3), held).groups.map(({ floor }) => floor.map(({ name }) => name))).toEqual([
      ['web-1122'],
    ]);
  });

  it('keeps groups apart by source, and knows their living sources', () => {
    const shop = daily(4, { source: aSource('shop') }).map((snapshot) => ({
      ...snapshot,
      arn: `${snapshot.arn}s`,
      name: `s${snapshot.name}`,
    }));
    const all = [...snapshots, ...shop];
    const lookup: SourceLookup = (arn) => (arn === aSource('shop').arn ? { state: 'gone' } : living({ env: 'prod' }));
    const { groups } = intersect(all.map(itemOf), freshly(all, lookup), { sources: lookup, minKeep: 1 });
    expect(groups.map(({ items, source }) => [items.length, source?.name ?? null])).toEqual([
      [3, 'web'],
      [2, null],
    ]);
  });

  it('lists no candidate that the decision keeps, however the plan was written', () => {
    const evaluated = [
      kept(),
      expired({ name: 'old', arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/old' }),
    ];
    const items = evaluated.map(({ snapshot }) => itemOf(snapshot));
    expect(goes(intersect(items, evaluated, { sources: sources(), minKeep: 1 }))).toEqual(['old']);
  });
});
