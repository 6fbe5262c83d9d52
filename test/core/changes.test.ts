import { changesSince, markOf, type ReportState } from '../../lambda/core/changes';
import { remember } from '../../lambda/core/remember';
import type { Judged } from '../../lambda/core/report-model';
import { expired, kept, setAside } from '../support/report-builder';

const arnOf = (name: string): string => kept({ name }).snapshot.arn ?? '';

const previous = (marks: Readonly<Record<string, 'e' | 'h' | 'k'>>): ReportState => ({
  schemaVersion: 1,
  reportId: '20261116T080000Z-00000000',
  evaluatedAt: '2026-11-16T08:00:00.000Z',
  complete: true,
  regions: ['us-east-1'],
  snapshots: [...remember(Object.entries(marks).map(([name, mark]) => [arnOf(name), name, mark] as const))],
});

const named = (items: readonly Judged[]): (string | null)[] => items.map(({ snapshot }) => snapshot.name);
const held = (name: string): Judged => setAside('held', 'held without end', { name });

it('remembers a snapshot as expiring, held, or kept otherwise', () => {
  expect([expired(), held('a'), kept(), setAside('unmanaged', 'unmanaged')].map(markOf)).toEqual(['e', 'h', 'k', 'k']);
});

it('tells what is new, gone, newly expiring and newly held', () => {
  const state = previous({ 'kept-then': 'k', 'expiring-then': 'e', 'held-then': 'h', 'deleted-since': 'e', 'let-go': 'h' });
  const now = [
    kept({ name: 'new' }),
    expired({ name: 'kept-then' }),
    expired({ name: 'expiring-then' }),
    held('held-then'),
    kept({ name: 'let-go' }),
    expired({ name: 'new-and-expiring' }),
    held('new-and-held'),
  ];
  const changes = changesSince(state, now, true);
  expect(changes).toMatchObject({ previousReportId: '20261116T080000Z-00000000', previousAt: Date.UTC(2026, 10, 16, 8) });
  expect(named(changes.added)).toEqual(['new', 'new-and-expiring', 'new-and-held']);
  expect(changes.gone).toEqual([{ arn: arnOf('deleted-since'), name: 'deleted-since' }]);
  expect(named(changes.newlyExpiring)).toEqual(['kept-then', 'new-and-expiring']);
  expect(named(changes.newlyHeld)).toEqual(['new-and-held']);
});

it('follows snapshots by ARN: another one that took the name is new, and the first is gone', () => {
  const changes = changesSince(previous({ web: 'k' }), [kept({ name: 'web', arn: 'another' })], true);
  expect([named(changes.added), changes.gone.map(({ name }) => name)]).toEqual([['web'], ['web']]);
});

it('counts nothing as gone while not everything was read', () => {
  expect(changesSince(previous({ web: 'k' }), [], false).gone).toEqual([]);
});

it('leaves out what has no ARN: it cannot be followed', () => {
  const nameless = [kept({ arn: null }), expired({ arn: null }), setAside('held', 'held', { arn: null })];
  expect(changesSince(previous({}), nameless, true)).toMatchObject({ added: [], newlyExpiring: [], newlyHeld: [] });
});
