import { ServiceRefusal } from './service-error';
import { element, queryAnswer } from './xml';

/** Carries out one STS call and returns its XML. */
export function answerSts(form: URLSearchParams, accountId: string, requestId: string): string {
  const operation = form.get('Action') ?? '';
  if (operation !== 'GetCallerIdentity')
    throw new ServiceRefusal({ code: 'InvalidAction', message: `Could not find operation ${operation}` });
  const identity = `${element('Arn', `arn:aws:iam::${accountId}:user/emulator`)}${element('UserId', 'AIDAEMULATOREXAMPLE0')}${element('Account', accountId)}`;
  return queryAnswer(operation, 'https://sts.amazonaws.com/doc/2011-06-15/', identity, requestId);
}
