import { approvalText } from '../../lambda/render/approval';

const ARN = 'arn:aws:iam::123456789012:user/ann';

describe('the text of an approval', () => {
  it.each([
    [null, 'not recorded'],
    [{ kind: 'caller', arn: ARN, claimed: false }, `${ARN}, the caller of the command line (confirmed by STS)`],
    [{ kind: 'caller', arn: null, claimed: false }, 'the caller of the command line, ARN not known'],
    [{ kind: 'caller', arn: ARN, claimed: true }, `${ARN}, the invoker of the deletion function (claimed)`],
    [{ kind: 'caller', arn: null, claimed: true }, 'the invoker of the deletion function, ARN not known'],
    [{ kind: 'dashboard', arn: null, claimed: true }, 'a user of the dashboard (claimed), ARN not known'],
    [{ kind: 'dashboard', arn: ARN, claimed: true }, `${ARN}, a user of the dashboard (claimed)`],
    [{ kind: 'automatic', arn: null, claimed: false }, 'no person: automatic deletion'],
    [
      { kind: 'automatic', arn: null, claimed: false, announcedBy: ['c'] },
      'no person: automatic deletion, announced by 1 report (c)',
    ],
    [
      { kind: 'automatic', arn: null, claimed: false, announcedBy: ['c', 'b', 'a'] },
      'no person: automatic deletion, announced by 3 reports (a to c)',
    ],
  ] as const)('of %j tells a claim from a confirmed identity', (approval, text) => {
    expect(approvalText(approval)).toBe(text);
  });
});
