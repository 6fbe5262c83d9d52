import fc from 'fast-check';
import { readOrder } from '../../lambda/deletion/parse-event';

const EVENT = { plan: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'1'.repeat(64)}` };
const ARN = 'arn:aws:sts::123456789012:assumed-role/Admin/ann@example.com';

const approvalOf = (approvedBy: unknown) => {
  const order = readOrder({ ...EVENT, approvedBy }, 'approve');
  return order.kind === 'approved' ? order.approvedBy : null;
};

describe('the approval in an event', () => {
  it.each([
    [undefined, { kind: 'caller', arn: null, claimed: true }],
    [
      { kind: 'caller', arn: ARN },
      { kind: 'caller', arn: ARN, claimed: true },
    ],
    [
      { kind: 'caller', arn: null },
      { kind: 'caller', arn: null, claimed: true },
    ],
    [
      { kind: 'caller', arn: 'arn:aws-cn:iam::123456789012:user/ann' },
      { kind: 'caller', arn: 'arn:aws-cn:iam::123456789012:user/ann', claimed: true },
    ],
    [
      { kind: 'dashboard', arn: null },
      { kind: 'dashboard', arn: null, claimed: true },
    ],
  ])('is a claim of the invoker: %j', (approvedBy, approval) => {
    expect(approvalOf(approvedBy)).toEqual(approval);
  });

  it.each([
    ['a text', ARN],
    ['null', null],
    ['a list', [{ kind: 'caller', arn: ARN }]],
    ['no kind', { arn: ARN }],
    ['no ARN', { kind: 'caller' }],
    ['the schedule', { kind: 'automatic', arn: null }],
    ['a claim that it is none', { kind: 'caller', arn: ARN, claimed: false }],
    ['reports that announced it', { kind: 'caller', arn: ARN, announcedBy: [] }],
    ['the dashboard with an ARN, which it never knows', { kind: 'dashboard', arn: ARN }],
    ['a name', { kind: 'caller', arn: 'ann' }],
    ['a bucket', { kind: 'caller', arn: 'arn:aws:s3:::bucket' }],
    ['an ARN with a line break', { kind: 'caller', arn: `${ARN}\n` }],
    ['an ARN with a hidden character', { kind: 'caller', arn: `${ARN}\u202e` }],
    ['an endless ARN', { kind: 'caller', arn: `${ARN}${'x'.repeat(2_000)}` }],
  ])('is refused as %s', (_, approvedBy) => {
    expect(() => readOrder({ ...EVENT, approvedBy }, 'approve')).toThrow(/approvedBy/);
    expect(() => readOrder({ scheduledTime: '2026-11-23T08:00:00Z', approvedBy }, 'automatic')).toThrow();
  });

  it('is never more than a claim, and never the schedule, whatever the event has', () => {
    const approvals = fc.oneof(
      fc.jsonValue(),
      fc.record({
        kind: fc.constantFrom('caller', 'dashboard', 'automatic', 'root'),
        arn: fc.constantFrom(ARN, null, 'x'),
      }),
    );
    fc.assert(
      fc.property(approvals, (approvedBy) => {
        let approval: ReturnType<typeof approvalOf>;
        try {
          approval = approvalOf(approvedBy);
        } catch (error) {
          expect(error).toMatchObject({ code: 'event.malformed' });
          return;
        }
        expect(approval).toMatchObject({ claimed: true, ...(approval?.kind === 'dashboard' && { arn: null }) });
        expect(approval?.kind).not.toBe('automatic');
      }),
    );
  });
});
