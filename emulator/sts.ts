import type { OrganizationWorld } from './organization';
import { ServiceRefusal } from './service-error';
import { element, queryAnswer } from './xml';

/** Carries out one STS call and returns its XML. */
export function answerSts(
  form: URLSearchParams,
  caller: ReturnType<OrganizationWorld['callerOf']>,
  organization: OrganizationWorld,
  requestId: string,
): string {
  const operation = form.get('Action') ?? '';
  if (operation === 'AssumeRole') return organization.assumeRole(form, caller.arn, requestId);
  if (operation !== 'GetCallerIdentity')
    throw new ServiceRefusal({ code: 'InvalidAction', message: `Could not find operation ${operation}` });
  const { accountId, arn } = caller;
  const identity = `${element('Arn', arn)}${element('UserId', 'AIDAEMULATOREXAMPLE0')}${element('Account', accountId)}`;
  return queryAnswer(operation, 'https://sts.amazonaws.com/doc/2011-06-15/', identity, requestId);
}
