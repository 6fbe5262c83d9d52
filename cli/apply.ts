import { RetentionError } from '../lambda/core/util/errors';
import { isRefusal } from '../lambda/deletion/refusals';
import { firstCleanUpCommands } from '../lambda/render/first-clean-up';
import { applyLocally } from './apply-local';
import { applyRemotely } from './apply-remote';
import { NoCount } from './ask-count';
import { type Caller, findCaller, requireCredentials, sayEndpoints } from './aws';
import { EXIT, type ExitCode } from './exit-codes';
import type { DryRunFormat } from './formats';
import { loadConfig, warnOn, zoneOf } from './load-config';
import { openPlace } from './plan-place';
import { CredentialsFailure } from './same-account';
import { reportFailure, type Terminal, wrapped, writeHint } from './terminal';

/** Options of `apply`. */
export interface ApplyCommandOptions {
  readonly local?: boolean;
  readonly function?: string;
  readonly yes?: number;
  readonly config?: string;
  readonly profile?: string;
  readonly digest?: string;
  readonly dryRun?: boolean;
  readonly format?: DryRunFormat;
  readonly quiet?: boolean;
}

const applyUsage = (message: string): RetentionError => new RetentionError('usage.apply', message);

function checkApplyOptions(options: ApplyCommandOptions): void {
  if (options.local === true && options.function !== undefined)
    throw applyUsage('--local and --function do not go together; choose one of them');
  if (options.function !== undefined && options.dryRun === true)
    throw applyUsage('--dry-run goes with --local only: the deployed function has no dry run');
  if (options.local !== true && options.function === undefined && options.dryRun !== true)
    throw applyUsage(
      'choose what deletes: --function NAME (the deployed deletion function), or --local (this machine, with your own credentials)',
    );
  if (options.format === 'json' && options.dryRun !== true)
    throw applyUsage('--format json goes with --dry-run only; the outcomes of a deletion are in results/ as JSON');
}

/** The same credentials, whose provider's failures are failures of the caller, and never of the service. */
const ofCaller =
  (credentials: Caller['credentials']): Caller['credentials'] =>
  async (...given) => {
    try {
      return await credentials(...given);
    } catch (cause) {
      throw new CredentialsFailure(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  };

const isAboutCaps = ({ code, message }: RetentionError): boolean =>
  code.startsWith('cap.') || (code === 'plan.blocked' && /\(cap\./.test(message));

/** Reports a refusal; where it is about limits, with the commands of a first clean-up. */
function reportRefusal(
  refusal: RetentionError,
  plan: string,
  options: ApplyCommandOptions,
  terminal: Terminal,
): ExitCode {
  reportFailure(refusal, terminal.err, terminal.env);
  if (isAboutCaps(refusal))
    writeHint(
      terminal.err,
      'For a first clean-up, check the list, then make a plan whose limits are its own count and apply it:',
      firstCleanUpCommands(plan, options),
    );
  return EXIT.refused;
}

/**
 * `apply`: applies a plan. With `--function` the deployed function does it; with `--local` this process, with the
 * caller's own credentials. A plan that may not be applied is refused before anything is deleted, with exit code 4.
 */
export async function apply(
  plan: string,
  options: ApplyCommandOptions,
  terminal: Terminal,
  input: NodeJS.ReadStream = process.stdin,
): Promise<ExitCode> {
  checkApplyOptions(options);
  try {
    const found = await findCaller(options.profile, terminal.env);
    sayEndpoints(found, terminal);
    await requireCredentials(found);
    const caller = { ...found, credentials: ofCaller(found.credentials) };
    const place = await openPlace(plan, caller);
    const { digest, yes, dryRun = false, format = 'text', quiet = false } = options;
    if (options.function === undefined) {
      let warn = warnOn(terminal.err);
      const readConfig = () => {
        const config = loadConfig(options.config, warn);
        warn = () => undefined;
        return config;
      };
      const local = { readConfig, digest: digest ?? null, yes, dryRun, format, quiet };
      return await applyLocally(local, place, caller, terminal, input);
    }
    const remote = { name: options.function, digest, yes, quiet, zone: zoneOf(options.config) };
    return await applyRemotely(remote, place, caller, terminal, input);
  } catch (error) {
    if (error instanceof NoCount) {
      terminal.err.write(wrapped(`${error.message}\n`, terminal.err));
      return EXIT.refused;
    }
    if (!isRefusal(error)) throw error;
    return reportRefusal(error, plan, options, terminal);
  }
}
