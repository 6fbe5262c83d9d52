import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { DEFAULT_FILE, WARNING } from '../lambda/config/read-config-file';
import type { Config } from '../lambda/core/policy/config';
import { ownCommand } from '../lambda/core/report/command-line';
import { UTC } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import { wrap } from '../lambda/render/terminal';
import { AccessError } from './access-faults';
import { type Caller, findCaller, sayEndpoints } from './aws';
import { profileToRepeat } from './credentials';
import { checkCaller, checkCredentials } from './doctor-account';
import {
  checkDeletion,
  checkDeployedConfiguration,
  checkDeployedSchedule,
  checkFunction,
  checkLastReport,
  checkSubscribers,
} from './doctor-deployment';
import { checkMembers } from './doctor-members';
import { type NamedPart, namedParts, readDeployment } from './doctor-names';
import { type FoundDeployment, findDeployments, type StackSearch } from './doctor-stacks';
import { EXIT, type ExitCode } from './exit-codes';
import { type DoctorFinding, failed, ok, warning } from './finding';
import type { DoctorFormat } from './formats';
import type { DoctorJson } from './json-shapes';
import { loadConfig } from './load-config';
import { type AccountsOptions, accountsUsage, asksAccounts } from './member-accounts';
import { columnsOf, type Terminal, writeOut } from './terminal';

export interface DoctorOptions extends AccountsOptions {
  /** Without it every stack of the region is searched. */
  readonly stack?: string;
  readonly config?: string;
  readonly profile?: string | undefined;
  readonly format?: DoctorFormat;
}

/** What loading a configuration had to say: warnings of a file that works, or that there is none. */
function configFinding({ origin }: Config, lines: readonly string[], options: DoctorOptions): DoctorFinding {
  if (lines.length === 0) return ok('configuration', `${origin} is valid`);
  const warnings = lines.flatMap((line) => (line.startsWith(WARNING) ? [line.slice(WARNING.length)] : []));
  return warnings.length === 0
    ? warning(
        'configuration',
        lines.join('; '),
        `make a ${DEFAULT_FILE} from your snapshots: ${ownCommand(['init'], { profile: options.profile })}`,
      )
    : warning(
        'configuration',
        warnings.join('; '),
        'it is valid; change it there if it means something else: docs/policy.md',
      );
}

function readConfig(options: DoctorOptions): {
  readonly config: Config | null;
  readonly finding: DoctorFinding;
} {
  const lines: string[] = [];
  const { config: file } = options;
  try {
    const config = loadConfig(file, (line) => lines.push(line));
    return { config, finding: configFinding(config, lines, options) };
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    return {
      config: null,
      finding: failed('configuration', error.message, `${ownCommand(['check'], { config: file })} says where`),
    };
  }
}

const MARKS = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ', unknown: 'unknown' } as const;

function lineOf(finding: DoctorFinding, columns: number): string {
  const line = wrap(`${finding.check}: ${oneLine(finding.message)}`, columns, `${MARKS[finding.state]}  `);
  return finding.state === 'ok' ? line : `${line}${wrap(oneLine(finding.remedy), columns, '         -> ')}`;
}

type Say = (...findings: readonly DoctorFinding[]) => void;

/** A deployment that was checked, and its names. */
interface CheckedDeployment {
  readonly stack: string;
  readonly construct: string;
  readonly names: readonly NamedPart[];
}

/** The checks of one deployment. */
async function checkDeployment(
  caller: Caller,
  found: FoundDeployment,
  config: Config | null,
  say: Say,
): Promise<CheckedDeployment> {
  say(found.finding);
  const now = Date.now();
  const deployment = await readDeployment(caller, found);
  if (config !== null) say(checkDeployedConfiguration(config, deployment));
  say(checkFunction(caller, deployment));
  const { finding, expression } = await checkDeployedSchedule(caller, deployment, now);
  say(
    finding,
    await checkSubscribers(caller, deployment),
    await checkLastReport(caller, deployment, expression, now, config?.zone ?? UTC),
  );
  if (deployment.deletion !== null) say(...(await checkDeletion(caller, deployment.deletion, now, expression)));
  return { stack: deployment.stack, construct: deployment.construct, names: namedParts(deployment) };
}

/** What all findings together mean. */
function conclusion(findings: readonly DoctorFinding[], isDeployed: boolean, options: DoctorOptions): string {
  const named = (state: DoctorFinding['state']): string =>
    [...new Set(findings.filter((finding) => finding.state === state).map(({ check }) => check))].join(', ');
  const [wrong, open] = [named('failed'), named('unknown')];
  const notChecked = open === '' ? '' : `; not checked: ${open}`;
  if (wrong !== '') return `reports would not be delivered, or would be incomplete: ${wrong}${notChecked}`;
  if (open !== '') return `no fault was found${notChecked}`;
  if (isDeployed) return 'a report would reach a person';
  return `command line only: a report can be made here, and none is sent by e-mail: ${ownCommand(['report'], options)}`;
}

/** The caller, or why no client can be made. */
async function prepare(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<Caller | DoctorFinding> {
  try {
    return await findCaller(profile, env);
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return failed('connection', error.access.cause, error.access.remedy);
  }
}

const EMULATOR_USER = ':user/emulator ';

/** Says where AWS is called, where that is not its own endpoints. */
const endpointFinding = (notice: string, isEmulator: boolean): DoctorFinding =>
  ok('endpoint', isEmulator ? `this is the embedded emulator, not AWS: ${notice}` : notice);

/**
 * The findings of the search for deployments. An emulator without CloudFormation has none; that is no open question.
 */
function searchFindings(
  { found, findings }: StackSearch,
  isEmulator: boolean,
  isNamed: boolean,
): readonly DoctorFinding[] {
  const isOpen = found.length === 0 && findings.every(({ state }) => state === 'unknown');
  return isOpen && isEmulator && !isNamed
    ? [ok('stack', 'nothing is deployed: this endpoint has no CloudFormation')]
    : findings;
}

/** The checks of the account and of each deployment. */
async function checkAll(
  options: DoctorOptions,
  caller: Caller,
  config: Config | null,
  say: Say,
  err: Terminal['err'],
): Promise<readonly CheckedDeployment[]> {
  const { stack } = options;
  const credentials = await checkCredentials(caller);
  const isEmulator = caller.endpointNotice !== null && credentials.message.includes(EMULATOR_USER);
  if (caller.endpointNotice !== null) say(endpointFinding(caller.endpointNotice, isEmulator));
  say(credentials);
  if (credentials.state === 'failed') return [];
  if (asksAccounts(options)) {
    await checkMembers(options, caller, config, say, err);
    return [];
  }
  const clients = makeLightsailClients({
    config: { credentials: caller.credentials },
    pace: { attempts: 4 },
    agents: caller.connection.agents,
  });
  const account = await checkCaller(clients, caller, config);
  say(...account);
  if (account.some(({ check, state }) => check === 'connection' && state === 'failed')) return [];
  const search = await findDeployments(caller, stack);
  const hasOwnEndpoint = process.env.AWS_ENDPOINT_URL_CLOUDFORMATION !== undefined;
  say(...searchFindings(search, isEmulator && !hasOwnEndpoint, stack !== undefined));
  const checked: CheckedDeployment[] = [];
  for (const each of search.found) checked.push(await checkDeployment(caller, each, config, say));
  return checked;
}

/** The object that `doctor --format json` prints. */
const doctorJson = (
  findings: readonly DoctorFinding[],
  deployments: readonly CheckedDeployment[],
  endpoint: string | null,
  options: DoctorOptions,
): DoctorJson => ({
  schemaVersion: 1,
  usage: deployments.length > 0 ? 'deployed' : 'command-line',
  endpoint,
  healthy: !findings.some(({ state }) => state === 'failed'),
  conclusion: conclusion(findings, deployments.length > 0, options),
  checks: findings.map((finding) => ({
    check: finding.check,
    state: finding.state,
    message: finding.message,
    remedy: finding.state === 'ok' ? null : finding.remedy,
  })),
  deployments,
});

function* deploymentNames({ stack, construct, names }: CheckedDeployment): Generator<string> {
  yield `\nnames in ${oneLine(stack)}, construct ${oneLine(construct)}:\n`;
  for (const { label, name } of names) yield `  ${label.padEnd(18)}  ${oneLine(name)}\n`;
}

/**
 * `doctor`: what prevents a report, a line for each check, and the names of what is deployed. Exit code 0 where nothing
 * does.
 */
export async function doctor(given: DoctorOptions, { out, err, env }: Terminal): Promise<ExitCode> {
  if (asksAccounts(given) && given.stack !== undefined)
    throw accountsUsage('--stack does not go with --account; leave one of them out');
  const options = { ...given, profile: await profileToRepeat(given.profile, env) };
  const isJson = options.format === 'json';
  const columns = columnsOf(out);
  const findings: DoctorFinding[] = [];
  const say: Say = (...more) => {
    findings.push(...more);
    if (!isJson) for (const finding of more) out.write(lineOf(finding, columns));
  };
  const { config, finding } = readConfig(options);
  say(finding);
  const caller = await prepare(given.profile, env);
  let deployments: readonly CheckedDeployment[] = [];
  if ('state' in caller) say(caller);
  else {
    sayEndpoints(caller, { err });
    deployments = await checkAll(options, caller, config, say, err);
  }
  if (isJson) {
    const endpoint = 'state' in caller ? null : caller.endpointNotice;
    await writeOut(out, [`${jsonText(doctorJson(findings, deployments, endpoint, options), 1)}\n`]);
  } else {
    for (const deployment of deployments) await writeOut(out, deploymentNames(deployment));
    const last = conclusion(findings, deployments.length > 0, options);
    // The command in it stays in one piece.
    out.write(`\n${last}\n`);
  }
  const isNamedUnchecked =
    options.stack !== undefined && findings.some(({ check, state }) => check === 'stack' && state === 'unknown');
  return isNamedUnchecked || findings.some(({ state }) => state === 'failed') ? EXIT.failure : EXIT.done;
}
