import { setMaxListeners } from 'node:events';
import { errorFacts, isCredentialFailure } from '../lambda/aws/aws-errors';
import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../lambda/aws/lightsail-deletion';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import type { ApplyResult } from '../lambda/core/plan/outcome';
import type { Config } from '../lambda/core/policy/config';
import { UTC, type Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { clean } from '../lambda/core/util/safe-text';
import {
  type ApplyPorts,
  applyPrepared,
  MAX_DECISION_AGE_MS,
  type Prepared,
  prepareApply,
  withinConfirmed,
} from '../lambda/deletion/apply-plan';
import { RETRY_SETTINGS } from '../lambda/deletion/backoff';
import { callerFailure, isCallerFailure } from '../lambda/deletion/caller-failure';
import { startAge } from '../lambda/deletion/check-age';
import { openOutcomes, rehearsalOutcomes } from '../lambda/deletion/outcome-store';
import { isRefusal } from '../lambda/deletion/refusals';
import { snapshotKinds } from '../lambda/kinds/registry';
import { outcomeLine, renderPreview, renderResultText } from '../lambda/render/result-text';
import { digestOf } from '../lambda/runtime/digest';
import { resultFile } from '../lambda/storage/keys';
import { applyRemotely } from './apply-remote';
import { confirmCount } from './ask-count';
import { type Caller, findAccount, findCaller, requireCredentials, sayEndpoints } from './aws';
import { EXIT, type ExitCode } from './exit-codes';
import { loadConfig } from './load-config';
import { isRunning, thisProcess } from './owner';
import { openPlace, type PlanPlace } from './plan-place';
import { withProgress } from './progress';
import { readingDeadline, refusingNothing } from './read-account';
import { CredentialsFailure, ofAccount } from './same-account';
import { reportFailure, type Terminal, writeOut } from './terminal';

export interface ApplyOptions {
  readonly local?: boolean;
  readonly function?: string;
  readonly yes?: number;
  readonly config?: string;
  readonly profile?: string;
  readonly digest?: string;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const usage = (message: string): RetentionError => new RetentionError('usage.apply', 'operator', message);

function checkOptions(options: ApplyOptions): void {
  if (options.local === true && options.function !== undefined)
    throw usage('--local and --function do not go together: say one of them');
  if (options.local !== true && options.function === undefined)
    throw usage(
      'say who is to delete: --function NAME (the deployed deletion function), or --local (this machine, with your own credentials)',
    );
  if (options.function !== undefined && options.dryRun === true)
    throw usage('--dry-run goes with --local only: the deployed function has no dry run');
}

/** What ends a run from outside: Ctrl-C, a service manager, a terminal that goes away. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal that went away takes no words, and ends nothing. */
const ignore = (): void => undefined;

/** Ends the run after the current snapshot at the first Ctrl-C, at once at the second. */
function onInterrupt({ err, out }: Pick<Terminal, 'err' | 'out'>): {
  readonly signal: AbortSignal;
  readonly stop: () => void;
} {
  const controller = new AbortController();
  // Each region has a call that waits for it; Node 20 warns of more than ten.
  setMaxListeners(0, controller.signal);
  const interrupt = (name: NodeJS.Signals): void => {
    const isAgain = controller.signal.aborted;
    // A terminal that goes away may say so more than once.
    if (isAgain && name !== 'SIGHUP') process.exit(EXIT.failure);
    if (!isAgain) err.write('\nFinishing the current snapshot. Press Ctrl-C again to exit immediately.\n');
    controller.abort();
  };
  for (const name of ENDINGS) process.on(name, interrupt);
  for (const stream of [err, out]) stream.on('error', ignore);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of ENDINGS) process.off(name, interrupt);
      for (const stream of [err, out]) stream.off('error', ignore);
    },
  };
}

/** The same credentials. Whatever their provider fails with is known as a failure of the caller, and never as one of the service. */
const ofCaller =
  (credentials: Caller['credentials']): Caller['credentials'] =>
  async (...given) => {
    try {
      return await credentials(...given);
    } catch (cause) {
      throw new CredentialsFailure(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  };

/** The failure of the caller that an error comes from; null: it comes from something else. */
function causeInCaller(error: unknown): RetentionError | null {
  if (isCallerFailure(error)) return error instanceof RetentionError ? error : callerFailure(errorFacts(error));
  return isCredentialFailure(error) ? callerFailure(errorFacts((error as Error).cause ?? error)) : null;
}

/** The same path up to the delete: says of every snapshot what would become of it, and ends as that would. */
async function rehearse(ports: ApplyPorts, prepared: Prepared, { out }: Terminal): Promise<ExitCode> {
  const would: string[] = [];
  let code: ExitCode = EXIT.done;
  await applyPrepared(ports, prepared, {
    wouldDelete: ({ item }) => void would.push(`would be deleted: ${clean(item.name)} (${clean(item.region)})`),
    progress: (result) => {
      would.push(outcomeLine(result));
      if (result.outcome === 'failed') code = EXIT.someFailed;
    },
  });
  await writeOut(out, [...would.map((line) => `${line}\n`), 'dry run: nothing was deleted\n']);
  return code;
}

/** The configured zone. The function has a configuration of its own, so that none is needed here: then, or where none can be read, UTC. */
function zoneOf(file: string | undefined): Zone {
  try {
    return loadConfig(file, () => undefined).zone;
  } catch (error) {
    if (file !== undefined) throw error;
    return UTC;
  }
}

/** What ends a run in the middle: by then snapshots may be gone, so it is neither a refusal nor wrong usage. */
function stopped({ error }: { readonly error: unknown }): RetentionError {
  const ofTheCaller = causeInCaller(error);
  if (ofTheCaller !== null) return ofTheCaller;
  const why = error instanceof Error ? error.message : String(error);
  return new RetentionError(
    'apply.stopped',
    'aws',
    `the deletion stopped in the middle: ${clean(why)}; what was done until then is listed above, and applying the plan again goes on`,
    { cause: error },
  );
}

async function applyLocally(
  options: ApplyOptions,
  place: PlanPlace,
  caller: Caller,
  terminal: Terminal,
  input: NodeJS.ReadStream,
): Promise<ExitCode> {
  const { err, out } = terminal;
  const quiet = options.quiet ?? false;
  const columns = Math.max(60, out.columns || 100);
  const configOf = (): Config => loadConfig(options.config, (line) => err.write(`note: ${clean(line)}\n`));
  let config = configOf();
  const first = await caller.credentials();
  const accountOf = (found: typeof first): Promise<string | null> =>
    findAccount({ ...caller, credentials: async () => found });
  const account = await accountOf(first);
  const credentials = ofAccount(caller.credentials, account, first, accountOf);
  const { region, connection } = caller;
  const clock = Date.now;
  const monotonic = (): number => performance.now();
  const readers = makeLightsailClients({ config: { credentials }, agents: connection.agents });
  const deletion = makeSnapshotDeletion({
    readers,
    deleters: makeDeleteClients({ credentials, agents: connection.agents }),
    kinds: snapshotKinds(),
    firstRegion: region,
    clock,
  });
  const readInventory = refusingNothing(
    makeReadInventory({ clients: readers, firstRegion: region, account, kinds: snapshotKinds, clock }),
    caller,
  );
  const outcomePorts = { store: place.store, clock, owner: thisProcess(), isAlive: isRunning };
  const prepare = (count: number | null): Promise<Prepared> =>
    withProgress(err, quiet, (tell) =>
      prepareApply(
        { clock, monotonic, digest: digestOf, readInventory, deletion, outcomes: outcomePorts },
        {
          plan: { ...place, digest: options.digest ?? null },
          config,
          account,
          count,
          deadline: readingDeadline(),
        },
        tell,
      ),
    );

  /** Reads the configuration and everything else again; the count is confirmed already. */
  const prepareAgain = (): Promise<Prepared> => {
    config = configOf();
    return prepare(null);
  };

  let prepared = await prepare(options.yes ?? null);
  const age = startAge({ clock, monotonic });
  const { plan } = prepared;
  const show = (): Promise<void> =>
    writeOut(
      out,
      renderPreview(
        {
          ...prepared,
          planId: plan.id,
          account: plan.account,
          planned: plan.items.length,
          pricing: config.pricing,
          now: prepared.decidedAt,
        },
        columns,
      ),
    );
  await show();
  if (options.dryRun === true) {
    return rehearse(
      { clock, monotonic, sleep, deletion, outcomes: rehearsalOutcomes(), retrySettings: RETRY_SETTINGS },
      prepared,
      terminal,
    );
  }
  if (plan.items.length > 0) await confirmCount(plan, options.yes, terminal, input, caller);
  if (age() > MAX_DECISION_AGE_MS) {
    prepared = withinConfirmed(prepared, await prepareAgain());
    await show();
  }
  const interrupt = onInterrupt(terminal);
  try {
    const outcomes = await openOutcomes(outcomePorts, plan);
    let failure: { readonly error: unknown } | null = null;
    const noting = (error: unknown): void => {
      failure ??= { error };
    };
    const ports: ApplyPorts = { clock, monotonic, sleep, deletion, outcomes, retrySettings: RETRY_SETTINGS };
    await applyPrepared(ports, prepared, {
      signal: interrupt.signal,
      prepareAgain,
      progress: (each) => void (quiet || err.write(`${outcomeLine(each)}\n`)),
    }).catch(noting);
    // What could not be written down is printed at least.
    const result: ApplyResult = await outcomes.close().catch((error: unknown) => {
      noting(error);
      return outcomes.result();
    });
    await writeOut(out, renderResultText(result, columns));
    if (failure !== null) throw stopped(failure);
    if (!quiet) err.write(`outcomes: ${clean(place.store.locate(resultFile(plan.id)))}\n`);
    if (result.totals.failed > 0) return EXIT.someFailed;
    return result.status === 'finished' ? EXIT.done : EXIT.failure;
  } catch (error) {
    const ofTheCaller = causeInCaller(error);
    if (ofTheCaller === null) throw error;
    reportFailure(ofTheCaller, err, terminal.env);
    return EXIT.someFailed;
  } finally {
    interrupt.stop();
  }
}

/**
 * `apply`: carries out a plan. With `--function` the deployed function does it; with `--local` this process, with the caller's own credentials.
 * Whatever may not be applied is refused before anything is deleted, with exit code 4.
 */
export async function apply(
  plan: string,
  options: ApplyOptions,
  terminal: Terminal,
  input: NodeJS.ReadStream = process.stdin,
): Promise<ExitCode> {
  checkOptions(options);
  try {
    const found = await findCaller(options.profile, terminal.env);
    sayEndpoints(found, terminal);
    await requireCredentials(found);
    const caller = { ...found, credentials: ofCaller(found.credentials) };
    const place = await openPlace(plan, caller);
    return options.function === undefined
      ? await applyLocally(options, place, caller, terminal, input)
      : await applyRemotely(
          {
            name: options.function,
            digest: options.digest,
            yes: options.yes,
            quiet: options.quiet ?? false,
            zone: zoneOf(options.config),
          },
          place,
          caller,
          terminal,
          input,
        );
  } catch (error) {
    if (!isRefusal(error)) throw error;
    reportFailure(error, terminal.err, terminal.env);
    return EXIT.refused;
  }
}
