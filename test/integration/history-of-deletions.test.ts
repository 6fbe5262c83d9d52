import '../support/one-realm';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryJson } from '../../cli/json-shapes';
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
    for (const hours of [49, 30, 10, 2]) await account.report(hours);

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
      'Approved by the schedule of automatic deletion, announced by ',
    ],
  };

  describe.each(Object.entries(WHO))('%s', (kind, [approvedBy, text]) => {
    it('history answers why, when and by whose approval each snapshot was deleted', async () => {
      const { place, item, plan } = deletedBy(kind);
      for (const word of [item.name, item.arn]) {
        const { code, out } = await account.cli('history', word, '--store', place, '--format', 'json');
        const entries: HistoryJson = JSON.parse(out);
        // The automatic plan lists also what was deleted since it was announced.
        const [entry, ...others] = entries.filter(({ outcome }) => outcome === 'deleted');
        expect([word, code, others]).toEqual([word, 0, []]);
        expect(entry).toMatchObject({ arn: item.arn, outcome: 'deleted', policy: 'short', approvedBy });
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
      expect(unwrapped(out)).toMatch(/policy short: .*; request \S+/);
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
});
