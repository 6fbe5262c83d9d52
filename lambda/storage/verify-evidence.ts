import { instantOfId } from '../core/time/instant';
import { eachOf } from '../ports/each-of';
import type { HashText, Store } from '../ports/ports';
import { type EvidenceHead, headText } from './evidence';
import { type HashedFile, parseFileList } from './file-list';
import {
  EVIDENCE,
  evidenceName,
  evidenceNumber,
  isReplaced,
  PLANS,
  planFile,
  REPORTS,
  RESULTS,
  reportFiles,
  resultFile,
} from './keys';
import { EVIDENCE_RECORD, type EvidenceRecord, parseStored } from './schemas';

export interface VerifyPorts {
  readonly store: Store;
  readonly hashText: HashText;
  /** EVIDENCE or LOCAL_EVIDENCE. */
  readonly folder: string;
  /** Epoch ms: whether an object was to be kept until now. */
  readonly now: number;
}

/** A defect of a chain: of the record with this number, or of an object that it names. */
export interface BrokenLink {
  readonly number: number;
  readonly fault:
    | 'record.missing'
    | 'record.altered'
    | 'record.inserted'
    | 'record.not-continued'
    | 'chain.empty'
    | 'chain.cut'
    | 'chain.rewritten'
    | 'object.missing'
    | 'object.altered';
  /** The place of the record or object. */
  readonly place: string;
  /** One sentence. */
  readonly message: string;
}

/** What was found out about a chain. It is whole where nothing is broken. */
export interface Verification {
  readonly place: string;
  readonly records: number;
  /** The newest record; null: there is none that can be read. */
  readonly head: EvidenceHead | null;
  /** The times of the first and the last record, ISO 8601. */
  readonly from: string | null;
  readonly to: string | null;
  /** In order of their numbers: the first broken link first. */
  readonly broken: readonly BrokenLink[];
  /** Objects that were removed after the time for which they were to be kept. */
  readonly expired: number;
  /** Reports, plans and results that are stored and that no record names. */
  readonly unrecorded: readonly string[];
  /** Approvals whose run has recorded no result: it still runs, or it died. */
  readonly withoutResult: readonly string[];
}

interface ReadRecord {
  readonly number: number;
  readonly sha256: string;
  /** Null: it is not as a record is written. */
  readonly record: EvidenceRecord | null;
}

/** What the records say about objects, as far as the objects were read. */
interface RecordedObjects {
  readonly broken: readonly BrokenLink[];
  readonly expired: number;
  readonly recorded: ReadonlySet<string>;
  readonly withoutResult: readonly string[];
}

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** One verification of a chain. */
class EvidenceCheck {
  constructor(private readonly ports: VerifyPorts) {}

  async run(expected: EvidenceHead | null): Promise<Verification> {
    const { store, folder } = this.ports;
    const names = await this.names();
    const numbers = names.map(evidenceNumber).filter((number) => number !== null);
    const read = (await eachOf(numbers, (number) => this.read(number))).filter((each) => each !== null);
    const records = read.flatMap(({ record }) => (record === null ? [] : [record]));
    const objects = await this.checkObjects(records);
    const last = read.at(-1);
    const first = records[0]?.at ?? null;
    return {
      place: store.locate(folder),
      records: read.length,
      head: last === undefined ? null : { number: last.number, sha256: last.sha256 },
      from: first,
      to: records.at(-1)?.at ?? null,
      broken: [
        ...this.foreign(names),
        ...this.checkRecords(read),
        ...this.checkLinks(read),
        ...this.checkHead(read, expected),
        ...objects.broken,
      ].sort((a, b) => a.number - b.number),
      expired: objects.expired,
      unrecorded: first === null ? [] : await this.unrecorded(Date.parse(first), objects.recorded),
      withoutResult: objects.withoutResult,
    };
  }

  private place(number: number): string {
    return this.ports.store.locate(`${this.ports.folder}${evidenceName(number)}`);
  }

  private async names(): Promise<readonly string[]> {
    const all: string[] = [];
    for (let after = ''; ; ) {
      const { names, more } = await this.ports.store.listAfter(this.ports.folder, after);
      all.push(...names);
      after = names.at(-1) ?? after;
      if (!more || names.length === 0) return all;
    }
  }

  private async read(number: number): Promise<ReadRecord | null> {
    const { store, folder, hashText } = this.ports;
    const text = await store.get(`${folder}${evidenceName(number)}`);
    if (text === null) return null;
    return { number, sha256: hashText(text), record: parseStored(EVIDENCE_RECORD, text) };
  }

  private foreign(names: readonly string[]): readonly BrokenLink[] {
    const { store, folder } = this.ports;
    return names
      .filter((name) => evidenceNumber(name) === null)
      .map((name) => ({
        number: Number.parseInt(name, 10) || 0,
        fault: 'record.inserted' as const,
        place: store.locate(folder + name),
        message: `the file ${name} is no record of the chain`,
      }));
  }

  private checkRecords(read: readonly ReadRecord[]): readonly BrokenLink[] {
    return read.flatMap(({ number, record }, index) => {
      const broken: BrokenLink[] = [];
      const due = (read[index - 1]?.number ?? 0) + 1;
      if (number > due) {
        const which = number - 1 > due ? `the records ${due} to ${number - 1} are` : `the record ${due} is`;
        const message = `${which} missing`;
        broken.push({ number: due, fault: 'record.missing', place: this.place(due), message });
      }
      const altered = (message: string): void =>
        void broken.push({ number, fault: 'record.altered', place: this.place(number), message });
      if (record === null) altered(`the record ${number} is not as this version writes records`);
      else if (record.number !== number)
        altered(`the record ${number} has the number ${record.number}: records were moved`);
      return broken;
    });
  }

  /** Compares each record with the hash that the next one has of it. */
  private checkLinks(read: readonly ReadRecord[]): readonly BrokenLink[] {
    return read.flatMap(({ number, record }, index): readonly BrokenLink[] => {
      const before = read[index - 1];
      if (record === null) return [];
      if (number === 1)
        return record.previous === null
          ? []
          : [this.notContinued(1, 'the record 1 names a record before it, and has to be the first')];
      if (before?.number !== number - 1 || before.sha256 === record.previous) return [];
      return [
        this.notContinued(
          before.number,
          `the record ${before.number} is not the one that the record ${number} continues: one of the two was altered`,
        ),
      ];
    });
  }

  private notContinued(number: number, message: string): BrokenLink {
    return { number, fault: 'record.not-continued', place: this.place(number), message };
  }

  private checkHead(read: readonly ReadRecord[], expected: EvidenceHead | null): readonly BrokenLink[] {
    const { store, folder } = this.ports;
    const last = read.at(-1)?.number ?? 0;
    if (expected === null) {
      const message = `there is no record in ${store.locate(folder)}: none was written there, or the chain was removed`;
      return last > 0 ? [] : [{ number: 1, fault: 'chain.empty', place: store.locate(folder), message }];
    }
    const { number, sha256 } = expected;
    const found = read.find((each) => each.number === number);
    if (found?.sha256 === sha256) return [];
    const place = this.place(number);
    if (found !== undefined) {
      const message = `the record ${number} is not the one of ${headText(expected)}: it, or the chain up to it, was written again`;
      return [{ number, fault: 'chain.rewritten', place, message }];
    }
    if (last > number) return [];
    const message = `the chain ends with the record ${last}, and ${headText(expected)} was its head: later records were removed`;
    return [{ number: last + 1, fault: 'chain.cut', place, message }];
  }

  /** Reads the objects of all records, and the files that results list. */
  private async checkObjects(records: readonly EvidenceRecord[]): Promise<RecordedObjects> {
    const { store } = this.ports;
    const found = await eachOf(records, (record) => this.checkObject(record, record.ref, record.ref.version));
    const lists = await eachOf(
      records.filter(({ kind }, index) => kind === 'result' && found[index] === 'intact'),
      async (record) => ({ record, files: parseFileList((await store.get(record.ref.key)) ?? '') ?? [] }),
    );
    const files = await this.checkFiles(records, lists);
    const all = [...found, ...files];
    const listed = lists.flatMap(({ files: each }) => each.map(({ key }) => key));
    const answered = new Set(listed);
    return {
      broken: all.filter((each) => typeof each === 'object'),
      expired: all.filter((each) => each === 'expired').length,
      recorded: new Set([...records.map(({ ref }) => ref.key), ...listed]),
      withoutResult: records
        .filter(({ kind, ref }) => kind === 'approval' && !answered.has(ref.key))
        .map(({ ref }) => store.locate(ref.key)),
    };
  }

  /**
   * Checks the files that results list. An attempt and a view are replaced by the next run of the plan, so they have to
   * be as a result that follows the last approval lists them.
   */
  private async checkFiles(
    records: readonly EvidenceRecord[],
    lists: readonly { readonly record: EvidenceRecord; readonly files: readonly HashedFile[] }[],
  ): Promise<readonly ('intact' | 'expired' | BrokenLink)[]> {
    const approved = new Map<string, number>();
    for (const { kind, ref, number } of records) if (kind === 'approval') approved.set(folderOf(ref.key), number);
    const expected = new Map<string, { readonly record: EvidenceRecord; readonly hashes: readonly string[] }>();
    for (const { record, files } of lists) {
      const isLast = record.number > (approved.get(folderOf(record.ref.key)) ?? 0);
      for (const { key, sha256 } of files) {
        if (isReplaced(key) && !isLast) continue;
        const earlier = isReplaced(key) ? (expected.get(key)?.hashes ?? []) : [];
        const id = isReplaced(key) ? key : `${key} ${sha256}`;
        if (isReplaced(key) || !expected.has(id)) expected.set(id, { record, hashes: [...earlier, sha256] });
      }
    }
    return eachOf([...expected], ([id, { record, hashes }]) =>
      this.checkObject(record, { key: id.split(' ', 1)[0] ?? id, hashes }),
    );
  }

  /** Compares an object with the hash that a record, or the list that it names, has of it. */
  private async checkObject(
    { number, ref, sha256 }: EvidenceRecord,
    { key, hashes = [sha256] }: { readonly key: string; readonly hashes?: readonly string[] },
    version?: string,
  ): Promise<'intact' | 'expired' | BrokenLink> {
    const { store, now } = this.ports;
    const current = await store.fingerprint(key);
    if (current !== null && hashes.includes(current.sha256)) return 'intact';
    if (current === null && ref.keptUntil !== undefined && now > Date.parse(ref.keptUntil)) return 'expired';
    const place = store.locate(key);
    const kept = version === undefined ? null : await store.fingerprint(key, version).catch(() => null);
    const restorable =
      kept !== null && hashes.includes(kept.sha256) ? `; the recorded version ${version} is still there` : '';
    const [fault, what] =
      current === null ? (['object.missing', 'is missing'] as const) : (['object.altered', 'was altered'] as const);
    return { number, fault, place, message: `${place} ${what} since the record ${number} was written${restorable}` };
  }

  /** Lists what is stored since the first record and that no record names. */
  private async unrecorded(since: number, recorded: ReadonlySet<string>): Promise<readonly string[]> {
    const { store, folder } = this.ports;
    const idsIn = async (prefix: string): Promise<readonly string[]> =>
      (await store.list(prefix)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const isBucket = folder === EVIDENCE;
    const reports = isBucket ? (await store.list(REPORTS)).map((id) => [id, reportFiles(id).json] as const) : [];
    const plans = isBucket ? (await idsIn(PLANS)).map((id) => [id, planFile(id)] as const) : [];
    const results = (await idsIn(RESULTS)).map((id) => [id, resultFile(id)] as const);
    return [...reports, ...plans, ...results]
      .filter(([id, key]) => (instantOfId(`${id.replace(/^auto-/, '')}-`) ?? 0) >= since && !recorded.has(key))
      .map(([, key]) => store.locate(key));
  }
}

/**
 * Verifies an evidence chain and all objects that it records: finds an altered, missing, inserted or moved record, and
 * an altered or missing object. With a head as e-mails print it, finds also a chain that was cut or written again.
 */
export const verifyEvidence = (ports: VerifyPorts, head: EvidenceHead | null): Promise<Verification> =>
  new EvidenceCheck(ports).run(head);
