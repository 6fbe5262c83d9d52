import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { WARNING } from '../lambda/config/read-config-file';
import type { Config } from '../lambda/core/policy/config';
import { ownCommand } from '../lambda/core/report/command-line';
import { UTC } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { AccessError } from './access-faults';
import { type Caller, findCaller, sayEndpoints } from './aws';
import { profileToRepeat } from './credentials';
import { checkAccount, checkCredentials } from './doctor-account';
import {
  checkDeletion,
  checkDeployedConfiguration,
  checkFunction,
  checkLastReport,
  checkSchedule,
  checkSubscribers,
} from './doctor-deployment';
import { nameLines, readDeployment } from './doctor-names';
import { type FoundDeployment, findDeployments } from './doctor-stacks';
import { EXIT, type ExitCode } from './exit-codes';
import { type Finding, failed, ok, warning } from './finding';
import { loadConfig } from './load-config';
import type { Terminal } from './terminal';

export interface DoctorOptions {
  /** Without it every stack of the region is searched. */
  readonly stack?: string;
  readonly config?: string;
  readonly profile?: string | undefined;
}

/** What loading a configuration had to say: warnings of a file that works, or that there is none. */
function configFinding({ origin }: Config, lines: readonly string[]): Finding {
  if (lines.length === 0) return ok('configuration', `${origin} is valid`);
  const warnings = lines.flatMap((line) => (line.startsWith(WARNING) ? [line.slice(WARNING.length)] : []));
  return warnings.length === 0
    ? warning('configuration', lines.join('; '), 'write a retention.yaml: docs/policy.md')
    : warning(
        'configuration',
        warnings.join('; '),
        'it is valid; change it there if it means something else: docs/policy.md',
      );
}

function readConfig({ config: file }: DoctorOptions): { readonly config: Config | null; readonly finding: Finding } {
  const lines: string[] = [];
  try {
    const config = loadConfig(file, (line) => lines.push(line));
    return { config, finding: configFinding(config, lines) };
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    return {
      config: null,
      finding: failed('configuration', error.message, `${ownCommand(['check'], { config: file })} says where`),
    };
  }
}

const MARKS = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ', unknown: 'unknown' } as const;

function lineOf(finding: Finding): string {
  const line = `${MARKS[finding.state]}  ${finding.check}: ${oneLine(finding.message)}\n`;
  return finding.state === 'ok' ? line : `${line}         -> ${oneLine(finding.remedy)}\n`;
}

type Say = (...findings: readonly Finding[]) => void;

/** The checks of one deployment, then its names. */
async function checkDeployment(
  caller: Caller,
  found: FoundDeployment,
  config: Config | null,
  say: Say,
): Promise<readonly string[]> {
  say(found.finding);
  const now = Date.now();
  const deployment = await readDeployment(caller, found);
  if (config !== null) say(checkDeployedConfiguration(config, deployment));
  say(checkFunction(caller, deployment));
  const { finding, expression } = await checkSchedule(caller, deployment, now);
  say(
    finding,
    await checkSubscribers(caller, deployment),
    await checkLastReport(caller, deployment, expression, now, config?.zone ?? UTC),
  );
  if (deployment.deletion !== null) say(...(await checkDeletion(caller, deployment.deletion, now)));
  return [
    `names in ${oneLine(deployment.stack)}, construct ${oneLine(deployment.construct)}:`,
    ...nameLines(deployment).map(oneLine),
  ];
}

/** What all findings together mean. */
function conclusion(findings: readonly Finding[], isDeployed: boolean, options: DoctorOptions): string {
  const named = (state: Finding['state']): string =>
    [...new Set(findings.filter((finding) => finding.state === state).map(({ check }) => check))].join(', ');
  const [wrong, open] = [named('failed'), named('unknown')];
  const notChecked = open === '' ? '' : `; not checked: ${open}`;
  if (wrong !== '') return `reports would not be delivered, or would be incomplete: ${wrong}${notChecked}`;
  if (open !== '') return `no fault was found${notChecked}`;
  if (isDeployed) return 'a report would reach a person';
  return `a report can be made here, and none is sent by e-mail: ${ownCommand(['report'], options)}`;
}

/** The caller, or why no client can be made. */
async function prepare(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<Caller | Finding> {
  try {
    return await findCaller(profile, env);
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return failed('connection', error.access.cause, error.access.remedy);
  }
}

/** The checks of the account and of each deployment. */
async function checkAll(
  { stack }: DoctorOptions,
  caller: Caller,
  config: Config | null,
  say: Say,
): Promise<readonly string[] | null> {
  const credentials = await checkCredentials(caller);
  say(credentials);
  if (credentials.state === 'failed') return null;
  const clients = makeLightsailClients({
    config: { credentials: caller.credentials },
    pace: { attempts: 4 },
    agents: caller.connection.agents,
  });
  const account = await checkAccount(clients, caller, config);
  say(...account);
  if (account.some(({ check, state }) => check === 'connection' && state === 'failed')) return null;
  const { found, findings } = await findDeployments(caller, stack);
  say(...findings);
  const names: string[] = [];
  for (const each of found) names.push(...(await checkDeployment(caller, each, config, say)));
  return found.length === 0 ? null : names;
}

/** `doctor`: what keeps a report from a person, a line for each check, and the names of what is deployed. Done where nothing does. */
export async function doctor(given: DoctorOptions, { out, err, env }: Terminal): Promise<ExitCode> {
  const options = { ...given, profile: await profileToRepeat(given.profile, env) };
  const findings: Finding[] = [];
  const say: Say = (...more) => {
    findings.push(...more);
    for (const finding of more) out.write(lineOf(finding));
  };
  const { config, finding } = readConfig(options);
  say(finding);
  const caller = await prepare(given.profile, env);
  let names: readonly string[] | null = null;
  if ('state' in caller) say(caller);
  else {
    sayEndpoints(caller, { err });
    names = await checkAll(options, caller, config, say);
  }
  if (names !== null) out.write(`\n${names.join('\n')}\n`);
  out.write(`\n${conclusion(findings, names !== null, options)}\n`);
  return findings.some(({ state }) => state === 'failed') ? EXIT.failure : EXIT.done;
}
