import type { Proposal, ProposedPolicy, ProposedRule } from '../core/policy/propose-policy';
import type { SourceRhythm } from '../core/policy/source-rhythm';
import type { Kind } from '../core/snapshot/snapshot';
import { localDay } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { joinNames } from '../core/util/join-names';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from './numbers';

import { wrap } from './terminal';

/** A proposal with the facts that its comments name. */
export interface ProposedConfig {
  readonly proposal: Proposal;
  readonly sources: readonly SourceRhythm[];
  /** Every snapshot that was read. */
  readonly snapshots: number;
  readonly account: string | null;
  /** What the run was restricted to: the configuration reads no more. */
  readonly regions: 'all' | readonly string[];
  /** Null: every kind. */
  readonly kinds: readonly Kind[] | null;
  /** The default limits of one plan. */
  readonly caps: { readonly maxDeletions: number; readonly maxShare: number };
  /** Where editors find the JSON Schema. */
  readonly schema: string;
  /** The instant of evaluation, epoch milliseconds. */
  readonly now: number;
  readonly zone: Zone;
}

const WIDTH = 100;
const MAX_NAMES_IN_COMMENT = 12;

/** A comment, wrapped. */
const comment = (text: string, indent = ''): string =>
  wrap(text, WIDTH - indent.length - 2, '')
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}# ${line}`.trimEnd())
    .join('\n');

const yamlQuoted = (text: string): string => JSON.stringify(text);

/** Sources by name, each once. */
function sourceNames(sources: readonly SourceRhythm[]): string {
  const names = [...new Set(sources.map(({ name }) => oneLine(name ?? 'a source without a name')))];
  return joinNames(names, MAX_NAMES_IN_COMMENT);
}

function policyLines({ name, purpose, keep, expireAfter }: ProposedPolicy): readonly string[] {
  const counts = keep === 'all' ? '' : Object.entries(keep).map(([rule, amount]) => `${rule}: ${amount}`);
  const members = [
    ...(expireAfter === undefined ? [] : [`expireAfter: ${expireAfter}`]),
    `keep: ${counts === '' ? 'all' : `{ ${counts.join(', ')} }`}`,
  ];
  return [comment(purpose, '  '), `  ${name}: { ${members.join(', ')} }`];
}

function matchLines({ match }: ProposedRule): readonly string[] {
  if ('orphaned' in match) return ['    match: { orphaned: true }'];
  if ('kind' in match) return [`    match: { kind: [${match.kind.join(', ')}] }`];
  const names = match.source.map(yamlQuoted);
  const line = `    match: { source: [${names.join(', ')}] }`;
  if (line.length <= WIDTH) return [line];
  return ['    match:', '      source:', ...names.map((name) => `        - ${name}`)];
}

function ruleReason({ match, sources }: ProposedRule): string {
  const snapshots = sources.reduce((sum, each) => sum + each.snapshots, 0);
  if ('orphaned' in match)
    return sources.length === 0
      ? 'Snapshots of deleted servers, disks and databases. There are none now.'
      : `${formatCount(snapshots, 'snapshot')} of deleted sources: ${sourceNames(sources)}. They may be the last copies, so all are kept. Name another policy here once you need fewer.`;
  const fact = `${formatCount(snapshots, 'snapshot')} of ${sourceNames(sources)}.`;
  return 'kind' in match ? `Every other source of these kinds, now ${fact}` : fact;
}

const ruleLines = (rule: ProposedRule): readonly string[] => [
  comment(ruleReason(rule), '  '),
  `  - name: ${rule.name}`,
  ...matchLines(rule),
  `    policy: ${rule.policy}`,
];

function header({ sources, snapshots, account, schema, now, zone }: ProposedConfig): readonly string[] {
  const read = `${formatCount(snapshots, 'snapshot')} of ${formatCount(sources.length, 'source')}`;
  const where = account === null ? '' : ` in account ${oneLine(account)}`;
  return [
    `# yaml-language-server: $schema=${schema}`,
    comment(`Proposed by "lightsail-retention init" on ${localDay(now, zone)} (UTC) from ${read}${where}.`),
    comment(
      'Change what does not fit, then run "npx lightsail-retention check". This file deletes nothing on its own.',
    ),
    comment('Every key is in docs/configuration.md, and every keep rule with a calendar in docs/policy.md.'),
  ];
}

function rangeLines({ regions, kinds }: ProposedConfig): readonly string[] {
  const lines = [
    ...(regions === 'all' ? [] : [`regions: [${regions.join(', ')}]`]),
    ...(kinds === null ? [] : [`kinds: [${kinds.join(', ')}]`]),
  ];
  return lines.length === 0 ? [] : ['', comment('Only what "init" read.'), ...lines];
}

function stoppedLines({ sources, zone }: ProposedConfig): readonly string[] {
  const stopped = sources.filter(({ state }) => state === 'stopped');
  if (stopped.length === 0) return [];
  const dated = stopped.map(({ name, newestAt }) => `${oneLine(name ?? 'a source')} (${localDay(newestAt, zone)})`);
  const some = joinNames(dated, MAX_NAMES_IN_COMMENT);
  return ['', comment(`Sources whose snapshots have stopped, with the date of the newest: ${some}.`)];
}

/** The text of `retention.yaml` for a proposal, with comments. The validator accepts it without a warning. */
export function renderProposedConfig(config: ProposedConfig): string {
  const { proposal, caps } = config;
  const lines = [
    ...header(config),
    'version: 1',
    '',
    comment('Days, weeks and months begin at midnight in this zone: an IANA name, such as Europe/Berlin.'),
    'timezone: UTC',
    ...rangeLines(config),
    '',
    comment('A snapshot that one member of its policy keeps is kept. The newest of each source never expires.'),
    'policies:',
    ...proposal.policies.flatMap(policyLines),
    '',
    comment('The first rule that matches decides. Tags such as retention:hold come before all rules.'),
    'rules:',
    ...proposal.rules.flatMap(ruleLines),
    '',
    comment('The policy of every snapshot that no rule matches.'),
    `default: ${proposal.default}`,
    ...stoppedLines(config),
    '',
    comment('A plan over one of these limits is blocked. For a larger first clean-up see docs/first-clean-up.md.'),
    `# caps: { maxDeletions: ${caps.maxDeletions}, maxShare: ${caps.maxShare} }`,
  ];
  return `${lines.join('\n')}\n`;
}
