import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { memberRoleTemplate } from '../lib/member-role';
import { RetentionStack } from '../lib/retention-stack';
import { withSection } from './marked-section';

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
    `### ${id.replace(/[0-9A-F]{8}$/, '')}`,
    '',
    `${role.Description} Assumed by ${services.join(', ')}.`,
    '',
    ...tableOf(statements),
    '',
  ].join('\n');
}

/** An app with the feature flags that are deployed, which builds no bundles. */
function quickApp(): App {
  const flags = JSON.parse(readFileSync(join(REPOSITORY, 'cdk.json'), 'utf8')).context as Record<string, unknown>;
  return new App({ context: { ...flags, 'aws:cdk:bundling-stacks': [] } });
}

/** Every role of the stack, deletion included, with every statement of its policies, read from the template. */
export function rolesText(): string {
  const configuration = { origin: 'retention.yaml', config: { version: 1 } };
  const stack = new RetentionStack(quickApp(), 'LightsailRetention', {
    configuration,
    emails: ['you@example.com'],
    deletion: 'automatic',
  });
  return rolesOfTemplate(Template.fromStack(stack));
}

const ORGANIZATION_TARGET = 'arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12';

/** The roles that differ with an organization: those of the hub that can do something else, and that of each account. */
export function organizationRolesText(): string {
  const stack = new RetentionStack(quickApp(), 'LightsailRetention', {
    configuration: { origin: 'retention.yaml', config: { version: 1 } },
    emails: ['you@example.com'],
    organization: { targets: [ORGANIZATION_TARGET] },
  });
  const ofHub = rolesOfTemplate(Template.fromStack(stack))
    .split(/^(?=### )/m)
    .filter((section) => /^### Retention(?:Report|Organization)Role/.test(section))
    .map((section) =>
      section.trimEnd().replace(/^### RetentionReportRole/, '### RetentionReportRole for an organization'),
    );
  const { Properties } = (memberRoleTemplate() as { readonly Resources: { readonly ReadRole: MemberRoleResource } })
    .Resources.ReadRole;
  const statements = Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const [trust] = Properties.AssumeRolePolicyDocument.Statement;
  const member = tableOf(statements);
  const text = [
    '### The read role of each account',
    '',
    `${Properties.Description} The account of the hub may assume it, only if:`,
    '',
    `\`${JSON.stringify(trust?.Condition)}\``,
    '',
    ...member,
  ].join('\n');
  return [...ofHub, text, ''].join('\n\n');
}

function rolesOfTemplate(template: Template): string {
  const propertiesOf = <T>(type: string): readonly (readonly [string, T])[] =>
    Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, Properties as T]);
  const policies = propertiesOf<PolicyResource>('AWS::IAM::Policy').map(([, policy]) => policy);
  const statementsOf = (id: string): readonly Statement[] =>
    policies
      .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === id))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  return propertiesOf<Role>('AWS::IAM::Role')
    .map(([id, role]) => roleSection(id, role, statementsOf(id)))
    .join('\n');
}

/** docs/iam.md with its roles brought up to date. */
export const iamPage = (text: string): string =>
  withSection(withSection(text, 'roles', rolesText()), 'organization roles', organizationRolesText());

if (require.main === module) writeFileSync(IAM_PAGE, iamPage(readFileSync(IAM_PAGE, 'utf8')));
