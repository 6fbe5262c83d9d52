import { GetDisksCommand } from '@aws-sdk/client-lightsail';
import { largeAccount } from '../../emulator/large-account';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { DEFAULT_PACE, makeRetryStrategy } from '../../lambda/aws/retry';
import { FAST, withEmulator } from './reading';

/** So many that their lists are more than the connections. */
const MANY_REGIONS = ['us-east-1', ...Array.from({ length: 24 }, (_, n) => `eu-central-${n + 1}`)];

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

  it('gives another client, with retries of its own, for counting automatic snapshots: what that is throttled holds up no list', async () => {
    const clients = makeLightsailClients({ config: { credentials: CREDENTIALS } });
    const [lists, counting] = [clients('us-east-1'), clients('us-east-1', 'automatic')];
    expect(clients('us-east-1', 'automatic')).toBe(counting);
    expect(clients('us-east-1', 'lists')).toBe(lists);
    expect(await counting.config.retryStrategy()).not.toBe(await lists.config.retryStrategy());
    expect(await lists.config.retryStrategy()).toBe(await lists.config.retryStrategy());
  });

  it('opens as many connections as it may, and keeps them', () =>
    withEmulator({}, async ({ read, emulator }) => {
      await read({}, { client: { maxSockets: 2 } });
      expect(emulator.requests.total()).toBeGreaterThan(20);
      expect(emulator.connections()).toBe(2);
    }));

  it('opens at most 128 connections by default', () =>
    withEmulator({ account: largeAccount({ snapshots: 0, regions: MANY_REGIONS }) }, async ({ read, emulator }) => {
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      let asked = 0;
      emulator.before('*', ({ operation }) => {
        if (operation === 'GetRegions') return;
        asked += 1;
        // By then further ones would have come as well.
        if (asked === 128) setTimeout(open, 100);
        return opened;
      });
      await read({}, { firstRegion: 'us-east-1' });
      expect(emulator.connections()).toBe(128);
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
      const clients = makeLightsailClients({
        config: { endpoint: emulator.url, credentials: CREDENTIALS },
        pace: { attempts: 1 },
      });
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
  it('hold back its next call too after a throttle, and after no other error', async () => {
    const waits: number[] = [];
    const timer = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void, delay = 0) => {
      waits.push(delay);
      setImmediate(done);
      return 0;
    }) as unknown as typeof setTimeout);
    const waitsOfNextCallAfter = async (name: string): Promise<number> => {
      const strategy = makeRetryStrategy({ ...DEFAULT_PACE, ...FAST, attempts: 1, slowestPerSecond: 50 });
      const info = { error: Object.assign(new Error('m'), { name }), errorType: 'CLIENT_ERROR' } as never;
      await expect(
        strategy.refreshRetryTokenForRetry(await strategy.acquireInitialRetryToken(), info),
      ).rejects.toThrow();
      waits.length = 0;
      await strategy.acquireInitialRetryToken();
      return waits.length;
    };
    try {
      expect(await waitsOfNextCallAfter('ServiceException')).toBe(0);
      expect(await waitsOfNextCallAfter('ThrottlingException')).toBeGreaterThan(0);
    } finally {
      timer.mockRestore();
    }
  });

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
