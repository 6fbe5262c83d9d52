import { largeAccount } from '../emulator/large-account';
import { startEmulator } from '../emulator/server';
import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import { parseConfig } from '../lambda/config/parse-config';
import { decide } from '../lambda/core/policy/decide';
import { describeReason } from '../lambda/core/policy/reason';
import type { Snapshot, SourceLookup } from '../lambda/core/snapshot/snapshot';
import { SnapshotRecord } from '../lambda/core/snapshot/snapshot-record';
import { makeShare } from '../lambda/kinds/interning';
import { snapshotKinds } from '../lambda/kinds/registry';
import { measure, printRatios } from './harness';

const PAGE = 50;
const NOW = Date.UTC(2026, 10, 23, 8);
const POLICY = { keep: { last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 2 } };

function configIn(timezone: string) {
  const result = parseConfig({ version: 1, timezone, policies: { standard: POLICY }, default: 'standard' }, 'bench');
  if (!result.ok) throw new Error('the configuration of the bench is wrong');
  return result.config;
}

/** The pages that bring an account's snapshots, as texts, and the records that the real inventory makes of them. */
async function bring(snapshots: number): Promise<{
  readonly texts: readonly string[];
  readonly records: readonly Snapshot[];
  readonly sources: SourceLookup;
}> {
  const account = largeAccount({ snapshots, now: NOW });
  const texts = Object.values(account.data).flatMap(({ instanceSnapshots = [] }) =>
    Array.from({ length: Math.ceil(instanceSnapshots.length / PAGE) }, (_, page) =>
      JSON.stringify({
        instanceSnapshots: instanceSnapshots.slice(page * PAGE, (page + 1) * PAGE),
        nextPageToken: 'opaque',
      }),
    ),
  );
  const emulator = await startEmulator({ account, pageSize: 1_000 });
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const read = makeReadInventory({
    clients: makeLightsailClients({ config: { endpoint: emulator.url, credentials } }),
    kinds: snapshotKinds,
    firstRegion: 'us-east-1',
    account: null,
    clock: Date.now,
  });
  const inventory = await read({
    regions: 'all',
    kinds: ['instance'],
    automaticSnapshots: false,
    deadline: null,
    previouslyRead: new Set(),
  });
  await emulator.close();
  if (inventory.snapshots.length !== snapshots)
    throw new Error(`the bench read ${inventory.snapshots.length} of ${snapshots} snapshots`);
  return { texts, records: inventory.snapshots, sources: inventory.sources };
}

/** Deciding against parsing the responses that brought the snapshots; a named zone against UTC; and how it grows. */
export async function benchDecide(out: NodeJS.WritableStream): Promise<void> {
  const { texts, records, sources } = await bring(20_000);
  const [utc, berlin] = [configIn('UTC'), configIn('Europe/Berlin')];
  const input = { snapshots: records, sources, now: NOW };
  const measured = await measure({
    parse: () => texts.map((text) => JSON.parse(text)),
    utc: () => decide({ ...input, config: utc }),
    berlin: () => decide({ ...input, config: berlin }),
    sentences: () => decide({ ...input, config: utc }).items.map(({ reasons }) => reasons.map(describeReason)),
  });
  printRatios(
    `deciding on ${records.length} snapshots of 200 sources: last 3, daily 7, weekly 4, monthly 12, yearly 2`,
    [
      {
        what: 'decide, with reasons',
        measured: measured.utc,
        against: 'JSON.parse of their responses',
        base: measured.parse,
        target: { atMost: 1 },
      },
      {
        what: 'decide, with every reason as a sentence',
        measured: measured.sentences,
        against: 'JSON.parse of their responses',
        base: measured.parse,
        target: null,
      },
      {
        what: 'decide in Europe/Berlin',
        measured: measured.berlin,
        against: 'decide in UTC',
        base: measured.utc,
        target: { atMost: 2 },
      },
    ],
    out,
  );

  const share = makeShare();
  const copies = (count: number): readonly Snapshot[] =>
    Array.from({ length: count }, (_, index) => {
      const record = records[index % records.length];
      if (record === undefined) throw new Error('the bench has no records');
      const round = Math.floor(index / records.length);
      const {
        kind,
        account,
        region,
        sizeGb,
        state,
        fromAutoSnapshot,
        tags,
        blueprint,
        bundle,
        engine,
        engineVersion,
        attachedDisks,
      } = record;
      const source = share.source(record.source?.name ?? null, `${record.source?.arn}-${round}`);
      const facts = {
        kind,
        account,
        region,
        sizeGb,
        state,
        fromAutoSnapshot,
        tags,
        source,
        blueprint,
        bundle,
        engine,
        engineVersion,
      };
      const { name, createdAt, supportCode, defects } = record;
      const own = { arn: `${record.arn}-${round}`, name, createdAt, supportCode, defects };
      return new SnapshotRecord(share.common({ ...facts, attachedDisks }), own);
    });
  out.write('\nhow deciding grows\n');
  for (const count of [10_000, 100_000, 1_000_000]) {
    const snapshots = copies(count);
    const { each } = await measure(
      { each: () => decide({ snapshots, sources: () => ({ state: 'gone' }), config: utc, now: NOW }) },
      3,
    );
    out.write(
      `  ${count} snapshots: ${each.wall.median.toFixed(0)} ms, ${((each.wall.median * 1_000) / count).toFixed(2)} µs each\n`,
    );
  }
}
