import { request } from 'node:http';
import {
  DeleteInstanceSnapshotCommand,
  GetDisksCommand,
  GetInstanceSnapshotCommand,
  GetInstancesCommand,
  GetRegionsCommand,
} from '@aws-sdk/client-lightsail';
import type { FaultInput } from '../../emulator/fault';
import { randomOf } from '../../emulator/faults';
import type { Emulator } from '../../emulator/server';
import { instancePages, lightsail, names, REGION, webAccount, withEmulator } from './clients';

const under = (faults: readonly FaultInput[], run: (emulator: Emulator) => Promise<void>, rows = 5) =>
  withEmulator({ account: webAccount(rows), pageSize: 2, faults }, run);

const regions = (emulator: Emulator, region = REGION) => lightsail(emulator, region).send(new GetRegionsCommand({}));

/** What calls one after the other came to: ok, or the error's name. */
async function outcomes(times: number, call: () => Promise<unknown>): Promise<string> {
  const seen: string[] = [];
  for (let i = 0; i < times; i++) {
    seen.push(
      await call().then(
        () => 'ok',
        (error: Error) => error.name.replace('Exception', ''),
      ),
    );
  }
  return seen.join(' ');
}

describe('faults strike the calls that they select', () => {
  it('the first ones, those after some, every n-th', async () => {
    await under([{ fault: 'throttle', times: 2 }], async (emulator) => {
      expect(await outcomes(4, () => regions(emulator))).toBe('Throttling Throttling ok ok');
    });
    await under([{ fault: 'throttle', after: 1, every: 2 }], async (emulator) => {
      expect(await outcomes(6, () => regions(emulator))).toBe('ok ok Throttling ok Throttling ok');
    });
  });

  it('in series for each region, or for each very same call', async () => {
    await under([{ fault: 'throttle', times: 1, per: 'region' }], async (emulator) => {
      expect(await outcomes(2, () => regions(emulator))).toBe('Throttling ok');
      expect(await outcomes(2, () => regions(emulator, 'us-east-1'))).toBe('Throttling ok');
    });
    await under([{ fault: 'throttle', times: 1, per: 'call' }], async (emulator) => {
      const client = lightsail(emulator);
      expect(await outcomes(2, () => client.send(new GetInstancesCommand({})))).toBe('Throttling ok');
      expect(await outcomes(2, () => client.send(new GetDisksCommand({})))).toBe('Throttling ok');
    });
  });

  it('by region, operation and name, with wildcards', async () => {
    const denied: FaultInput = {
      fault: 'error',
      code: 'AccessDeniedException',
      regions: 'eu-*',
      operations: ['GetInstanceSnapshot', 'GetDisk*'],
    };
    await under([{ ...denied, names: ['web-*'] }], async (emulator) => {
      const read = (name: string) =>
        outcomes(1, () => lightsail(emulator).send(new GetInstanceSnapshotCommand({ instanceSnapshotName: name })));
      expect(await read('web-1')).toBe('AccessDenied');
      expect(await read('other')).toBe('NotFound');
      expect(await outcomes(1, () => lightsail(emulator).send(new GetInstancesCommand({})))).toBe('ok');
    });
  });

  it('by chance, the same for the same seed', async () => {
    const run = async (seed: number) => {
      let seen = '';
      await withEmulator(
        { account: webAccount(1), seed, faults: [{ fault: 'throttle', chance: 0.5 }] },
        async (emulator) => {
          seen = await outcomes(20, () => regions(emulator));
        },
      );
      return seen;
    };
    const once = await run(7);
    expect(once).toContain('ok');
    expect(once).toContain('Throttling');
    expect(await run(7)).toBe(once);
    expect(await run(8)).not.toBe(once);
  });

  it('until they are replaced', async () => {
    await under([{ fault: 'throttle' }], async (emulator) => {
      expect(await outcomes(1, () => regions(emulator))).toBe('Throttling');
      emulator.setFaults([]);
      expect(await outcomes(1, () => regions(emulator))).toBe('ok');
      expect(() => emulator.setFaults([{ fault: 'latency', ms: -1 }])).toThrow('0.ms');
    });
  });
});

describe('the faults', () => {
  it('throttling answers 400 and "Rate exceeded", beyond a rate too', async () => {
    await under([{ fault: 'throttle', perSecond: 0.001 }], async (emulator) => {
      expect(await outcomes(3, () => regions(emulator))).toBe('ok Throttling Throttling');
      expect(await outcomes(2, () => regions(emulator, 'us-east-1'))).toBe('ok Throttling');
      await expect(regions(emulator)).rejects.toMatchObject({
        message: 'Rate exceeded',
        $metadata: { httpStatusCode: 400 },
      });
    });
    await under([{ fault: 'throttle', perSecond: 0.001, burst: 2 }], async (emulator) => {
      expect(await outcomes(4, () => regions(emulator))).toBe('ok ok Throttling Throttling');
    });
  });

  it.each([
    ['ServiceException', 500],
    ['ServiceUnavailable', 503],
    ['OptInRequired', 403],
    ['UnrecognizedClientException', 403],
    ['RegionSetupInProgressException', 428],
  ])('errors: %s comes with status %i', async (code, httpStatusCode) => {
    await under([{ fault: 'error', code, tip: 'wait' }], async (emulator) => {
      await expect(regions(emulator)).rejects.toMatchObject({ name: code, tip: 'wait', $metadata: { httpStatusCode } });
    });
  });

  it('an answer of a proxy is passed on byte by byte', async () => {
    await under([{ fault: 'answer', status: 502, body: '<html>Bad Gateway</html>' }], async (emulator) => {
      await expect(regions(emulator)).rejects.toMatchObject({ $metadata: { httpStatusCode: 502 } });
    });
  });

  it('what struck a call is logged, also where it was answered with success', async () => {
    await under([{ fault: 'shape', dropList: true, operations: 'GetRegions' }], async (emulator) => {
      await regions(emulator);
      expect(emulator.requests.list()).toMatchObject([
        { operation: 'GetRegions', error: null, struck: [{ fault: 'shape' }] },
      ]);
    });
  });

  it('a reset before the work leaves the snapshot, a reset after it loses the answer only', async () => {
    const cut = async (when: 'before' | 'after') => {
      let left: unknown;
      await under([{ fault: 'reset', when, operations: 'DeleteInstanceSnapshot' }], async (emulator) => {
        const call = lightsail(emulator).send(new DeleteInstanceSnapshotCommand({ instanceSnapshotName: 'web-1' }));
        await expect(call).rejects.toMatchObject({ message: expect.stringMatching(/ECONNRESET|socket hang up/) });
        left = emulator.world.find(REGION, 'instanceSnapshots', 'web-1');
        expect(emulator.requests.list()).toMatchObject([
          { operation: 'DeleteInstanceSnapshot', name: 'web-1', error: 'reset' },
        ]);
      });
      return left !== undefined;
    };
    expect(await cut('before')).toBe(true);
    expect(await cut('after')).toBe(false);
  });

  it.each([
    ['busy', ['information', 'information']],
    ['during', ['200', 'data']],
  ] as const)('a call that hangs "%s" sends the expected bytes, and never ends', async (when, expected) => {
    await under([{ fault: 'hang', when }], async (emulator) => {
      const heard: string[] = [];
      const headers = {
        'x-amz-target': 'Lightsail_20161128.GetRegions',
        authorization: `AWS4-HMAC-SHA256 Credential=A/20261128/${REGION}/lightsail/aws4_request, SignedHeaders=host, Signature=abc`,
      };
      const ended = new Promise((resolve) => {
        const call = request(emulator.url, { method: 'POST', headers }, (answer) => {
          heard.push(String(answer.statusCode));
          answer.on('data', () => heard.push('data')).on('end', () => heard.push('end'));
          answer.on('close', resolve);
        });
        call.on('information', () => heard.push('information')).on('error', resolve);
        call.end();
      });
      while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
      await emulator.close();
      await ended;
      expect(heard).toEqual(expect.arrayContaining([...expected]));
      expect(heard).not.toContain('end');
    });
  });

  it('latency holds an answer back, and a hanging call ends when the emulator is closed', async () => {
    const slow: FaultInput = { fault: 'latency', ms: 40, operations: 'GetRegions' };
    await under([slow, { fault: 'hang', operations: 'GetDisks' }], async (emulator) => {
      const order: string[] = [];
      await Promise.all([
        regions(emulator).then(() => order.push('slow')),
        lightsail(emulator)
          .send(new GetInstancesCommand({}))
          .then(() => order.push('quick')),
      ]);
      expect(order).toEqual(['quick', 'slow']);
      const hanging = lightsail(emulator).send(new GetDisksCommand({}));
      const ended = expect(hanging).rejects.toThrow();
      while (emulator.requests.count('GetDisks') === 0) await new Promise((resolve) => setImmediate(resolve));
      await emulator.close();
      await ended;
    });
  });

  it('endless tokens are always fresh', async () => {
    await under([{ fault: 'tokens', mode: 'endless' }], async (emulator) => {
      const pages = await instancePages(lightsail(emulator), 30);
      expect(pages).toHaveLength(30);
      expect(new Set(pages.map((page) => page.nextPageToken)).size).toBe(30);
      expect(names(pages)).toHaveLength(5);
    });
  });

  it('a repeated token brings the same page again and again', async () => {
    await under([{ fault: 'tokens', mode: 'repeated' }], async (emulator) => {
      const pages = await instancePages(lightsail(emulator), 5);
      expect(new Set(pages.map((page) => page.nextPageToken)).size).toBe(1);
      expect(names(pages.slice(1, 3))).toEqual(['web-3', 'web-4', 'web-3', 'web-4']);
    });
  });

  it('the last page leads back to the first, or brings an empty token', async () => {
    await under([{ fault: 'tokens', mode: 'loop' }], async (emulator) => {
      expect(names(await instancePages(lightsail(emulator), 6))).toEqual(
        [1, 2, 3, 4, 5, 1, 2, 3, 4, 5].map((number) => `web-${number}`),
      );
    });
    await under([{ fault: 'tokens', mode: 'empty' }], async (emulator) => {
      expect((await instancePages(lightsail(emulator), 3)).map((page) => page.nextPageToken === '')).toEqual([
        false,
        false,
        true,
      ]);
    });
  });

  it('lists leave out the rows of omit, page by page, and a reading by name finds them', async () => {
    await under([{ fault: 'omit', rows: 'web-2', operations: 'Get*s' }], async (emulator) => {
      const client = lightsail(emulator);
      const pages = await instancePages(client);
      expect(pages.map((page) => names([page]))).toEqual([
        ['web-1', 'web-3'],
        ['web-4', 'web-5'],
      ]);
      const { instanceSnapshot } = await client.send(new GetInstanceSnapshotCommand({ instanceSnapshotName: 'web-2' }));
      expect(instanceSnapshot?.name).toBe('web-2');
    });
  });

  it('rows move up while a list is paged, because the first ones are deleted then', async () => {
    await under([{ fault: 'shift', operations: 'GetInstanceSnapshots', after: 1, times: 1 }], async (emulator) => {
      const client = lightsail(emulator);
      expect(names(await instancePages(client))).toEqual(['web-1', 'web-2', 'web-4', 'web-5']);
      expect(names(await instancePages(client))).toEqual(['web-2', 'web-3', 'web-4', 'web-5']);
    });
  });

  it('lists are stale by some changes, or as at the start, and a reading by name is not', async () => {
    await under([{ fault: 'stale', changes: 2, operations: 'Get*s', times: 3 }], async (emulator) => {
      const client = lightsail(emulator);
      emulator.world.remove(REGION, 'instanceSnapshots', 'web-1');
      emulator.world.tag(REGION, 'web-2', [{ key: 'a' }], 'instanceSnapshots');
      emulator.world.add(REGION, 'instanceSnapshots', { name: 'web-6' });
      const pages = await instancePages(client);
      expect(names(pages)).toEqual(['web-2', 'web-3', 'web-4', 'web-5']);
      expect(pages[0]?.instanceSnapshots?.[0]?.tags).toEqual([]);
      expect(names(await instancePages(client))).toContain('web-6');
      emulator.setFaults([{ fault: 'stale', operations: 'Get*s' }]);
      expect(names(await instancePages(client))).toEqual(['web-1', 'web-2', 'web-3', 'web-4', 'web-5']);
      await expect(client.send(new GetInstanceSnapshotCommand({ instanceSnapshotName: 'web-1' }))).rejects.toThrow();
    });
  });

  it.each([
    ['service-control-policy', 'with an explicit deny in a service control policy'],
    ['identity-policy', 'with an explicit deny in an identity-based policy'],
    ['nothing-allows', 'because no identity-based policy allows the lightsail:GetRegions action'],
  ] as const)('calls are denied by %s in the words of IAM', async (by, words) => {
    await under([{ fault: 'deny', by, operations: 'GetRegions' }], async (emulator) => {
      await expect(regions(emulator)).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringMatching(
          new RegExp(`is not authorized to perform: lightsail:GetRegions on resource: \\* ${words}$`),
        ),
      });
    });
  });

  it('an answer breaks off in the middle', async () => {
    await under([{ fault: 'reset', when: 'during' }], async (emulator) => {
      await expect(instancePages(lightsail(emulator))).rejects.toThrow(/ECONNRESET|aborted|terminated/);
    });
  });

  it('the answer of a delete is lost, and the name is taken before the client asks again', async () => {
    const on = { operations: 'DeleteInstanceSnapshot', when: 'after' } as const;
    await under(
      [
        { fault: 'reset', ...on },
        { fault: 'change', ...on, change: { action: 'reuse', resource: 'web-1' } },
      ],
      async (emulator) => {
        const before = emulator.world.find(REGION, 'instanceSnapshots', 'web-1');
        const call = lightsail(emulator).send(new DeleteInstanceSnapshotCommand({ instanceSnapshotName: 'web-1' }));
        await expect(call).rejects.toThrow(/ECONNRESET|socket hang up/);
        const after = emulator.world.find(REGION, 'instanceSnapshots', 'web-1');
        expect(after?.fromInstanceArn).toBe(before?.fromInstanceArn);
        expect(after?.arn).not.toBe(before?.arn);
      },
    );
  });

  it.each(['duplicate', 'conflict'] as const)('rows are seen twice: %s', async (mode) => {
    const sizes = async (rows: number) => {
      let seen: (number | undefined)[] = [];
      await under(
        [{ fault: 'rows', mode }],
        async (emulator) => {
          const all = (await instancePages(lightsail(emulator))).flatMap((page) => page.instanceSnapshots ?? []);
          seen = all.filter((row) => row.name === all[rows === 1 ? 0 : 1]?.name).map((row) => row.sizeInGb);
        },
        rows,
      );
      return seen;
    };
    expect(await sizes(5)).toEqual(mode === 'duplicate' ? [60, 60] : [60, 61]);
    expect(await sizes(1)).toEqual(mode === 'duplicate' ? [60, 60] : [60, 61]);
  });

  it('answers gain unknown members, and lose members or the whole list', async () => {
    const bent: FaultInput = {
      fault: 'shape',
      operations: 'GetInstanceSnapshots',
      rows: 'web-1',
      add: { futureField: { deep: [1] } },
      drop: ['arn', 'createdAt'],
    };
    await under([bent, { fault: 'shape', operations: 'GetInstances', dropList: true }], async (emulator) => {
      const [page] = await instancePages(lightsail(emulator));
      expect(page?.instanceSnapshots?.[0]).not.toHaveProperty('arn');
      expect(page?.instanceSnapshots?.[0]?.createdAt).toBeUndefined();
      expect(page?.instanceSnapshots?.[1]?.arn).toBeDefined();
      expect((await lightsail(emulator).send(new GetInstancesCommand({}))).instances).toBeUndefined();
    });
  });

  it('the account changes between a read and a delete: a tag appears, or the name is taken by another', async () => {
    const on: FaultInput = {
      fault: 'change',
      operations: 'GetInstanceSnapshot',
      when: 'after',
      change: { action: 'tag', resource: 'web-1', tags: [{ key: 'retention:hold' }] },
    };
    await under([on, { ...on, names: 'web-2', change: { action: 'reuse', resource: 'web-2' } }], async (emulator) => {
      const read = async (name: string) =>
        (await lightsail(emulator).send(new GetInstanceSnapshotCommand({ instanceSnapshotName: name })))
          .instanceSnapshot;
      expect((await read('web-1'))?.tags).toEqual([]);
      expect((await read('web-1'))?.tags).toEqual([{ key: 'retention:hold' }]);
      const before = await read('web-2');
      const after = await read('web-2');
      expect(after?.arn).not.toBe(before?.arn);
      expect(after?.fromInstanceArn).toBe(before?.fromInstanceArn);
    });
  });

  it('hooks run around the work of a call, until they are taken off', async () => {
    await under([], async (emulator) => {
      const seen: string[] = [];
      const off = emulator.before('GetInstanceSnapshot', (call, world) => {
        seen.push(`before ${call.name} ${world.find(call.region, 'instanceSnapshots', 'web-1') !== undefined}`);
        world.remove(call.region, 'instanceSnapshots', 'web-1');
      });
      emulator.after('*', (call) => void seen.push(`after ${call.operation}`));
      const read = () =>
        outcomes(1, () => lightsail(emulator).send(new GetInstanceSnapshotCommand({ instanceSnapshotName: 'web-1' })));
      expect(await read()).toBe('NotFound');
      off();
      emulator.world.add(REGION, 'instanceSnapshots', { name: 'web-1' });
      expect(await read()).toBe('ok');
      expect(seen).toEqual(['before web-1 true', 'after GetInstanceSnapshot']);
    });
  });
});

it('random numbers are spread over [0, 1)', () => {
  const random = randomOf(42);
  const drawn = Array.from({ length: 10_000 }, random);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = drawn.filter((value) => Math.floor(value * 10) === tenth).length;
    expect(share).toBeGreaterThan(850);
    expect(share).toBeLessThan(1150);
  }
});
