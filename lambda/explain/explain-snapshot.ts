import type { Config } from '../core/policy/config';
import { monthlyCostCeiling, snapshotGb } from '../core/policy/cost';
import { describeReason, type Reason } from '../core/policy/reason';
import { awsCommand, isResourceName, type RunOptions } from '../core/report/command-line';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import type { SourceState, Tags } from '../core/snapshot/snapshot';
import { dayLabel, dayOf, localMinute, subtractDuration, wallClock } from '../core/time/period';
import { DAY_MS } from '../core/time/units';
import { joinNames } from '../core/util/join-names';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from '../render/numbers';
import { describeAge, monthlyCostText, snapshotName, sourceName } from '../render/phrases';
import type { Line } from '../render/report-header';
import { explainPolicySource, type WhyNot } from './explain-policy-source';

/** A part of the story: a title, and lines to be wrapped. `list` lines are items. */
export interface Passage {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly list: boolean;
}

export interface ExplainInput {
  /** Evaluated with `everyRule`. */
  readonly item: EvaluatedSnapshot;
  /** All that was evaluated with it, itself included. */
  readonly items: readonly EvaluatedSnapshot[];
  readonly source: SourceState | null;
  readonly config: Config;
  readonly now: number;
  /** What the run was told that prints it. */
  readonly run: RunOptions;
  readonly whyNot: WhyNot;
}

const tagsText = (tags: Tags): string =>
  tags.size === 0
    ? 'none'
    : [...tags].map(([key, value]) => oneLine(value === null ? key : `${key} = ${value}`)).join(', ');

const WHY_KEPT: Readonly<Record<EvaluatedSnapshot['status'], string>> = {
  managed: 'something in its policy or a floor keeps it',
  held: 'it is held',
  problem: 'there is a problem with it',
  unfinished: 'it is not finished',
  future: 'it is dated in the future',
  'automatic-copy': 'it is a copy of an automatic snapshot that no policy reaches',
  unmanaged: 'it is unmanaged: no policy reaches it',
};

function decisionPassage({ verdict, status, reasons }: EvaluatedSnapshot): Passage {
  const decision = verdict === 'expire' ? 'expired by policy: nothing keeps it' : `kept: ${WHY_KEPT[status]}`;
  return {
    title: `Decision: ${decision}`,
    lines: status === 'managed' ? [] : reasons.map((reason) => oneLine(describeReason(reason))),
    list: true,
  };
}

function snapshotPassage({ item: { snapshot, sourceExists }, source, config, now }: ExplainInput): Passage {
  const { kind, region, account, arn, createdAt, state, fromAutoSnapshot, tags } = snapshot;
  const { zone } = config;
  const gb = snapshotGb(snapshot);
  const exists = { true: 'exists', false: 'no longer exists', null: 'could not be read' }[`${sourceExists}`];
  return {
    title: 'The snapshot',
    list: true,
    lines: [
      `${kind} snapshot in ${oneLine(region)}, account ${oneLine(account ?? 'not known')}, state ` +
        `${oneLine(state ?? 'not known')}`,
      `ARN ${oneLine(arn ?? 'not known')}`,
      `made ${createdAt === null ? 'at a time that is not known' : localMinute(createdAt, zone)}: ` +
        `${describeAge(createdAt, now)} on ${localMinute(now, zone)} (${oneLine(zone.name)})`,
      `${gb === null ? 'size not known' : `${gb} GB`}, ${monthlyCostText(monthlyCostCeiling(snapshot, config.pricing))}`,
      ...(fromAutoSnapshot ? ['a permanent copy of an automatic snapshot'] : []),
      `its tags: ${tagsText(tags)}`,
      snapshot.source === null
        ? 'it names no source'
        : `its source: ${sourceName(snapshot)}, which ${exists} (${oneLine(snapshot.source.arn ?? 'no ARN')})`,
      ...(source?.state === 'exists' ? [`tags of its source: ${tagsText(source.tags)}`] : []),
    ],
  };
}

/** Whether a reason of an evaluated snapshot keeps it. */
function keeps({ kind }: Reason): boolean {
  switch (kind) {
    case 'kept':
    case 'kept-within':
    case 'young':
    case 'until':
    case 'newest':
    case 'all':
    case 'excluded':
      return true;
    case 'full':
    case 'taken':
    case 'outside':
    case 'old':
    case 'passed':
      return false;
  }
}

/** A reason with the rule that gives it. */
function ruleText(reason: Reason): string {
  const text = oneLine(describeReason(reason));
  return text.includes(reason.code) ? text : `${reason.code}: ${text}`;
}

/** The snapshots that compete with one for slots: same source, kind, region and account, evaluated. */
function groupOf({ snapshot }: EvaluatedSnapshot, items: readonly EvaluatedSnapshot[]): readonly EvaluatedSnapshot[] {
  const arn = snapshot.source?.arn ?? null;
  if (arn === null) return items.filter((other) => other.snapshot === snapshot);
  return items.filter(
    ({ status, snapshot: other }) =>
      status === 'managed' &&
      other.source?.arn === arn &&
      other.kind === snapshot.kind &&
      other.region === snapshot.region &&
      other.account === snapshot.account,
  );
}

function rulePassages({ item, items, config, now }: ExplainInput): readonly Passage[] {
  if (item.status !== 'managed') return [];
  const group = groupOf(item, items);
  const same = group.filter(({ policy }) => policy?.id === item.policy?.id).length;
  const { minKeep, minAge } = config.floors;
  const answers = item.reasons.map((reason) => `${keeps(reason) ? 'keeps it' : 'does not'}: ${ruleText(reason)}`);
  const floors = [
    item.reasons.some(({ code }) => code === 'minKeep')
      ? []
      : [`does not: floor minKeep ${minKeep}: newer ones of its source are kept`],
    item.reasons.some(({ code }) => code === 'minAge')
      ? []
      : [
          `does not: floor minAge ${minAge.text}: made before ` +
            `${localMinute(subtractDuration(now, minAge, config.zone), config.zone)}`,
        ],
  ];
  const evaluated = same === group.length ? 'all by this policy' : `${same} of them by this policy`;
  return [
    {
      title: 'The keep rules: one that keeps it is enough',
      list: true,
      lines: [
        `${formatCount(group.length, 'snapshot')} of its source evaluated together, ${evaluated}`,
        ...answers,
        ...floors.flat(),
      ],
    },
  ];
}

/** How long (days) the example of a dated tag keeps a snapshot. */
const EXAMPLE_DAYS = 30;

/**
 * A tag that can be put on a snapshot, in words and as a command; only the words where its name is none that Lightsail
 * gives.
 */
function tagging({ item: { snapshot }, run }: ExplainInput, words: string, tag: string): readonly Line[] {
  const { name, region } = snapshot;
  if (name === null || !isResourceName(name)) return [words];
  const args = ['lightsail', 'tag-resource', '--resource-name', name, '--tags', tag];
  return [words, { command: awsCommand(args, region, run) }];
}

function changePassage(input: ExplainInput): Passage {
  const { item, config, now } = input;
  const { status, verdict } = item;
  const instead = item.policy?.origin === 'snapshot-tag' ? ', instead of the retention tags that it has' : '';
  const { tagPrefix } = config;
  const day = dayLabel(dayOf(wallClock(now + EXAMPLE_DAYS * DAY_MS, config.zone)));
  const hold = tagging(
    input,
    `To keep it indefinitely, add the tag ${tagPrefix}:hold (on its source, the tag keeps all of its snapshots):`,
    `key=${tagPrefix}:hold`,
  );
  const until = tagging(
    input,
    `To keep it through a day, here ${day}, and let it expire then${instead}:`,
    `key=${tagPrefix}:expire-on,value=${day}`,
  );
  const names = joinNames([...config.policies.keys()].map(oneLine));
  const policy = `a tag ${tagPrefix}:policy${names === '' ? '' : ` (${names})`} or ${tagPrefix}:keep`;
  const lines: Readonly<Record<EvaluatedSnapshot['status'], readonly Line[]>> = {
    managed:
      verdict === 'expire'
        ? [
            ...hold,
            ...until,
            `Or give it another policy: ${policy} on it or on its source, or change the policy in the configuration.`,
          ]
        : ['Newer snapshots and time can change this: it expires when no line above keeps it.', ...hold, ...until],
    held: ['Remove the tag that holds it, or wait until its day has passed: then its policy decides.'],
    problem: ['Fix the problem under the decision: until then it is kept under every policy.'],
    unfinished: ['When it is finished, its policy decides. One that failed stays until a person deletes it.'],
    future: ['Its time or this clock is wrong. After its time, its policy decides.'],
    'automatic-copy': [`Give it a policy: ${policy} on the snapshot itself, or a rule with fromAutoSnapshot: true.`],
    unmanaged: [`Give it a policy: ${policy} on it or on its source, a rule that matches, or a default.`],
  };
  return { title: 'How to change it', list: false, lines: lines[status] };
}

/**
 * Explains one snapshot: its facts, the decision, the source of its policy, each keep rule, and how to change the
 * decision.
 */
export function explainSnapshot(input: ExplainInput): readonly Passage[] {
  const { item, source, config, now, whyNot } = input;
  const steps = explainPolicySource({ snapshot: item.snapshot, source, config, now, whyNot });
  const precedence = steps.flatMap(({ question, answers }) =>
    answers.length === 1 ? [`${question}: ${answers[0]}`] : [`${question}:`, ...answers.map((line) => `  ${line}`)],
  );
  return [
    { title: snapshotName(item.snapshot), lines: [], list: false },
    decisionPassage(item),
    snapshotPassage(input),
    { title: 'Where its policy comes from: the first answer decides', lines: precedence, list: true },
    ...rulePassages(input),
    changePassage(input),
  ];
}
