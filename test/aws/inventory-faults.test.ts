import '../support/one-realm';
import type { FaultInput } from '../../emulator/fault';
import type { Inventory } from '../../lambda/core/report/report-model';
import { namesIn, namesOf, notRead, SMALL_REGIONS, smallAccount, withEmulator } from './reading';

// Each fault that the embedded Lightsail knows for reading (design section 11), and what an inventory is that meets it.
// What goes wrong between a plan and its end (operations that fail, tags that change, a name that another snapshot
// takes) is in test/deletion/faults and test/deletion/hostile.

const HERE = 'eu-central-1';
const KINDS = ['database', 'disk', 'instance'];
const REGIONS = [...SMALL_REGIONS].sort();

/** A fault that passes: the inventory is as if it had not been. */
const PASSING: readonly (readonly [string, readonly FaultInput[]])[] = [
  ['throttling, of some calls', [{ fault: 'throttle', per: 'call', times: 3 }]],
  ['throttling, beyond a rate', [{ fault: 'throttle', perSecond: 10, burst: 2 }]],
  ['an internal error', [{ fault: 'error', code: 'ServiceException', status: 500, every: 4, times: 12 }]],
  [
    'an unavailable service',
    [{ fault: 'error', code: 'ServiceUnavailableException', status: 503, every: 3, times: 12 }],
  ],
  ["a proxy's page", [{ fault: 'answer', status: 502, body: '<html>bad gateway</html>', every: 5, times: 8 }]],
  ['a reset before the work', [{ fault: 'reset', when: 'before', every: 5, times: 8 }]],
  ['a reset during the answer', [{ fault: 'reset', when: 'during', every: 5, times: 8 }]],
  ['a reset after the work', [{ fault: 'reset', when: 'after', every: 5, times: 8 }]],
  ['latency', [{ fault: 'latency', ms: 20 }]],
  ['rows seen twice', [{ fault: 'rows', mode: 'duplicate' }]],
  ['an empty last token', [{ fault: 'tokens', mode: 'empty' }]],
  ['members that nobody knows', [{ fault: 'shape', add: { novel: { deep: [1] } } }]],
];

/** A fault that stays: what it hides is named, and the rest is right. */
const LASTING: readonly (readonly [string, readonly FaultInput[], readonly string[], string])[] = [
  [
    'a region that denies access',
    [{ fault: 'error', code: 'AccessDeniedException', regions: HERE }],
    KINDS.map((kind) => `${HERE} ${kind}`),
    'AccessDeniedException',
  ],
  [
    'an operation that is denied',
    [{ fault: 'error', code: 'AccessDeniedException', operations: 'GetDiskSnapshots' }],
    REGIONS.map((region) => `${region} disk`),
    'AccessDeniedException',
  ],
  [
    'a service that fails for good',
    [{ fault: 'error', code: 'InternalFailure', status: 500, regions: HERE, operations: 'GetInstanceSnapshots' }],
    [`${HERE} instance`],
    'InternalFailure',
  ],
  [
    'tokens without end',
    [{ fault: 'tokens', mode: 'endless', regions: HERE, operations: 'GetInstanceSnapshots' }],
    [`${HERE} instance`],
    'inventory.page-limit',
  ],
  [
    'a token that comes back',
    [{ fault: 'tokens', mode: 'repeated', regions: HERE, operations: 'GetInstanceSnapshots' }],
    [`${HERE} instance`],
    'inventory.repeated-token',
  ],
  [
    'a last page that leads back to the first',
    [{ fault: 'tokens', mode: 'loop', regions: HERE, operations: 'GetInstanceSnapshots' }],
    [`${HERE} instance`],
    'inventory.repeated-token',
  ],
  [
    'a connection that is always cut',
    [{ fault: 'reset', when: 'during', regions: HERE, operations: 'GetRelationalDatabaseSnapshots' }],
    [`${HERE} database`],
    'ECONNRESET',
  ],
];

/** The faults that the emulator's log tells of. */
const REFUSING: ReadonlySet<FaultInput['fault']> = new Set(['throttle', 'error', 'reset']);

const codesIn = ({ scopes }: Inventory): readonly string[] => [
  ...new Set(scopes.flatMap(({ error }) => error?.code ?? [])),
];

describe('an inventory that meets a fault', () => {
  it.each(PASSING)('is whole after %s', (_, faults) =>
    withEmulator({ faults, seed: 7 }, async ({ read, emulator }) => {
      const { inventory } = await read({}, { client: { pace: { attempts: 5_000 } } });
      const struck = emulator.requests.list().some(({ error }) => error !== null);
      expect(struck).toBe(faults.some(({ fault }) => REFUSING.has(fault)));
      expect(notRead(inventory)).toEqual([]);
      expect(inventory.complete).toBe(true);
      expect(namesOf(inventory)).toEqual(namesIn(smallAccount()));
      expect(inventory.problems).toEqual([]);
    }),
  );

  it.each(LASTING)('names what is missing after %s, and has the rest', (_, faults, missing, code) =>
    withEmulator({ faults }, async ({ read }) => {
      const { inventory } = await read({}, { maxPages: 20, client: { pace: { attempts: 3 } } });
      expect(notRead(inventory)).toEqual(missing);
      expect(codesIn(inventory)).toEqual([code]);
      expect(inventory.complete).toBe(false);
      const elsewhere = inventory.snapshots.filter(({ region, kind }) => !missing.includes(`${region} ${kind}`));
      const kindOf = (name: string): string =>
        name.startsWith('web') ? 'instance' : name.startsWith('data') ? 'disk' : 'database';
      const regionOf = (name: string): string => name.replace(/^[a-z]+-/, '').replace(/-\d+$/, '');
      expect(elsewhere.map(({ name }) => name).sort()).toEqual(
        namesIn(smallAccount()).filter((name) => !missing.includes(`${regionOf(name)} ${kindOf(name)}`)),
      );
    }),
  );
});
