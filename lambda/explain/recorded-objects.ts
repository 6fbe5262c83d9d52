import type { ApplyResult, Approval, ItemResult } from '../core/plan/outcome';
import { jsonText } from '../core/util/safe-text';
import { eachOf } from '../ports/each-of';
import type { Fingerprint } from '../ports/ports';
import { type ApprovalRecord, parseApproval } from '../storage/approval-record';
import { type FileList, type HashedFile, parseFileList } from '../storage/file-list';
import {
  isReplaced,
  LOCAL_EVIDENCE,
  planFile,
  readKeyOf,
  recordFolder,
  resultFile,
  resultFolder,
} from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import {
  APPLY_RESULT,
  type EvidenceRecord,
  ITEM_RESULT,
  JSON_OBJECT,
  PLAN_DIGEST,
  parseStored,
} from '../storage/schemas';
import type { BrokenLink, VerifyPorts } from './evidence-chain';
import { checkPlanFiles, LEADS_OUT } from './plan-files';
import { checkReplacedView } from './replaced-view';

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** Which replacement of an object the file of a folder is; 0: the first version, which people see. */
const replacementIn = (key: string): number => Number(/\/\.[^/]+\.v(\d+)$/.exec(key)?.[1] ?? 0);

/** The last replacement of each object that a list has, by the key by which runs read it. */
function lastReplacements(files: readonly HashedFile[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { key } of files) last.set(readKeyOf(key), Math.max(last.get(readKeyOf(key)) ?? 0, replacementIn(key)));
  return last;
}

/** The hash of the file of exactly this key, which may have an earlier version of an object; null: there is none. */
function hashOfVersion(found: Fingerprint | null, key: string): string | null {
  const version = found?.earlier?.find(({ name }) => key.endsWith(`/${name}`));
  return version === undefined ? (found?.sha256 ?? null) : version.sha256;
}

const isFinishedBefore = (plan: PlanEvidence, other: PlanEvidence): boolean =>
  plan.isFinal && (!other.isFinal || (plan.list?.number ?? 0) < (other.list?.number ?? 0));

/** An object with the hash that it has to have. */
interface Expected {
  readonly record: EvidenceRecord;
  readonly key: string;
  readonly sha256: string;
  /** Whether the file of exactly this name has it: it is an earlier version of an object that was replaced. */
  readonly isEarlier?: true;
}

/** The files that a later run of an unfinished plan may replace, as one list has them. */
interface ReplacedFiles {
  /** How many attempts, outcomes and approvals the plan had. None is ever removed. */
  readonly size: number;
  readonly files: readonly Expected[];
}

/** What the records have of one plan. */
export interface PlanEvidence {
  readonly id: string;
  /** Keys of its recorded approvals. */
  readonly approvals: Set<string>;
  /** Those whose run has recorded no result. */
  readonly open: Set<string>;
  /** The record that decides what its attempts and its result have to be; null: none. */
  list: EvidenceRecord | null;
  /** Whether that record is of the finished plan: it is final. */
  isFinal: boolean;
  /** Whether the index had its result when that was recorded: of a finished plan, the finished one. */
  isIndexed: boolean;
  /** Those lists of an unfinished plan between which no run began: the files are as one of them says. */
  readonly current: ReplacedFiles[];
  /** All hashes that were recorded of its result, */
  readonly views: Set<string>;
  /** and the first record that has one; null: none has. */
  firstView: EvidenceRecord | null;
}

/** What the records say about objects, as far as the objects were read. */
export interface RecordedObjects {
  readonly broken: readonly BrokenLink[];
  readonly expired: number;
  readonly recorded: ReadonlySet<string>;
  /** By plan id. */
  readonly plans: ReadonlyMap<string, PlanEvidence>;
  /** Places of plan files that have another plan now. */
  readonly otherPlans: readonly string[];
  /** Places of earlier versions of attempts that no list has: earlier versions of this program listed the last one. */
  readonly unlisted: readonly string[];
  /** Keys of approvals whose run has recorded no result. */
  readonly open: readonly string[];
  /** Places of files that differ from the last list, because such a run may have replaced them. */
  readonly replaced: readonly string[];
}

export interface RecordedApproval {
  readonly record: EvidenceRecord;
  readonly approval: ApprovalRecord | null;
}

/** Matches the key of a file that is never removed. */
const RECORDED_FILE = /\/(?:\d+\.(?:attempt|outcome)|once-approval-[^/]+)\.json$/;

/** Reads a list; null where it is none, or names a file that is not of its plan: such a file is never read. */
function ownList({ ref }: EvidenceRecord, text: string): FileList | null {
  const list = parseFileList(text);
  const id = ref.key.split('/', 2)[1] ?? '';
  const isOwn = (key: string): boolean =>
    key === resultFile(id) || (key.startsWith(resultFolder(id)) && !LEADS_OUT.test(key));
  return list?.files.every(({ key }) => isOwn(key)) === true ? list : null;
}

type Finding = 'intact' | 'expired' | BrokenLink;

/** Defects without those that two checks found. */
const eachOnce = (broken: readonly BrokenLink[]): readonly BrokenLink[] => [
  ...new Map(broken.map((each) => [`${each.number} ${each.fault} ${each.place}`, each])).values(),
];

/** What was found of the files that runs replace. */
interface CurrentFindings {
  readonly findings: readonly Finding[];
  /** Places of those that a run which is still open may have replaced. */
  readonly replaced: readonly string[];
}

/** Checks the objects of all records, the files that results list, and that each result names a recorded approval. */
export class ObjectsCheck {
  private readonly plans = new Map<string, PlanEvidence>();
  private readonly fixed = new Map<string, Expected>();
  /** By key, the first record whose list has it. */
  private readonly listed = new Map<string, EvidenceRecord>();

  constructor(
    private readonly ports: VerifyPorts,
    private readonly records: readonly EvidenceRecord[],
  ) {}

  async run(): Promise<RecordedObjects> {
    const { store } = this.ports;
    const { records } = this;
    const found = await eachOf(records, (record) =>
      this.check({ record, key: record.ref.key, sha256: record.sha256 }, record.ref.version),
    );
    const isIntact = new Set(records.filter((_, index) => found[index] === 'intact'));
    const lists = new Map<EvidenceRecord, FileList | null>();
    for (const record of records)
      if (record.kind === 'result' && isIntact.has(record))
        lists.set(record, ownList(record, (await store.get(record.ref.key)) ?? ''));
    this.collect(lists, new Set(records.filter((_, index) => found[index] === 'expired')));
    const owners = await this.owners(isIntact);
    const files = await eachOf([...this.fixed.values()], (expected) => this.check(expected));
    const current = await eachOf([...owners.values()], (plan) => this.checkLists(plan));
    const noLists = [...lists].flatMap(([record, list]) => (list === null ? [this.noList(record)] : []));
    const recorded = await this.readApprovals(isIntact);
    const views = await eachOf([...owners.values()], (plan) => this.checkView(plan, recorded));
    const approvals = await this.checkApprovals(recorded, [...owners.values()]);
    const planFiles = await checkPlanFiles(
      this.ports,
      records,
      recorded.flatMap(({ approval }) => approval ?? []),
    );
    const unlisted = this.unlistedVersions();
    const missing = await eachOf([...unlisted], ([key, record]) => this.checkThere(key, record));
    const all = [
      ...found,
      ...current.flatMap(({ findings }) => findings),
      ...files,
      ...missing,
      ...noLists,
      ...this.foreignLists(owners),
      ...views.flat(),
      ...approvals,
      ...planFiles.broken,
    ];
    return {
      broken: eachOnce(all.filter((each) => typeof each === 'object')),
      expired: all.filter((each) => each === 'expired').length,
      recorded: new Set([...records.map(({ ref }) => ref.key), ...this.listed.keys(), ...unlisted.keys()]),
      plans: owners,
      otherPlans: planFiles.otherPlans,
      unlisted: [...unlisted.keys()].filter((_, index) => missing[index] === 'intact').map((key) => store.locate(key)),
      open: [...this.plans.values()].flatMap(({ open }) => [...open]),
      replaced: current.flatMap(({ replaced }) => replaced),
    };
  }

  /** The earlier versions of listed files that no list has, each with the record of a later version. */
  private unlistedVersions(): ReadonlyMap<string, EvidenceRecord> {
    const unlisted = new Map<string, EvidenceRecord>();
    for (const [key, record] of this.listed) {
      const readKey = readKeyOf(key);
      for (let n = 0; n < replacementIn(key); n += 1) {
        const version = n === 0 ? readKey : `${folderOf(key)}.${readKey.slice(folderOf(key).length)}.v${n}`;
        if (!this.listed.has(version)) unlisted.set(version, record);
      }
    }
    return unlisted;
  }

  /** Checks that an earlier version is still there, without a hash of it. */
  private async checkThere(key: string, { number }: EvidenceRecord): Promise<Finding> {
    const found = await readOrFailure(this.ports.store.fingerprint(key));
    if (isFailure(found) || hashOfVersion(found, key) !== null) return 'intact';
    const place = this.ports.store.locate(key);
    const message = `${place} is missing, and the record ${number} names a later version of it`;
    return { number, fault: 'object.missing', place, message };
  }

  /**
   * Returns the evidence that counts of each plan. All of a plan is in one folder: that of the recorded plan's digest,
   * else that of its first finished list, else its first one.
   */
  private async owners(isIntact: ReadonlySet<EvidenceRecord>): Promise<ReadonlyMap<string, PlanEvidence>> {
    const owners = new Map<string, PlanEvidence>();
    for (const plan of this.plans.values()) {
      const { id } = plan;
      const other = owners.get(id);
      if (other === undefined) owners.set(id, plan);
      else {
        const folder = await this.recordedFolder(id, isIntact);
        const recorded = folder === null ? undefined : this.plans.get(folder);
        owners.set(id, recorded ?? (isFinishedBefore(plan, other) ? plan : other));
      }
    }
    return owners;
  }

  /** The folder of a plan by the digest of the plan that was recorded first; null: it is not stored as it was. */
  private async recordedFolder(id: string, isIntact: ReadonlySet<EvidenceRecord>): Promise<string | null> {
    const record = this.records.find(({ ref }) => ref.key === planFile(id));
    if (record === undefined || !isIntact.has(record)) return null;
    const plan = parseStored(PLAN_DIGEST, await this.ports.store.get(record.ref.key));
    return plan === null ? null : recordFolder({ id, digest: plan.digest });
  }

  private foreignLists(owners: ReadonlyMap<string, PlanEvidence>): readonly BrokenLink[] {
    return [...this.plans.values()].flatMap((plan) => {
      const owner = owners.get(plan.id);
      if (plan.list === null || owner === undefined || owner === plan) return [];
      const { number, ref } = plan.list;
      const place = this.ports.store.locate(ref.key);
      const message = `the record ${number} names ${place}, and the plan ${plan.id} has its files in another folder`;
      return [{ number, fault: 'record.inserted' as const, place, message }];
    });
  }

  private noList({ number, ref }: EvidenceRecord): BrokenLink {
    const place = this.ports.store.locate(ref.key);
    const message = `${place} is no list of the files of a plan, and the record ${number} names it as one`;
    return { number, fault: 'object.altered', place, message };
  }

  private planOf(key: string): PlanEvidence {
    const folder = folderOf(key);
    const known = this.plans.get(folder);
    if (known !== undefined) return known;
    const plan: PlanEvidence = {
      ...{ id: key.split('/', 2)[1] ?? '', approvals: new Set(), open: new Set() },
      ...{ list: null, isFinal: false, isIndexed: false, current: [], views: new Set(), firstView: null },
    };
    this.plans.set(folder, plan);
    return plan;
  }

  /** Goes through the records in order. The first list of a finished plan is final. */
  private collect(lists: ReadonlyMap<EvidenceRecord, FileList | null>, expired: ReadonlySet<EvidenceRecord>): void {
    for (const record of this.records) {
      const { kind, ref } = record;
      const plan = kind === 'approval' || kind === 'result' ? this.planOf(ref.key) : null;
      if (kind === 'approval') {
        // One that is recorded again begins no run.
        if (!this.listed.has(ref.key)) plan?.open.add(ref.key);
        plan?.approvals.add(ref.key);
      }
      const list = lists.get(record) ?? null;
      if (plan !== null && list !== null) this.collectList(plan, record, list);
      // The run has recorded its result, though the list of it is no longer kept.
      if (kind === 'result' && expired.has(record)) {
        plan?.open.clear();
        if (plan?.isFinal === false) plan.current.length = 0;
      }
    }
  }

  /** Notes a file that no run replaces; the first record of it counts. */
  private fix(expected: Expected): void {
    const id = `${expected.key} ${expected.sha256}`;
    this.fixed.set(id, this.fixed.get(id) ?? expected);
  }

  private collectList(plan: PlanEvidence, record: EvidenceRecord, list: FileList): void {
    const { files, isFinished, isIndexed } = list;
    const counts = !plan.isFinal;
    if (counts) {
      if (isFinished || plan.open.size > 0) plan.current.length = 0;
      Object.assign(plan, { list: record, isFinal: isFinished, isIndexed });
    }
    const replaced: Expected[] = [];
    const last = lastReplacements(files);
    for (const { key } of files) plan.open.delete(key);
    for (const { key, sha256 } of files) {
      const readKey = readKeyOf(key);
      this.listed.set(key, this.listed.get(key) ?? record);
      const isEarlier = replacementIn(key) < (last.get(readKey) ?? 0);
      const expected: Expected = { record, key, sha256, ...(isEarlier && { isEarlier }) };
      if (isReplaced(readKey) && !isEarlier) replaced.push(expected);
      const final = this.finalOf(expected, files, plan);
      if (final !== null) this.fix(final);
    }
    const size = files.filter(({ key }) => RECORDED_FILE.test(readKeyOf(key))).length;
    if (!counts) return;
    plan.current.push({ size, files: replaced });
    const view = files.find(({ key }) => key === resultFile(plan.id));
    if (view === undefined) return;
    plan.views.add(view.sha256);
    plan.firstView ??= record;
  }

  /**
   * Returns what no run replaces of a listed file; null: a run may replace the file. A folder has the replacements of an
   * attempt under other names. An attempt with an outcome is final where no run was at work when that was recorded: each
   * later one reads the outcome when it begins.
   */
  private finalOf(expected: Expected, files: readonly HashedFile[], { open }: PlanEvidence): Expected | null {
    const readKey = readKeyOf(expected.key);
    if (!isReplaced(readKey) || expected.isEarlier) return expected;
    if (!readKey.endsWith('.attempt.json')) return null;
    if (this.ports.folder === LOCAL_EVIDENCE) return { ...expected, isEarlier: true };
    const outcome = readKey.replace(/attempt\.json$/, 'outcome.json');
    return open.size === 0 && files.some(({ key }) => key === outcome) ? expected : null;
  }

  /**
   * Compares the files that runs replace with one list as a whole. Writers at the same time may record their lists in
   * either order, so that the last record can have an earlier state: a list with fewer files than another one. A run that
   * was approved and has recorded no result may have replaced the files of an unfinished plan, but removes none.
   */
  private async checkLists({ isFinal, open, current }: PlanEvidence): Promise<CurrentFindings> {
    const compared = await this.compareLists(current);
    const findings: Finding[] = [];
    const replaced: string[] = [];
    for (const [{ key }, finding] of compared) {
      const isAltered = typeof finding === 'object' && finding.fault === 'object.altered';
      if (isAltered && !isFinal && open.size > 0 && (await this.isReplacement(key))) replaced.push(finding.place);
      else findings.push(finding);
    }
    return { findings, replaced };
  }

  /** Whether a run may have written what a file has now: an attempt is whole JSON. */
  private async isReplacement(key: string): Promise<boolean> {
    const readKey = readKeyOf(key);
    if (!readKey.endsWith('.attempt.json')) return true;
    const text = await readOrFailure(this.ports.store.get(readKey));
    return typeof text === 'string' && parseStored(JSON_OBJECT, text) !== null;
  }

  private async compareLists(
    current: PlanEvidence['current'],
  ): Promise<readonly (readonly [expected: Expected, finding: Finding])[]> {
    const size = Math.max(...current.map((list) => list.size));
    let last: readonly (readonly [Expected, Finding])[] = [];
    for (const { files } of current.filter((list) => list.size === size)) {
      last = await eachOf(files, async (expected) => [expected, await this.checkCurrent(expected)] as const);
      if (last.every(([, finding]) => typeof finding === 'string')) break;
    }
    return last;
  }

  /**
   * Compares the result of such a plan with the outcomes of earlier runs: a view that the current run has written since
   * has them too.
   */
  private async checkView(plan: PlanEvidence, approvals: readonly RecordedApproval[]): Promise<readonly BrokenLink[]> {
    const { id, isFinal, open, list } = plan;
    if (isFinal || open.size === 0 || list === null) return [];
    const { store } = this.ports;
    const altered = await checkReplacedView(this.ports, plan, list, approvals);
    if (altered.length > 0) return altered;
    const text = await readOrFailure(store.get(resultFile(id)));
    const result = typeof text === 'string' ? parseStored(APPLY_RESULT, text) : null;
    const folder = folderOf(list.ref.key);
    const keys = [...this.listed.keys()].filter((key) => key.startsWith(folder) && key.endsWith('.outcome.json'));
    const outcomes = await eachOf(keys, async (key) => {
      const outcome = await readOrFailure(store.get(key));
      return typeof outcome === 'string' ? parseStored(ITEM_RESULT, outcome) : null;
    });
    const recorded = new Map(outcomes.flatMap((each) => (each === null ? [] : [[each.arn, jsonText(each)]])));
    const isOther = (item: ItemResult): boolean => (recorded.get(item.arn) ?? jsonText(item)) !== jsonText(item);
    const other = result?.items.find(isOther);
    if (other === undefined) return [];
    const place = store.locate(resultFile(id));
    const message = `${place} has another outcome of ${other.name} than the one that the record ${list.number} has`;
    return [{ number: list.number, fault: 'object.altered', place, message }];
  }

  private async checkCurrent(expected: Expected): Promise<Finding> {
    const readKey = readKeyOf(expected.key);
    if (readKey === expected.key) return this.check(expected);
    // A bucket with a copy of a folder has the replaced objects under their hidden names only.
    const found = await readOrFailure(this.ports.store.fingerprint(readKey));
    const isFollowed = found !== null && 'name' in found;
    return isFollowed ? this.check({ ...expected, key: readKey }) : 'intact';
  }

  /** Compares an object with the hashes that a record, or the list that it names, has of it. */
  private async check({ record, key, sha256, isEarlier }: Expected, version?: string): Promise<Finding> {
    const { store, now } = this.ports;
    const { number, ref } = record;
    const found = await readOrFailure(store.fingerprint(key));
    // A folder has a replaced object in a hidden file.
    const name = isEarlier || found === null || isFailure(found) ? undefined : found.name;
    const place = store.locate(name === undefined ? key : folderOf(key) + name);
    if (isFailure(found)) {
      const message = `${found.failure}; the record ${number} names it`;
      return { number, fault: `object.${found.fault}`, place, message };
    }
    const actual = isEarlier ? hashOfVersion(found, key) : (found?.sha256 ?? null);
    if (actual === sha256) return 'intact';
    if (actual === null && ref.keptUntil !== undefined && now > Date.parse(ref.keptUntil)) return 'expired';
    const kept = version === undefined ? null : await store.fingerprint(key, version).catch(() => null);
    const restorable = kept?.sha256 === sha256 ? `; the recorded version ${version} is still there` : '';
    const [fault, what] =
      actual === null ? (['object.missing', 'is missing'] as const) : (['object.altered', 'was altered'] as const);
    return { number, fault, place, message: `${place} ${what} since the record ${number} was written${restorable}` };
  }

  /** Reads the recorded approvals; null for one that is not as it was recorded. */
  private readApprovals(isIntact: ReadonlySet<EvidenceRecord>): Promise<readonly RecordedApproval[]> {
    const recorded = this.records.filter(({ kind }) => kind === 'approval');
    return eachOf(recorded, async (record) => ({
      record,
      approval: isIntact.has(record) ? parseApproval(await this.ports.store.get(record.ref.key)) : null,
    }));
  }

  /** Checks that results name approvals which were recorded before them. */
  private async checkApprovals(
    read: readonly RecordedApproval[],
    plans: readonly PlanEvidence[],
  ): Promise<readonly BrokenLink[]> {
    const unapproved = await eachOf(plans, async (plan) => {
      const own = read.filter(({ record }) => plan.approvals.has(record.ref.key));
      // An approval that is missing or altered is named already.
      return own.some(({ approval }) => approval === null) ? [] : this.checkApproved(plan, own);
    });
    return unapproved.flat();
  }

  private async checkApproved(
    { id, list, isFinal, firstView }: PlanEvidence,
    approvals: readonly RecordedApproval[],
  ): Promise<readonly BrokenLink[]> {
    const { store } = this.ports;
    const key = resultFile(id);
    const text = await readOrFailure(store.get(key));
    const result = typeof text === 'string' ? parseStored(APPLY_RESULT, text) : null;
    if (list === null || result === null) return [];
    // A later run of an unfinished plan records its approval after that list, and names it in the result.
    const limit = isFinal ? list.number : Number.POSITIVE_INFINITY;
    const isKnown = (named: Approval, before: number): boolean =>
      approvals.some(
        ({ record, approval }) =>
          record.number < before && approvalKey(approval?.approvedBy ?? null) === approvalKey(named),
      );
    const foreign = this.approvalsIn(result, firstView?.number ?? limit, limit).find(
      ({ by, before }) => !isKnown(by, before),
    )?.by;
    if (foreign === undefined) return [];
    const place = store.locate(key);
    const who = foreign.arn ?? foreign.kind;
    const message = `${place} names an approval by ${who} that no record before the record ${list.number} has`;
    return [{ number: list.number, fault: 'result.not-approved', place, message }];
  }

  /**
   * The approvals that a result names, each with the number of the record before which it was recorded. Those of before
   * the chain began were not.
   */
  private approvalsIn({ approvedBy, startedAt, items }: ApplyResult, first: number, limit: number) {
    const since = this.records[0]?.at ?? '';
    const named = [
      { approvedBy, at: startedAt, before: first },
      ...items.map((item) => ({ approvedBy: item.approvedBy, at: item.at, before: limit })),
    ];
    return named.flatMap(({ approvedBy: by, at, before }) => (by && at >= since ? [{ by, before }] : []));
  }
}

const approvalKey = (approval: Approval | null): string =>
  JSON.stringify(approval && [approval.kind, approval.arn, approval.claimed, approval.announcedBy ?? null]);
