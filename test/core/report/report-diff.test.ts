import { compareWith, hasChanges, indexMark, type ReportState } from '../../../lambda/core/report/report-diff';
import type { Changes, EvaluatedSnapshot, Scope } from '../../../lambda/core/report/report-model';
import { encodeIndex } from '../../../lambda/core/snapshot/snapshot-index';
import { aFailedScope, aScope, excluded, expired, kept } from '../../support/report-builder';

const arnOf = (name: string): string => kept({ name }).snapshot.arn ?? '';

const previous = (marks: Readonly<Record<string, 'e' | 'h' | 'k'>>): ReportState => ({
  schemaVersion: 1,
  reportId: '20261116T080000Z-00000000',
  evaluatedAt: '2026-11-16T08:00:00.000Z',
  complete: true,
  lists: [{ region: 'us-east-1', kind: 'instance' }],
  snapshots: [
    ...encodeIndex(
      Object.entries(marks).map(([name, mark]) => ['us-east-1', 'instance', arnOf(name), name, mark] as const),
    ),
  ],
});

const READ = [aScope()];

function changesSince(state: ReportState, ...now: [readonly EvaluatedSnapshot[], readonly Scope[]]): Changes {
  const comparison = compareWith(state, ...now);
  for (const block of state.snapshots) comparison.add(block);
  return comparison.changes();
}

const named = (items: readonly EvaluatedSnapshot[]): (string | null)[] => items.map(({ snapshot }) => snapshot.name);
const held = (name: string): EvaluatedSnapshot => excluded('held', 'held without end', { name });

it('the index marks a snapshot as expiring, held, or otherwise kept', () => {
  expect([expired(), held('a'), kept(), excluded('unmanaged', 'unmanaged')].map(indexMark)).toEqual([
    'e',
    'h',
    'k',
    'k',
  ]);
});

it('the comparison names new, gone, newly expiring and newly held snapshots', () => {
  const state = previous({
    'kept-then': 'k',
    'expiring-then': 'e',
    'held-then': 'h',
    'deleted-since': 'e',
    'let-go': 'h',
  });
  const now = [
    kept({ name: 'new' }),
    expired({ name: 'kept-then' }),
    expired({ name: 'expiring-then' }),
    held('held-then'),
    kept({ name: 'let-go' }),
    expired({ name: 'new-and-expiring' }),
    held('new-and-held'),
  ];
  const changes = changesSince(state, now, READ);
  expect(changes).toMatchObject({
    previousReportId: '20261116T080000Z-00000000',
    previousAt: Date.UTC(2026, 10, 16, 8),
  });
  expect(named(changes.added)).toEqual(['new', 'new-and-expiring', 'new-and-held']);
  expect(changes.gone).toEqual([{ arn: arnOf('deleted-since'), name: 'deleted-since' }]);
  expect(named(changes.newlyExpiring)).toEqual(['kept-then', 'new-and-expiring']);
  expect(named(changes.newlyHeld)).toEqual(['new-and-held']);
  expect(named(changes.noLongerHeld)).toEqual(['let-go']);
  expect(changes.noLongerExpiring).toEqual([]);
  expect(hasChanges(changes)).toBe(true);
});

it('the comparison follows snapshots by ARN: another one with the same name is new, and the first is gone', () => {
  const changes = changesSince(previous({ web: 'k' }), [kept({ name: 'web', arn: 'another' })], READ);
  expect([named(changes.added), changes.gone.map(({ name }) => name)]).toEqual([['web'], ['web']]);
});

it('the comparison names snapshots that are no longer expired and no longer held', () => {
  const state = previous({ spared: 'e', 'held-since': 'e', 'let-go': 'h', 'let-expire': 'h' });
  const now = [kept({ name: 'spared' }), held('held-since'), kept({ name: 'let-go' }), expired({ name: 'let-expire' })];
  const changes = changesSince(state, now, READ);
  expect(named(changes.noLongerExpiring)).toEqual(['spared', 'held-since']);
  expect(named(changes.noLongerHeld)).toEqual(['let-go', 'let-expire']);
  expect([named(changes.newlyHeld), named(changes.newlyExpiring)]).toEqual([['held-since'], ['let-expire']]);
  expect([changes.added, changes.gone]).toEqual([[], []]);
});

it.each([
  ['expiring and now kept', 'e', kept({ name: 'web' })],
  ['held and now kept', 'h', kept({ name: 'web' })],
] as const)('sees a change in a snapshot that was %s', (_, mark, now) => {
  expect(hasChanges(changesSince(previous({ web: mark }), [now], READ))).toBe(true);
});

it('the comparison of equal reports finds no change', () => {
  const items = [kept({ name: 'a' }), expired({ name: 'b' }), held('c')];
  expect(hasChanges(changesSince(previous({ a: 'k', b: 'e', c: 'h' }), items, READ))).toBe(false);
});

it.each([
  ['is no longer requested', [aScope({ region: 'eu-west-1' })]],
  ['could not be read this time', [aScope({ region: 'eu-west-1' }), aFailedScope('us-east-1', 'instance')]],
])('calls nothing gone of a list that %s', (_, scopes) => {
  const changes = changesSince(
    { ...previous({ web: 'k' }), lists: [...previous({}).lists, { region: 'eu-west-1', kind: 'instance' }] },
    [],
    scopes,
  );
  expect(changes.gone).toEqual([]);
  expect(changes.uncompared).toEqual([{ region: 'us-east-1', kind: 'instance' }]);
});

it('the comparison calls no snapshot new in a list that the previous report did not read completely', () => {
  const now = [expired({ name: 'read-before-it-failed' }), held('unseen'), expired({ name: 'unseen-too' })];
  const changes = changesSince({ ...previous({ 'read-before-it-failed': 'k' }), lists: [] }, now, READ);
  expect(changes).toMatchObject({
    added: [],
    gone: [],
    newlyExpiring: [],
    newlyHeld: [],
    noLongerExpiring: [],
    noLongerHeld: [],
  });
  expect(changes.uncompared).toEqual([{ region: 'us-east-1', kind: 'instance' }]);
  expect(hasChanges(changes)).toBe(true);
});

it('the comparison calls a snapshot gone that left a completely read list, although another list failed', () => {
  const changes = changesSince(previous({ web: 'k' }), [], [...READ, aFailedScope('eu-south-2', 'disk')]);
  expect(changes.gone.map(({ name }) => name)).toEqual(['web']);
  expect(changes.uncompared).toEqual([]);
});

it('the comparison leaves out snapshots without an ARN', () => {
  const nameless = [kept({ arn: null }), expired({ arn: null }), excluded('held', 'held', { arn: null })];
  expect(changesSince(previous({}), nameless, READ)).toMatchObject({ added: [], newlyExpiring: [], newlyHeld: [] });
});
