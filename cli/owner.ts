import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Owner } from '../lambda/deletion/run-lock';

/** The PID namespace of this process; empty where the system has none. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** This process, as the owner of a run. */
export const thisProcess = (): Owner => ({
  host: hostname(),
  pid: process.pid,
  run: randomUUID(),
  namespace: pidNamespace(),
});

/**
 * Whether the process of a run is still there; null where its number means nothing here: on another machine, or in
 * another PID namespace.
 */
export function isRunning({ host, pid, namespace }: Owner): boolean | null {
  if (host !== hostname() || namespace !== pidNamespace() || !Number.isInteger(pid) || pid <= 0) return null;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    return (error as { readonly code?: unknown } | null)?.code === 'EPERM';
  }
}
