// biome-ignore-all lint: a harness of its own, to be read once.
import { writeFileSync } from 'node:fs';
import { splitLines } from '../../lambda/core/util/split-lines';
import { selectAutomatically } from '../../lambda/deletion/select-due-snapshots';
import type { Store, StoredObject } from '../../lambda/ports/ports';
import { runReport } from '../../lambda/reporting/run-report-job';
import { runSchedule } from '../../lambda/reporting/send-lock';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { aConfig } from '../support/config-builder';
import { aSnapshot } from '../support/report-builder';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
function rng(seed: number) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    int: (n: number) => Math.floor(next() * n),
    chance: (p: number) => next() < p,
    of: <T>(l: readonly T[]): T => l[Math.floor(next() * l.length)] as T,
  };
}
/** A bucket: whole objects, seconds as times, own clock, with faults for one operation. */
function bucket(now: () => number) {
  const all = new Map<string, { text: string; at: number }>();
  const f: { fault: ((op: string, key: string) => 'throw' | 'lost' | '404' | null) | null } = { fault: null };
  const put = (o: StoredObject) => all.set(o.key, { text: [...o.body].join(''), at: Math.floor(now() / 1000) * 1000 });
  const guarded = async <T>(op: string, key: string, absent: T, go: () => T): Promise<T> => {
    const fault = f.fault?.(op, key) ?? null;
    if (fault === 'throw') throw new Error(`503 ${op} ${key}`);
    if (fault === '404') return absent;
    const r = go();
    if (fault === 'lost') throw new Error(`lost ${op} ${key}`);
    return r;
  };
  const under = (p: string) => [...all.keys()].filter((k) => k.startsWith(p));
  const store: Store = {
    locate: (k) => `s3://b/${k}`,
    put: (o) => guarded('put', o.key, undefined, () => void put(o)),
    putIfAbsent: (o) => guarded('put', o.key, false, () => (all.has(o.key) ? false : (put(o), true))),
    replaceIf: (o, v) => guarded('put', o.key, false, () => (all.get(o.key)?.text === v ? (put(o), true) : false)),
    getVersioned: (k) =>
      guarded('get', k, null, () => {
        const x = all.get(k);
        return x ? { text: x.text, version: x.text } : null;
      }),
    get: (k) => guarded('get', k, null, () => all.get(k)?.text ?? null),
    getDated: (k) =>
      guarded('get', k, null, () => {
        const x = all.get(k);
        return x ? { text: x.text, storedAt: x.at, inParts: false } : null;
      }),
    listDeep: (p) =>
      guarded('list', p, new Map(), () => new Map(under(p).map((k) => [k.slice(p.length), all.get(k)?.at ?? null]))),
    listDated: (p) =>
      guarded(
        'list',
        p,
        new Map(),
        () =>
          new Map(
            under(p)
              .filter((k) => !k.slice(p.length).includes('/'))
              .map((k) => [k.slice(p.length), all.get(k)?.at]),
          ),
      ),
    lines: (k) =>
      guarded('get', k, null, () => {
        const x = all.get(k);
        return x
          ? splitLines(
              (async function* () {
                yield Buffer.from(x.text);
              })(),
            )
          : null;
      }),
    list: (p) =>
      guarded('list', p, [], () => [...new Set(under(p).map((k) => k.slice(p.length).split('/')[0]!))].sort()),
    listAfter: (p, after) =>
      guarded('list', p, { names: [], more: false }, () => {
        const names = [...new Set(under(p).map((k) => k.slice(p.length).split('/')[0] ?? ''))];
        return { names: names.filter((name) => name > after).sort(), more: false };
      }),
    fingerprint: (k) =>
      guarded('get', k, null, () => {
        const x = all.get(k);
        return x ? { sha256: sha256Of(x.text), version: null } : null;
      }),
  };
  return { store, all, f };
}
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia'];
const GRACES = ['1d', '36h', '3d', '7d', '1w', '1mo', '24h'];
const localDay = (at: number, zone: string) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
/** Start of grace at t, by calendar arithmetic of its own (days by wall clock, approximated to the day). */
const least: Record<string, number> = {
  '1d': 23 * HOUR,
  '36h': 36 * HOUR,
  '3d': 71 * HOUR,
  '7d': 167 * HOUR,
  '1w': 167 * HOUR,
  '1mo': 28 * DAY - HOUR,
  '24h': 24 * HOUR,
};

interface Mail {
  at: number;
  listed: Map<string, string>;
  ok: boolean;
  digest: string;
  confirmed: number | null;
  run: number;
}
async function history(seed: number, level: number) {
  const r = rng(seed);
  const zone = r.of(ZONES),
    grace = r.of(GRACES);
  const written = {
    timezone: zone,
    policies: { short: { keep: { last: 1 } } },
    default: 'short',
    caps: { maxShare: 0.9 },
    deletion: { grace },
  };
  const A = aConfig(written),
    B = aConfig({ ...written, caps: { maxShare: 0.8 } });
  let t =
    Date.parse(
      r.of([
        '2026-10-20T05:00:00Z',
        '2026-03-05T05:00:00Z',
        '2026-03-25T00:00:00Z',
        '2026-01-28T00:00:00Z',
        '2026-10-01T00:00:00Z',
      ]),
    ) + r.int(DAY);
  const skew = level > 1 ? r.of([0, 0, -30 * 60_000, 45 * 60_000, 3 * HOUR]) : 0;
  const b = bucket(() => t + skew);
  const T0 = t;
  const names = ['old-1', 'old-2', 'old-3'];
  let heldNow = new Set<string>(),
    config = A,
    confirmed: number | null = 1;
  const mails: Mail[] = [],
    attempts: { at: number; listed: Set<string>; complete: boolean; mailed: boolean; run: number; digest: string }[] =
      [];
  const schedule: { at: number; tries: number }[] = [];
  const fails: string[] = [];
  const trace: string[] = [];
  let taken = 0;
  const snaps = () => [
    aSnapshot({ name: 'young', createdAt: T0 - 10 * DAY }),
    ...names.map((name, i) =>
      aSnapshot({
        name,
        createdAt: T0 - (30 + i) * DAY,
        ...(heldNow.has(name) ? { tags: new Map([['retention:hold', null]]) } : {}),
      }),
    ),
  ];
  const report = async (scheduled: number | null) => {
    const refused = r.chance(0.12),
      complete = !r.chance(0.04);
    const scheduledAt = runSchedule(scheduled, t);
    const reportId = newReportId(scheduledAt ?? t);
    b.f.fault =
      level > 1 && r.chance(0.15)
        ? (
            (p, kind) => (_op: string, key: string) =>
              key.startsWith(p) && r.chance(0.4) ? kind : null
          )(
            r.of(['reports/', 'plans/', 'runs/']),
            r.of(['throw', 'lost', ...(level > 2 ? ['404' as const] : [])] as const),
          )
        : null;
    const sent: any[] = [];
    const channel = {
      send: async (m: any) => {
        if (refused) throw new Error('sns');
        sent.push(m);
      },
      confirmedSubscribers: async () => confirmed,
    };
    let err: unknown = null;
    try {
      await runReport(
        {
          clock: () => t,
          digest: digestOf,
          store: b.store,
          channel,
          readInventory: fakeInventory(anInventory({ snapshots: snaps(), complete })),
        },
        {
          reportId,
          config,
          scheduledAt,
          region: 'us-east-1',
          deadline: null,
          deletion: { mode: 'automatic', functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live' },
        },
      );
    } catch (e) {
      err = e;
    }
    b.f.fault = null;
    const listed = new Set(names.filter((n) => !heldNow.has(n)));
    const told = new Map<string, string>();
    // The e-mail counts by source; the file of the same report has the day of each snapshot.
    if (sent[0] && / will be deleted/.test(sent[0].subject)) {
      const stored = JSON.parse(b.all.get(`reports/${reportId}/report.json`)?.text ?? '{"snapshots":[]}');
      for (const { name, deleteOn } of stored.snapshots) if (deleteOn) told.set(name, deleteOn);
    }
    const already = !err && sent.length === 0;
    if (!already)
      attempts.push({ at: t, listed, complete, mailed: sent.length > 0, run: scheduledAt ?? t, digest: config.digest });
    if (sent[0])
      mails.push({ at: t, listed: told, ok: complete, digest: config.digest, confirmed, run: scheduledAt ?? t });
    trace.push(
      `${new Date(t).toISOString()} report run=${scheduledAt === null ? 'hand' : new Date(scheduledAt).toISOString()} ${reportId} ${refused ? 'REFUSED ' : ''}${complete ? '' : 'INCOMPLETE '}cfg=${config === A ? 'A' : 'B'} conf=${confirmed} sent=${sent.length} ${already ? 'ALREADY ' : ''}err=${String(err).slice(0, 120)} held=${[...heldNow].map((n) => n.slice(4))} told=${[...told].map(([n, d]) => `${n.slice(4)}:${d}`)}`,
    );
    return { ok: err === null, sent: sent.length > 0 };
  };
  const select = async () => {
    b.f.fault =
      level > 1 && r.chance(0.2)
        ? (_op: string, _key: string) => (r.chance(0.05) ? r.of(['throw', '404'] as const) : null)
        : null;
    if (level < 3 && b.f.fault) b.f.fault = (_op: string, _key: string) => (r.chance(0.05) ? 'throw' : null);
    const scheduledAt = t + r.int(1000);
    let s: any = null;
    try {
      s = await selectAutomatically(
        { store: b.store, digest: digestOf, channel: { confirmedSubscribers: async () => confirmed } },
        config,
        scheduledAt,
        t,
      );
    } catch {
      /* retried */
    }
    b.f.fault = null;
    if (s?.state !== 'plan') return;
    taken += 1;
    const items = JSON.parse(b.all.get(`plans/${s.id}.json`)?.text ?? 'null').items as { name: string }[];
    const say = (why: string) =>
      trace.push(`!!! ${why}`) &&
      fails.push(`seed ${seed} zone ${zone} grace ${grace} at ${new Date(t).toISOString()}: ${why}`);
    const lastMail = mails.at(-1);
    if (!lastMail || t - lastMail.at > 24 * HOUR) say(`newest mail ${lastMail && new Date(lastMail.at).toISOString()}`);
    if (!confirmed) say('nobody subscribes');
    for (const { name } of items) {
      const begun = mails.filter(
        (m) => m.ok && m.digest === config.digest && m.confirmed && m.listed.has(name) && t - m.at >= least[grace]!,
      );
      const from = begun.at(-1);
      if (!from) {
        say(`${name} not announced for grace`);
        continue;
      }
      // A first mail of a run that could not tell its days, and a second that did.
      const isSuperseded = (m: Mail) =>
        m.listed.size === 0 && mails.some((o) => o !== m && o.run === m.run && o.at >= m.at && o.listed.size > 0);
      for (const m of mails.slice(mails.indexOf(from)).filter((m) => !isSuperseded(m))) {
        if (!m.ok || m.digest !== config.digest || !m.confirmed)
          say(`${name}: bad mail of ${new Date(m.at).toISOString()} since`);
        if (!m.listed.has(name)) say(`${name}: not listed in mail of ${new Date(m.at).toISOString()}`);
        else if (m.listed.get(name)! > localDay(t, zone))
          say(`${name}: mail of ${new Date(m.at).toISOString()} told ${m.listed.get(name)}`);
      }
      for (const a of attempts.filter((a) => a.at >= from.at && !a.mailed)) {
        const later = mails.find((m) => m.run === a.run && m.at >= a.at);
        if (!later) say(`${name}: unsent report of ${new Date(a.at).toISOString()} since`);
      }
    }
  };
  const every = r.of([6, 12, 24, 24, 24]) * HOUR;
  let nextReport = t;
  for (let step = 0; step < 140; step += 1) {
    t += r.of([1000, 60_000, 20 * 60_000, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR]) + r.int(500);
    if (t >= nextReport) {
      const at = nextReport;
      nextReport += every * (1 + Math.floor((t - nextReport) / every));
      if (!r.chance(0.03)) {
        const x = await report(at);
        if (!x.ok) schedule.push({ at, tries: 0 });
      }
    }
    if (schedule.length && r.chance(0.6)) {
      const job = schedule[0]!;
      job.tries += 1;
      const x = await report(job.at);
      if (x.ok || job.tries > 2) schedule.shift();
    }
    if (r.chance(0.03)) await report(null);
    if (r.chance(0.02)) await report(t - r.int(40 * HOUR));
    if (r.chance(0.05)) heldNow = new Set(names.filter(() => r.chance(0.3)));
    if (r.chance(0.01)) config = config === A ? B : A;
    if (r.chance(0.02)) confirmed = r.of([1, 1, 0, null, 2]);
    else if (r.chance(0.4)) confirmed = 1;
    if (r.chance(0.5)) await select();
  }
  if (process.env.TRACE) writeFileSync(process.env.TRACE, trace.join('\n'));
  return { fails, taken };
}
const N = Number(process.env.N ?? 3),
  FROM = Number(process.env.FROM ?? 1);
test.each([1, 2, 3])(
  'automatic deletion takes only what was told, at random: level %d',
  async (level) => {
    const all: string[] = [];
    for (let s = FROM; s < FROM + N; s += 1) {
      if (process.env.LEVEL && Number(process.env.LEVEL) !== level) break;
      const x = await history(s * 10 + level, level);
      all.push(...x.fails);
    }
    expect(all).toEqual([]);
  },
  600_000,
);
