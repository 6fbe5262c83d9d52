import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Owner } from '../lambda/app/ledger';

/** This process, as the owner of a run. */
export const thisProcess = (): Owner => ({ host: hostname(), pid: process.pid, run: randomUUID() });

/** Whether the process of a run on this machine is still there; null for another machine's. */
export function isRunning({ host, pid }: Owner): boolean | null {
  if (host !== hostname() || !Number.isInteger(pid) || pid <= 0) return null;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return (error as { readonly code?: unknown } | null)?.code === 'EPERM';
  }
}
