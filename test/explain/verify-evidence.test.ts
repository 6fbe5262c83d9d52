import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { folderStore } from '../../cli/folder-store';
import type { ApplyResult, ItemResult } from '../../lambda/core/plan/outcome';
import { RetentionError } from '../../lambda/core/util/errors';
import { indexResults } from '../../lambda/deletion/index-results';
import { isFinished } from '../../lambda/deletion/outcome-files';
import { recordApproval, recordResult } from '../../lambda/deletion/record-deletion';
import { type Verification, verifyEvidence } from '../../lambda/explain/verify-evidence';
import type { Store } from '../../lambda/ports/ports';
import { resultSentence } from '../../lambda/render/result-text';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { type EvidenceHead, evidenceEntry, recordEvidence } from '../../lambda/storage/evidence';
import { jsonObject } from '../../lambda/storage/json-object';
import { EVIDENCE, evidenceName, fileListFile, LOCAL_EVIDENCE, recordFile } from '../../lambda/storage/keys';
import { indexedPlan, indexPageObject, parseIndexPage, splitIndexPage } from '../../lambda/storage/result-index';
import { AT, EvidencePlace, planOf } from '../fakes/evidence-place';
import { memoryStore } from '../fakes/memory-store';
import { anOutcome, aResult, storedResult } from '../support/result-builder';
import { APPROVED, ORIGIN } from '../support/run-origin';

const DAY = 86_400_000;
const record = (number: number): string => `evidence/${evidenceName(number)}`;

/** A store whose writes have different times, none before the chain. */
function tickingStore(objects: Map<string, string>): Store {
  let time = AT;
  return memoryStore(objects, () => {
    time += 1;
    return time;
  });
}

/** Five reports; the plans of two are applied, one of them by two runs. */
async function aHistory(options: { readonly keptForDays?: number } = {}) {
  const objects = new Map<string, string>();
  const place = new EvidencePlace(tickingStore(objects), options);
  await place.report(1);
  await place.delete(1);
  for (const number of [2, 3]) await place.report(number);
  await place.approve(3, 'first');
  await place.remove(3, 'first', 'unfinished');
  await place.result(3, 'first');
  await place.report(4);
  await place.delete(3, 'second');
  const head = (await place.report(5)) as EvidenceHead;
  return { objects, place, head };
}

const faultsOf = ({ broken }: Verification): readonly (readonly [number, string])[] =>
  broken.map(({ number, fault }) => [number, fault]);

it('a chain is whole as its runs wrote it', async () => {
  const { place, head } = await aHistory();
  const verification = await place.verify(head);
  expect(verification).toMatchObject({ broken: [], head, expired: 0, unrecorded: [], withoutResult: [] });
  expect(verification.records).toBe(head.number);
});

describe('a record', () => {
  it('that was altered is named with the one that continues it', async () => {
    const { objects, place } = await aHistory();
    objects.set(record(3), (objects.get(record(3)) ?? '').replace('"at":"2026', '"at":"2025'));
    expect((await place.verify()).broken).toContainEqual({
      number: 3,
      fault: 'record.not-continued',
      place: `memory:${record(3)}`,
      message: 'the record 3 is not the one that the record 4 continues: one of the two was altered',
    });
  });

  /** A history with one more record: the last one, changed. */
  const withLast = async (change: (last: Record<string, unknown>) => string) => {
    const { objects, place, head } = await aHistory();
    const text = objects.get(record(head.number)) ?? '';
    const last = { ...JSON.parse(text), number: head.number + 1, previous: sha256Of(text) };
    objects.set(record(head.number + 1), change(last));
    const read: string[] = [];
    const noted = (key: string): string => {
      read.push(key);
      return key;
    };
    const { get, fingerprint } = place.ports.store;
    const store: Store = {
      ...place.ports.store,
      get: (key) => get(noted(key)),
      fingerprint: (key, version) => fingerprint(noted(key), version),
    };
    const { broken } = await verifyEvidence({ ...place.ports, store, digest: digestOf, now: AT + DAY }, head);
    return {
      read,
      broken: broken.map(({ number, fault, message }) => ({ number: number - head.number, fault, message })),
    };
  };
  const written = (last: object): string => `${JSON.stringify(last)}\n`;

  it('that continues the chain is whole as this version writes it', async () => {
    expect((await withLast(written)).broken).toEqual([]);
    // Clocks differ.
    const earlier = new Date(AT - 60_000).toISOString();
    expect((await withLast((last) => written({ ...last, at: earlier }))).broken).toEqual([]);
  });

  it.each([
    ['spaces', (last: object) => `${JSON.stringify(last, null, 1)}\n`, 'is not byte for byte as'],
    ['a line end of Windows', (last: object) => `${JSON.stringify(last)}\r\n`, 'is not byte for byte as'],
    ['an unknown member', (last: object) => written({ ...last, note: 1 }), 'is not byte for byte as'],
    [
      'an early time',
      (last: object) => written({ ...last, at: '2025-01-01T00:00:00.000Z' }),
      'has the time 2025-01-01',
    ],
    ['another kind', (last: object) => written({ ...last, kind: 'report' }), 'and no report has such a key'],
  ])('that has %s is named without a head', async (_, change, message) => {
    expect((await withLast(change)).broken).toEqual([
      { number: 1, fault: 'record.altered', message: expect.stringContaining(message) },
    ]);
  });

  it.each([
    ['../../plans/secret.json', 'plan'],
    ['/plans/secret.json', 'plan'],
    ['plans/../../secret.json', 'plan'],
    ['reports/../secret/report.json', 'report'],
    ['results/x/../../secret/once-files-0000000000000000.sha256', 'result'],
  ])('that names %s leads out of the place: it is named, and the object is not read', async (key, kind) => {
    const { read, broken } = await withLast((last) => written({ ...last, kind, ref: { key } }));
    expect(broken).toEqual([
      { number: 1, fault: 'record.altered', message: expect.stringContaining(`no ${kind} has such a key`) },
    ]);
    expect(read).not.toContain(key);
  });

  it('that is missing is named', async () => {
    const { objects, place } = await aHistory();
    objects.delete(record(4));
    objects.delete(record(5));
    expect(faultsOf(await place.verify())[0]).toEqual([4, 'record.missing']);
    expect((await place.verify()).broken[0]?.message).toBe('the records 4 to 5 are missing');
  });

  it('that is missing at the beginning is named', async () => {
    const { objects, place } = await aHistory();
    objects.delete(record(1));
    expect(faultsOf(await place.verify())[0]).toEqual([1, 'record.missing']);
  });

  it('that was inserted is named', async () => {
    const { objects, place, head } = await aHistory();
    objects.set('evidence/00000003-copy.json', objects.get(record(3)) ?? '');
    expect(faultsOf(await place.verify(head))).toEqual([[3, 'record.inserted']]);
  });

  it('that was moved is named', async () => {
    const { objects, place } = await aHistory();
    const [three, four] = [objects.get(record(3)) ?? '', objects.get(record(4)) ?? ''];
    objects.set(record(3), four);
    objects.set(record(4), three);
    expect(faultsOf(await place.verify())).toEqual(
      expect.arrayContaining([
        [3, 'record.altered'],
        [4, 'record.altered'],
      ]),
    );
  });
});

describe('with a head', () => {
  it('a chain that was cut is found', async () => {
    const { objects, place, head } = await aHistory();
    objects.delete(record(head.number));
    expect(faultsOf(await place.verify())).toEqual([]);
    expect(faultsOf(await place.verify(head))).toEqual([[head.number, 'chain.cut']]);
  });

  it('a chain that was cut and went on is found', async () => {
    const { objects, place, head } = await aHistory();
    objects.delete(record(head.number));
    await place.report(6);
    expect(faultsOf(await place.verify(head))).toEqual([[head.number, 'chain.rewritten']]);
  });

  it('a chain that was written again from its beginning is found', async () => {
    const { place, objects } = await aHistory();
    const old = await aHistory();
    // What no new record names is removed, too.
    for (const key of [...objects.keys()].filter((each) => /^(evidence|results)\//.test(each))) objects.delete(key);
    for (const number of [1, 2, 3, 4, 5]) await place.report(number);
    const head = { number: 7, sha256: sha256Of(old.objects.get(record(7)) ?? '') };
    expect(faultsOf(await place.verify())).toEqual([]);
    expect(faultsOf(await place.verify(head))).toContainEqual([7, 'chain.rewritten']);
  });

  it('a chain that grew since is whole', async () => {
    const { place, head } = await aHistory();
    await place.report(6);
    expect((await place.verify(head)).broken).toEqual([]);
  });
});

it('a place without records is not whole: no one can tell whether there were any', async () => {
  const place = new EvidencePlace(memoryStore());
  expect(faultsOf(await place.verify())).toEqual([[1, 'chain.empty']]);
  expect(faultsOf(await place.verify({ number: 3, sha256: 'a'.repeat(64) }))).toEqual([[1, 'chain.cut']]);
});

it('a record of a later version is named', async () => {
  const { objects, place } = await aHistory();
  objects.set(record(2), (objects.get(record(2)) ?? '').replace('"schemaVersion":1', '"schemaVersion":2'));
  expect((await place.verify()).broken[0]).toMatchObject({ number: 2, fault: 'record.altered' });
});

describe('an object', () => {
  it('that was altered is named with the record that has its hash', async () => {
    const { objects, place } = await aHistory();
    const key = `reports/${planOf(2).id}/report.json`;
    objects.set(key, '{}');
    expect((await place.verify()).broken).toEqual([
      {
        number: 5,
        fault: 'object.altered',
        place: `memory:${key}`,
        message: `memory:${key} was altered since the record 5 was written`,
      },
    ]);
  });

  it('that was removed after the time for which it was to be kept is expired, and one removed before is missing', async () => {
    const { objects, place } = await aHistory({ keptForDays: 400 });
    objects.delete(`reports/${planOf(1).id}/report.json`);
    expect(faultsOf(await place.verify(null, AT + 399 * DAY))).toEqual([[1, 'object.missing']]);
    expect(await place.verify(null, AT + 401 * DAY)).toMatchObject({ broken: [], expired: 1 });
  });

  it('has no day until which it is kept that lies before its record', async () => {
    const { objects, place } = await aHistory({ keptForDays: 400 });
    const last = record(
      Math.max(...[...objects.keys()].flatMap((key) => /^evidence\/0*(\d+)/.exec(key)?.[1] ?? []).map(Number)),
    );
    objects.set(last, (objects.get(last) ?? '').replace(/"keptUntil":"\d{4}/, '"keptUntil":"2001'));
    expect((await place.verify()).broken).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('has a keptUntil before its own time') }),
    );
  });

  it('that is there and altered is never expired', async () => {
    const { objects, place } = await aHistory({ keptForDays: 400 });
    objects.set(`reports/${planOf(1).id}/report.json`, '{}');
    expect(faultsOf(await place.verify(null, AT + 401 * DAY))).toEqual([[1, 'object.altered']]);
  });

  it('that no record names is listed, and breaks nothing', async () => {
    const { objects, place } = await aHistory();
    objects.set('reports/20261201T080000Z-forged/report.json', '{}');
    objects.set('plans/auto-20261201T080000Z.json', '{}');
    objects.set('reports/20250101T080000Z-before/report.json', '{}');
    expect(await place.verify()).toMatchObject({
      broken: [],
      unrecorded: ['memory:reports/20261201T080000Z-forged/report.json', 'memory:plans/auto-20261201T080000Z.json'],
    });
  });
});

describe('a plan', () => {
  it('whose last run recorded no result is listed, and its files may have changed', async () => {
    const { place } = await aHistory();
    await place.approve(2, 'died');
    await place.remove(2, 'died', 'unfinished');
    const folder = `results/${planOf(2).id}/${'2'.repeat(16)}`;
    expect(await place.verify()).toMatchObject({
      broken: [],
      withoutResult: [`memory:${folder}/once-approval-died.json`],
    });
    await place.approve(2, 'next');
    await place.remove(2, 'next');
    await place.result(2, 'next');
    expect(await place.verify()).toMatchObject({ broken: [], withoutResult: [] });
  });

  it('has its outcomes checked even while a run of it goes on', async () => {
    const { objects, place } = await aHistory();
    await place.approve(3, 'again');
    objects.set(`results/${planOf(3).id}/${'3'.repeat(16)}/000000.outcome.json`, '{}');
    expect(faultsOf(await place.verify())).toEqual([[15, 'object.altered']]);
  });
});

describe('a finished plan', () => {
  const plan = planOf(1);
  const folder = `results/${plan.id}/${'1'.repeat(16)}`;
  const FILES = [`results/${plan.id}.json`, `${folder}/000000.attempt.json`];
  /** Changes the files, and returns which of them are named. */
  const alteredIn = async (place: EvidencePlace, objects: Map<string, string>): Promise<readonly string[]> => {
    for (const key of FILES) objects.set(key, (objects.get(key) ?? '').replace('"arn":"', '"arn":"x'));
    const { broken } = await place.verify();
    return broken.filter(({ fault }) => fault === 'object.altered').map(({ place: where }) => where);
  };
  const named = FILES.map((key) => `memory:${key}`);

  it.each([
    ['was approved again', (place: EvidencePlace) => place.approve(1, 'later')],
    [
      'was approved, and has another list',
      async (place: EvidencePlace) => {
        await place.approve(1, 'later');
        await place.result(1, 'later');
      },
    ],
    ['whose approval is recorded again', (place: EvidencePlace) => place.approve(1)],
  ])('that %s has to be as its first finished list says', async (_, later) => {
    const { objects, place } = await aHistory();
    await later(place);
    expect((await place.verify()).broken).toEqual([]);
    expect(await alteredIn(place, objects)).toEqual(named);
  });

  it('has no other result, though a list of it is recorded later', async () => {
    const { objects, place } = await aHistory();
    for (const key of FILES) objects.set(key, (objects.get(key) ?? '').replace('"arn":"', '"arn":"x'));
    await place.approve(1, 'forger');
    await place.result(1, 'forger');
    expect((await place.verify()).broken.map(({ place: where }) => where)).toEqual(expect.arrayContaining(named));
  });

  it.each([true, false])('has no second folder of another digest; its plan was recorded: %s', async (isRecorded) => {
    const { objects, place, head } = await aHistory();
    if (!isRecorded) objects.set(`plans/${plan.id}.json`, '{}');
    const forged = { ...plan, digest: `sha256:${'0'.repeat(64)}` };
    const approved = { plan: forged, run: 'forger', origin: ORIGIN };
    for (const key of FILES) objects.set(key, (objects.get(key) ?? '').replace('"arn":"', '"arn":"x'));
    await recordApproval(place.ports, approved);
    await recordResult(place.ports, approved, 'finished');
    const { broken } = await place.verify(head);
    expect(broken).toEqual(
      expect.arrayContaining([
        ...named.map((where) => expect.objectContaining({ fault: 'object.altered', place: where })),
        expect.objectContaining({ fault: 'record.inserted', message: expect.stringContaining('in another folder') }),
      ]),
    );
    const view = FILES[0] ?? '';
    objects.set(view, (objects.get(view) ?? '').replace('"arn":"x', '"arn":"'));
    expect((await place.verify(head)).broken.map(({ place: where }) => where)).not.toContain(`memory:${view}`);
  });

  it('whose last unfinished list is of another folder has the files of the digest of its plan', async () => {
    const { objects, place } = await aHistory();
    const open = planOf(2);
    await place.approve(2);
    await place.remove(2, 'run-1', 'unfinished');
    await place.result(2);
    const key = `results/${open.id}.json`;
    objects.set(key, (objects.get(key) ?? '').replace('unfinished', 'finished'));
    const approved = { plan: { ...open, digest: `sha256:${'0'.repeat(64)}` }, run: 'forger', origin: ORIGIN };
    await recordApproval(place.ports, approved);
    await recordResult(place.ports, approved, 'finished');
    const { broken } = await place.verify();
    expect(broken).toContainEqual(expect.objectContaining({ fault: 'object.altered', place: `memory:${key}` }));
    expect(broken).toContainEqual(expect.objectContaining({ fault: 'record.inserted' }));
  });

  it('whose list names a file outside of its folder has no list, and the file is not read', async () => {
    const objects = new Map<string, string>();
    const place = new EvidencePlace(memoryStore(objects));
    await place.approve(1);
    const outside = 'results/../../secret.json';
    objects.set(outside, '{}');
    const key = fileListFile(plan, '0'.repeat(64));
    objects.set(key, `${sha256Of('{}')}  ${outside}\n`);
    await recordEvidence(place.ports, [await evidenceEntry(place.ports, { kind: 'result', key, since: AT })]);
    expect((await place.verify()).broken).toEqual([
      expect.objectContaining({ fault: 'object.altered', place: `memory:${key}` }),
    ]);
  });

  it('whose result names an approval that was not recorded before it is named', async () => {
    const { place } = await aHistory();
    await place.approve(4, 'run-1', { ...APPROVED, arn: 'arn:aws:iam::123456789012:user/eve' });
    await place.remove(4);
    await place.result(4);
    await place.approve(4, 'too-late');
    expect((await place.verify()).broken).toEqual([
      {
        number: 20,
        fault: 'result.not-approved',
        place: `memory:results/${planOf(4).id}.json`,
        message: `memory:results/${planOf(4).id}.json names an approval by ${APPROVED.arn} that no record before the record 20 has`,
      },
    ]);
  });
});

it('an approval that is recorded again begins no run of an unfinished plan', async () => {
  const { objects, place } = await aHistory();
  await place.approve(2, 'stopped');
  await place.remove(2, 'stopped', 'unfinished');
  await place.result(2, 'stopped');
  // Another record lies between the two.
  await place.report(6);
  await place.approve(2, 'stopped');
  const key = `results/${planOf(2).id}.json`;
  objects.set(key, (objects.get(key) ?? '').replace('unfinished', 'finished'));
  expect(faultsOf(await place.verify())).toContainEqual([20, 'object.altered']);
});

it('the result of a plan of which a run goes on has the recorded outcomes of its earlier runs', async () => {
  const { objects, place } = await aHistory();
  const plan = planOf(2);
  await place.approve(2, 'stopped');
  const at = new Date(AT).toISOString();
  const item = anOutcome('web-2', { at });
  const key = `results/${plan.id}.json`;
  const head = { plan: { ...plan, count: 2 }, status: 'unfinished', startedAt: at, updatedAt: at } as const;
  await place.ports.store.put(jsonObject(recordFile(plan, 0, 'outcome'), item));
  await place.ports.store.put(storedResult(aResult(plan.id, [item], head)));
  await place.result(2, 'stopped');
  await place.approve(2, 'goes-on');
  objects.set(key, (objects.get(key) ?? '').replace('"updatedAt": "2026', '"updatedAt": "2027'));
  expect((await place.verify()).broken).toEqual([]);
  objects.set(key, (objects.get(key) ?? '').replace('"outcome":"deleted"', '"outcome":"spared"'));
  const altered = { fault: 'object.altered', place: `memory:${key}` };
  expect((await place.verify()).broken).toEqual([expect.objectContaining(altered)]);
});

describe('while a run of an unfinished plan that was approved has recorded no result', () => {
  const plan = planOf(2);
  const key = `results/${plan.id}.json`;
  const at = new Date(AT).toISOString();
  const [first, second] = [anOutcome('web-2', { at }), anOutcome('web-3', { at })];
  const view = (items: readonly ItemResult[], more: Partial<ApplyResult> = {}) =>
    storedResult(
      aResult(plan.id, items, {
        ...{ plan: { ...plan, count: 3 }, status: 'unfinished', startedAt: at, updatedAt: at, approvedBy: APPROVED },
        ...{ report: plan.id, ...more },
      }),
    );
  const attempt = (position: number, run: string) =>
    jsonObject(recordFile(plan, position, 'attempt'), { arn: `${position}`, run });

  /** A run stopped with one outcome and one open attempt; the next one was killed, and has replaced both. */
  async function killed(folder = EVIDENCE) {
    const objects = new Map<string, string>();
    const place = new EvidencePlace(tickingStore(objects), { folder });
    const { store } = place.ports;
    await place.report(2);
    await place.approve(2, 'stopped');
    for (const position of [0, 1]) await store.put(attempt(position, 'stopped'));
    await store.put(jsonObject(recordFile(plan, 0, 'outcome'), first));
    await store.put(view([first]));
    await indexResults(store);
    await place.result(2, 'stopped');
    await place.approve(2, 'killed');
    if (folder === EVIDENCE) await store.put(attempt(1, 'killed'));
    await store.put(jsonObject(recordFile(plan, 1, 'outcome'), second));
    await store.put(view([first, second]));
    return { objects, place };
  }
  const places = (found: Verification): readonly string[] => found.broken.map((each) => `${each.fault} ${each.place}`);

  it('says which files that run may have replaced', async () => {
    const { place } = await killed();
    const replaced = [key, recordFile(plan, 1, 'attempt')].map((each) => `memory:${each}`);
    expect(await place.verify()).toMatchObject({ broken: [], replaced });
  });

  it('has the result still, as a run writes it, with what the first run wrote into it', async () => {
    const { objects, place } = await killed();
    const text = objects.get(key) ?? '';
    const [named] = [[`object.altered memory:${key}`]];
    for (const change of [
      (json: string) => `${json}\n`,
      (json: string) => json.slice(0, -1),
      () => '',
      (json: string) => json.replace('"deleted": 2', '"deleted": 3'),
      (json: string) => json.replace(/"report": "[^"]*"/, '"report": "20250101T080000Z-x"'),
    ]) {
      objects.set(key, change(text));
      expect([objects.get(key) === text, places(await place.verify())]).toEqual([false, expect.arrayContaining(named)]);
    }
    for (const more of [{ startedAt: new Date(AT + 1).toISOString() }, { account: '999999999999' }]) {
      await place.ports.store.put(view([first, second], more));
      expect(places(await place.verify())).toEqual(named);
    }
    objects.delete(key);
    expect(places(await place.verify())).toEqual([`object.missing memory:${key}`]);
  });

  it('has no approval at its top that was recorded after the first view', async () => {
    const { objects, place } = await killed();
    const eve = { ...APPROVED, arn: 'arn:aws:iam::123456789012:user/eve' };
    await place.approve(2, 'eve', eve);
    // The index has the first view.
    objects.delete('results/index/00001.json');
    const missing = 'index.missing memory:results/index/';
    expect(places(await place.verify())).toEqual([missing]);
    await place.ports.store.put(view([first, second], { approvedBy: eve }));
    expect([...places(await place.verify())].sort()).toEqual([missing, `result.not-approved memory:${key}`]);
  });

  it.each([
    ['an attempt with an outcome in a bucket', EVIDENCE, 0],
    ['an attempt with an outcome in a folder', LOCAL_EVIDENCE, 0],
    ['each attempt in a folder, where a replacement has another name', LOCAL_EVIDENCE, 1],
  ])('checks %s', async (_, folder, position) => {
    const { objects, place } = await killed(folder);
    expect(places(await place.verify())).toEqual([]);
    const name = recordFile(plan, position, 'attempt');
    const text = objects.get(name) ?? '';
    objects.set(name, `${text} `);
    expect(places(await place.verify())).toEqual([`object.altered memory:${name}`]);
    objects.delete(name);
    expect(places(await place.verify())).toEqual([`object.missing memory:${name}`]);
  });
});

it('a run of another person that goes on with an unfinished plan is approved after the list of the earlier run', async () => {
  const { place } = await aHistory();
  const plan = planOf(4);
  const eve = { ...APPROVED, arn: 'arn:aws:iam::123456789012:user/eve' };
  const at = new Date(AT).toISOString();
  await place.approve(4, 'stopped');
  await place.remove(4, 'stopped', 'unfinished');
  await place.result(4, 'stopped');
  const head = { plan: { ...plan, count: 1 }, status: 'unfinished', startedAt: at, updatedAt: at } as const;
  await place.ports.store.put(storedResult(aResult(plan.id, [anOutcome('web-4', { at, approvedBy: eve })], head)));
  expect(faultsOf(await place.verify())).toContainEqual([20, 'result.not-approved']);
  await place.approve(4, 'goes-on', eve);
  expect((await place.verify()).broken).toEqual([]);
});

describe('two lists of an unfinished plan between which no run began', () => {
  const plan = planOf(2);
  const files = [`results/${plan.id}.json`, recordFile(plan, 0, 'attempt')] as const;
  /** Writes both files in the state with this name, and returns them. */
  const write = (objects: Map<string, string>, state: string): Map<string, string> => {
    for (const key of files) objects.set(key, (objects.get(key) ?? '').replace(/\}\s*$/, `, "state": "${state}" }\n`));
    return new Map(files.map((key) => [key, objects.get(key) ?? '']));
  };
  async function twoLists() {
    const { objects, place } = await aHistory();
    await place.approve(2);
    await place.remove(2, 'run-1', 'unfinished');
    const first = write(objects, 'first');
    await place.result(2);
    const second = write(objects, 'second');
    await place.result(2);
    return { objects, place, first, second };
  }
  const placesIn = async (place: EvidencePlace): Promise<readonly string[]> =>
    (await place.verify()).broken.map(({ place: where }) => where).filter((where) => !where.includes('/index/'));

  it('are compared one by one: a file of each is no state of either', async () => {
    const { objects, place, first, second } = await twoLists();
    expect(await placesIn(place)).toEqual([]);
    for (const [key, text] of first) {
      objects.set(key, text);
      expect([key, await placesIn(place)]).toEqual([
        key,
        expect.arrayContaining([expect.stringContaining('results/')]),
      ]);
      objects.set(key, second.get(key) ?? '');
    }
  });

  it('count in either order, but not one that has fewer files', async () => {
    const { objects, place, first, second } = await twoLists();
    for (const [key, text] of first) objects.set(key, text);
    expect(await placesIn(place)).toEqual([]);
    for (const [key, text] of second) objects.set(key, text);
    objects.set(recordFile(plan, 1, 'attempt'), '{}');
    await place.result(2);
    expect(await placesIn(place)).toEqual([]);
    for (const [key, text] of first) objects.set(key, text);
    expect(await placesIn(place)).toEqual(expect.arrayContaining(files.map((key) => `memory:${key}`)));
  });
});

it('files of a plan whose id has no time are named, too', async () => {
  const { objects, place } = await aHistory();
  const forged = ['results/mine/0123456789abcdef/000000.outcome.json', 'reports/mine/report.json', 'results/mine.json'];
  for (const key of forged) objects.set(key, '{}');
  const { unrecorded, older } = await place.verify();
  expect([...unrecorded, ...older]).toEqual(expect.arrayContaining(forged.map((key) => `memory:${key}`)));
});

describe('an object that could not be read', () => {
  it.each([
    ['a record', record(5), 'record.unreadable'],
    ['an object', `reports/${planOf(2).id}/report.json`, 'object.unreadable'],
    ['a page of the index', 'results/index/00001.json', 'index.unreadable'],
  ])('is named so, and not as altered: %s', async (_, wanted, fault) => {
    const { place, head } = await aHistory();
    const { store } = place.ports;
    const message = `cannot read memory:${wanted}: EACCES: permission denied`;
    const refused = async (key: string): Promise<void> => {
      if (key === wanted) throw new RetentionError('store.folder', message, { cause: new Error('EACCES') });
    };
    const { get, fingerprint } = store;
    const locked: Store = {
      ...store,
      get: async (key) => (await refused(key)) ?? get(key),
      fingerprint: async (key) => (await refused(key)) ?? fingerprint(key),
    };
    const { broken } = await verifyEvidence({ ...place.ports, store: locked, digest: digestOf, now: AT + DAY }, head);
    expect(broken.map((each) => [each.fault, each.place])).toEqual([[fault, `memory:${wanted}`]]);
    expect(broken[0]?.message).toContain('EACCES: permission denied');
  });
});

describe('a folder that could not be listed', () => {
  const denied = new RetentionError('store.s3', 'cannot list s3://b/x/: got AccessDenied', {
    cause: Object.assign(new Error('Access Denied'), { name: 'AccessDenied' }),
  });
  it.each<[keyof Store, string, string, string]>([
    ['listAfter', 'evidence/', 'record.unreadable', 'evidence/'],
    ['list', 'results/index/', 'index.unreadable', 'results/index/'],
    ['listDeep', 'results/', 'object.unreadable', 'results/'],
    ['listDeep', 'evidence/', 'record.unreadable', 'evidence/'],
  ])('is named where a bucket denies %s of %s', async (call, prefix, fault, where) => {
    const { place } = await aHistory();
    const { store } = place.ports;
    const act = store[call] as (...given: readonly unknown[]) => Promise<unknown>;
    const locked = {
      ...store,
      [call]: async (...given: readonly unknown[]) => (given[0] === prefix ? Promise.reject(denied) : act(...given)),
    };
    const { broken, remedies } = await verifyEvidence(
      { ...place.ports, store: locked, digest: digestOf, now: AT + DAY },
      null,
    );
    expect(broken.map((each) => [each.fault, each.place])).toEqual([[fault, `memory:${where}`]]);
    expect(broken[0]?.message).toContain('cannot list s3://b/x/: got AccessDenied');
    expect(remedies[fault]).toContain('s3:ListBucket');
  });

  it('ends the verification where it fails for another cause', async () => {
    const { place } = await aHistory();
    const failed = new RetentionError('store.s3', 'cannot list', { cause: new Error('NoSuchBucket') });
    const store: Store = { ...place.ports.store, listAfter: () => Promise.reject(failed) };
    const ports = { ...place.ports, store, digest: digestOf, now: AT + DAY };
    await expect(verifyEvidence(ports, null)).rejects.toThrow(failed);
  });
});

describe('the index of results', () => {
  it('has each plan once, and no page without a result', async () => {
    const { objects, place } = await aHistory();
    const text = objects.get('results/index/00001.json') ?? '';
    const page = parseIndexPage(text, (entry) => entry) ?? [];
    const second = 'results/index/00002.json';
    const faults = async (changed: typeof page, added: typeof page | null): Promise<readonly string[]> => {
      objects.set('results/index/00001.json', [...indexPageObject(1, changed).body].join(''));
      if (added !== null) objects.set(second, [...indexPageObject(2, added).body].join(''));
      const { broken } = await place.verify();
      objects.delete(second);
      return broken.map(({ fault, place: where }) => `${fault} ${where}`);
    };
    const [first] = page;
    if (first === undefined) throw new Error('the index is empty');
    expect(await faults(page, null)).toEqual([]);
    // As it is written again after it was lost.
    expect(await faults([...page].reverse().slice(0, 1).concat(first), null)).toEqual([]);
    expect(await faults([first, ...page], null)).toEqual(['index.inserted memory:results/index/00001.json']);
    expect(await faults(page, [first])).toEqual([`index.inserted memory:${second}`]);
    expect(await faults(page, [])).toEqual([`index.inserted memory:${second}`]);
  });

  it('has the hidden pages of local results alone', async () => {
    for (const [folder, name, fault] of [
      ['evidence/', '.00001.json.v1', 'index.inserted'],
      ['results/evidence/', '.00001.json.v1', 'index.altered'],
      ['results/evidence/', '.00001.json.v2', 'index.altered'],
      ['results/evidence/', '.x', 'index.inserted'],
    ] as const) {
      const objects = new Map<string, string>();
      const place = new EvidencePlace(tickingStore(objects), { folder });
      await place.delete(1);
      objects.set(`results/index/${name}`, '');
      const named = (await place.verify()).broken.map((each) => `${each.fault} ${each.place}`);
      expect(named).toContain(`${fault} memory:results/index/${name}`);
    }
  });

  it('has replaced pages in hidden files of local results, each an earlier version of the next one', async () => {
    const objects = new Map<string, string>();
    const place = new EvidencePlace(tickingStore(objects), { folder: 'results/evidence/' });
    for (const number of [1, 2, 3]) await place.delete(number);
    const [first, ...others] = splitIndexPage(objects.get('results/index/00001.json') ?? '') ?? [];
    if (first === undefined) throw new Error('the index is empty');
    const versions = [[first], [first, ...others.slice(0, 1)], [first, ...others]] as const;
    const names = ['00001.json', '.00001.json.v1', '.00001.json.v2'].map((name) => `results/index/${name}`);
    const write = (): void => {
      for (const [index, name] of names.entries())
        objects.set(name, [...indexPageObject(1, versions[index] ?? []).body].join(''));
    };
    const broken = async () => (await place.verify()).broken.map((each) => `${each.fault} ${each.place}`);
    write();
    expect(await broken()).toEqual([]);
    for (const name of names) {
      const text = objects.get(name) ?? '';
      for (const changed of [text.replace('"deleted"', '"spared"'), `${text} `, '', null]) {
        if (changed === null) objects.delete(name);
        else objects.set(name, changed);
        const found = await broken();
        expect({ name, changed, found: found.length > 0 }).toEqual({ name, changed, found: true });
        if (changed !== null && name !== names[2]) expect(found).toContain(`index.altered memory:${name}`);
        write();
      }
    }
    // An earlier version that has what the later one lacks.
    objects.set(names[0] ?? '', objects.get(names[2] ?? '') ?? '');
    expect(await broken()).toEqual([`index.altered memory:${names[0]}`]);
  });

  const PAGE = 'results/index/00001.json';
  const changed = async (change: (text: string) => string) => {
    const { objects, place, head } = await aHistory();
    objects.set(PAGE, change(objects.get(PAGE) ?? ''));
    return (await place.verify(head)).broken;
  };

  it.each([
    ['an outcome', (text: string) => text.replace('"outcome":"deleted"', '"outcome":"spared"'), planOf(1).id],
    ['the approval', (text: string) => text.replace(/user\/ann/g, 'user/eve'), planOf(1).id],
    ['a summary', (text: string) => text.replace('1 deleted', '2 deleted'), planOf(1).id],
    ['an outcome of the later result', (text: string) => replaceLast(text, 'web-3', 'web-9'), planOf(3).id],
  ])('with %s that was altered is named with the plan', async (_, change, id) => {
    expect(await changed(change)).toContainEqual({
      number: expect.any(Number),
      fault: 'index.altered',
      place: `memory:${PAGE}`,
      message: `memory:${PAGE} lists the plan ${id} otherwise than its result was recorded`,
    });
  });

  it('with a page of another number is named', async () => {
    const { objects, place } = await aHistory();
    const [text, other] = [objects.get(PAGE) ?? '', 'results/index/00009.json'];
    objects.set(other, text);
    const named = [expect.objectContaining({ fault: 'index.inserted', place: `memory:${other}` })];
    expect((await place.verify()).broken).toEqual(expect.arrayContaining(named));
    objects.delete(PAGE);
    expect((await place.verify()).broken).toEqual(named);
  });

  it('that is formatted otherwise or cut is named', async () => {
    const cut = { fault: 'index.altered', message: `memory:${PAGE} is not as this version writes the index` };
    const pretty = (text: string): string => JSON.stringify(JSON.parse(text), null, 2);
    for (const change of [(text: string) => `${text}\n`, (text: string) => text.slice(0, -2), () => '{}', pretty])
      expect(await changed(change)).toContainEqual(expect.objectContaining(cut));
  });

  it('without an entry that it had is named', async () => {
    const message = `memory:results/index/ no longer lists the plan ${planOf(1).id}`;
    const missing = expect.objectContaining({ fault: 'index.missing', message });
    expect(await changed((text) => withoutPlan(text, planOf(1).id))).toEqual([missing]);
    const { objects, place } = await aHistory();
    objects.delete(PAGE);
    expect((await place.verify()).broken).toContainEqual(missing);
  });

  it('with an entry that no result has is named', async () => {
    const forged = planOf(19).id;
    expect(await changed((text) => text.replaceAll(planOf(1).id, forged))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          fault: 'index.inserted',
          message: `memory:${PAGE} lists the plan ${forged}, of which no result is stored or recorded`,
        }),
        expect.objectContaining({ fault: 'index.missing' }),
      ]),
    );
  });

  /** The index with one more result, of which no run was recorded, and which is stored. */
  const withForged = async (id: string, chainTime = AT) => {
    const objects = new Map<string, string>();
    const place = new EvidencePlace(tickingStore(objects), { clock: () => chainTime });
    await place.delete(1);
    const forged = storedResult(aResult(id, [anOutcome('web-9')], { status: 'finished' }));
    await place.ports.store.put(forged);
    const [entry] = parseIndexPage(objects.get(PAGE) ?? '', (entry) => entry) ?? [];
    const result = JSON.parse(objects.get(forged.key) ?? '');
    const plan = indexedPlan(result, null, resultSentence(result));
    const added = { plan, result, line: JSON.stringify(result) };
    objects.set(PAGE, [...indexPageObject(1, entry === undefined ? [added] : [entry, added]).body].join(''));
    return { objects, place, broken: (await place.verify()).broken };
  };

  it.each(['.forged', '../forged', `${planOf(1).id}/x`, 'lock'])(
    'with an entry whose id is no id of a plan is named, and nothing believes it: %s',
    async (id) => {
      const { objects, broken } = await withForged(id);
      const message = `memory:${PAGE} is not as this version writes the index`;
      expect(broken).toContainEqual(expect.objectContaining({ fault: 'index.altered', message }));
      expect(parseIndexPage(objects.get(PAGE) ?? '', (entry) => entry)).toBeNull();
    },
  );

  it('with an entry that has the result of another plan is named', async () => {
    const { objects, place } = await aHistory();
    objects.set(PAGE, (objects.get(PAGE) ?? '').replace(planOf(1).id, planOf(19).id));
    expect((await place.verify()).broken).toContainEqual(expect.objectContaining({ fault: 'index.altered' }));
    expect(parseIndexPage(objects.get(PAGE) ?? '', (entry) => entry)).toBeNull();
  });

  it('with an entry whose result is stored and in no record is named', async () => {
    const forged = planOf(19).id;
    const message = `memory:${PAGE} lists the plan ${forged}, and its result is in no record`;
    const named = [expect.objectContaining({ fault: 'index.inserted', message })];
    expect((await withForged(forged)).broken).toEqual(named);
    // Old by its id, and stored since.
    const old = '20250101T080000Z-before';
    expect((await withForged(old)).broken).toEqual([expect.objectContaining({ fault: 'index.inserted' })]);
    expect((await withForged(old, AT + DAY)).broken).toEqual([]);
  });

  it('keeps entries whose results were removed after their time, and they are checked by the recorded hash', async () => {
    const { objects, place } = await aHistory({ keptForDays: 400 });
    const later = AT + 500 * DAY;
    objects.delete(`results/${planOf(1).id}.json`);
    expect(await place.verify(null, later)).toMatchObject({ broken: [], expired: 1 });
    objects.set(PAGE, (objects.get(PAGE) ?? '').replace('"outcome":"deleted"', '"outcome":"spared"'));
    expect(faultsOf(await place.verify(null, later))).toEqual([[4, 'index.altered']]);
  });

  it('keeps entries of which nothing else is left, and they are listed', async () => {
    const { objects, place } = await aHistory({ keptForDays: 400 });
    for (const key of [...objects.keys()])
      if (/^(plans|results|reports)\//.test(key) && key !== PAGE) objects.delete(key);
    const verification = await place.verify(null, AT + 500 * DAY);
    const listed = [1, 3].map((number) => `memory:${PAGE} (plan ${planOf(number).id})`);
    expect(verification).toMatchObject({ broken: [], withoutResult: [] });
    expect([...new Set(verification.unproven)]).toEqual(listed);
  });

  it('may have an earlier view of a result that a run which died has replaced since', async () => {
    const { place } = await aHistory();
    await place.approve(4, 'stopped');
    await place.remove(4, 'stopped', 'unfinished');
    await place.approve(4, 'died');
    await place.ports.store.put(
      storedResult(
        aResult(planOf(4).id, [anOutcome('web-4')], {
          plan: { ...planOf(4), count: 1 },
          status: 'unfinished',
          ...{ startedAt: new Date(AT).toISOString(), updatedAt: new Date(AT + 1).toISOString() },
        }),
      ),
    );
    expect(await place.ports.store.get(PAGE)).toContain(planOf(4).id);
    expect((await place.verify()).broken).toEqual([]);
  });
});

const replaceLast = (text: string, from: string, to: string): string => {
  const at = text.lastIndexOf(from);
  return text.slice(0, at) + to + text.slice(at + from.length);
};

/** A page of the index without a plan, as this version would write it. */
function withoutPlan(text: string, id: string): string {
  const page = parseIndexPage(text, (entry) => entry) ?? [];
  const kept = page.filter(({ plan }) => plan.id !== id);
  return [...indexPageObject(1, kept).body].join('');
}

it('files under any other name in the folders of reports, plans and results are named', async () => {
  const { objects, place } = await aHistory();
  const plan = planOf(1);
  const others = [
    `plans/${plan.id}.json.bak`,
    `reports/${plan.id}/report-copy.json`,
    `results/${plan.id}.json.bak`,
    `results/${plan.id}/copy.json`,
    `results/${plan.id}/other/000000.outcome.json`,
    recordFile(plan, 0, 'outcome').replace('.json', '-copy.json'),
  ];
  for (const key of others) objects.set(key, '{}');
  const { unrecorded, older, broken } = await place.verify();
  expect([[...unrecorded, ...older].sort(), broken]).toEqual([others.map((key) => `memory:${key}`).sort(), []]);
});

it('files of a plan that no list has are named, and those from before the chain apart', async () => {
  const { objects, place } = await aHistory();
  const folder = `results/${planOf(1).id}/${'1'.repeat(16)}`;
  const old = 'results/20250101T080000Z-before/0123456789abcdef/000000.outcome.json';
  const forged = [`${folder}/000001.outcome.json`, `${folder}/000001.attempt.json`, `${folder}/once-approval-x.json`];
  for (const key of forged) await place.ports.store.put({ key, contentType: 'application/json', body: ['{}'] });
  // The store tells no time of it.
  objects.set(old, '{}');
  const { unrecorded, older } = await place.verify();
  expect([unrecorded.toSorted(), older]).toEqual([forged.map((key) => `memory:${key}`).sort(), [`memory:${old}`]]);
});

it('an object that is old by its name and was stored since the chain began is named among the new ones', async () => {
  const objects = new Map<string, string>();
  const place = new EvidencePlace(tickingStore(objects));
  await place.report(1);
  await place.ports.store.put({ key: 'plans/20250101T080000Z-x.json', contentType: 'application/json', body: ['{}'] });
  expect((await place.verify()).unrecorded).toEqual(['memory:plans/20250101T080000Z-x.json']);
});

it('a change of any byte of any record or recorded object is found', async () => {
  const { objects, place, head } = await aHistory();
  const keys = [...objects.keys()];
  // Of the two runs of a plan, the attempt and the result that the first one left were replaced.
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...keys), fc.nat(), fc.integer({ min: 1, max: 127 }), async (key, at, by) => {
      const text = objects.get(key) ?? '';
      const position = at % text.length;
      const changed = String.fromCharCode(text.charCodeAt(position) ^ by);
      objects.set(key, text.slice(0, position) + changed + text.slice(position + 1));
      try {
        expect((await place.verify(head)).broken).not.toEqual([]);
      } finally {
        objects.set(key, text);
      }
    }),
    { numRuns: 700 },
  );
  expect((await place.verify(head)).broken).toEqual([]);
}, 60_000);

it('the removal of any record or recorded object is found', async () => {
  const { objects, place, head } = await aHistory();
  for (const [key, text] of [...objects]) {
    objects.delete(key);
    expect({ key, broken: (await place.verify(head)).broken.length > 0 }).toEqual({ key, broken: true });
    objects.set(key, text);
  }
});

it('bytes that are no text are found in a folder, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  try {
    const place = new EvidencePlace(folderStore(folder));
    await place.report(1);
    const head = await place.delete(1);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect((await place.verify(head)).broken).toEqual([]);
    for (const file of files) {
      const bytes = readFileSync(file);
      for (const at of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) | 0x80;
        writeFileSync(file, changed);
        expect({ file, at, broken: (await place.verify(head)).broken.length > 0 }).toEqual({ file, at, broken: true });
      }
      writeFileSync(file, Buffer.concat([Buffer.from('\ufeff'), bytes]));
      expect((await place.verify(head)).broken.length).toBeGreaterThan(0);
      writeFileSync(file, bytes);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A store through which one run acts: slow by chance, and dead from one of its calls on. */
function mortal(store: Store, random: () => number, diesAt: number): Store {
  let calls = 0;
  return new Proxy(store, {
    get: (target, name: keyof Store) =>
      typeof target[name] === 'function'
        ? async (...given: readonly unknown[]) => {
            calls += 1;
            for (let ticks = Math.floor(random() * 6); ticks > 0; ticks -= 1) await Promise.resolve();
            const act = () => (target[name] as (...all: readonly unknown[]) => unknown)(...given);
            if (calls < diesAt) return act();
            // It dies before the call, or after it was carried out.
            if (calls === diesAt && random() < 0.5) await act();
            throw new Error('died');
          }
        : target[name],
  });
}

it('runs at the same time that die at any call leave a whole chain, and delete only what is approved in it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
      fc.array(
        fc.record({
          plan: fc.integer({ min: 1, max: 4 }),
          diesAt: fc.integer({ min: 1, max: 30 }),
          isReport: fc.boolean(),
        }),
        {
          minLength: 2,
          maxLength: 9,
        },
      ),
      async (stream, runs) => {
        const random = (): number => stream.next().value;
        const objects = new Map<string, string>();
        const store = tickingStore(objects);
        const heads: EvidenceHead[] = [];
        await Promise.all(
          runs.map(async ({ plan, diesAt, isReport }, index) => {
            const place = new EvidencePlace(mortal(store, random, diesAt));
            const ended = isReport ? place.report(plan) : place.delete(plan, `run-${index}`);
            const head = await ended.catch(() => null);
            if (head !== null) heads.push(head);
          }),
        );
        const place = new EvidencePlace(store);
        // A later run continues the chain that the dead ones left.
        heads.push((await place.report(9)) as EvidenceHead);
        for (const head of heads) expect((await place.verify(head)).broken.filter(isNotOfOverlap)).toEqual([]);
        const approved = new Set(
          [...objects].flatMap(([key, text]) => (key.startsWith('evidence/') ? [JSON.parse(text).ref.key] : [])),
        );
        const deleted = [...objects.keys()].filter((key) => key.endsWith('.outcome.json'));
        for (const key of deleted) {
          const folder = key.slice(0, key.lastIndexOf('/'));
          expect([...approved].some((each) => String(each).startsWith(`${folder}/once-approval-`))).toBe(true);
        }
      },
    ),
    { numRuns: 400 },
  );
}, 60_000);

it.each([EVIDENCE, LOCAL_EVIDENCE])(
  'runs one after the other that stop, or die at any call, leave nothing that is named as altered or missing: %s',
  async (folder) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            plan: fc.integer({ min: 1, max: 2 }),
            diesAt: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(1_000)),
            status: fc.constantFrom('finished' as const, 'unfinished' as const),
          }),
          { minLength: 1, maxLength: 7 },
        ),
        async (runs) => {
          const root = mkdtempSync(join(tmpdir(), 'evidence-'));
          const store = folder === EVIDENCE ? tickingStore(new Map()) : folderStore(root);
          try {
            const place = new EvidencePlace(store, { folder });
            const heads: EvidenceHead[] = [];
            for (const [index, { plan, diesAt, status }] of runs.entries()) {
              // No run begins on a finished plan.
              if (await isFinished(store, planOf(plan))) continue;
              const dying = new EvidencePlace(
                mortal(store, () => 0.4, diesAt),
                { folder },
              );
              const head = await dying.delete(plan, `run-${index}`, status).catch(() => null);
              if (head !== null) heads.push(head);
              for (const each of heads) expect((await place.verify(each)).broken).toEqual([]);
            }
          } finally {
            rmSync(root, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: folder === EVIDENCE ? 200 : 40 },
    );
  },
  60_000,
);

/** These runs have no lock: two of one plan replace each other's results, which real ones never do. */
const isNotOfOverlap = ({ place }: { readonly place: string }): boolean =>
  !/\.attempt\.json$|results\/[^/]+\.json$/.test(place);
