import { CfnCondition, CfnStackSet, Fn, Stack, Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { MEMBER_PARAMETERS, type MemberParameter, memberRoleTemplate } from './member-role';

/** The accounts that one report covers. */
export interface OrganizationProps {
  /**
   * ARNs of the root or of organizational units of one organization. Every account in them gets the read role:
   * `aws organizations list-roots` prints the ARN of the root.
   */
  readonly targets: readonly string[];
  /**
   * The end of the name of the read role, which two deployments for one organization may not share.
   *
   * @default - the id of the account of the stack
   */
  readonly roleNameQualifier?: string;
}

export interface MemberRolesProps extends OrganizationProps {
  /** The only role that can assume the read roles. */
  readonly hubRole: IRole;
}

/** The parts of the ARN of a root or of an organizational unit, which may be known at deployment only. */
const managementOf = (arn: string): string => Fn.select(4, Fn.split(':', arn));
const organizationOf = (arn: string): string => Fn.select(1, Fn.split('/', arn));
const unitOf = (arn: string): string => Fn.select(2, Fn.split('/', arn));

/**
 * The read role in every account of the targets: one service-managed stack set, which follows accounts that join or
 * leave. It never reaches the management account.
 */
export class MemberRoles extends Construct {
  /** The name of the role, the same in every account. */
  readonly roleName: string;
  readonly externalId: string;
  /** The values of the parameters of the template, for the management account. */
  readonly parameters: Readonly<Record<MemberParameter, string>>;

  constructor(scope: Construct, id: string, { targets, roleNameQualifier, hubRole }: MemberRolesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const [first = ''] = targets;
    this.roleName = `lightsail-retention-read-${roleNameQualifier ?? stack.account}`;
    // Made by CloudFormation with the stack: no one has to invent it, and no other stack has it.
    this.externalId = Fn.select(2, Fn.split('/', stack.stackId));
    this.parameters = {
      RoleName: this.roleName,
      HubRoleArn: hubRole.roleArn,
      OrganizationId: organizationOf(first),
      ExternalId: this.externalId,
    };
    new CfnStackSet(this, 'ReadRole', {
      stackSetName: `${stack.stackName}-read-${this.node.addr.slice(-8)}`,
      description: 'The role by which the report of the organization lists Lightsail snapshots. It can change nothing.',
      permissionModel: 'SERVICE_MANAGED',
      callAs: this.callAs(managementOf(first)),
      autoDeployment: { enabled: true, retainStacksOnAccountRemoval: false },
      managedExecution: { Active: true },
      capabilities: ['CAPABILITY_NAMED_IAM'],
      templateBody: JSON.stringify(memberRoleTemplate()),
      parameters: MEMBER_PARAMETERS.map((name) => ({
        parameterKey: name,
        parameterValue: this.parameters[name],
      })),
      // One region: IAM is global. An account that fails stops no other one; the report names it.
      stackInstancesGroup: [
        { deploymentTargets: { organizationalUnitIds: targets.map(unitOf) }, regions: [stack.region] },
      ],
      operationPreferences: { failureTolerancePercentage: 100, maxConcurrentPercentage: 100 },
    });
  }

  /** The management account calls as itself, every other account as a delegated administrator. */
  private callAs(management: string): string {
    const { account } = Stack.of(this);
    if (!Token.isUnresolved(account) && !Token.isUnresolved(management))
      return account === management ? 'SELF' : 'DELEGATED_ADMIN';
    const isManagement = new CfnCondition(this, 'IsManagement', {
      expression: Fn.conditionEquals(account, management),
    });
    return Fn.conditionIf(isManagement.logicalId, 'SELF', 'DELEGATED_ADMIN').toString();
  }
}
