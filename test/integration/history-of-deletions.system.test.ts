import '../support/one-realm';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as fc from 'fast-check';
import { folderStore } from '../../cli/folder-store';
import type { HistoryJson } from '../../cli/json-shapes';
import { type Verification, verifyEvidence } from '../../lambda/explain/verify-evidence';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { parseHead } from '../../lambda/storage/evidence';
import { EVIDENCE, LOCAL_EVIDENCE } from '../../lambda/storage/keys';
import { unwrapped } from '../support/terminal';
import { BUCKET, type RecordedAccount, startRecordedAccount } from './recorded-account';

const BEN = 'arn:aws:iam::123456789012:user/ben';

/** A deleted snapshot of each kind of deletion, with what has to be known of it afterwards. */
interface Deleted {
  readonly place: string;
  readonly plan: { readonly id: string; readonly digest: string };
  readonly item: { readonly arn: string; readonly name: string };
  readonly head: string;
}

describe('after real deletions of the sample account', () => {
  let account: RecordedAccount;
  let started: string;
  const deleted: Record<string, Deleted> = {};

  const lastHead = (): string => /^Evidence: (\S+)$/m.exec(account.mails().at(-1) ?? '')?.[1] ?? 'none';
  const resultOf = (id: string) => JSON.parse(account.bucket().get(`results/${id}.json`)?.toString() ?? '{}');
  const firstDeleted = (result: { readonly items: readonly (Deleted['item'] & { readonly outcome: string })[] }) => {
    const item = result.items.find(({ outcome }) => outcome === 'deleted');
    if (item === undefined) throw new Error('nothing was deleted');
    return item;
  };

  beforeAll(async () => {
    account = await startRecordedAccount();
    started = new Date().toISOString();
    for (const hours of [26, 2]) await account.report(hours);

    const local = await account.plan('disk');
    const count = String(local.plan.items.length);
    const applied = await account.cli('apply', local.file, '--local', '--yes', count);
    const results = join(account.work, 'results');
    deleted.local = {
      place: results,
      plan: local.plan,
      item: firstDeleted(JSON.parse(readFileSync(join(results, `${local.plan.id}.json`), 'utf8'))),
      head: /^evidence: (\S+)$/m.exec(applied.err)?.[1] ?? 'none',
    };

    const { text, plan } = await account.plan('database');
    account.store(`plans/${plan.id}.json`, text);
    const approval = { plan: plan.id, digest: plan.digest, approvedBy: { kind: 'caller', arn: BEN } };
    await account.deletion(approval, plan.id);
    const place = `s3://${BUCKET}`;
    deleted.approved = { place, plan, item: firstDeleted(resultOf(plan.id)), head: lastHead() };

    const event = { scheduledTime: new Date().toISOString() };
    const { result } = await account.deletion(event, 'automatic');
    const id = (result as { readonly plan: string }).plan;
    const recorded = resultOf(id);
    deleted.automatic = { place, plan: recorded.plan, item: firstDeleted(recorded), head: lastHead() };
  }, 300_000);
  afterAll(() => account.close());

  const deletedBy = (kind: string): Deleted => {
    const found = deleted[kind];
    if (found === undefined) throw new Error(`there was no ${kind} deletion`);
    return found;
  };
  const WHO: Readonly<Record<string, readonly [object, string]>> = {
    local: [
      { kind: 'caller', arn: 'arn:aws:iam::123456789012:user/emulator', claimed: false },
      'Approved by arn:aws:iam::123456789012:user/emulator, the caller of the command line (confirmed by STS).',
    ],
    approved: [{ kind: 'caller', arn: BEN, claimed: true }, `Approved by ${BEN}`],
    automatic: [
      { kind: 'automatic', arn: null, claimed: false, announcedBy: expect.arrayContaining([expect.any(String)]) },
      'Approved by no person: automatic deletion, announced by ',
    ],
  };

  describe.each(Object.entries(WHO))('%s', (kind, [approvedBy, text]) => {
    it('history answers why, when and by whose approval each snapshot was deleted', async () => {
      const { place, item, plan } = deletedBy(kind);
      const policy = kind === 'automatic' ? 'long' : 'short';
      for (const word of [item.name, item.arn]) {
        const { code, out } = await account.cli('history', word, '--store', place, '--format', 'json');
        const entries: HistoryJson = JSON.parse(out);
        // The automatic plan lists also what was deleted since it was announced.
        const [entry, ...others] = entries.filter(({ outcome }) => outcome === 'deleted');
        expect([word, code, others]).toEqual([word, 0, []]);
        expect(entry).toMatchObject({ arn: item.arn, outcome: 'deleted', policy, approvedBy });
        expect(entry?.plan).toEqual({ id: plan.id, digest: plan.digest });
        expect(entry?.reasons[0]?.text).toMatch(/\d/);
        expect(entry?.requestId).toMatch(/^[\w-]{8,}$/);
        expect([started, entry?.at, new Date().toISOString()].sort()[1]).toBe(entry?.at);
      }
      const { out } = await account.cli('history', item.name, '--store', place);
      expect(unwrapped(out)).toContain(text);
    });

    it('history finds each snapshot by the name and by the ARN of its source, and by its time', async () => {
      const { place, item } = deletedBy(kind);
      const all: HistoryJson = JSON.parse((await account.cli('history', '--store', place, '--format', 'json')).out);
      const source = all.find(({ arn }) => arn === item.arn)?.source ?? '';
      const listed = async (...args: readonly string[]): Promise<readonly string[]> => {
        const { out } = await account.cli('history', ...args, '--store', place, '--format', 'json');
        return (JSON.parse(out) as HistoryJson).map(({ arn }) => arn);
      };
      const byName = await listed(source);
      expect(byName).toContain(item.arn);
      const { sourceArn } = JSON.parse(
        place.startsWith('s3://')
          ? (account
              .bucket()
              .get(`results/${deletedBy(kind).plan.id}.json`)
              ?.toString() ?? '')
          : readFileSync(join(place, `${deletedBy(kind).plan.id}.json`), 'utf8'),
      ).items.find(({ arn }: { readonly arn: string }) => arn === item.arn);
      expect(sourceArn).toMatch(/^arn:aws:lightsail:/);
      const byArn = await listed(sourceArn);
      expect(byArn).toContain(item.arn);
      expect(byName).toEqual(expect.arrayContaining([...byArn]));
      expect(await listed('--since', started)).toContain(item.arn);
      expect(await listed('--since', new Date(Date.now() + 60_000).toISOString())).toEqual([]);
    });

    it('explain answers for a deleted snapshot', async () => {
      const { place, item } = deletedBy(kind);
      const { code, out } = await account.cli('explain', item.name, '--store', place, '--quiet');
      expect(code).toBe(0);
      expect(unwrapped(out)).toContain(`${item.name} was not found in the account; the history in ${place} has it:`);
      expect(unwrapped(out)).toContain(text);
      expect(unwrapped(out)).toMatch(/policy (short|long): .*; request \S+/);
    });

    it('history --verify finds the chain whole, with the head that was printed or e-mailed', async () => {
      const { place, head } = deletedBy(kind);
      const verified = await account.cli('history', '--verify', '--store', place, '--head', head, '--format', 'json');
      const { broken, unrecorded, older, withoutResult, records } = JSON.parse(verified.out);
      expect({ code: verified.code, broken, unrecorded, older, withoutResult }).toEqual({
        ...{ code: 0, broken: [], unrecorded: [], older: [], withoutResult: [] },
      });
      expect(records).toBeGreaterThan(2);
    });
  });

  describe('the chain of', () => {
    /** Objects that no record names: pages, lists for people, notes of runs, the lock. */
    const UNRECORDED = /\.(html|csv)$|^runs\/|^reports\/index\.|\/state\.json$|\/mailed\.json$|lock\.json(\.v\d+)?$/;
    /** The key and the number of a replacement: a folder has a replaced object in a hidden file. */
    const splitVersion = (key: string): readonly [string, number] => {
      const [, folder = '', name, digits] = /^(.*\/)\.([^/]+)\.v(\d+)$/.exec(key) ?? [];
      return name === undefined ? [key, 0] : [folder + name, Number(digits)];
    };
    const isCurrent = (key: string, all: readonly string[]): boolean => {
      const [visible, number] = splitVersion(key);
      return !all.map(splitVersion).some(([other, later]) => other === visible && later > number);
    };

    /** The last key of each form, such as that of an outcome: a real chain has hundreds of objects. */
    const oneOfEachForm = (keys: string[]): readonly string[] => [
      ...new Map(keys.sort().map((key) => [key.replace(/auto-|[0-9a-f]+|[TZ]/g, ''), key])).values(),
    ];

    /** A copy of a place, whose objects can be changed by key. */
    interface Copy {
      readonly keys: readonly string[];
      readonly verify: () => Promise<Verification>;
      readonly read: (key: string) => Buffer;
      readonly write: (key: string, bytes: Buffer) => void;
      readonly remove: (key: string) => void;
      readonly locate: (key: string) => string;
    }

    function folderCopy(entries: ReadonlyMap<string, Buffer>, folder: string, head: string): Copy {
      const root = mkdtempSync(join(account.work, 'copy-'));
      const write = (key: string, bytes: Buffer): void => {
        mkdirSync(dirname(join(root, key)), { recursive: true });
        writeFileSync(join(root, key), bytes);
      };
      for (const [key, bytes] of entries) write(key, bytes);
      const ports = { store: folderStore(root), hashText: sha256Of, digest: digestOf, folder, now: Date.now() };
      return {
        keys: oneOfEachForm(
          [...entries.keys()].filter((key) => !UNRECORDED.test(key) && isCurrent(key, [...entries.keys()])),
        ),
        verify: () => verifyEvidence(ports, parseHead(head)),
        read: (key) => readFileSync(join(root, key)),
        write,
        remove: (key) => rmSync(join(root, key)),
        locate: (key) => ports.store.locate(key),
      };
    }

    function copyOf(kind: string): Copy {
      const { place, head, plan } = deletedBy(kind);
      if (place.startsWith('s3://')) return folderCopy(account.bucket(), EVIDENCE, head);
      const names = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const keys = names.map((entry) => relative(account.work, join(entry.parentPath, entry.name)));
      const all = [...keys, 'disk.json'].map((key) => [key, readFileSync(join(account.work, key))] as const);
      expect(JSON.parse(readFileSync(join(account.work, 'disk.json'), 'utf8')).id).toBe(plan.id);
      return folderCopy(new Map(all), LOCAL_EVIDENCE, head);
    }

    /** The places of what is broken. A missing page of the index is named by its folder. */
    const placesOf = ({ broken }: Verification): readonly string[] => broken.map(({ place }) => place);

    describe.each(['local', 'automatic'])('the %s deletion', (kind) => {
      it('is whole in a copy, and names each object of which any byte changed', async () => {
        const copy = copyOf(kind);
        expect(await copy.verify()).toMatchObject({ broken: [], unrecorded: [], older: [], withoutResult: [] });
        for (const key of copy.keys) {
          const bytes = copy.read(key);
          const changes = fc.sample(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
            numRuns: 2,
            seed: bytes.length,
          });
          for (const [at, by] of changes) {
            const changed = Buffer.from(bytes);
            changed[at] = (changed[at] ?? 0) ^ by;
            copy.write(key, changed);
            expect({ key, at, by, places: placesOf(await copy.verify()) }).toEqual({
              ...{ key, at, by },
              places: expect.arrayContaining([copy.locate(key)]),
            });
          }
          copy.write(key, bytes);
        }
        expect((await copy.verify()).broken).toEqual([]);
      }, 240_000);

      it('names each object that was removed', async () => {
        const copy = copyOf(kind);
        // The plan file may be removed, since its copy is recorded.
        for (const key of copy.keys.filter((each) => each !== 'disk.json')) {
          const bytes = copy.read(key);
          copy.remove(key);
          const place = key.startsWith('results/index/') ? copy.locate('results/index') : copy.locate(key);
          const places = placesOf(await copy.verify()).map((each) => each.replace(/\/$/, ''));
          expect({ key, places }).toEqual({ key, places: expect.arrayContaining([place]) });
          copy.write(key, bytes);
        }
      }, 240_000);

      it('names what was inserted', async () => {
        const copy = copyOf(kind);
        const result = copy.keys.find((key) => /^results\/(auto-)?\d{8}T[^/]*\.json$/.test(key)) ?? '';
        const outcome = copy.keys.find((key) => key.endsWith('.outcome.json')) ?? '';
        const record = copy.keys.filter((key) => key.includes('evidence/')).at(-1) ?? '';
        const named = async (key: string, from: string): Promise<void> => {
          copy.write(key, copy.read(from));
          const { broken, unrecorded, older } = await copy.verify();
          copy.remove(key);
          const places = [...broken.map(({ place }) => place), ...unrecorded, ...older];
          expect({ key, places }).toEqual({ key, places: expect.arrayContaining([copy.locate(key)]) });
        };
        await named(record.replace(/\d{8}\.json$/, '00009999.json'), record);
        await named(record.replace(/\.json$/, '-copy.json'), record);
        for (const id of ['20200101T080000Z-forged', '20991231T080000Z-forged']) {
          await named(`results/${id}.json`, result);
          await named(`results/${id}/0123456789abcdef/000000.outcome.json`, outcome);
          if (kind !== 'local') await named(`plans/${id}.json`, result);
          if (kind !== 'local') await named(`reports/${id}/report.json`, result);
        }
        await named(outcome.replace(/\d{6}\.outcome/, '999999.outcome'), outcome);
        await named('results/index/99999.json', result);
        await named('results/index/copy.json', result);
      }, 120_000);
    });
  });
});
