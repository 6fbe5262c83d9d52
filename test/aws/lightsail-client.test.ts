import { GetAutoSnapshotsCommand, GetDisksCommand } from '@aws-sdk/client-lightsail';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { DEFAULT_PACE, makeRetryStrategy } from '../../lambda/aws/retry';
import { FAST, withEmulator } from './reading';

const CREDENTIALS = { accessKeyId: 'key', secretAccessKey: 'secret' };

describe('makeLightsailClients', () => {
  it('gives the same client for the same region, which signs for that region', () =>
    withEmulator({}, async ({ emulator }) => {
      const clients = makeLightsailClients({ config: { endpoint: emulator.url, credentials: CREDENTIALS } });
      expect(clients('eu-west-1')).toBe(clients('eu-west-1'));
      await clients('eu-west-1').send(new GetDisksCommand({}));
      await clients('eu-west-2').send(new GetDisksCommand({}));
      expect(emulator.requests.list().map(({ region }) => region)).toEqual(['eu-west-1', 'eu-west-2']);
    }));

  it('holds up no list of a region in which counting automatic snapshots is throttled', () =>
    withEmulator({ faults: [{ fault: 'throttle', operations: 'GetAutoSnapshots' }] }, async ({ emulator }) => {
      const clients = makeLightsailClients({
        config: { endpoint: emulator.url, credentials: CREDENTIALS },
        // Whatever shares the retries with the throttled call waits for a quarter of an hour.
        pace: { attempts: 1, slowestPerSecond: 0.001 },
      });
      expect(clients('us-east-1', 'automatic')).toBe(clients('us-east-1', 'automatic'));
      const counting = clients('us-east-1', 'automatic').send(new GetAutoSnapshotsCommand({ resourceName: 'web' }));
      await expect(counting).rejects.toThrow('Rate exceeded');
      await clients('us-east-1').send(new GetDisksCommand({}));
      expect(emulator.requests.count('GetDisks')).toBe(1);
    }));

  it('asks for credentials once for all regions', () =>
    withEmulator({}, async ({ emulator }) => {
      let asked = 0;
      const credentials = async () => {
        asked += 1;
        return CREDENTIALS;
      };
      const clients = makeLightsailClients({ config: { endpoint: emulator.url, credentials } });
      for (const region of ['us-east-1', 'us-east-2', 'us-west-2']) await clients(region).send(new GetDisksCommand({}));
      expect(asked).toBe(1);
    }));

  it('tells a logger of each call, where it is given one', () =>
    withEmulator({}, async ({ emulator }) => {
      const told: unknown[] = [];
      const logger = { debug: () => {}, info: (entry: unknown) => told.push(entry), warn: () => {}, error: () => {} };
      const config = { endpoint: emulator.url, credentials: CREDENTIALS };
      await makeLightsailClients({ config })('us-east-1').send(new GetDisksCommand({}));
      await makeLightsailClients({ config: { ...config, logger } })('us-east-1').send(new GetDisksCommand({}));
      expect(told).toEqual([expect.objectContaining({ commandName: 'GetDisksCommand' })]);
    }));

  it('can be told to try once only, for calls that must not be repeated', () =>
    withEmulator({ faults: [{ fault: 'throttle' }] }, async ({ emulator }) => {
      const clients = makeLightsailClients({ config: { endpoint: emulator.url, credentials: CREDENTIALS }, pace: { attempts: 1 } });
      await expect(clients('us-east-1').send(new GetDisksCommand({}))).rejects.toThrow('Rate exceeded');
      expect(emulator.requests.total()).toBe(1);
    }));

  it('holds back only the region that throttles', () =>
    withEmulator({ faults: [{ fault: 'throttle', regions: 'us-east-1', times: 2 }] }, async ({ emulator }) => {
      const clients = makeLightsailClients({
        config: { endpoint: emulator.url, credentials: CREDENTIALS },
        pace: { ...FAST, throttledDelayMs: 40 },
      });
      const order: string[] = [];
      const ask = async (region: string): Promise<void> => {
        await clients(region).send(new GetDisksCommand({}));
        order.push(region);
      };
      await Promise.all([ask('us-east-1'), ask('us-east-2')]);
      expect(order).toEqual(['us-east-2', 'us-east-1']);
    }));
});

describe('the retries of a region', () => {
  /** The longest delays that a series of errors can bring, without waiting for them. */
  async function longestDelays(name: string): Promise<number[]> {
    const delays: number[] = [];
    const timer = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void, delay = 0) => {
      if (delay >= 1) delays.push(delay); // shorter ones are the token bucket's
      setImmediate(done);
      return 0;
    }) as unknown as typeof setTimeout);
    try {
      const strategy = makeRetryStrategy({ ...DEFAULT_PACE, slowestPerSecond: 1e9 }, () => 1);
      const info = { error: Object.assign(new Error('m'), { name }), errorType: 'CLIENT_ERROR' } as never;
      let token = await strategy.acquireInitialRetryToken();
      for (let i = 1; i < DEFAULT_PACE.attempts; i += 1) token = await strategy.refreshRetryTokenForRetry(token, info);
      await expect(strategy.refreshRetryTokenForRetry(token, info)).rejects.toThrow();
    } finally {
      timer.mockRestore();
    }
    return delays;
  }

  it('double up to a bound, from a longer base after a throttle', async () => {
    expect(await longestDelays('ServiceException')).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
    expect(await longestDelays('ThrottlingException')).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });
});
