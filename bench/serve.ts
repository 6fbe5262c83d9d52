import { type ChildProcess, fork } from 'node:child_process';
import { largeAccount } from '../emulator/large-account';
import { largeOrganization } from '../emulator/sample-organization';
import { startEmulator } from '../emulator/server';

export const BENCH_TOPIC = 'arn:aws:sns:us-east-1:123456789012:lightsail-retention';
export const BENCH_BUCKET = 'lightsail-retention';

/**
 * The account that is measured: `snapshots` in 16 regions, as seen through pages of `pageSize`, each answer `latency`
 * ms late.
 */
export interface Served {
  readonly snapshots: number;
  readonly pageSize: number;
  readonly latency: number;
  /** So many accounts with so many snapshots each; absent: one account. */
  readonly accounts?: number;
}

/** An embedded Lightsail in a process of its own, so that it shares no heap and no event loop with what is measured. */
export interface BenchEndpoint {
  readonly url: string;
  readonly regions: readonly string[];
  close(): void;
}

interface Started {
  readonly url: string;
  readonly regions: readonly string[];
}

/** The work of the process that `serve` starts. */
export async function serveHere(served: Served): Promise<void> {
  const { snapshots, accounts } = served;
  const account = largeAccount({ snapshots });
  const organization =
    accounts === undefined ? null : largeOrganization({ accounts: accounts - 1, snapshots, now: Date.now() });
  const emulator = await startEmulator({
    account: organization === null ? account : { account, organization },
    pageSize: served.pageSize,
    buckets: [BENCH_BUCKET],
    topics: [{ arn: BENCH_TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'you@example.com' }] }],
    faults: served.latency === 0 ? [] : [{ fault: 'latency', ms: served.latency }],
  });
  const started: Started = { url: emulator.url, regions: account.regions };
  process.send?.(started);
}

/** Starts an embedded Lightsail in its own process and waits until it listens. */
export async function serve(served: Served): Promise<BenchEndpoint> {
  const child: ChildProcess = fork(__filename, ['serve', JSON.stringify(served)], { execArgv: [] });
  const started = await new Promise<Started>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Started));
    child.once('exit', (code) => reject(new Error(`the embedded Lightsail ended with ${code}`)));
  });
  return {
    ...started,
    close: () => {
      child.disconnect();
      child.kill();
    },
  };
}
