import type { LiveInventory, ReadInventory } from '../../lambda/ports/ports';

/**
 * An inventory of one account with nothing wrong, unless told otherwise: every source is gone, every scope named was
 * read.
 */
export function anInventory(received: Partial<LiveInventory> = {}): LiveInventory {
  return {
    account: '123456789012',
    complete: true,
    scopes: [
      {
        account: '123456789012',
        region: 'us-east-1',
        kind: 'instance',
        status: 'read',
        sources: 'read',
        pages: 1,
        snapshots: received.snapshots?.length ?? 0,
      },
    ],
    snapshots: [],
    sources: () => ({ state: 'gone' }),
    sourceList: [],
    problems: [],
    automatic: [],
    askSources: async (sources) => new Map(sources.map(({ arn }) => [arn, { state: 'gone' }])),
    ...received,
  };
}

/** Reads what it is given, and remembers how it was asked. */
export function fakeInventory(
  inventory: LiveInventory,
): ReadInventory & { readonly asked: Parameters<ReadInventory>[0][] } {
  const asked: Parameters<ReadInventory>[0][] = [];
  return Object.assign(
    async (request: Parameters<ReadInventory>[0]) => {
      asked.push(request);
      return inventory;
    },
    { asked },
  );
}
