import { closest } from '../lambda/config/closest';
import type { Config } from '../lambda/core/policy/config';
import type { Policy } from '../lambda/core/policy/policy';
import { runSimulation, type Schedule } from '../lambda/core/policy/simulate';
import { readRetentionTags } from '../lambda/core/policy/tags';
import type { Tags } from '../lambda/core/snapshot/snapshot';
import type { Duration } from '../lambda/core/time/duration';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import type { CodeIn } from '../lambda/core/util/error-codes';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import type { CALENDAR_FORMATS, SimulatedPolicy } from '../lambda/render/calendar';
import { renderCalendarHtml } from '../lambda/render/calendar-html';
import { renderCalendarJson } from '../lambda/render/calendar-json';
import { renderCalendarText } from '../lambda/render/calendar-text';
import { EXIT, type ExitCode } from './exit-codes';
import { loadConfig, warnOn } from './load-config';
import { checkOutput, writeOutputFile } from './output-file';
import { type Terminal, writeOut } from './terminal';

export interface SimulateOptions {
  readonly config?: string;
  /** The name of a policy of the configuration. */
  readonly policy?: string;
  /** A policy in the grammar of the tags `retention:keep` and `retention:expire-after`. */
  readonly keep?: string;
  readonly expireAfter?: string;
  readonly every: Duration;
  readonly for: Duration;
  /** Epoch milliseconds, by the configured zone. */
  readonly at?: (zone: Zone) => number;
  readonly size: number;
  readonly format: (typeof CALENDAR_FORMATS)[number];
  readonly output?: string;
}

const refuseSimulation = (code: `simulate.${CodeIn<'simulate'>}`, message: string): RetentionError =>
  new RetentionError(code, message);

/** A policy given by flags, in the grammar of the tags. */
function spelt({ keep, expireAfter }: SimulateOptions): Policy | null {
  const flags = [
    ['retention:keep', '--keep', keep],
    ['retention:expire-after', '--expire-after', expireAfter],
  ] as const;
  const given = flags.filter(([, , value]) => value !== undefined);
  if (given.length === 0) return null;
  const tags = new Map(given.map(([tag, , value]) => [tag, value ?? '']));
  const { policy, problems } = readRetentionTags(tags, 'snapshot', {
    tagPrefix: 'retention',
    holdTags: new Set(),
    ignoreTags: new Set(),
    policies: new Map(),
  });
  if (policy !== null) return policy.policy;
  const received = problems.map(({ message }) =>
    flags.reduce((text, [tag, flag]) => text.replace(`tag ${tag} =`, flag), message),
  );
  throw refuseSimulation('simulate.policy', received.join('; '));
}

interface ChosenPolicy {
  readonly name: string | null;
  readonly policy: Policy;
}

function namedPolicy(name: string, { policies, origin }: Config): ChosenPolicy {
  const policy = policies.get(name);
  if (policy !== undefined) return { name, policy };
  const names = [...policies.keys()];
  const meant = closest(name, names);
  throw refuseSimulation(
    'simulate.unknown-policy',
    `${origin} has no policy "${name}"; expected ${names.length === 0 ? '--keep or --expire-after, as it has no policy at all' : `one of ${names.join(', ')}`}${meant === null ? '' : `; did you mean ${meant}?`}`,
  );
}

/** The policy that is asked about: spelt out, named, the default, or the only one there is. */
function choosePolicy(options: SimulateOptions, config: Config): ChosenPolicy {
  const inline = spelt(options);
  if (inline !== null && options.policy !== undefined)
    throw refuseSimulation(
      'simulate.two-policies',
      '--policy names a policy and --keep or --expire-after spells one out: leave one of them out',
    );
  if (inline !== null) return { name: null, policy: inline };
  const names = [...config.policies.keys()];
  const name = options.policy ?? config.defaultPolicy ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined)
    throw refuseSimulation(
      'simulate.no-policy',
      `which policy? Say --policy NAME${names.length === 0 ? '' : ` (${names.join(', ')})`}, or spell one out: --keep "last=3 daily=7" --expire-after 30d`,
    );
  return namedPolicy(name, config);
}

/** A schedule with the size of each snapshot, and the tags of what is made on a local day. */
export interface Making extends Schedule {
  readonly sizeGb: number;
  readonly tags?: ReadonlyMap<string, Tags>;
}

/** What a schedule of snapshots comes to under a policy of `config`; its rules play no part. */
export function simulatePolicy(
  config: Config,
  { name, policy }: ChosenPolicy,
  { every, span, end, sizeGb, tags }: Making,
): SimulatedPolicy {
  const label = name ?? 'simulated';
  const { zone, floors, tagPrefix, holdTags, ignoreTags } = config;
  const simulation = runSimulation({
    config: {
      zone,
      floors,
      tagPrefix,
      holdTags,
      ignoreTags,
      rules: [],
      policies: new Map([[label, policy]]),
      defaultPolicy: label,
    },
    schedule: { every, span, end },
    sizeGb,
    ...(tags !== undefined && { tags }),
  });
  const localEnd = localMinute(end, zone);
  return {
    simulation,
    name,
    policy,
    every,
    span,
    end,
    timezone: zone.name,
    localEnd,
    floors,
    sizeGb,
    gbMonth: config.pricing.default,
  };
}

/** The width of two months. */
const MIN_CALENDAR_COLUMNS = 60;

function renderSimulation(
  view: SimulatedPolicy,
  { format, output }: SimulateOptions,
  { out, env }: Terminal,
): Iterable<string> {
  const onTerminal = output === undefined && out.isTTY === true;
  switch (format) {
    case 'text':
      return renderCalendarText(view, {
        columns: onTerminal ? Math.max(MIN_CALENDAR_COLUMNS, out.columns || 0) : Number.POSITIVE_INFINITY,
        colour: onTerminal && !env.NO_COLOR,
      });
    case 'html':
      return renderCalendarHtml(view);
    case 'json':
      return renderCalendarJson(view);
  }
}

/** `simulate`: what a policy would keep of a schedule of snapshots, as a calendar. Calls nothing. */
export async function simulate(options: SimulateOptions, terminal: Terminal): Promise<ExitCode> {
  const { err } = terminal;
  checkOutput('--output', options.output, options.config);
  const aside = options.config === undefined && spelt(options) !== null;
  const config = loadConfig(options.config, aside ? () => undefined : warnOn(err));
  const { every, for: span, size: sizeGb } = options;
  const end = options.at?.(config.zone) ?? Date.now();
  const view = simulatePolicy(config, choosePolicy(options, config), { every, span, end, sizeGb });
  const chunks = renderSimulation(view, options, terminal);
  if (options.output === undefined) await writeOut(terminal.out, chunks);
  else {
    await writeOutputFile(options.output, chunks);
    err.write(`wrote ${oneLine(options.output)}\n`);
  }
  return EXIT.done;
}
