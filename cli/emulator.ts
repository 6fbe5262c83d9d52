import { existsSync, readFileSync } from 'node:fs';
import { sampleAccount } from '../emulator/sample-account';
import { loadScenario, type Scenario } from '../emulator/scenario';
import { DEFAULT_BUCKET, defaultTopicArn, startEmulator } from '../emulator/server';
import { irregularAt } from '../lambda/config/regular-file';
import { ownCommand } from '../lambda/core/report/command-line';
import { RetentionError } from '../lambda/core/util/errors';
import { EXIT, type ExitCode } from './exit-codes';
import { type Terminal, wrapped } from './terminal';

function readScenario(file: string): Scenario {
  try {
    const there = irregularAt(file);
    if (there !== null) throw new Error(`got ${there}, expected a JSON file`);
    if (!existsSync(file)) throw new Error('got no such file, expected a JSON file as docs/emulator.md describes it');
    return loadScenario(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RetentionError('scenario.invalid', `cannot use the scenario ${file}: ${why}`, { cause });
  }
}

/** How to read the accounts of the organization that a scenario has. */
function organizationHint({ organization }: Scenario, err: Terminal['err']): string {
  const role = organization?.members.find((member) => member.role !== undefined)?.role;
  if (organization === undefined || role === undefined) return '';
  const external = role.externalId === undefined ? [] : ['--external-id', role.externalId];
  const command = ['report', '--account', 'all', '--role-arn', `arn:aws:iam::{account}:role/${role.name}`, ...external];
  return wrapped(`organization of ${organization.members.length + 1} accounts: ${ownCommand(command)}\n`, err);
}

/** `emulator`: serves the embedded Lightsail until it is interrupted. */
export async function emulator(
  options: { readonly port: number; readonly scenario?: string },
  { out, err }: Terminal,
): Promise<ExitCode> {
  const account =
    options.scenario === undefined ? { account: sampleAccount(Date.now()) } : readScenario(options.scenario);
  const running = await startEmulator({ account, port: options.port }).catch((cause: NodeJS.ErrnoException) => {
    throw new RetentionError(
      'emulator.port',
      `cannot listen on port ${options.port}: ${cause.message}; choose another with --port`,
      { cause },
    );
  });
  out.write(`${running.url}\n`);
  err.write(
    `embedded Lightsail is listening; end it with Ctrl-C. In another terminal:\n` +
      `  export AWS_ENDPOINT_URL=${running.url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1\n` +
      wrapped(`topic ${defaultTopicArn(account.account.accountId)}, bucket ${DEFAULT_BUCKET}\n`, err) +
      organizationHint(account, err),
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await running.close();
  return EXIT.done;
}
