import { closest } from '../lambda/config/closest';
import type { Config } from '../lambda/core/policy/config';
import type { Policy } from '../lambda/core/policy/policy';
import { type Rhythm, rhythmText } from '../lambda/core/policy/schedule';
import { readRetentionTags } from '../lambda/core/policy/tags';
import type { Duration } from '../lambda/core/time/duration';
import type { Zone } from '../lambda/core/time/zone';
import type { CodeIn } from '../lambda/core/util/error-codes';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { type CALENDAR_FORMATS, type Making, type NamedPolicy, simulatePolicy } from '../lambda/render/calendar';
import { renderCalendarHtml, renderCalendarsHtml } from '../lambda/render/calendar-html';
import { renderCalendarJson, renderCalendarsJson } from '../lambda/render/calendar-json';
import { renderCalendarsText, renderCalendarText } from '../lambda/render/calendar-text';
import { simulateColumn } from '../lambda/render/outlook';
import { EXIT, type ExitCode } from './exit-codes';
import { loadConfig, warnOn } from './load-config';
import { checkOutput, writeOutputFile } from './output-file';
import { readRhythm } from './read-rhythm';
import { type Terminal, writeOut } from './terminal';

export interface SimulateOptions {
  readonly config?: string;
  /** Names of policies of the configuration. */
  readonly policy?: readonly string[];
  /** A policy in the grammar of the tags `retention:keep` and `retention:expire-after`. */
  readonly keep?: string;
  readonly expireAfter?: string;
  /** When snapshots are made. */
  readonly every?: readonly Rhythm[];
  /** A stored report, and the name or ARN of one of its sources: snapshots at the distances of that source's. */
  readonly from?: string;
  readonly source?: string;
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

function namedPolicy(name: string, { policies, origin }: Config): NamedPolicy {
  const policy = policies.get(name);
  if (policy !== undefined) return { name, policy };
  const names = [...policies.keys()];
  const meant = closest(name, names);
  throw refuseSimulation(
    'simulate.unknown-policy',
    `${origin} has no policy "${name}"; expected ${names.length === 0 ? '--keep or --expire-after, as it has no policy at all' : `one of ${names.join(', ')}`}${meant === null ? '' : `; did you mean ${meant}?`}`,
  );
}

/** The policies that are asked about: spelt out, named, the default, or the only one there is. */
function choosePolicies(options: SimulateOptions, config: Config): readonly NamedPolicy[] {
  const inline = spelt(options);
  if (inline !== null && options.policy !== undefined)
    throw refuseSimulation(
      'simulate.two-policies',
      '--policy names a policy and --keep or --expire-after spells one out: leave one of them out',
    );
  if (inline !== null) return [{ name: null, policy: inline }];
  const names = [...config.policies.keys()];
  const only = config.defaultPolicy ?? (names.length === 1 ? names[0] : undefined);
  const asked = options.policy ?? (only === undefined ? [] : [only]);
  if (asked.length === 0)
    throw refuseSimulation(
      'simulate.no-policy',
      `which policy? Say --policy NAME${names.length === 0 ? '' : ` (${names.join(', ')})`}, or spell one out: --keep "last=3 daily=7" --expire-after 30d`,
    );
  return [...new Set(asked)].map((name) => namedPolicy(name, config));
}

const DAILY: Rhythm = { every: { years: 0, months: 0, days: 1, hours: 0, text: '1d' } };

/** The rhythms that are asked about, and when the simulation ends unless it is told (epoch ms). */
function chooseRhythms(options: SimulateOptions): { readonly rhythms: readonly Rhythm[]; readonly end: number } {
  const { every, from, source } = options;
  if ((from === undefined) !== (source === undefined))
    throw refuseSimulation(
      'simulate.source',
      from === undefined
        ? '--source names a source of a report: pass the report too, with --from FILE'
        : '--from reads the snapshots of one source: name it with --source',
    );
  const asked = [...new Map((every ?? []).map((rhythm) => [rhythmText(rhythm), rhythm])).values()];
  if (from === undefined || source === undefined)
    return { rhythms: asked.length === 0 ? [DAILY] : asked, end: Date.now() };
  const { rhythm, evaluatedAt } = readRhythm(from, source);
  return { rhythms: [...asked, rhythm], end: evaluatedAt };
}

/** The width of two months. */
const MIN_CALENDAR_COLUMNS = 60;

/** A simulation to make: a policy under a schedule. */
interface Trial {
  readonly named: NamedPolicy;
  readonly making: Making;
}

/** One simulation alone, or several side by side with their outlooks. */
function renderSimulations(
  config: Config,
  trials: readonly Trial[],
  { format, output }: SimulateOptions,
  { out, env }: Terminal,
): Iterable<string> {
  const onTerminal = output === undefined && out.isTTY === true;
  const style = {
    columns: onTerminal ? Math.max(MIN_CALENDAR_COLUMNS, out.columns || 0) : Number.POSITIVE_INFINITY,
    colour: onTerminal && !env.NO_COLOR,
  };
  const [only, ...others] = trials;
  if (only !== undefined && others.length === 0) {
    const view = simulatePolicy(config, only.named, only.making);
    if (format === 'text') return renderCalendarText(view, style);
    return format === 'html' ? renderCalendarHtml(view) : renderCalendarJson(view);
  }
  const columns = trials.map(({ named, making }) => simulateColumn(config, named, making));
  if (format === 'text') return renderCalendarsText(columns, style);
  return format === 'html' ? renderCalendarsHtml(columns) : renderCalendarsJson(columns);
}

/** `simulate`: what policies would keep of schedules of snapshots, as calendars. Calls nothing. */
export async function simulate(options: SimulateOptions, terminal: Terminal): Promise<ExitCode> {
  const { err } = terminal;
  checkOutput('--output', options.output, options.config);
  const aside = options.config === undefined && spelt(options) !== null;
  const config = loadConfig(options.config, aside ? () => undefined : warnOn(err));
  const policies = choosePolicies(options, config);
  const { rhythms, end: defaultEnd } = chooseRhythms(options);
  const end = options.at?.(config.zone) ?? defaultEnd;
  const schedules = rhythms.map((rhythm) => ({ rhythm, span: options.for, end, sizeGb: options.size }));
  const trials = policies.flatMap((named) => schedules.map((making): Trial => ({ named, making })));
  const chunks = renderSimulations(config, trials, options, terminal);
  if (options.output === undefined) await writeOut(terminal.out, chunks);
  else {
    await writeOutputFile(options.output, chunks);
    err.write(`wrote ${oneLine(options.output)}\n`);
  }
  return EXIT.done;
}
