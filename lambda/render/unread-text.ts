import { durationText } from '../core/policy/reason-summary';
import type { Report, Scope } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from './numbers';
import { kindPlural } from './phrases';
import { regionCity, regionLabel } from './region-names';
import { unreadScopes } from './report-sections';

/** The city of a region, else its code. */
export const placeOfRegion = (region: string): string => regionCity(region) || region;

const joinAnd = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** `the disk snapshots`, `the snapshots` of all kinds, `the disks` of a list of sources. */
function listsText(unread: readonly Scope[], scopes: readonly Scope[]): string {
  const failed = unread.filter(({ status }) => status === 'failed');
  const sources = unread.filter(({ status }) => status !== 'failed').map(({ kind }) => kindPlural(kind));
  const isAll = scopes.every((scope) => scope.region !== unread[0]?.region || scope.status === 'failed');
  const kinds = [...new Set(failed.map(({ kind }) => kind))];
  const snapshots = isAll ? ['snapshots'] : kinds.map((kind) => `${kind} snapshots`);
  return joinAnd([...(kinds.length === 0 ? [] : snapshots), ...new Set(sources)]);
}

/** What was not read, as the subject of a sentence, the most precise first. */
export function unreadSubjects(report: Pick<Report, 'scopes'>): readonly string[] {
  const unread = unreadScopes(report);
  const regions = [...new Set(unread.map(({ region }) => region))];
  const [first, second, ...more] = regions;
  if (first === undefined) return [];
  const others = more.length + (second === undefined ? 0 : 1);
  const place = placeOfRegion(first);
  if (second === undefined) return [`${listsText(unread, report.scopes)} in ${oneLine(place)}`];
  const lists = `lists in ${more.length === 0 ? `${place} and ${placeOfRegion(second)}` : `${place} and ${formatCount(others, 'more region')}`}`;
  return [
    lists,
    `lists in ${place} and ${formatCount(others, 'more region')}`,
    `lists in ${formatCount(others + 1, 'region')}`,
  ].map((text) => oneLine(text));
}

const CAUSES: readonly (readonly [code: RegExp, cause: string])[] = [
  [/^(AccessDenied|Unauthorized)/i, 'access denied'],
  [/Throttling|Throttled|TooManyRequests|RequestLimitExceeded/i, 'too many requests'],
  [/Timeout|TimedOut|deadline/i, 'no answer in time'],
  [/ServiceUnavailable|InternalFailure|ServiceException|InternalServer/i, 'Lightsail had an error'],
  [/ExpiredToken|InvalidClientToken|UnrecognizedClient/i, 'the credentials are not valid'],
];

/** The cause of a code in words; null: the message of the service is needed. */
export const causeOf = (code: string): string | null => CAUSES.find(([pattern]) => pattern.test(code))?.[1] ?? null;

/** The lists of one region that were not read, with the same error. */
export interface UnreadRegion {
  /** `The disk snapshots in Sydney (ap-southeast-2)`. */
  readonly what: string;
  readonly error: Scope['error'];
  /** What to do, as a sentence: `Allow lightsail:GetDiskSnapshots there.`; empty: not known. */
  readonly remedy: string;
}

function remedyOf(region: string, error: Scope['error']): string {
  if (error?.tip === undefined) return '';
  const tip = oneLine(error.tip).replace(` in ${region}`, ' there').replace(/\.$/, '');
  return `${tip.slice(0, 1).toUpperCase()}${tip.slice(1)}.`;
}

/** The unread lists by region. */
export function unreadByRegion(report: Pick<Report, 'scopes'>): readonly UnreadRegion[] {
  const unread = unreadScopes(report);
  return [...new Set(unread.map(({ region }) => region))].map((region) => {
    const scopes = unread.filter((scope) => scope.region === region);
    const error = scopes[0]?.error;
    const what = `The ${listsText(scopes, report.scopes)} in ${oneLine(regionLabel(region))}`;
    return { what, error, remedy: remedyOf(region, error) };
  });
}

type DeletionMode = 'off' | 'approve' | 'automatic' | undefined;

/** What a report does that is neither incomplete nor blocked; `grace` as configured: `7d`. */
function reportDoes(mode: DeletionMode, grace?: string): string {
  if (mode === 'approve') return 'has a plan that you can approve';
  if (mode !== 'automatic') return 'lists what can be deleted';
  return `names a day for each deletion, at least ${grace === undefined ? 'the grace period' : durationText(grace)} later`;
}

/** What follows once everything can be read. */
export const afterUnreadText = (mode: DeletionMode, grace?: string): string =>
  `The next complete report ${reportDoes(mode, grace)}.`;

/** What follows once a plan is within its limits. */
export const afterRaisingText = (mode: DeletionMode, grace?: string): string =>
  `Once that is deployed, the next report ${reportDoes(mode, grace)}.`;
