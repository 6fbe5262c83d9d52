import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCESS_FAULTS } from '../cli/access-faults';
import { EXIT } from '../cli/exit-codes';
import type { ConfigWarning } from '../lambda/config/problems';
import { type CodeText, ERROR_CODES, type Fault } from '../lambda/core/util/error-codes';
import { REFUSALS } from '../lambda/deletion/refusals';

const ERRORS_PAGE = join(__dirname, '..', 'docs', 'errors.md');

/** The problems of a report. A snapshot with a problem is kept. */
export const PROBLEM_TEXTS: Readonly<Record<string, CodeText>> = {
  'automatic.unread': {
    meaning: 'Automatic snapshots of some sources could not be read. They are never in a plan.',
    remedy: 'Allow `lightsail:GetAutoSnapshots`, or set `report.automaticSnapshots: false`.',
  },
  'list.changing': {
    meaning: 'A list changed while it was read, so that a snapshot may be missing from it.',
    remedy: 'Wait for the next report.',
  },
  'previous.unread': {
    meaning: 'The previous report could not be read, so the report shows no changes.',
    remedy: 'Check the object that the message names.',
  },
  'regions.denied': {
    meaning: 'The list of regions could not be read, so further regions may be missing from the report.',
    remedy: 'Allow `lightsail:GetRegions`.',
  },
  'report.not-stored': {
    meaning: 'The report could not be stored. Its plan cannot be applied.',
    remedy: 'Fix the cause that the message names, then make a report manually.',
  },
  'report.unfinished': {
    meaning: 'The report is stored, and a step after that failed.',
    remedy: 'Fix the cause that the message names, then make a report manually.',
  },
  'snapshot.conflict': {
    meaning: 'Lightsail returned the snapshot or one of its tags twice with different content.',
    remedy: 'Wait for the next report.',
  },
  'snapshot.incomplete': {
    meaning: 'Lightsail returned the snapshot without a member that a decision needs.',
    remedy: 'Wait for the next report.',
  },
  'source.unconfirmed': {
    meaning: 'The source of a snapshot is not in its list, and a request for it by name did not confirm that.',
    remedy: 'Wait for the next report.',
  },
  'source.unread': {
    meaning: 'A list of instances, disks or databases could not be read, so a hold on a source is unknown.',
    remedy: 'Allow the operation that the message names, or wait for the next report.',
  },
  'tag.contradiction': {
    meaning: 'Two tags of one resource contradict each other.',
    remedy: 'Remove one of them.',
  },
  'tag.malformed': { meaning: 'The value of a tag cannot be parsed.', remedy: 'Correct the value.' },
  'tag.not-on-source': {
    meaning: '`retention:expire-on` is on a source.',
    remedy: 'Move the tag to a snapshot.',
  },
  'tag.unknown-key': {
    meaning: 'The key of a tag looks like one of this product and is not.',
    remedy: 'Correct the key, or list it in `ignoreTags`.',
  },
  'tag.unknown-policy': {
    meaning: 'A tag names a policy that the configuration does not have.',
    remedy: 'Correct the name, or add the policy.',
  },
};

/** The warnings of a configuration that works, and is probably not as intended. */
export const WARNING_TEXTS: Readonly<Record<ConfigWarning['code'], CodeText>> = {
  'policy.no-effect': {
    meaning: 'A policy has `expireAfter` beside `keep: all`, which keeps everything.',
    remedy: 'Remove one of the two.',
  },
  'policy.unused': {
    meaning: 'No rule that can match, and no `default`, names the policy.',
    remedy: 'Use the policy in a rule or in a tag, or delete it.',
  },
  'rule.contradiction': {
    meaning: 'The conditions of a rule exclude each other, so it matches nothing.',
    remedy: 'Correct or delete the rule.',
  },
  'rule.covered': {
    meaning: 'An earlier rule matches everything that this rule matches.',
    remedy: 'Move the narrower rule up, or delete it.',
  },
  'rule.out-of-range': {
    meaning: 'The rule matches only regions or kinds that the configuration does not read.',
    remedy: 'Correct the rule, or `regions` and `kinds`.',
  },
};

const FAULTS: Readonly<Record<Fault, { readonly title: string; readonly text: string }>> = {
  operator: {
    title: 'Input to correct',
    text: `The input, the configuration or the environment has to change. The exit code is ${EXIT.usage}, or ${EXIT.refused} where \`apply\` refuses a plan.`,
  },
  aws: {
    title: 'Failures outside of this program',
    text: `AWS, the network or the credentials are the cause. The exit code is ${EXIT.failure}.`,
  },
  bug: { title: 'Defects', text: `The program itself is at fault. The exit code is ${EXIT.failure}.` },
};

const codeRow = (code: string, { meaning, remedy }: CodeText): string => `| \`${code}\` | ${meaning} | ${remedy} |`;

const codeTable = (texts: Readonly<Record<string, CodeText>>): readonly string[] => [
  '| code | meaning | remedy |',
  '|---|---|---|',
  ...Object.entries(texts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, text]) => codeRow(code, text)),
];

function errorsOf(fault: Fault): Readonly<Record<string, CodeText>> {
  return Object.fromEntries(Object.entries(ERROR_CODES).filter(([, code]) => code.fault === fault));
}

const names = (codes: readonly string[]): string => codes.map((code) => `\`${code}\``).join(', ');

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const faults = (Object.keys(FAULTS) as Fault[]).flatMap((fault) => [
    `## ${FAULTS[fault].title}`,
    '',
    FAULTS[fault].text,
    '',
    ...codeTable(errorsOf(fault)),
    '',
  ]);
  return [
    '# Codes',
    '',
    '<!-- Generated by `npm run docs` from lambda/core/util/error-codes.ts. -->',
    '',
    'Every failure, problem and warning has a code. A code is stable; the text of its message can change.',
    'The command line prints it in brackets at the end: `error: … [plan.expired]`.',
    '',
    ...faults,
    '## Groups',
    '',
    `\`apply\` refuses a plan, and deletes nothing, with ${names(REFUSALS)}.`,
    '',
    `Every command that calls AWS can end with ${names([...new Set(ACCESS_FAULTS.map(({ code }) => code))].toSorted())}.`,
    '',
    '## Problems of a report',
    '',
    'A snapshot with a problem is kept. Other problems are about the report itself.',
    '',
    ...codeTable(PROBLEM_TEXTS),
    '',
    '## Warnings of a configuration',
    '',
    '`check` and every synth print them. The configuration is valid.',
    '',
    ...codeTable(WARNING_TEXTS),
    '',
  ].join('\n');
}

if (require.main === module) writeFileSync(ERRORS_PAGE, errorsPage());
