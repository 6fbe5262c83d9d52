import type { HiddenRule } from '../core/policy/config';
import { DEFAULT_TAG_PREFIX, HOLD_KEY, ownBeginning } from '../core/policy/tag-keys';
import { joinNames } from '../core/util/join-names';
import { closest } from './closest';
import { type ConfigProblem, type ConfigWarning, type Keys, pathText, problemAt, show } from './problems';
import type { ConfigOutput } from './schema';

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const DEEPEST = 6;

/** `__proto__` is a key that JavaScript obeys rather than stores: the schema would drop it without a word. */
function hostileKeys(value: unknown, keys: Keys = []): readonly ConfigProblem[] {
  if (typeof value !== 'object' || value === null || keys.length > DEEPEST) return [];
  return Object.keys(value).flatMap((key) => {
    const inner = [...keys, Array.isArray(value) ? Number(key) : key];
    return key === '__proto__'
      ? [problemAt(inner, 'the key __proto__', 'another name', { on: 'key' })]
      : hostileKeys(Reflect.get(value, key), inner);
  });
}

const DEFAULT_HOLD_TAGS: readonly unknown[] = ['no_delete'];

/** Returns why a key is read although `ignoreTags` lists it. */
function whyRead(beginning: string | null): string {
  if (beginning === null) return 'one of holdTags, which always holds';
  return beginning === HOLD_KEY
    ? `${HOLD_KEY} always holds, with any tagPrefix`
    : `keys that begin with ${beginning} are always read`;
}

/** Keys in `ignoreTags` that this configuration reads. */
function ignoredKeys({ ignoreTags, holdTags, tagPrefix }: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  const prefix = typeof tagPrefix === 'string' ? tagPrefix : DEFAULT_TAG_PREFIX;
  const holding: readonly unknown[] = Array.isArray(holdTags) ? holdTags : DEFAULT_HOLD_TAGS;
  const ignored: readonly unknown[] = Array.isArray(ignoreTags) ? ignoreTags : [];
  return ignored.flatMap((key, i) => {
    if (typeof key !== 'string') return [];
    const beginning = ownBeginning(key, prefix);
    if (beginning === null && !holding.includes(key)) return [];
    return [problemAt(['ignoreTags', i], show(key), `a key of another tool (${whyRead(beginning)})`)];
  });
}

/** The name of a rule, written or by its position. */
export const ruleName = (name: unknown, position: number): string =>
  typeof name === 'string' ? name : `rule ${position + 1}`;

/**
 * What the schema cannot see: names that are used and not defined, or defined twice. Takes any input, so that nothing
 * hides behind another error.
 */
export function referenceProblems(input: unknown): readonly ConfigProblem[] {
  if (!isMap(input)) return [];
  const names = isMap(input.policies) ? Object.keys(input.policies) : [];
  const expected =
    names.length === 0
      ? 'the name of a policy under policies (there is none)'
      : `one of the policies ${joinNames(names)}`;
  const unknownPolicy = (name: unknown, keys: Keys): readonly ConfigProblem[] =>
    typeof name !== 'string' || names.includes(name)
      ? []
      : [problemAt(keys, show(name), expected, { suggestion: closest(name, names) })];

  const rules: readonly unknown[] = Array.isArray(input.rules) ? input.rules : [];
  const seen = new Set<string>();
  const inRules = rules.flatMap((rule, i) => {
    if (!isMap(rule)) return [];
    const name = ruleName(rule.name, i);
    const twice = seen.has(name)
      ? [problemAt(['rules', i, 'name'], show(name), 'a name that no earlier rule has')]
      : [];
    seen.add(name);
    return [...twice, ...unknownPolicy(rule.policy, ['rules', i, 'policy'])];
  });
  return [...hostileKeys(input), ...ignoredKeys(input), ...inRules, ...unknownPolicy(input.default, ['default'])];
}

type Written = Omit<ConfigOutput, 'pricing'>;

/** Policies that no rule and no default reaches, and settings without effect. */
function policyWarnings(
  { policies, rules, default: fallback, tagPrefix }: Written,
  hidden: ReadonlyMap<number, HiddenRule>,
): readonly ConfigWarning[] {
  const warn = (code: ConfigWarning['code'], keys: Keys, message: string): ConfigWarning => ({
    code,
    rule: null,
    by: null,
    path: pathText(keys),
    keys,
    message,
  });
  const named = new Set(rules.map((rule) => rule.policy));
  const used = new Set([...rules.filter((_, i) => !hidden.has(i)).map((rule) => rule.policy), fallback]);
  const who = (name: string): string =>
    named.has(name) ? 'only rules that can match nothing use this policy' : 'no rule and no default uses this policy';
  return Object.entries(policies).flatMap(([name, policy]) => [
    ...(used.has(name)
      ? []
      : [
          warn(
            'policy.unused',
            ['policies', name],
            `${who(name)}; only the tag ${tagPrefix}:policy = ${name} reaches it`,
          ),
        ]),
    ...(policy.keep === 'all' && policy.expireAfter !== undefined
      ? [
          warn(
            'policy.no-effect',
            ['policies', name, 'expireAfter'],
            'has no effect beside keep: all, which keeps everything',
          ),
        ]
      : []),
  ]);
}

/** What works, and is probably not meant. */
export function warningsOf(written: Written, hidden: ReadonlyMap<number, HiddenRule>): readonly ConfigWarning[] {
  const aboutRules = [...hidden].map(([index, { code, rule, by, message }]): ConfigWarning => {
    const keys = ['rules', index];
    return { code, rule, by, path: pathText(keys), keys, message };
  });
  return [...policyWarnings(written, hidden), ...aboutRules];
}
