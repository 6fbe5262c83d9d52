import { Token } from 'aws-cdk-lib';
import { splitGlobs } from '../lambda/core/policy/account-globs';
import type { AccountGlobs } from '../lambda/core/policy/config';
import type { DeletionSetting } from './context';
import { isKnownLater } from './known-later';
import type { OrganizationProps } from './member-roles';
import { refusedProperty } from './refused-property';

/** The ARN of a root or of an organizational unit. CloudFormation reads the same pattern. */
export const TARGET_PATTERN =
  /^arn:aws[a-z-]*:organizations::\d{12}:(root|ou)\/o-[a-z0-9]{10,32}\/(r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})$/;

const EXAMPLE = "['arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12']";

/** What is left of the 64 characters of a role's name. */
const QUALIFIER = /^[\w+=,.@-]{1,32}$/;

const refused = (message: string): Error => refusedProperty('organization', `organization: ${message}`);

function checkTargets(given: unknown): void {
  if (!Array.isArray(given) || given.length === 0 || Token.isUnresolved(given))
    throw refused(`got targets ${JSON.stringify(given)}, expected a list of ARNs, such as ${EXAMPLE}`);
  const known = given.filter((target) => !isKnownLater(target));
  const wrong = known.find((target) => typeof target !== 'string' || !TARGET_PATTERN.test(target));
  if (wrong !== undefined)
    throw refused(
      `got the target ${JSON.stringify(wrong)}, expected the ARN of a root or of an organizational unit, such as ` +
        `${EXAMPLE}: "aws organizations list-roots" prints it`,
    );
  const organizations = new Set(known.map((target) => String(target).split('/')[1]));
  if (organizations.size > 1)
    throw refused(
      `got targets of ${[...organizations].join(' and ')}, expected one organization: deploy another stack for another one`,
    );
}

/** Checks the accounts that a deployment covers. Returns null for this account alone. */
export function checkOrganization(
  given: OrganizationProps | undefined,
  deletion: DeletionSetting,
): OrganizationProps | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null)
    throw refused(`got ${JSON.stringify(given)}, expected { targets: ${EXAMPLE} }`);
  checkTargets(given.targets);
  const { roleNameQualifier } = given;
  if (roleNameQualifier !== undefined && !isKnownLater(roleNameQualifier) && !QUALIFIER.test(roleNameQualifier))
    throw refused(
      `got the roleNameQualifier ${JSON.stringify(roleNameQualifier)}, expected 1 to 32 letters, digits or +=,.@_-`,
    );
  if (deletion !== 'off')
    throw refused(
      `cannot be deployed together with deletion "${deletion}": nothing deletes in other accounts yet, and plans of ` +
        'an organization are for reading only; leave deletion out, or deploy it in each account',
    );
  return given;
}

/**
 * What to correct where the read role is made in organizational units alone, and accounts outside of them are included:
 * each report would name those as accounts without a role. Null: nothing.
 */
export function accountsOutside({ targets }: OrganizationProps, { include }: AccountGlobs): string | null {
  const units = targets.flatMap((target) => /:ou\/[^/]+\/(ou-[a-z0-9-]+)$/.exec(target)?.[1] ?? []);
  if (units.length === 0 || units.length < targets.length || splitGlobs(include).others.length === 0) return null;
  return (
    `organization: the read role is made in ${units.join(', ')} alone, and every included account outside is named as ` +
    `one without a role: set organization.accounts.include to ${JSON.stringify(units.map((unit) => `ou:*/${unit}/*`))}`
  );
}
