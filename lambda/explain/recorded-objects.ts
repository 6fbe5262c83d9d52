import type { ApplyResult, Approval, ItemResult } from '../core/plan/outcome';
import { jsonText } from '../core/util/safe-text';
import { eachOf } from '../ports/each-of';
import { type ApprovalRecord, parseApproval } from '../storage/approval-record';
import { type FileList, parseFileList } from '../storage/file-list';
import { isReplaced, planCopyFile, planFile, recordFolder, resultFile, resultFolder } from '../storage/keys';
import { APPLY_RESULT, type EvidenceRecord, ITEM_RESULT, PLAN_DIGEST, parseStored } from '../storage/schemas';
import { type BrokenLink, readOrFailure, type VerifyPorts } from './evidence-chain';

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** The key by which runs read a listed file: a folder has a replaced object under a hidden name. */
const readKeyOf = (key: string): string => key.replace(/\/\.([^/]+)\.v\d+$/, '/$1');

const isFinishedBefore = (plan: PlanEvidence, other: PlanEvidence): boolean =>
  plan.isFinal && (!other.isFinal || (plan.list?.number ?? 0) < (other.list?.number ?? 0));

/** An object with the hashes that it may have. */
interface Expected {
  readonly record: EvidenceRecord;
  readonly key: string;
  readonly hashes: readonly string[];
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
  isIndexed: boolean;
  /** The files that a later run of an unfinished plan may replace, as that record lists them. */
  readonly current: Map<string, Expected>;
  /** All hashes that were recorded of its result. */
  readonly views: Set<string>;
}

/** What the records say about objects, as far as the objects were read. */
export interface RecordedObjects {
  readonly broken: readonly BrokenLink[];
  readonly expired: number;
  readonly recorded: ReadonlySet<string>;
  /** By plan id. */
  readonly plans: ReadonlyMap<string, PlanEvidence>;
  /** Keys of approvals whose run has recorded no result. */
  readonly open: readonly string[];
}

/** Matches a key that leads out of its folder. */
const LEADS_OUT = /^[/\\]|(?:^|[/\\])\.\.?(?:[/\\]|$)/;

/** Reads a list; null where it is none, or names a file that is not of its plan: such a file is never read. */
function ownList({ ref }: EvidenceRecord, text: string): FileList | null {
  const list = parseFileList(text);
  const id = ref.key.split('/', 2)[1] ?? '';
  const isOwn = (key: string): boolean =>
    key === resultFile(id) || (key.startsWith(resultFolder(id)) && !LEADS_OUT.test(key));
  return list?.files.every(({ key }) => isOwn(key)) === true ? list : null;
}

type Finding = 'intact' | 'expired' | BrokenLink;

/** Checks the objects of all records, the files that results list, and that each result names a recorded approval. */
export class ObjectsCheck {
  private readonly plans = new Map<string, PlanEvidence>();
  private readonly fixed = new Map<string, Expected>();
  private readonly listed = new Set<string>();

  constructor(
    private readonly ports: VerifyPorts,
    private readonly records: readonly EvidenceRecord[],
  ) {}

  async run(): Promise<RecordedObjects> {
    const { store } = this.ports;
    const { records } = this;
    const found = await eachOf(records, (record) =>
      this.check({ record, key: record.ref.key, hashes: [record.sha256] }, record.ref.version),
    );
    const isIntact = new Set(records.filter((_, index) => found[index] === 'intact'));
    const lists = new Map<EvidenceRecord, FileList | null>();
    for (const record of records)
      if (record.kind === 'result' && isIntact.has(record))
        lists.set(record, ownList(record, (await store.get(record.ref.key)) ?? ''));
    this.collect(lists, new Set(records.filter((_, index) => found[index] === 'expired')));
    const owners = await this.owners(isIntact);
    const files = await eachOf([...this.fixed.values()], (expected) => this.check(expected));
    const current = await eachOf(
      [...owners.values()].flatMap((plan) => this.currentOf(plan)),
      (expected) => this.checkCurrent(expected),
    );
    const noLists = [...lists].flatMap(([record, list]) => (list === null ? [this.noList(record)] : []));
    const views = await eachOf([...owners.values()], (plan) => this.checkView(plan));
    const approvals = await this.checkApprovals(isIntact, [...owners.values()]);
    const all = [
      ...found,
      ...files,
      ...current,
      ...noLists,
      ...this.foreignLists(owners),
      ...views.flat(),
      ...approvals,
    ];
    return {
      broken: all.filter((each) => typeof each === 'object'),
      expired: all.filter((each) => each === 'expired').length,
      recorded: new Set([...records.map(({ ref }) => ref.key), ...this.listed]),
      plans: owners,
      open: [...this.plans.values()].flatMap(({ open }) => [...open]),
    };
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
      ...{ list: null, isFinal: false, isIndexed: false, current: new Map(), views: new Set() },
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
        if (plan?.isFinal === false) plan.current.clear();
      }
    }
  }

  private collectList(plan: PlanEvidence, record: EvidenceRecord, list: FileList): void {
    const { files, isFinished, isIndexed } = list;
    const counts = !plan.isFinal;
    if (counts) {
      // Without a new run, what changed between two lists is what late writers left.
      if (isFinished || plan.open.size > 0) plan.current.clear();
      Object.assign(plan, { list: record, isFinal: isFinished, isIndexed: isFinished && isIndexed });
    }
    for (const { key, sha256 } of files) {
      const readKey = readKeyOf(key);
      this.listed.add(key).add(readKey);
      plan.open.delete(key);
      if (key === resultFile(plan.id) && counts) plan.views.add(sha256);
      if (!isReplaced(key)) {
        const id = `${key} ${sha256}`;
        if (!this.fixed.has(id)) this.fixed.set(id, { record, key, hashes: [sha256] });
      }
      if (!isReplaced(readKey) || !counts) continue;
      const earlier = plan.current.get(readKey)?.hashes ?? [];
      plan.current.set(readKey, { record, key, hashes: [...earlier, sha256] });
    }
  }

  /** A run that was approved and has recorded no result may have replaced the files of an unfinished plan. */
  private currentOf({ isFinal, open, current }: PlanEvidence): readonly Expected[] {
    return isFinal || open.size === 0 ? [...current.values()] : [];
  }

  /**
   * Compares the result of such a plan with the outcomes of earlier runs: a view that the current run has written since
   * has them too.
   */
  private async checkView({ id, isFinal, open, list }: PlanEvidence): Promise<readonly BrokenLink[]> {
    if (isFinal || open.size === 0 || list === null) return [];
    const { store } = this.ports;
    const text = await readOrFailure(store.get(resultFile(id)));
    const result = typeof text === 'string' ? parseStored(APPLY_RESULT, text) : null;
    const folder = folderOf(list.ref.key);
    const keys = [...this.listed].filter((key) => key.startsWith(folder) && key.endsWith('.outcome.json'));
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
  private async check({ record, key, hashes }: Expected, version?: string): Promise<Finding> {
    const { store, now } = this.ports;
    const { number, ref } = record;
    const place = store.locate(key);
    const found = await readOrFailure(store.fingerprint(key));
    if (found !== null && 'failure' in found)
      return { number, fault: 'object.altered', place, message: `${found.failure}; the record ${number} names it` };
    if (found !== null && hashes.includes(found.sha256)) return 'intact';
    if (found === null && ref.keptUntil !== undefined && now > Date.parse(ref.keptUntil)) return 'expired';
    const kept = version === undefined ? null : await store.fingerprint(key, version).catch(() => null);
    const restorable =
      kept !== null && hashes.includes(kept.sha256) ? `; the recorded version ${version} is still there` : '';
    const [fault, what] =
      found === null ? (['object.missing', 'is missing'] as const) : (['object.altered', 'was altered'] as const);
    return { number, fault, place, message: `${place} ${what} since the record ${number} was written${restorable}` };
  }

  /** Checks the plan files of approvals, and that results name approvals which were recorded before them. */
  private async checkApprovals(
    isIntact: ReadonlySet<EvidenceRecord>,
    plans: readonly PlanEvidence[],
  ): Promise<readonly BrokenLink[]> {
    const recorded = this.records.filter(({ kind }) => kind === 'approval');
    const read = await eachOf(recorded, async (record) => ({
      record,
      approval: isIntact.has(record) ? parseApproval(await this.ports.store.get(record.ref.key)) : null,
    }));
    const files = new Map(read.flatMap(({ approval }) => (approval?.planFile ? [[approval.planFile, approval]] : [])));
    const altered = await eachOf([...files.values()], (approval) => this.checkPlanFile(approval));
    const unapproved = await eachOf(plans, async (plan) => {
      const own = read.filter(({ record }) => plan.approvals.has(record.ref.key));
      // An approval that is missing or altered is named already.
      return own.some(({ approval }) => approval === null) ? [] : this.checkApproved(plan, own);
    });
    return [...altered, ...unapproved].flat();
  }

  /**
   * Compares the file from which a plan was applied with the copy of it. Another file may have its name by now, and
   * then it has neither the id nor the digest of the plan.
   */
  private async checkPlanFile({ plan, planFile = '' }: ApprovalRecord): Promise<readonly BrokenLink[]> {
    const { store } = this.ports;
    if (LEADS_OUT.test(planFile)) return [];
    const copy = this.records.find(({ ref }) => ref.key === planCopyFile(plan));
    const text = await readOrFailure(store.get(planFile));
    if (copy === undefined || typeof text !== 'string') return [];
    if (!text.includes(plan.id) && !text.includes(plan.digest)) return [];
    if ((await store.fingerprint(planFile))?.sha256 === copy.sha256) return [];
    const [place, { number, ref }] = [store.locate(planFile), copy];
    const message = `${place} was altered since it was applied; the record ${number} names its copy ${store.locate(ref.key)}`;
    return [{ number, fault: 'object.altered', place, message }];
  }

  private async checkApproved(
    { id, list }: PlanEvidence,
    approvals: readonly { readonly record: EvidenceRecord; readonly approval: ApprovalRecord | null }[],
  ): Promise<readonly BrokenLink[]> {
    const { store } = this.ports;
    const key = resultFile(id);
    const text = await readOrFailure(store.get(key));
    const result = typeof text === 'string' ? parseStored(APPLY_RESULT, text) : null;
    if (list === null || result === null) return [];
    const before = approvals.filter(({ record }) => record.number < list.number);
    const known = new Set(before.map(({ approval }) => approvalKey(approval?.approvedBy ?? null)));
    const foreign = this.approvalsIn(result).find((approval) => !known.has(approvalKey(approval)));
    if (foreign === undefined) return [];
    const place = store.locate(key);
    const who = foreign.arn ?? foreign.kind;
    const message = `${place} names an approval by ${who} that no record before the record ${list.number} has`;
    return [{ number: list.number, fault: 'result.not-approved', place, message }];
  }

  /** The approvals that a result names. Those of before the chain began were not recorded. */
  private approvalsIn({ approvedBy, startedAt, items }: ApplyResult): readonly Approval[] {
    const since = this.records[0]?.at ?? '';
    const named = [
      { approvedBy, at: startedAt },
      ...items.map((item) => ({ approvedBy: item.approvedBy, at: item.at })),
    ];
    return named.flatMap(({ approvedBy: by, at }) => (by && at >= since ? [by] : []));
  }
}

const approvalKey = (approval: Approval | null): string =>
  JSON.stringify(approval && [approval.kind, approval.arn, approval.claimed, approval.announcedBy ?? null]);
