import type { EvidenceHead } from '../storage/evidence';
import { EVIDENCE, LOCAL_EVIDENCE } from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import { type BrokenLink, ChainCheck, readChain, type VerifyPorts } from './evidence-chain';
import { findUnrecorded, type Unrecorded } from './find-unrecorded';
import { ObjectsCheck } from './recorded-objects';
import { verifyIndex } from './verify-index';
import { remedyOf } from './verify-remedies';

/** What was found out about a chain. It is whole where nothing is broken. */
export interface Verification extends Unrecorded {
  readonly place: string;
  readonly records: number;
  /** The newest record; null: there is none that can be read. */
  readonly head: EvidenceHead | null;
  /** The times of the first and the last record, ISO 8601. */
  readonly from: string | null;
  readonly to: string | null;
  /** In order of their numbers: the first broken link first. */
  readonly broken: readonly BrokenLink[];
  /** What to do about each fault of `broken`, by fault. */
  readonly remedies: Readonly<Record<string, string>>;
  /** Objects that were removed after the time for which they were to be kept. */
  readonly expired: number;
  /** Entries of the index that nothing proves now: their results were removed after their time. */
  readonly unproven: readonly string[];
  /** Files from which a plan was applied and which have a later plan now. */
  readonly otherPlans: readonly string[];
  /** Places of earlier versions of attempts that no list has. */
  readonly unlisted: readonly string[];
  /** Places of what the records after the given head name: that head proves nothing about them. */
  readonly afterHead: readonly string[];
  /** Approvals whose run has recorded no result: it still runs, or it died. */
  readonly withoutResult: readonly string[];
  /** Places of recorded files of such a run's plan that are not as they were recorded: the run may have replaced them. */
  readonly replaced: readonly string[];
}

/** Names the chain of local results in a place that has the chain of a bucket: only one of them is verified. */
async function secondChain({ store, folder }: VerifyPorts): Promise<readonly BrokenLink[]> {
  if (folder !== EVIDENCE) return [];
  const listed = await readOrFailure(store.listAfter(LOCAL_EVIDENCE, ''));
  // One that cannot be listed is named with its folder.
  const names = isFailure(listed) ? [] : listed.names;
  const [first, second] = [store.locate(EVIDENCE), store.locate(LOCAL_EVIDENCE)];
  const message = `${first} has a chain, and ${second} has another, which was not verified; put each chain with its own results into a folder of its own`;
  return names.length === 0 ? [] : [{ number: 1, fault: 'chain.second', place: second, message }];
}

const isSamePlace = (a: string, b: string): boolean => a.replace(/[/\\]$/, '') === b.replace(/[/\\]$/, '');

/**
 * Verifies an evidence chain, all objects that it records, and the index of results: finds an altered, missing,
 * inserted or moved record, an altered or missing object, a result without a recorded approval, and an entry of the
 * index that is not the recorded result. With a head as e-mails print it, finds also a chain that was cut or written
 * again.
 */
export async function verifyEvidence(ports: VerifyPorts, head: EvidenceHead | null): Promise<Verification> {
  const { store, folder } = ports;
  const chain = await readChain(ports);
  const records = chain.read.flatMap(({ record }) => (record === null ? [] : [record]));
  const objects = await new ObjectsCheck(ports, records).run();
  const [first, last, end] = [records[0], records.at(-1), chain.read.at(-1)];
  const since = first === undefined ? Number.POSITIVE_INFINITY : Date.parse(first.at);
  const index = await verifyIndex(ports, {
    plans: objects.plans,
    since,
    last: end?.number ?? 1,
    hasExpired: objects.expired > 0,
  });
  const checkedChain = new ChainCheck(ports, chain).run(head);
  const found = await findUnrecorded(ports, objects.recorded, since);
  const named = [...(await secondChain(ports)), ...checkedChain, ...objects.broken, ...index.broken];
  const isNamed = (place: string): boolean => named.some((each) => isSamePlace(each.place, place));
  const unlisted = found.broken.filter(({ place }) => !isNamed(place));
  const broken = [...named, ...unlisted.map((each) => ({ number: end?.number ?? 1, ...each }))];
  return {
    place: store.locate(folder),
    records: chain.read.length,
    head: end === undefined ? null : { number: end.number, sha256: end.sha256 },
    from: first?.at ?? null,
    to: last?.at ?? null,
    broken: broken.sort((a, b) => a.number - b.number),
    remedies: Object.fromEntries(broken.map(({ fault }) => [fault, remedyOf(fault, folder === EVIDENCE)])),
    expired: objects.expired,
    unrecorded: found.unrecorded,
    older: found.older,
    unproven: index.unproven,
    otherPlans: objects.otherPlans,
    unlisted: objects.unlisted,
    afterHead: records
      .filter(({ number }) => head !== null && number > head.number)
      .map(({ number, ref }) => `${number}: ${store.locate(ref.key)}`),
    withoutResult: objects.open.map((key) => store.locate(key)),
    replaced: objects.replaced,
  };
}
