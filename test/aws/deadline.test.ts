import { getMaxListeners } from 'node:events';
import { startDeadline } from '../../lambda/aws/deadline';

it('lets any number of calls wait for it without a warning on Node 20', () => {
  const { options, clear } = startDeadline(Date.now() + 60_000, Date.now);
  clear();
  expect(options.abortSignal && getMaxListeners(options.abortSignal)).toBe(0);
});
