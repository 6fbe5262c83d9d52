import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import type { World, WrittenPolicy } from '../support/arbitraries';

/**
 * Steps 2 to 6 of the decision once more, as slowly and plainly as they are written in the contract: a string for each
 * period, made by Intl, policies read from their text by hand, every question asked again for each snapshot. Shares no
 * code with what it checks.
 */

type Fields = {
  readonly y: number;
  readonly mo: number;
  readonly d: number;
  readonly h: number;
  readonly mi: number;
  readonly s: number;
};

const formats = new Map<string, Intl.DateTimeFormat>();

function fieldsAt(instant: number, zone: string): Fields {
  let format = formats.get(zone);
  if (format === undefined) {
    const two = '2-digit';
    format = new Intl.DateTimeFormat('en-CA', {
      ...{
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: two,
        day: two,
        hour: two,
        minute: two,
        second: two,
      },
    } as Intl.DateTimeFormatOptions);
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return {
    y: parts.year ?? 0,
    mo: parts.month ?? 0,
    d: parts.day ?? 0,
    h: parts.hour ?? 0,
    mi: parts.minute ?? 0,
    s: parts.second ?? 0,
  };
}

const asUtc = ({ y, mo, d, h, mi, s }: Fields): number => Date.UTC(y, mo - 1, d, h, mi, s);

function isoWeek({ y, mo, d }: Fields): string {
  const thursday = new Date(Date.UTC(y, mo - 1, d));
  while (thursday.getUTCDay() !== 1) thursday.setUTCDate(thursday.getUTCDate() - 1);
  thursday.setUTCDate(thursday.getUTCDate() + 3);
  let week = 1;
  for (const earlier = new Date(thursday); ; week += 1) {
    earlier.setUTCDate(earlier.getUTCDate() - 7);
    if (earlier.getUTCFullYear() !== thursday.getUTCFullYear()) return `${thursday.getUTCFullYear()}-W${week}`;
  }
}

function periodOf(rule: string, { createdAt, arn }: Snapshot, zone: string): string {
  const at = fieldsAt(createdAt ?? 0, zone);
  switch (rule.replace('within', '').toLowerCase()) {
    case 'hourly':
      return `${at.y}-${at.mo}-${at.d}-${at.h}`;
    case 'daily':
      return `${at.y}-${at.mo}-${at.d}`;
    case 'weekly':
      return isoWeek(at);
    case 'monthly':
      return `${at.y}-${at.mo}`;
    case 'yearly':
      return `${at.y}`;
    default:
      return arn ?? '';
  }
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * The instant at which clocks in the zone show this: the earlier of two; where there is none, as late as the clocks
 * jumped.
 */
function instantShowing(wall: number, zone: string): number {
  const offsets = new Set<number>();
  for (let instant = wall - 40 * HOUR; instant <= wall + 40 * HOUR; instant += HOUR / 2)
    offsets.add(asUtc(fieldsAt(instant, zone)) - instant);
  const showing = [...offsets]
    .map((offset) => wall - offset)
    .filter((instant) => asUtc(fieldsAt(instant, zone)) === wall);
  const whole = wall - (wall % 1_000);
  const before = asUtc(fieldsAt(whole - 40 * HOUR, zone)) - (whole - 40 * HOUR);
  return showing.length > 0 ? Math.min(...showing) : wall - before;
}

function minus(instant: number, text: string, zone: string): number {
  const amount = (unit: string): number => Number(new RegExp(`(\\d+)${unit}(?![a-z])`).exec(text)?.[1] ?? 0);
  const at = fieldsAt(instant, zone);
  const [years, months, days] = [amount('y'), amount('mo'), amount('w') * 7 + amount('d')];
  const wall = Date.UTC(at.y - years, at.mo - 1 - months, at.d - days, at.h, at.mi, at.s);
  return (years + months + days > 0 ? instantShowing(wall, zone) : instant) - amount('h') * HOUR;
}

/**
 * The snapshot's own policy tags, else (copies of automatic snapshots aside) its source's, as a policy's name or
 * content.
 */
function policyOf(
  snapshot: Snapshot,
  { written, sources }: World,
): { readonly id: string; readonly policy: WrittenPolicy; readonly on?: string } {
  const source = snapshot.source?.arn == null ? null : sources(snapshot.source.arn);
  const above =
    source?.state === 'exists' && !snapshot.fromAutoSnapshot ? source.tags : new Map<string, string | null>();
  for (const tags of [snapshot.tags, above]) {
    const name = tags.get('retention:policy');
    if (name != null) return { id: name, policy: written.policies[name] ?? {} };
    const [keep, after, on] = ['keep', 'expire-after', 'expire-on'].map((key) => tags.get(`retention:${key}`));
    if (keep == null && after == null && on == null) continue;
    const rules = keep == null ? {} : { keep: Object.fromEntries(keep.split(' ').map((word) => word.split('='))) };
    const age = after == null ? {} : { expireAfter: after };
    return {
      id: `${JSON.stringify({ ...rules, ...age })} ${on}`,
      policy: { ...rules, ...age },
      ...(on == null ? {} : { on }),
    };
  }
  const copies = snapshot.fromAutoSnapshot;
  for (const { match, policy } of written.rules as readonly { match: Record<string, unknown>; policy: string }[]) {
    const meant = match.fromAutoSnapshot === 'any' || (match.fromAutoSnapshot ?? false) === copies;
    const orphaned = match.orphaned === undefined || source?.state === 'gone';
    if (meant && orphaned && (match.kind ?? snapshot.kind) === snapshot.kind)
      return { id: policy, policy: written.policies[policy] ?? {} };
  }
  return { id: 'standard', policy: written.policies.standard ?? {} };
}

const order = (a: Snapshot, b: Snapshot): number =>
  (b.createdAt ?? 0) - (a.createdAt ?? 0) || ((a.arn ?? '') < (b.arn ?? '') ? -1 : 1);

/**
 * The rules of one policy that keep the last of these snapshots, newest first, of which `all` are the policy's in the
 * group.
 */
function rulesThatKeep(
  at: number,
  all: readonly Snapshot[],
  keep: Readonly<Record<string, number | string>>,
  zone: string,
): string[] {
  return Object.entries(keep).flatMap(([rule, amount]) => {
    const window = rule.startsWith('within');
    const from = window ? minus(all[0]?.createdAt ?? 0, String(amount), zone) : Number.NEGATIVE_INFINITY;
    const slots = window || amount === 'unlimited' ? Number.POSITIVE_INFINITY : Number(amount);
    let taken = 0;
    let last: string | null = null;
    for (const [i, snapshot] of all.slice(0, at + 1).entries()) {
      const period = periodOf(rule, snapshot, zone);
      const takes = taken < slots && (period !== last || i === all.length - 1) && (snapshot.createdAt ?? 0) > from;
      if (takes) [taken, last] = [taken + 1, period];
      if (i === at) return takes ? [rule] : [];
    }
    return [];
  });
}

/** Which of these evaluated snapshots expire, by ARN. */
export function naivelyExpiring(evaluated: readonly Snapshot[], world: World): (string | null)[] {
  const { now, written } = world;
  const { timezone: zone, floors } = written;
  return evaluated
    .filter((snapshot) => {
      const groupOf = ({ account, region, kind, source, arn }: Snapshot): string =>
        JSON.stringify(source?.arn == null ? arn : [account, region, kind, source.arn]);
      const group = evaluated.filter((other) => groupOf(other) === groupOf(snapshot)).sort(order);
      if (group.indexOf(snapshot) < floors.minKeep) return false;
      const created = snapshot.createdAt ?? 0;
      if (created > minus(now, floors.minAge, zone)) return false;
      const { id, policy, on } = policyOf(snapshot, world);
      if (policy.keep === 'all') return false;
      const all = group.filter((other) => policyOf(other, world).id === id);
      if (rulesThatKeep(all.indexOf(snapshot), all, policy.keep ?? {}, zone).length > 0) return false;
      if (policy.expireAfter !== undefined && created > minus(now, policy.expireAfter, zone)) return false;
      if (on === undefined) return true;
      const { y, mo, d } = fieldsAt(now, zone);
      return `${y}-${String(mo).padStart(2, '0')}-${String(d).padStart(2, '0')}` > on;
    })
    .map(({ arn }) => arn);
}
