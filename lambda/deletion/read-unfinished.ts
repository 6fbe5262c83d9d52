/**
 * What the record of an unfinished plan tells to a person: all that can be read, and what is missing, altered or cannot
 * be read. A run refuses such a record instead, because it must know what was sent before it sends a delete.
 */

import type { HistoryGap, OpenPlan } from '../core/plan/history';
import {
  type ApplyResult,
  type ItemResult,
  plannedDetails,
  type SentDelete,
  type Unsettled,
} from '../core/plan/outcome';
import type { Plan } from '../core/plan/plan';
import { parseArn } from '../core/snapshot/arn';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import { eachOf } from '../ports/each-of';
import type { Digest, HashText, Store } from '../ports/ports';
import { type ApprovalRecord, parseApproval } from '../storage/approval-record';
import { parseFileList } from '../storage/file-list';
import {
  APPROVAL_NAME,
  approvalFile,
  EARLIER_JOURNAL_NAME,
  FILE_LIST_NAME,
  fileListFile,
  type PlanKey,
  planCopyFile,
  planFile,
  RECORD_FOLDER_NAME,
  RECORD_NAME,
  readKeyOf,
  recordFile,
  recordFolder,
  resultFile,
  resultFolder,
} from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import { readPlan } from '../storage/report-history';
import { ATTEMPT, type Attempt, ITEM_RESULT, PLAN_KEY, parseStored } from '../storage/schemas';
import { makeResult } from './outcome-files';
import { readOutcome } from './outcome-summary';

interface UnfinishedPorts {
  readonly store: Store;
  readonly hashText: HashText;
  readonly digest: Digest;
}

/** What is known of an unfinished plan before its record is read. */
export interface KnownPlan {
  readonly id: string;
  /** Its stored result, then the one of the index. */
  readonly views: readonly ApplyResult[];
}

/** An unfinished plan as far as its record can be read. */
export interface ReadUnfinished {
  readonly result: ApplyResult | null;
  readonly gaps: readonly HistoryGap[];
  readonly open: OpenPlan | null;
}

type Problem = Pick<HistoryGap, 'state' | 'place'>;

/** A file of an item: its content, and what is wrong with it. */
interface ItemFile<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
}

const NO_FILE = { value: null, problem: null } as const;

/** What the files of one item tell. */
interface ItemFiles {
  readonly position: number;
  readonly outcome: ItemFile<ItemResult>;
  readonly attempt: ItemFile<Attempt>;
}

/** Reads the record of one plan. */
class UnfinishedReader {
  private readonly gaps = new Map<string, HistoryGap>();
  private plan: Plan | null = null;
  /** The names in the folder of attempts and outcomes. */
  private names: ReadonlySet<string> = new Set();
  /** By key, the hashes that lists of files have. */
  private readonly listed = new Map<string, Set<string>>();
  private approvals: readonly ApprovalRecord[] = [];
  private hasOpenRun = false;
  private readonly recorded = new Map<string, ItemResult>();
  private readonly unsettled = new Map<string, SentDelete>();
  /** ARNs of items of which certainly no delete was sent. */
  private readonly cancelled = new Set<string>();
  /** By ARN, the outcomes that views have, and the deletes that they have as sent. */
  private readonly seen = new Map<string, ItemResult>();
  private readonly sent = new Map<string, Unsettled>();
  private positionOf: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly ports: UnfinishedPorts,
    private readonly key: PlanKey,
    private readonly known: KnownPlan,
  ) {
    for (const { items, unsettled = [] } of [...known.views].reverse()) {
      for (const item of items) this.seen.set(item.arn, item);
      for (const each of unsettled) this.sent.set(each.arn, each);
    }
  }

  async read(): Promise<ReadUnfinished> {
    const { store } = this.ports;
    const folder = recordFolder(this.key);
    const listed = await readOrFailure(store.list(folder));
    if (isFailure(listed)) this.add({ state: listed.fault, place: store.locate(folder) });
    this.names = new Set(isFailure(listed) ? [] : listed);
    await this.readLists();
    await this.readApprovals();
    this.plan = await this.readStoredPlan();
    this.positionOf = new Map(this.plan?.items.map(({ arn }, position) => [arn, position]));
    // A folder that cannot be listed has all of its files for what is known.
    if (!isFailure(listed)) {
      const files = await eachOf(this.positions(), (position) => this.readItem(position));
      for (const each of files) this.take(each);
    }
    this.addViews(!isFailure(listed));
    const open = this.openPlan();
    return { result: this.result(), gaps: [...this.gaps.values()], open };
  }

  private add({ state, place }: Problem, name?: string): void {
    const before = this.gaps.get(place);
    const names = new Set([...(before?.names ?? []), ...(name === undefined ? [] : [name])]);
    this.gaps.set(place, { state: before?.state ?? state, place, plan: this.key.id, names: [...names] });
  }

  private async readLists(): Promise<void> {
    const { store, hashText } = this.ports;
    const folder = recordFolder(this.key);
    const lists = [...this.names].filter((name) => FILE_LIST_NAME.test(name));
    for (const name of lists) {
      const text = await readOrFailure(store.get(folder + name));
      const list = typeof text === 'string' ? parseFileList(text) : null;
      // The name has the hash of the content.
      const isOwn = typeof text === 'string' && fileListFile(this.key, hashText(text)) === folder + name;
      if (list === null || !isOwn)
        this.add({ state: isFailure(text) ? text.fault : 'altered', place: store.locate(folder + name) });
      else for (const { key, sha256 } of list.files) this.noteListed(readKeyOf(key), sha256);
    }
  }

  private noteListed(key: string, sha256: string): void {
    this.listed.set(key, (this.listed.get(key) ?? new Set()).add(sha256));
  }

  private async readApprovals(): Promise<void> {
    const { store } = this.ports;
    const folder = recordFolder(this.key);
    const named = [...this.listed.keys()].filter((key) => key.startsWith(folder));
    const keys = [...this.names].filter((name) => APPROVAL_NAME.test(name)).map((name) => folder + name);
    this.hasOpenRun = keys.some((key) => !this.listed.has(key));
    const approvals = await eachOf(keys, async (key) => {
      const text = await readOrFailure(store.get(key));
      const approval = typeof text === 'string' ? parseApproval(text) : null;
      if (approval?.plan.digest === this.key.digest) return [approval];
      this.add({ state: isFailure(text) ? text.fault : 'altered', place: store.locate(key) });
      return [];
    });
    this.approvals = approvals.flat();
    const missing = named.filter(
      (key) => APPROVAL_NAME.test(key.slice(folder.length)) && !this.names.has(key.slice(folder.length)),
    );
    for (const key of missing) this.add({ state: 'missing', place: store.locate(key) });
    const isApproved = this.known.views.some(({ approvedBy }) => approvedBy !== null);
    if (isApproved && keys.length === 0 && missing.length === 0)
      this.add({ state: 'missing', place: store.locate(approvalFile(this.key, '*')) });
  }

  /** Reads the plan: its copy, else that of its report, else the file from which it was applied. */
  private async readStoredPlan(): Promise<Plan | null> {
    const { store, digest } = this.ports;
    const { id } = this.key;
    const copy = planCopyFile(this.key);
    const files = this.approvals.flatMap(({ planFile: file }) => file ?? []);
    if (files.length > 0 && !this.names.has(copy.slice(recordFolder(this.key).length)))
      this.add({ state: 'missing', place: store.locate(copy) });
    for (const key of [copy, planFile(id), ...new Set(files)]) {
      const text = await readOrFailure(store.get(key));
      const plan = typeof text === 'string' ? readPlan(text, id, digest) : null;
      if (plan?.digest === this.key.digest) return plan;
      // A later report may have replaced the file from which it was applied.
      if (text === null || files.includes(key)) continue;
      this.add({ state: isFailure(text) ? text.fault : 'altered', place: store.locate(key) });
    }
    return null;
  }

  /** The positions of which anything is stored, or was. */
  private positions(): readonly number[] {
    const folder = recordFolder(this.key);
    const listed = [...this.listed.keys()]
      .filter((key) => key.startsWith(folder))
      .map((key) => key.slice(folder.length));
    const found = [...this.names, ...listed].flatMap((name) => {
      const [, digits] = RECORD_NAME.exec(name) ?? [];
      return digits === undefined ? [] : [Number(digits)];
    });
    return [...new Set(found)].sort((a, b) => a - b);
  }

  private async readItem(position: number): Promise<ItemFiles> {
    const outcome = await this.readOutcomeFile(position);
    // An outcome tells all; its attempt has to be there.
    const isNeeded = outcome.value === null || !this.has(position, 'attempt');
    const attempt = isNeeded ? await this.readAttemptFile(position, outcome) : NO_FILE;
    return { position, outcome, attempt };
  }

  private has(position: number, kind: 'attempt' | 'outcome'): boolean {
    return this.names.has(recordFile(this.key, position, kind).slice(recordFolder(this.key).length));
  }

  private async readOutcomeFile(position: number): Promise<ItemFile<ItemResult>> {
    const { store, hashText } = this.ports;
    const key = recordFile(this.key, position, 'outcome');
    const place = store.locate(key);
    if (!this.has(position, 'outcome'))
      return { value: null, problem: this.listed.has(key) ? { state: 'missing', place } : null };
    const text = await readOrFailure(store.get(key));
    if (isFailure(text)) return { value: null, problem: { state: text.fault, place } };
    const value = parseStored(ITEM_RESULT, text);
    const hashes = this.listed.get(key);
    const isAsListed = hashes === undefined || hashes.has(hashText(text ?? ''));
    if (value !== null && isAsListed && this.isOf(position, value)) return { value, problem: null };
    return { value: null, problem: { state: text === null ? 'missing' : 'altered', place } };
  }

  /** Whether a file is of the item of its position. */
  private isOf(position: number, { arn, name }: { readonly arn: string; readonly name: string }): boolean {
    if (this.plan === null) return parseArn(arn) !== null;
    const item = this.plan.items[position];
    return item?.arn === arn && item.name === name;
  }

  private async readAttemptFile(position: number, outcome: ItemFile<ItemResult>): Promise<ItemFile<Attempt>> {
    const { store } = this.ports;
    const key = recordFile(this.key, position, 'attempt');
    const place = store.locate(key);
    // A folder has later versions in hidden files, which count although the first one was removed.
    const text = await readOrFailure(store.get(key));
    if (isFailure(text)) return { value: null, problem: { state: text.fault, place } };
    const isDue = this.listed.has(key) || outcome.value !== null || outcome.problem !== null;
    if (text === null) return { value: null, problem: isDue ? { state: 'missing', place } : null };
    const attempt = parseStored(ATTEMPT, text);
    if (attempt === null || !this.isOf(position, attempt)) return { value: null, problem: { state: 'altered', place } };
    return { value: attempt, problem: this.has(position, 'attempt') ? null : { state: 'missing', place } };
  }

  /** Takes over what the files of an item tell; without a usable one, what is known of it counts. */
  private take({ position, outcome, attempt }: ItemFiles): void {
    const item = this.plan?.items[position] ?? outcome.value ?? attempt.value;
    for (const { problem } of [outcome, attempt]) if (problem !== null) this.add(problem, item?.name);
    const found = outcome.value ?? attempt.value?.outcome ?? null;
    if (found !== null) this.takeOutcome(found);
    else if (attempt.value !== null) this.takeAttempt(attempt.value, outcome.problem !== null);
    else if (item !== null) this.takeKnown(item.arn);
  }

  private takeOutcome(outcome: ItemResult): void {
    const seen = this.seen.get(outcome.arn);
    if (seen !== undefined && jsonText(seen) !== jsonText(outcome))
      this.add({ state: 'altered', place: this.ports.store.locate(resultFile(this.key.id)) }, outcome.name);
    this.recorded.set(outcome.arn, outcome);
  }

  private takeAttempt({ arn, name, at, approvedBy, facts, state }: Attempt, hadOutcome: boolean): void {
    const view = this.seen.get(arn);
    if (hadOutcome && view !== undefined) this.recorded.set(arn, view);
    else if (state === 'open' || hadOutcome) this.unsettled.set(arn, { name, at, approvedBy, ...facts });
    else this.cancelled.add(arn);
  }

  /** Takes over what a view, else the plan, has of an item whose files cannot be used: a delete may have been sent. */
  private takeKnown(arn: string): void {
    const [item, sent] = [this.seen.get(arn), this.sent.get(arn)];
    const planned = this.plan?.items[this.positionOf.get(arn) ?? -1];
    if (item !== undefined) this.recorded.set(arn, item);
    else if (sent !== undefined) this.unsettled.set(arn, { ...sent, name: sent.name ?? arn });
    else if (planned !== undefined) this.unsettled.set(arn, { ...plannedDetails(planned), name: planned.name });
  }

  /** Adds what views have and no file: the file is missing. `isListed`: whether the files are known. */
  private addViews(isListed: boolean): void {
    for (const [arn, item] of this.seen) {
      if (this.recorded.has(arn)) continue;
      if (isListed) this.addMissing(arn, item.name, 'outcome');
      this.recorded.set(arn, item);
      this.unsettled.delete(arn);
    }
    for (const [arn, { name }] of this.sent) {
      if (this.recorded.has(arn) || this.unsettled.has(arn) || this.cancelled.has(arn)) continue;
      if (isListed) this.addMissing(arn, name ?? arn, 'attempt');
      this.takeKnown(arn);
    }
  }

  private addMissing(arn: string, name: string, kind: 'attempt' | 'outcome'): void {
    const position = this.positionOf.get(arn);
    const key = position === undefined ? recordFolder(this.key) : recordFile(this.key, position, kind);
    this.add({ state: 'missing', place: this.ports.store.locate(key) }, name);
  }

  private openPlan(): OpenPlan | null {
    const { store } = this.ports;
    const { id } = this.key;
    const count = this.plan?.items.length ?? this.known.views[0]?.plan.count ?? 0;
    const rest = count - this.recorded.size - this.unsettled.size;
    const items = this.plan?.items.filter(({ arn }) => !this.recorded.has(arn) && !this.unsettled.has(arn)) ?? [];
    const isProven = !this.hasOpenRun && this.gaps.size === 0;
    const notBegun = isProven ? rest : items.filter(({ arn }) => this.cancelled.has(arn)).length;
    if (rest > notBegun && this.hasOpenRun) {
      const place = store.locate(recordFolder(this.key));
      for (const { arn, name } of items) if (!this.cancelled.has(arn)) this.add({ state: 'unproven', place }, name);
      if (this.plan === null) this.add({ state: 'missing', place: store.locate(planFile(id)) });
    }
    if (rest <= 0 && this.unsettled.size === 0) return null;
    return {
      ...{ id, hasOpenRun: this.hasOpenRun, notBegun, unproven: Math.max(0, rest - notBegun) },
      expiresAt: this.plan?.expiresAt ?? null,
      planFile: this.approvals.find(({ planFile: file }) => file !== undefined)?.planFile ?? null,
    };
  }

  private result(): ApplyResult | null {
    const { recorded, unsettled, plan, known } = this;
    const [view] = known.views;
    if (view === undefined && recorded.size === 0 && unsettled.size === 0) return null;
    const instants = [...recorded.values(), ...unsettled.values()].flatMap(({ at }) => at ?? []);
    if (view !== undefined) instants.push(view.updatedAt);
    instants.sort();
    const [approval] = this.approvals;
    const head = view ?? {
      ...{ account: plan?.account ?? null, config: plan?.config ?? null, startedAt: instants[0] ?? '' },
      ...{ approvedBy: approval?.approvedBy ?? null, report: approval?.report ?? null },
    };
    const count = plan?.items.length ?? view?.plan.count ?? recorded.size + unsettled.size;
    return makeResult({
      ...head,
      plan: { id: this.key.id, digest: this.key.digest, count },
      ...{ updatedAt: instants.at(-1) ?? '', recorded, unsettled, planned: plan?.items ?? null },
    });
  }
}

/** Finds the plan to which a folder of attempts and outcomes belongs, where its result is lost; null: not known. */
async function findKey({ store }: UnfinishedPorts, id: string, folders: readonly string[]): Promise<PlanKey | null> {
  for (const name of folders) {
    const folder = `${resultFolder(id)}${name}/`;
    const names = await readOrFailure(store.list(folder));
    const approvals = isFailure(names) ? [] : names.filter((each) => APPROVAL_NAME.test(each));
    for (const key of [`${folder}once-plan.json`, planFile(id), ...approvals.map((each) => folder + each)]) {
      const text = await readOrFailure(store.get(key));
      if (typeof text !== 'string') continue;
      const plan = parseApproval(text)?.plan ?? parseStored(PLAN_KEY, text);
      if (plan?.id === id && recordFolder(plan) === folder) return plan;
    }
  }
  return null;
}

/** Reads an unfinished plan of the first version, which has a journal. */
async function readEarlierPlan(store: Store, { id, views }: KnownPlan): Promise<ReadUnfinished> {
  const [view = null] = views;
  if (view === null) return { result: null, gaps: [], open: null };
  try {
    return { result: (await readOutcome(store, view.plan)) ?? view, gaps: [], open: null };
  } catch (error) {
    if (!(error instanceof RetentionError) || !['result.unreadable', 'store.folder'].includes(error.code)) throw error;
    const state = error.code === 'store.folder' && error.cause !== undefined ? 'unreadable' : 'altered';
    const gap = { state, place: store.locate(resultFolder(id)), plan: id, names: [] } as const;
    return { result: view, gaps: [gap], open: null };
  }
}

/** Reads what the record of an unfinished plan tells, and names what it lacks. */
export async function readUnfinishedPlan(ports: UnfinishedPorts, known: KnownPlan): Promise<ReadUnfinished> {
  const { store } = ports;
  const { id, views } = known;
  const [view] = views;
  const names = await readOrFailure(store.list(resultFolder(id)));
  if (isFailure(names)) {
    const gap = { state: names.fault, place: store.locate(resultFolder(id)), plan: id, names: [] };
    return { result: view ?? null, gaps: [gap], open: null };
  }
  const folders = names.filter((name) => RECORD_FOLDER_NAME.test(name));
  const isEarlier = view?.config === null && folders.length === 0;
  if (isEarlier || names.some((name) => EARLIER_JOURNAL_NAME.test(name))) return readEarlierPlan(store, known);
  const key = view?.plan ?? (await findKey(ports, id, folders));
  if (key === null) return { result: null, gaps: [], open: null };
  return new UnfinishedReader(ports, { id, digest: key.digest }, known).read();
}
