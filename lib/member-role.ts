import { readActions } from './lightsail-access';

/** The parameters of the template, in the order in which a command names them. */
export const MEMBER_PARAMETERS = ['RoleName', 'HubRoleArn', 'OrganizationId', 'ExternalId'] as const;
export type MemberParameter = (typeof MEMBER_PARAMETERS)[number];

const ref = (name: MemberParameter | 'AWS::Partition'): object => ({ Ref: name });

/** The account of the hub's role. */
const HUB_ACCOUNT = { 'Fn::Select': [4, { 'Fn::Split': [':', ref('HubRoleArn')] }] };

/** Who may assume the role: the hub's report role alone, of the same organization, with the external id. */
const TRUST = {
  Effect: 'Allow',
  Principal: { AWS: { 'Fn::Join': ['', ['arn:', ref('AWS::Partition'), ':iam::', HUB_ACCOUNT, ':root']] } },
  Action: 'sts:AssumeRole',
  Condition: {
    ArnEquals: { 'aws:PrincipalArn': ref('HubRoleArn') },
    StringEquals: { 'aws:PrincipalOrgID': ref('OrganizationId'), 'sts:ExternalId': ref('ExternalId') },
  },
};

const DESCRIPTIONS: Readonly<Record<MemberParameter, string>> = {
  RoleName: 'The name of the role, the same in every account',
  HubRoleArn: 'The only role that can assume it: the report role of the hub',
  OrganizationId: 'The organization of the hub',
  ExternalId: 'The external id that the hub sends',
};

/**
 * Returns the template of the read role of a member account: one role, without assets. It can list Lightsail snapshots
 * and their sources, and change nothing. Every account gets the same text: what differs by deployment is a parameter.
 */
export function memberRoleTemplate(): object {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'Lets one role of another account list the Lightsail snapshots of this account. It can change nothing.',
    Parameters: Object.fromEntries(
      MEMBER_PARAMETERS.map((name) => [name, { Type: 'String', Description: DESCRIPTIONS[name] }]),
    ),
    Resources: {
      ReadRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: ref('RoleName'),
          Description: 'Lists Lightsail snapshots for the report of the organization. Can delete nothing.',
          MaxSessionDuration: 3600,
          AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [TRUST] },
          Policies: [
            {
              PolicyName: 'ReadSnapshots',
              PolicyDocument: {
                Version: '2012-10-17',
                Statement: [{ Effect: 'Allow', Action: readActions(), Resource: '*' }],
              },
            },
          ],
        },
      },
    },
  };
}
