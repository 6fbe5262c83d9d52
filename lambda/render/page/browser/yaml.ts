import { COUNT_RULES, WITHIN_RULES } from '../../../core/policy/policy';
import type { PagePolicy } from '../data';

/** Names that need no quotes in YAML, and words that would be read as another type. */
const PLAIN_NAME = /^[A-Za-z][\w-]*$/;
const RESERVED_WORDS = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

/** A name as a key of YAML. */
const yamlKey = (name: string): string =>
  PLAIN_NAME.test(name) && !RESERVED_WORDS.test(name) ? name : JSON.stringify(name);

function keepYaml({ keepAll, counts, within }: PagePolicy): readonly string[] {
  if (keepAll) return ['    keep: all'];
  const rules = [
    ...COUNT_RULES.flatMap((rule) => (counts[rule] === undefined ? [] : [`${rule}: ${counts[rule]}`])),
    ...WITHIN_RULES.flatMap((rule) => (within[rule] === undefined ? [] : [`${rule}: ${within[rule]}`])),
  ];
  return rules.length === 0 ? [] : [`    keep: { ${rules.join(', ')} }`];
}

/** Policies as they are written in `retention.yaml`. */
export function policiesYaml(policies: readonly PagePolicy[]): string {
  const lines = policies.flatMap((policy) => [
    `  ${yamlKey(policy.name)}:`,
    ...keepYaml(policy),
    ...(policy.expireAfter === null ? [] : [`    expireAfter: ${policy.expireAfter}`]),
  ]);
  return `policies:\n${lines.join('\n')}\n`;
}
