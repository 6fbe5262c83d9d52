import { aliasArn, invokeCommand } from '../../lambda/render/deletion-commands';

const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:retention-delete';

describe('the command that continues a plan', () => {
  test.each([FUNCTION, `${FUNCTION}:7`, `${FUNCTION}:$LATEST`, `${FUNCTION}:live`])(
    'names the alias, whatever was invoked: %s',
    (arn) => {
      expect(aliasArn(arn)).toBe(`${FUNCTION}:live`);
      const plan = { id: 'a-plan', digest: 'sha256:0' };
      expect(invokeCommand(plan, aliasArn(arn), { name: 'a-plan-2' })).toMatch(
        new RegExp(`--region eu-central-1 --function-name ${FUNCTION}:live .*--durable-execution-name a-plan-2 `),
      );
    },
  );
});
