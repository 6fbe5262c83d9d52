import { existsSync } from 'node:fs';
import { type AccountCheck, checkAccount } from '../lambda/app/check-account';
import type { Config } from '../lambda/core/config';
import { RetentionError } from '../lambda/core/errors';
import { someOf } from '../lambda/core/listing';
import { clean, count } from '../lambda/render/phrases';
import { policyWords } from '../lambda/render/policy-words';
import { EXIT, type ExitCode } from './exit-codes';
import { DEFAULT_FILE, loadConfig, warnOn } from './load-config';
import { type AccountOptions, readAccount, unreadText } from './read-account';
import { type Terminal, writeOut } from './terminal';

export interface CheckOptions extends AccountOptions {
  readonly config?: string;
  readonly live?: boolean;
}

const MOST_NAMED = 12;

const some = (names: readonly string[]): string => someOf(names, MOST_NAMED);

/** What a valid configuration means, for a person who wrote it. */
function meaning({ origin, zone, policies, rules, defaultPolicy, floors, tagPrefix }: Config): readonly string[] {
  const named = [...policies].map(([name, policy]) => `${clean(name)} (${policyWords(policy)})`);
  const ruled = rules.map(({ name, policy }) => `${clean(name)} → ${clean(policy)}`);
  const rest =
    defaultPolicy === null
      ? `What no tag and no rule reaches is unmanaged: kept, and listed.`
      : `What no tag and no rule reaches gets the default policy, ${clean(defaultPolicy)}.`;
  return [
    `${clean(origin)} is valid.`,
    `Policies: ${named.length === 0 ? `none; only tags such as ${tagPrefix}:keep set one` : some(named)}.`,
    `Rules, the first that matches: ${ruled.length === 0 ? 'none' : some(ruled)}. ${rest}`,
    `Always kept: what is held, what is younger than ${floors.minAge.text}, and the newest ${floors.minKeep} of each source. Days are cut in ${clean(zone.name)}.`,
  ];
}

/** What the account's tags say, after the configuration itself. */
function account(check: AccountCheck): readonly string[] {
  const policies = check.policies.map(
    ({ name, snapshots, byTagsOnly }) => `${clean(name)} ${snapshots}${byTagsOnly ? ' (by tags only)' : ''}`,
  );
  return [
    `${count(check.snapshots, 'snapshot')} read: ${check.held} held, ${check.unmanaged} unmanaged.`,
    ...(policies.length === 0 ? [] : [`By policy: ${some(policies)}.`]),
    ...(check.idleRules.length === 0 ? [] : [`Rules that reach no snapshot now: ${some(check.idleRules.map(clean))}.`]),
    ...check.otherProblems.map(({ code, message }) => `problem: ${clean(message)} [${code}]`),
  ];
}

async function checkLive(options: CheckOptions, config: Config, terminal: Terminal): Promise<ExitCode> {
  const { out, err } = terminal;
  const inventory = await readAccount(options, config, terminal);
  const check = checkAccount(inventory, config, Date.now());
  await writeOut(
    out,
    account(check).map((line) => `${line}\n`),
  );
  if (!inventory.complete) err.write(`error: ${unreadText(inventory)} [inventory.incomplete]\n`);
  if (check.tagProblems.length > 0) {
    for (const { code, message } of check.tagProblems) err.write(`error: ${clean(message)} [${code}]\n`);
    err.write(
      `error: ${count(check.tagProblems.length, 'tag problem')}: the snapshots concerned are kept until they are mended [tags.invalid]\n`,
    );
    return EXIT.usage;
  }
  if (!inventory.complete) return EXIT.incomplete;
  await writeOut(out, ['No tag problems.\n']);
  return EXIT.done;
}

/** `check`: everything that is wrong with the configuration, and with `--live` with the tags in the account. Changes nothing. */
export async function check(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const { out, err } = terminal;
  if (options.config === undefined && options.live !== true && !existsSync(DEFAULT_FILE))
    throw new RetentionError(
      'check.no-file',
      'operator',
      `there is no ${DEFAULT_FILE} here: name a configuration with --config, or write one`,
    );
  if (options.live !== true && (options.region ?? options.profile ?? null) !== null)
    throw new RetentionError(
      'usage.needs-live',
      'operator',
      '--region and --profile say which account to read: add --live, or leave them out',
    );
  const config = loadConfig(options.config, warnOn(err));
  await writeOut(
    out,
    meaning(config).map((line) => `${line}\n`),
  );
  return options.live === true ? checkLive(options, config, terminal) : EXIT.done;
}
