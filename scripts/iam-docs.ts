import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { memberRoleTemplate } from '../lib/member-role';
import { RetentionStack } from '../lib/retention-stack';
import type { SnapshotRetentionProps } from '../lib/snapshot-retention';
import { withSection } from './marked-section';
import { type ResourcesOfTemplate, roleActionsText, roleName } from './role-actions';

const REPOSITORY = join(__dirname, '..');
const IAM_PAGE = join(REPOSITORY, 'docs', 'iam.md');

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
interface Role {
  readonly Description: string;
  readonly AssumeRolePolicyDocument: {
    readonly Statement: readonly { readonly Principal: { readonly Service: string } }[];
  };
}
interface PolicyResource {
  readonly Roles: readonly { readonly Ref: string }[];
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}

/** A reference as people read it: the logical id that it leads to, in angle brackets. */
function readableAction(value: unknown): string {
  if (Array.isArray(value)) return value.map(readableAction).join('<br>');
  if (typeof value !== 'object' || value === null) return `\`${String(value)}\``;
  const text = (part: unknown): string => {
    if (typeof part === 'string') return part;
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = part as Readonly<Record<string, unknown>>;
    if (typeof Ref === 'string') return `<${Ref.replace(/[0-9A-F]{8}$/, '')}>`;
    if (Array.isArray(attribute)) return `<${String(attribute[0]).replace(/[0-9A-F]{8}$/, '')}>`;
    return Array.isArray(join) ? (join[1] as unknown[]).map(text).join('') : JSON.stringify(part);
  };
  return `\`${text(value)}\``;
}

const conditionOf = ({ Condition }: Statement): string =>
  Condition === undefined ? '' : `\`${JSON.stringify(Condition)}\``;

interface MemberRoleResource {
  readonly Properties: {
    readonly Description: string;
    readonly AssumeRolePolicyDocument: { readonly Statement: readonly { readonly Condition: unknown }[] };
    readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[];
  };
}

/** A table of statements. */
const tableOf = (statements: readonly Statement[]): readonly string[] => [
  '| actions | on | only if |',
  '|---|---|---|',
  ...statements.map(
    (statement) =>
      `| ${statement.Effect === 'Deny' ? '**never**<br>' : ''}${[statement.Action]
        .flat()
        .map((action) => `\`${action}\``)
        .join('<br>')} | ${readableAction(statement.Resource)} | ${conditionOf(statement)} |`,
  ),
];

function roleSection(id: string, role: Role, statements: readonly Statement[]): string {
  const services = role.AssumeRolePolicyDocument.Statement.map(({ Principal }) => `\`${Principal.Service}\``);
  return [
    `### ${roleName(id)}`,
    '',
    `${role.Description} Assumed by ${services.join(', ')}.`,
    '',
    ...tableOf(statements),
    '',
  ].join('\n');
}

/** The template of a stack with these settings. */
function templateOf(settings: Partial<SnapshotRetentionProps>): ResourcesOfTemplate {
  const flags = JSON.parse(readFileSync(join(REPOSITORY, 'cdk.json'), 'utf8')).context as Record<string, unknown>;
  const app = new App({ context: { ...flags, 'aws:cdk:bundling-stacks': [] } });
  const configuration = { origin: 'retention.yaml', config: { version: 1 } };
  const emails = ['you@example.com'];
  const stack = new RetentionStack(app, 'LightsailRetention', { configuration, emails, ...settings });
  return Template.fromStack(stack).toJSON() as ResourcesOfTemplate;
}

/** Every resource, those of deletion and of an approval on the dashboard included, which no stack has together. */
function wholeTemplate(): ResourcesOfTemplate {
  const { Resources: automatic } = templateOf({ deletion: 'automatic' });
  const { Resources: dashboard } = templateOf({ deletion: 'approve', approval: 'dashboard' });
  return { Resources: { ...automatic, ...dashboard, ...automatic } };
}

const ORGANIZATION_TARGET = 'arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12';

const HUB_ROLE = /^Retention(?:Report|Organization)Role/;

/** The roles of the hub of an organization that can do something else than those of one account. */
function hubTemplate(): ResourcesOfTemplate {
  const { Resources } = templateOf({ organization: { targets: [ORGANIZATION_TARGET] } });
  const text = JSON.stringify(Resources).replaceAll('"RetentionReportRole', '"RetentionReportRoleOfOrganization');
  const all = Object.entries(JSON.parse(text) as ResourcesOfTemplate['Resources']);
  return {
    Resources: Object.fromEntries(all.filter(([id, { Type }]) => Type !== 'AWS::IAM::Role' || HUB_ROLE.test(id))),
  };
}

/** The roles that differ with an organization: those of the hub, and that of each account. */
function organizationRolesText(): string {
  const { Properties } = (memberRoleTemplate() as { readonly Resources: { readonly ReadRole: MemberRoleResource } })
    .Resources.ReadRole;
  const statements = Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const [trust] = Properties.AssumeRolePolicyDocument.Statement;
  const text = [
    '### The read role of each account',
    '',
    `${Properties.Description} The account of the hub may assume it, only if:`,
    '',
    `\`${JSON.stringify(trust?.Condition)}\``,
    '',
    ...tableOf(statements),
  ].join('\n');
  return [rolesText(hubTemplate()), text, ''].join('\n');
}

/** Every role with every statement of its policies. */
function rolesText({ Resources }: ResourcesOfTemplate): string {
  const propertiesOf = <T>(type: string): readonly (readonly [string, T])[] =>
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties }]) => [id, Properties as T]);
  const policies = propertiesOf<PolicyResource>('AWS::IAM::Policy').map(([, policy]) => policy);
  const statementsOf = (id: string): readonly Statement[] =>
    policies
      .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === id))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  return propertiesOf<Role>('AWS::IAM::Role')
    .map(([id, role]) => roleSection(id, role, statementsOf(id)))
    .join('\n');
}

/** docs/iam.md with its roles, and what they may do, brought up to date. */
export async function iamPage(text: string): Promise<string> {
  const roles = withSection(text, 'roles', rolesText(wholeTemplate()));
  const all = withSection(roles, 'organization roles', organizationRolesText());
  return withSection(
    all,
    'role-actions',
    await roleActionsText([wholeTemplate(), hubTemplate(), memberRoleTemplate() as ResourcesOfTemplate]),
  );
}

if (require.main === module) void iamPage(readFileSync(IAM_PAGE, 'utf8')).then((page) => writeFileSync(IAM_PAGE, page));
