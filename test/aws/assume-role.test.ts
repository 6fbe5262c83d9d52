import type { STSClient } from '@aws-sdk/client-sts';
import { roleCredentials, roleFault } from '../../lambda/aws/assume-role';

const ROLE = 'arn:aws:iam::210000001001:role/LightsailRetentionRead';
const refused = (ending: string) =>
  Object.assign(new Error(`User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole${ending}`), {
    name: 'AccessDenied',
  });

test.each([
  [' because no role trust policy allows the sts:AssumeRole action', /trust policy refused/],
  [' with an explicit deny in the role trust policy', /trust policy refused/],
  [' because no identity-based policy allows the sts:AssumeRole action', /caller's own policy/],
  [' with an explicit deny in a permissions boundary', /caller's own policy/],
  [' with an explicit deny in a service control policy', /control policy of the organization/],
  ['', /does not say which side/],
])('a role that STS refuses%s is named with the side that refused', (ending, message) => {
  const { status, error } = roleFault(refused(ending), ROLE);
  expect(status).toBe('no-role');
  expect(error.code).toBe('AccessDenied');
  expect(error.message).toMatch(message);
  expect(error.message).toContain(ROLE);
});

it('a call of STS that fails for another reason is no absent role', () => {
  const error = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  expect(roleFault(error, ROLE)).toMatchObject({ status: 'failed', error: { code: 'ThrottlingException' } });
});

function sessions(endsInMs: number) {
  const inputs: object[] = [];
  const client = {
    send: async ({ input }: { readonly input: object }) => {
      inputs.push(input);
      return {
        Credentials: {
          AccessKeyId: `key ${inputs.length}`,
          SecretAccessKey: 's',
          SessionToken: 't',
          Expiration: new Date(Date.now() + endsInMs),
        },
      };
    },
  } as unknown as STSClient;
  const request = { roleArn: ROLE, externalId: null, sessionName: 'n' };
  return { inputs, credentials: roleCredentials(client, request) };
}

it('credentials are fetched once while they last', async () => {
  const { inputs, credentials } = sessions(3_600_000);
  expect(await credentials()).toMatchObject({ accessKeyId: 'key 1', sessionToken: 't' });
  expect(await credentials()).toMatchObject({ accessKeyId: 'key 1' });
  expect(inputs).toEqual([{ RoleArn: ROLE, RoleSessionName: 'n' }]);
});

it('credentials that are about to end are fetched again', async () => {
  const { credentials } = sessions(60_000);
  const { accessKeyId } = await credentials();
  expect((await credentials()).accessKeyId).not.toBe(accessKeyId);
});
