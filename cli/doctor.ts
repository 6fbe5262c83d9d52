import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { commandText, option, ownCommand } from '../lambda/core/command-line';
import type { Config } from '../lambda/core/config';
import { RetentionError } from '../lambda/core/errors';
import { UTC } from '../lambda/core/zone';
import { findCaller } from './aws';
import { WARNING } from './config-file';
import { checkAccount, checkCredentials } from './doctor-account';
import { checkDeployedConfiguration, checkFunction, checkLastReport, checkSchedule, checkSubscribers } from './doctor-deployment';
import { findDeployment } from './doctor-stack';
import { EXIT, type ExitCode } from './exit-codes';
import { type Finding, failed, ok, warning } from './finding';
import { loadConfig } from './load-config';
import type { Terminal } from './terminal';

export interface DoctorOptions {
  readonly stack: string;
  readonly config?: string;
  readonly profile?: string;
}

/** What loading a configuration had to say: warnings of a file that works, or that there is none. */
function judgeConfig({ origin }: Config, lines: readonly string[]): Finding {
  if (lines.length === 0) return ok('configuration', `${origin} is valid`);
  const warnings = lines.flatMap((line) => (line.startsWith(WARNING) ? [line.slice(WARNING.length)] : []));
  return warnings.length === 0
    ? warning('configuration', lines.join('; '), 'write a retention.yaml: docs/policy.md')
    : warning('configuration', warnings.join('; '), 'it is valid; change it there if it means something else: docs/policy.md');
}

function readConfig({ config: file }: DoctorOptions): { readonly config: Config | null; readonly finding: Finding } {
  const lines: string[] = [];
  try {
    const config = loadConfig(file, (line) => lines.push(line));
    return { config, finding: judgeConfig(config, lines) };
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    return { config: null, finding: failed('configuration', error.message, `${ownCommand(['check'], { config: file })} says where`) };
  }
}

const MARKS = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const;

/** A remedy whose deployments act on the account that was looked at. */
function remedyOf({ remedy }: Exclude<Finding, { readonly state: 'ok' }>, { profile }: DoctorOptions): string {
  const options = commandText(option('--profile', profile));
  return options === '' ? remedy : remedy.replace(/npx cdk \w+/g, (command) => `${command} ${options}`);
}

function lineOf(finding: Finding, options: DoctorOptions): string {
  const line = `${MARKS[finding.state]}  ${finding.check}: ${finding.said}\n`;
  return finding.state === 'ok' ? line : `${line}         -> ${remedyOf(finding, options)}\n`;
}

/** `doctor`: what stands between the caller and a report that reaches a person, a line for each check. Done only when nothing does. */
export async function doctor(options: DoctorOptions, { out, env }: Terminal): Promise<ExitCode> {
  const findings: Finding[] = [];
  const say = (...more: readonly Finding[]): void => {
    findings.push(...more);
    for (const finding of more) out.write(lineOf(finding, options));
  };
  const { config, finding } = readConfig(options);
  say(finding);
  const caller = await findCaller(options.profile, env);
  const credentials = await checkCredentials(caller);
  say(credentials);
  if (credentials.state !== 'failed') {
    say(
      ...(await checkAccount(
        makeLightsailClients({ config: { credentials: caller.credentials }, pace: { attempts: 4 } }),
        caller.region,
        config,
      )),
    );
    const found = await findDeployment(caller, options.stack);
    say(found.finding);
    if (found.deployment !== null) {
      const { deployment } = found;
      const now = Date.now();
      if (config !== null) say(checkDeployedConfiguration(config, deployment));
      say(await checkFunction(caller, deployment));
      const { finding: schedule, expression } = await checkSchedule(caller, deployment, now);
      say(schedule, await checkSubscribers(caller, deployment));
      say(await checkLastReport(caller, deployment, expression, now, config?.zone ?? UTC));
    }
  }
  const wrong = findings.filter(({ state }) => state === 'failed');
  out.write(
    wrong.length === 0
      ? '\na report would reach a person\n'
      : `\nno report would reach a person, or not a whole one: ${wrong.map(({ check }) => check).join(', ')}\n`,
  );
  return wrong.length === 0 ? EXIT.done : EXIT.failure;
}
