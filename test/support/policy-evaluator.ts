/** A template, as far as policies are evaluated. */
interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A call of AWS, with what AWS says of it. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': '123456789012',
  'AWS::Region': 'eu-central-1',
  'AWS::Partition': 'aws',
};

/** An expression of CloudFormation as a text; what only a deployment knows stands in angle brackets. */
export function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': joined } = value as Readonly<Record<string, unknown>>;
  if (typeof Ref === 'string') return PSEUDO[Ref] ?? `<${Ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(joined)) return (joined[1] as readonly unknown[]).map(textOf).join(String(joined[0]));
  return JSON.stringify(value);
}

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('?', '.')
      .replaceAll('*', '.*')}$`,
  ).test(text);

function holds(operator: string, wanted: readonly string[], actual: readonly string[] | undefined): boolean {
  switch (operator) {
    case 'ForAnyValue:StringEquals':
      return actual?.some((value) => wanted.includes(value)) ?? false;
    case 'StringLikeIfExists':
      return actual?.every((value) => wanted.some((pattern) => matches(pattern, value))) ?? true;
    case 'StringEquals':
      return actual?.every((value) => wanted.includes(value)) ?? false;
    case 'StringNotLike':
      return actual?.every((value) => !wanted.some((pattern) => matches(pattern, value))) ?? true;
    case 'Null':
      return wanted.includes(String(actual === undefined));
    default:
      throw new Error(`the evaluator knows no ${operator}`);
  }
}

function applies({ Action, Resource, Condition = {} }: Statement, { action, resource, context = {} }: Call): boolean {
  return (
    [Action ?? []].flat().some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    [Resource ?? []].flat().some((pattern) => matches(textOf(pattern), resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => {
        const actual = context[key];
        return holds(operator, [wanted].flat().map(textOf), actual === undefined ? undefined : [actual].flat());
      }),
    )
  );
}

/**
 * Whether policies of statements allow a call, as IAM evaluates them: a denial wins, and what no statement allows is
 * denied.
 */
export function isAllowed(statements: readonly Statement[], call: Call): boolean {
  const found = statements.filter((statement) => applies(statement, call)).map(({ Effect }) => Effect);
  return found.includes('Allow') && !found.includes('Deny');
}

/** The statements of all policies that a template attaches to a role, found by how its description begins. */
export function statementsOfRole(template: object, description: string): readonly Statement[] {
  const resources = Object.entries((template as { readonly Resources: Readonly<Record<string, Resource>> }).Resources);
  const [role] =
    resources.find(
      ([, { Type, Properties }]) => Type === 'AWS::IAM::Role' && String(Properties.Description).startsWith(description),
    ) ?? [];
  if (role === undefined) throw new Error(`no role is described as ${description}`);
  return resources
    .filter(
      ([, { Type, Properties }]) =>
        /^AWS::IAM::(Managed)?Policy$/.test(Type) && JSON.stringify(Properties.Roles).includes(`"${role}"`),
    )
    .flatMap(
      ([, { Properties }]) => (Properties.PolicyDocument as { readonly Statement: readonly Statement[] }).Statement,
    );
}
