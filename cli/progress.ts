import type { InventoryProgress } from '../lambda/app/ports';

/** Tells on stderr what has been read: one line for each scope, nothing when `quiet`. */
export function scopeLines(err: NodeJS.WritableStream, quiet: boolean): (event: InventoryProgress) => void {
  return (event) => {
    if (quiet) return;
    if (event.event === 'regions') err.write(`reading ${event.scopes} scopes in ${event.regions} regions\n`);
    if (event.event === 'scope') {
      const what =
        event.status === 'read'
          ? `${event.snapshots} snapshots on ${event.pages} pages`
          : event.status === 'failed'
            ? 'NOT READ'
            : 'region is disabled';
      err.write(`${event.region} ${event.kind}: ${what}\n`);
    }
  };
}
