import { findCaller, findCallerAccount } from '../../cli/aws';
import { checkCredentials } from '../../cli/doctor-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { smallAccount } from '../aws/reading';
import { pointSdkTo } from '../support/aws-env';

describe('an STS that takes a question and never answers', () => {
  let emulator: Emulator;
  let putBack: () => void;
  beforeEach(async () => {
    emulator = await startEmulator({ account: smallAccount(), faults: [{ fault: 'hang', service: 'sts' }] });
    putBack = pointSdkTo(emulator.url);
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  it('leaves the account to the ARNs, and ends no command', async () => {
    expect(await findCallerAccount(await findCaller(undefined, process.env))).toBeNull();
    expect(emulator.requests.count('GetCallerIdentity')).toBe(2);
  }, 30_000);

  it('is a warning of doctor', async () => {
    const finding = await checkCredentials(await findCaller(undefined, process.env));
    expect(finding).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('STS did not say whose: ETIMEDOUT'),
    });
  }, 30_000);
});
