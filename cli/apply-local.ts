import { errorFacts, isCredentialFailure } from '../lambda/aws/aws-errors';
import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../lambda/aws/lightsail-deletion';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import type { ApplyResult, RunOrigin } from '../lambda/core/plan/outcome';
import type { Config } from '../lambda/core/policy/config';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import {
  type ApplyPorts,
  applyPrepared,
  MAX_DECISION_AGE_MS,
  type Prepared,
  type PreparePorts,
  prepareApply,
  withinConfirmed,
} from '../lambda/deletion/apply-plan';
import { RETRY_SETTINGS } from '../lambda/deletion/backoff';
import { callerFailure, isCallerFailure } from '../lambda/deletion/caller-failure';
import { startAge } from '../lambda/deletion/check-age';
import { indexPlan } from '../lambda/deletion/index-results';
import { type OutcomeStore, openOutcomes } from '../lambda/deletion/outcome-store';
import { describeAbsent } from '../lambda/deletion/read-snapshot';
import {
  type ApprovedRun,
  recordApproval,
  recordKilledRuns,
  recordMissedResult,
  recordResult,
  wasApprovedWith,
} from '../lambda/deletion/record-deletion';
import { isRefusal, mayApplyAgain, PlanApplied } from '../lambda/deletion/refusals';
import { checkLock } from '../lambda/deletion/run-lock';
import { checkConfig, checkCount } from '../lambda/deletion/verify-plan';
import { snapshotKinds } from '../lambda/kinds/registry';
import type { SnapshotDeletion } from '../lambda/ports/deletion-ports';
import { eachOf } from '../lambda/ports/each-of';
import type { ReadInventory } from '../lambda/ports/ports';
import { type Preview, raisedCapsText, renderPreview } from '../lambda/render/preview';
import { renderResultHtml } from '../lambda/render/result-html';
import { outcomeLine, renderResultText, resultEnd } from '../lambda/render/result-text';
import { digestOf, sha256Of } from '../lambda/runtime/digest';
import { type EvidenceHead, type EvidencePorts, headText } from '../lambda/storage/evidence';
import { LOCK_FILE, type PlanKey, planCopyFile, planFile, resultFile, resultPage } from '../lambda/storage/keys';
import { applyStopped } from './apply-stopped';
import { confirmCount } from './ask-count';
import { type Caller, type CallerIdentity, findIdentity } from './aws';
import { rehearse } from './dry-run';
import { EXIT, type ExitCode } from './exit-codes';
import type { DryRunFormat } from './formats';
import { onInterrupt } from './interrupt';
import { isRunning, thisProcess } from './owner';
import type { PlanPlace } from './plan-place';
import { countProgress, withProgress } from './progress';
import { readingDeadline, refusingNothing } from './read-account';
import { ofAccount } from './same-account';
import { storePlanFile } from './store-plan';
import { columnsOf, reportFailure, type Terminal, writeFailure, writeOut } from './terminal';

/** How a plan is applied from this machine. */
export interface LocalOptions {
  /** Reads the configuration; again before each new decision, and after the question. */
  readonly readConfig: () => Config;
  /** What the plan's digest must be; null: any. */
  readonly digest: string | null;
  readonly yes: number | undefined;
  readonly dryRun: boolean;
  readonly format: DryRunFormat;
  readonly quiet: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const monotonic = (): number => performance.now();

/** The failure of the caller that an error comes from; null: it comes from something else. */
function causeInCaller(error: unknown): RetentionError | null {
  if (isCallerFailure(error)) return error instanceof RetentionError ? error : callerFailure(errorFacts(error));
  return isCredentialFailure(error) ? callerFailure(errorFacts((error as Error).cause ?? error)) : null;
}

/** What ends a run in the middle: by then snapshots may be deleted, so it is neither a refusal nor wrong usage. */
function stopped({ error }: { readonly error: unknown }): RetentionError {
  const ofTheCaller = causeInCaller(error);
  if (ofTheCaller !== null) return ofTheCaller;
  const why = error instanceof Error ? error.message : String(error);
  const next = mayApplyAgain(error) ? ', and applying the plan again continues it' : '';
  return applyStopped(
    `the deletion stopped in the middle: ${oneLine(why)}; its outcomes are listed above${next}`,
    error,
  );
}

const tooSlow = (): RetentionError =>
  new RetentionError(
    'apply.too-slow',
    'not every snapshot was processed: this machine or its connection is too slow to send a delete within 5 seconds ' +
      'after its check; apply the plan again on a faster connection, or with --function',
  );

/** The clients of one run, and the caller whose account they all act in. */
interface Access extends CallerIdentity {
  /**
   * Notes the account of a prepared plan: its ARNs prove that of the first access key, also where STS does not answer.
   */
  readonly prove: (account: string | null) => void;
  readonly deletion: SnapshotDeletion;
  readonly readInventory: ReadInventory;
}

async function openAccess(caller: Caller): Promise<Access> {
  const first = await caller.credentials();
  const identityOf = (found: typeof first): Promise<CallerIdentity> =>
    findIdentity({ ...caller, credentials: async () => found });
  const accountOf = async (found: typeof first): Promise<string | null> => (await identityOf(found)).account;
  const { account, arn } = await identityOf(first);
  let proven = account;
  const credentials = ofAccount(caller.credentials, () => proven, first, accountOf);
  const { region, connection } = caller;
  const readers = makeLightsailClients({ config: { credentials }, agents: connection.agents });
  const deletion = makeSnapshotDeletion({
    readers,
    deleters: makeDeleteClients({ credentials, agents: connection.agents }),
    kinds: snapshotKinds(),
    firstRegion: region,
    clock: Date.now,
  });
  const settings = { clients: readers, firstRegion: region, account, kinds: snapshotKinds, clock: Date.now };
  const prove = (planned: string | null): void => {
    proven = planned;
  };
  return { account, arn, prove, deletion, readInventory: refusingNothing(makeReadInventory(settings), caller) };
}

const candidatesOf = ({ groups }: Prepared): readonly string[] =>
  groups.flatMap(({ items }) => items.map(({ item }) => item.arn));

/** One application of a plan from this machine: prepare, show, confirm, delete. */
class LocalApply {
  private readonly outcomePorts;
  private readonly evidencePorts: EvidencePorts;
  private head: EvidenceHead | null = null;

  constructor(
    private readonly options: LocalOptions,
    private readonly place: PlanPlace,
    private readonly caller: Caller,
    private readonly access: Access,
    private readonly terminal: Terminal,
    private readonly input: NodeJS.ReadStream,
  ) {
    this.outcomePorts = { store: place.store, clock: Date.now, owner: thisProcess(), isAlive: isRunning };
    this.evidencePorts = { store: place.store, clock: Date.now, hashText: sha256Of, ...place.evidence };
  }

  async run(): Promise<ExitCode> {
    try {
      return await this.apply();
    } catch (error) {
      if (this.options.dryRun) throw error;
      if (isRefusal(error)) await this.recordEarlier(error);
      throw error;
    }
  }

  private async apply(): Promise<ExitCode> {
    const prepared = await this.prepare();
    if (!this.options.dryRun) return this.delete(await this.confirm(prepared));
    await this.checkYes(prepared);
    const ports = { clock: Date.now, monotonic, sleep, deletion: this.access.deletion, retrySettings: RETRY_SETTINGS };
    return rehearse(ports, prepared, this.options, this.terminal);
  }

  private async prepare(): Promise<Prepared> {
    const { account, prove, deletion, readInventory } = this.access;
    const { readConfig, digest, dryRun, quiet } = this.options;
    const ports: PreparePorts = {
      clock: Date.now,
      monotonic,
      digest: digestOf,
      readInventory,
      deletion,
      outcomes: this.outcomePorts,
    };
    const request = {
      plan: { ...this.place, digest },
      config: readConfig(),
      account,
      count: null,
      allowsRaisedCaps: true,
      isRehearsal: dryRun,
      deadline: readingDeadline(),
    };
    const prepared = await withProgress(this.terminal.err, quiet, (tell) => prepareApply(ports, request, tell));
    prove(prepared.plan.account);
    return prepared;
  }

  /**
   * Checks the count of `--yes`. The same command goes on with the rest of a plan: the count that an earlier run of the
   * plan confirmed is valid, as long as no more is deleted than was confirmed then.
   */
  private async checkYes(prepared: Prepared): Promise<void> {
    const { yes } = this.options;
    if (yes === undefined) return;
    const { plan, deletedBefore, skipped, inDoubt } = prepared;
    const candidates = candidatesOf(prepared).length;
    const perhapsDeleted = skipped.filter(({ item }) => inDoubt.has(item.arn)).length;
    const isWithin = candidates + deletedBefore + perhapsDeleted <= yes;
    if (!isWithin || !(await wasApprovedWith(this.place.store, plan, yes))) checkCount(yes, plan, candidates);
  }

  /** Shows what will be deleted. What no list has is read by name: only then it is known to be gone. */
  private async show(prepared: Prepared): Promise<void> {
    const skipped = await eachOf(prepared.skipped, async (each) => {
      if (each.evaluated !== null) return each;
      const unlisted = { item: each.item, sentBefore: prepared.inDoubt.has(each.item.arn) };
      return { ...each, skipReason: await describeAbsent(this.access.deletion, unlisted) };
    });
    const preview: Preview = { ...prepared, skipped, isDryRun: false, isRefused: false, now: prepared.decidedAt };
    await writeOut(this.terminal.out, renderPreview(preview, columnsOf(this.terminal.out)));
  }

  /**
   * Shows the candidates and asks for their number. Refuses plan.config-changed where the configuration changed
   * meanwhile. A decision that became old is made again, without candidates that were not shown.
   */
  private async confirm(prepared: Prepared): Promise<Prepared> {
    await this.checkYes(prepared);
    const age = startAge({ clock: Date.now, monotonic });
    await this.show(prepared);
    const { plan, config } = prepared;
    const candidates = candidatesOf(prepared).length;
    const question = { plan, candidates, yes: undefined, note: raisedCapsText(plan, config) };
    if (candidates > 0 && this.options.yes === undefined)
      await confirmCount(question, this.terminal, this.input, this.caller);
    checkConfig(plan, this.options.readConfig());
    if (age() <= MAX_DECISION_AGE_MS) return prepared;
    const again = withinConfirmed(prepared, await this.prepare());
    await this.show(again);
    return again;
  }

  /** Opens the outcomes of a run, and records its approval before anything is deleted. */
  private open(approved: ApprovedRun, { plan }: Prepared): Promise<OutcomeStore> {
    return openOutcomes(this.outcomePorts, plan, approved.origin, async () => {
      const { copy } = approved;
      if (copy !== undefined) await storePlanFile(plan, { ...this.place, key: copy.key }, digestOf);
      await recordApproval(this.evidencePorts, approved);
    });
  }

  /**
   * Adds the result to the index, records what the run left, and notes the head of the chain. A failure is printed, and
   * decides the exit code.
   */
  private recordResult(approved: ApprovedRun): Promise<void> {
    return this.recordIndexed(approved.plan, approved.run, (indexed) =>
      recordResult(this.evidencePorts, approved, indexed),
    );
  }

  /** Records what runs left that died before they did so, unless a run is at work: the result of a finished plan, too. */
  private async recordEarlier(refused: RetentionError): Promise<void> {
    const isActive = await checkLock(this.outcomePorts, '').then(
      () => false,
      () => true,
    );
    if (isActive) return;
    if (refused instanceof PlanApplied)
      await this.recordIndexed(refused.plan, this.outcomePorts.owner.run, (indexed) =>
        recordMissedResult(this.evidencePorts, refused.plan, indexed),
      );
    this.head = (await recordKilledRuns(this.evidencePorts, async () => false)) ?? this.head;
    this.printHead();
  }

  private async recordIndexed(
    plan: PlanKey,
    ownRun: string,
    record: (indexed: Awaited<ReturnType<typeof indexPlan>>) => Promise<EvidenceHead | null>,
  ): Promise<void> {
    // The next deletion, and `history`, complete an index that lacks a result.
    const indexed = await indexPlan(this.place.store, plan, (run) => run === ownRun).catch(() => null);
    try {
      this.head = await record(indexed);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `the outcomes are stored, but the evidence chain does not have the result: ${oneLine(why)}`;
      writeFailure({ code: 'evidence.result', message }, this.terminal.err);
    }
  }

  /** Prints a part of the result. A failure decides nothing: the record has the outcomes. */
  private async print(chunks: Iterable<string>): Promise<void> {
    const { err, out, env } = this.terminal;
    await writeOut(out, chunks).catch((error: unknown) => reportFailure(error, err, env));
  }

  /** Writes the result as a page to print. It is a view, so that a failure is printed and decides nothing. */
  private async storePage(result: ApplyResult, zone: Zone): Promise<void> {
    const { plan, status } = result;
    const text = 'the run stopped before every snapshot had an outcome';
    const end =
      status === 'finished' ? { state: status } : ({ state: 'stopped', code: 'apply.stopped', text } as const);
    const context = {
      planId: plan.id,
      zone,
      region: this.caller.region,
      result,
      unread: null,
      end,
      resumeCommand: null,
    };
    const body = renderResultHtml({ ...context, evidenceHead: this.head && headText(this.head) });
    const object = { key: resultPage(plan.id), contentType: 'text/html; charset=utf-8', body };
    await this.place.store.put(object).catch((error: unknown) => {
      reportFailure(error, this.terminal.err, this.terminal.env);
    });
  }

  /** Prints each outcome, where they are recorded, and the result in one sentence. */
  private async printResult(result: ApplyResult, failure: { readonly error: unknown } | null): Promise<void> {
    const { err, out } = this.terminal;
    const isStored = failure === null;
    await this.print(renderResultText(result, columnsOf(out)));
    if (isStored && !this.options.quiet)
      err.write(`\noutcomes: ${oneLine(this.place.store.locate(resultFile(result.plan.id)))}\n`);
    if (isStored) this.printHead();
    await this.print([resultEnd(result, columnsOf(out), isStored || mayApplyAgain(failure.error))]);
  }

  /** Prints the head of the chain, `--quiet` too: without it, nobody can tell later whether the chain was cut. */
  private printHead(): void {
    if (this.head !== null) this.terminal.err.write(`evidence: ${headText(this.head)}\n`);
  }

  /** Says that a finished deletion could not release its lock. It decides nothing: the next run can tell. */
  private printKeptLock({ error }: { readonly error: unknown }): void {
    const why = error instanceof Error ? error.message : String(error);
    const lock = oneLine(this.place.store.locate(LOCK_FILE));
    const message =
      `the deletion has finished, and its lock ${lock} stays: ${oneLine(why)}; the next deletion on this machine ` +
      'replaces it, and one on another machine can begin in an hour';
    writeFailure({ code: 'apply.lock-stays', message }, this.terminal.err);
  }

  private approvalOf(plan: Prepared['plan'], count: number): ApprovedRun {
    const origin: RunOrigin = {
      approvedBy: { kind: 'caller', arn: this.access.arn, claimed: false },
      report: plan.id,
    };
    const { run } = this.outcomePorts.owner;
    const { key } = this.place;
    const copy = key === planFile(plan.id) ? {} : { copy: { key: planCopyFile(plan), planFile: key } };
    return { plan, run, count, origin, ...copy };
  }

  private async delete(prepared: Prepared): Promise<ExitCode> {
    const { err, env } = this.terminal;
    const { quiet } = this.options;
    const { plan } = prepared;
    const candidates = candidatesOf(prepared).length;
    // Before the handler of signals, so that its sentence does not follow the bar.
    const bar = countProgress(err, quiet, { total: candidates + prepared.skipped.length, verb: 'processed' });
    const interrupt = onInterrupt(this.terminal);
    try {
      const approved = this.approvalOf(plan, candidates);
      const outcomes = await this.open(approved, prepared);
      let failure: { readonly error: unknown } | null = null;
      let isTooSlow = false;
      const note = (error: unknown): void => {
        failure ??= { error };
      };
      const ports: ApplyPorts = {
        clock: Date.now,
        monotonic,
        sleep,
        deletion: this.access.deletion,
        outcomes,
        retrySettings: RETRY_SETTINGS,
      };
      await applyPrepared(ports, prepared, {
        signal: interrupt.signal,
        prepareAgain: () => bar.during(() => this.prepare()),
        onTooSlow: () => {
          isTooSlow = true;
        },
        progress: (each) => {
          bar.count();
          bar.say(outcomeLine(each));
        },
      }).catch(note);
      bar.stop();
      // Outcomes that could not be stored are at least printed.
      const result: ApplyResult = await outcomes
        .close(() => this.recordResult(approved))
        .catch((error: unknown) => {
          note(error);
          return outcomes.result();
        });
      await this.storePage(result, prepared.config.zone);
      await this.printResult(result, failure);
      if (outcomes.keptLock !== null) this.printKeptLock(outcomes.keptLock);
      if (failure !== null) throw stopped(failure);
      if (isTooSlow && result.status === 'unfinished') throw tooSlow();
      if (result.totals.failed > 0) return EXIT.someFailed;
      return result.status === 'finished' && this.head !== null ? EXIT.done : EXIT.failure;
    } catch (error) {
      const ofTheCaller = causeInCaller(error);
      if (ofTheCaller === null) throw error;
      reportFailure(ofTheCaller, err, env);
      return EXIT.someFailed;
    } finally {
      bar.stop();
      interrupt.stop();
    }
  }
}

/** Applies a plan with the caller's own credentials. Throws the refusal of a plan that may not be applied. */
export async function applyLocally(
  options: LocalOptions,
  place: PlanPlace,
  caller: Caller,
  terminal: Terminal,
  input: NodeJS.ReadStream,
): Promise<ExitCode> {
  return new LocalApply(options, place, caller, await openAccess(caller), terminal, input).run();
}
