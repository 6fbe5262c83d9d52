import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_BUCKET } from '../../emulator/server';
import { skipTimers } from '../support/skip-timers';
import { unwrapped } from '../support/terminal';
import { applyRig } from './apply-rig';

describe('apply through the deployed function', () => {
  const rig = applyRig();
  const { plan, cli, start, count, putObject } = rig;

  let servers: Server[] = [];
  afterEach(() => {
    delete process.env.AWS_ENDPOINT_URL_LAMBDA;
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    servers = [];
  });

  /** Lambda, as it answers an invocation and the question for the function's bucket (null: access is denied). */
  const lambda = async (
    status: number,
    answer: (path: string, body: string, headers: Readonly<Record<string, unknown>>) => string | Promise<string>,
    bucket: string | null = DEFAULT_BUCKET,
    errorType = 'ResourceNotFoundException',
  ): Promise<void> => {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.method === 'GET') {
        response.writeHead(bucket === null ? 403 : 200, {
          'content-type': 'application/json',
          ...(bucket === null && { 'x-amzn-errortype': 'AccessDeniedException' }),
        });
        response.end(JSON.stringify(bucket === null ? {} : { Environment: { Variables: { BUCKET: bucket } } }));
        return;
      }
      const text = await answer(request.url ?? '', body, request.headers);
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(status >= 400 ? { 'x-amzn-errortype': errorType } : {}),
      });
      response.end(text);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env.AWS_ENDPOINT_URL_LAMBDA = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const planned = (): { readonly id: string; readonly digest: string } => JSON.parse(readFileSync(plan(), 'utf8'));
  const nameOf = (headers: Readonly<Record<string, unknown>>): string =>
    String(headers['x-amz-durable-execution-name']);
  /** The plan in the bucket: its address. */
  const inBucket = async (): Promise<string> => {
    await putObject(`plans/${planned().id}.json`, readFileSync(plan(), 'utf8'));
    return `s3://${DEFAULT_BUCKET}/plans/${planned().id}.json`;
  };
  /** What the deployed function notes when one of its executions ends. */
  const note = (execution: string, end: unknown, digest = planned().digest): Promise<void> =>
    putObject(`results/${planned().id}/ended-${execution}.json`, JSON.stringify({ digest, end }));
  const REFUSED = {
    state: 'refused',
    code: 'inventory.incomplete',
    text: 'cannot apply the plan: not everything can be read now',
  };
  const aResult = (status: 'finished' | 'unfinished', updatedAt: string) => ({
    schemaVersion: 1,
    plan: { ...planned(), count: 5 },
    account: '123456789012',
    status,
    startedAt: 'a',
    updatedAt,
    totals: {
      requested: 5,
      deleted: 4,
      alreadyGone: 0,
      spared: 0,
      changed: 0,
      failed: status === 'finished' ? 1 : 0,
      open: status === 'finished' ? 0 : 1,
      freedGb: 160,
      freedMonthlyCostCeiling: 8,
      currency: 'USD',
    },
    items: [],
  });

  it('hands over id and digest, named after the plan, and deletes nothing itself', async () => {
    const calls: { path: string; body: unknown; name: unknown; type: unknown }[] = [];
    await lambda(
      202,
      (path, body, headers) => {
        calls.push({
          path,
          body: JSON.parse(body),
          name: headers['x-amz-durable-execution-name'],
          type: headers['x-amz-invocation-type'],
        });
        return '';
      },
      null,
    );
    const { code, out, err } = await cli(plan(), '--function', 'retention-delete:live', '--yes', '5');
    const { id, digest } = JSON.parse(readFileSync(plan(), 'utf8'));
    // Its bucket cannot be read.
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('retention-delete:live has the plan'),
    });
    expect(out).toContain('us-east-1, instance snapshots\n  - web-04');
    expect(calls).toEqual([
      {
        path: '/2015-03-31/functions/retention-delete%3Alive/invocations',
        body: {
          plan: id,
          digest,
          approvedBy: { kind: 'caller', arn: 'arn:aws:iam::123456789012:user/emulator' },
        },
        name: id,
        type: 'Event',
      },
    ]);
    expect(count()).toBe(11);
  });

  it('goes on with a plan that was left unfinished under another name: the same name starts nothing', async () => {
    const { id } = JSON.parse(readFileSync(plan(), 'utf8'));
    rig.emulator.setFaults([
      { fault: 'latency', operations: ['DeleteInstanceSnapshot', 'DeleteDiskSnapshot'], ms: 300 },
    ]);
    const { child, end } = start('apply', plan(), '--local', '--yes', '5');
    const stop = rig.emulator.before('*', ({ operation }) => {
      if (!operation.startsWith('Delete')) return;
      stop();
      child.kill('SIGINT');
    });
    await end;
    const names: unknown[] = [];
    await lambda(202, (_, __, headers) => String(names.push(nameOf(headers))), null);
    await cli(plan(), '--function', 'retention-delete:live', '--yes', '5');
    expect(names).toEqual([expect.stringMatching(new RegExp(`^${id}-\\d{8}T\\d{6}Z$`))]);
  });

  it('waits for the outcome in the bucket that the plan lies in', async () => {
    const address = await inBucket();
    await lambda(202, async () => {
      await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('finished', 'b')));
      return '';
    });
    const { code, out } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
    expect(code).toBe(5);
    expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 failed.');
  });

  it('shows what the function refused, at once and with exit code 4, and starts the plan again the next time', async () => {
    const address = await inBucket();
    const names: string[] = [];
    await lambda(202, async (_, __, headers) => {
      names.push(nameOf(headers));
      await note(nameOf(headers), REFUSED);
      return '';
    });
    for (const _ of [1, 2]) {
      const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
      expect(code).toBe(4);
      expect(err).toMatch(/^error: cannot apply the plan: not everything can be read now \[inventory\.incomplete\]$/m);
    }
    expect(names).toEqual([planned().id, expect.stringMatching(new RegExp(`^${planned().id}-\\d{8}T\\d{6}Z$`))]);
    expect(count()).toBe(11);
  });

  it('takes neither the end of another execution for its own, nor that of another plan of the id', async () => {
    const address = await inBucket();
    await note('another', REFUSED);
    await note(planned().id, REFUSED);
    let looks = 0;
    await lambda(202, async (_, __, headers) => {
      await note(nameOf(headers), REFUSED, `sha256:${'0'.repeat(64)}`);
      // It looks for the end and for the result, and finds the result the next time.
      rig.emulator.before('GetObject', async () => {
        looks += 1;
        if (looks === 3) await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('finished', 'b')));
      });
      return '';
    });
    const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
    expect({ code, err }).toMatchObject({ code: 5, err: expect.not.stringContaining('inventory.incomplete') });
    expect(looks).toBeGreaterThan(2);
  }, 60_000);

  it.each([
    ['stopped', { state: 'stopped', code: 'run.deadline', text: 'it did not end within 23 hours' }],
    ['was refused after it had begun', REFUSED],
  ])('shows what was done, why it ended, and exit code 1 when the run %s', async (_, end) => {
    const address = await inBucket();
    await lambda(202, async (__, ___, headers) => {
      await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('unfinished', 'b')));
      await note(nameOf(headers), end);
      return '';
    });
    const { code, out, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
    expect(code).toBe(1);
    expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 not processed.');
    expect(err).toContain(`${end.text} (${end.code}); apply the plan again to go on [apply.stopped]`);
  });

  it('says refused, with exit code 4, when an earlier run had begun and this one was refused at its door', async () => {
    const address = await inBucket();
    await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('unfinished', 'b')));
    await lambda(202, async (_, __, headers) => {
      await note(nameOf(headers), REFUSED);
      return '';
    });
    const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining('[inventory.incomplete]') });
  });

  it('says refused, with exit code 4, when another run has the plan and goes on with it', async () => {
    const address = await inBucket();
    await lambda(202, async (_, __, headers) => {
      await putObject(`results/${planned().id}.json`, JSON.stringify(aResult('unfinished', 'b')));
      await note(nameOf(headers), { state: 'refused', code: 'plan.in-progress', text: 'another is applying it' });
      return '';
    });
    const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
    expect({ code, err }).toMatchObject({
      code: 4,
      err: expect.stringContaining('another is applying it [plan.in-progress]'),
    });
  });

  it.each([
    ['retention-delete', 'eu-central-1', 'retention-delete:live'],
    [
      'arn:aws:lambda:eu-west-3:123456789012:function:f:mine',
      'eu-west-3',
      'arn:aws:lambda:eu-west-3:123456789012:function:f:mine',
    ],
  ])(
    'names the command that starts the plan again when no result of it arrived from %s for a quarter of an hour',
    async (name, region, called) => {
      const address = await inBucket();
      const names: string[] = [];
      await lambda(202, (_, __, headers) => String(names.push(nameOf(headers))));
      const timers = skipTimers(5_000);
      try {
        const { code, err } = await cli(address, '--function', name, '--yes', '5');
        const { id, digest } = planned();
        expect([code, timers.skippedMs(), names]).toEqual([1, 900_000, [id]]);
        expect(err).toContain(
          `the plan has had no new outcome for 15 minutes: read the e-mail, s3://${DEFAULT_BUCKET}/results/${id}.json`,
        );
        expect(err).toContain(
          `an earlier execution may have had the name ${id}, and this starts another: aws lambda invoke `,
        );
        const [command = ''] = /aws lambda invoke .*\/dev\/stdout(?= \[apply\.no-result\])/.exec(err) ?? [];
        expect(command.replace(/\d{8}T\d{6}Z --cli/, 'NOW --cli')).toBe(
          `aws lambda invoke --region ${region} --function-name ${called} --invocation-type Event --durable-execution-name ${id}-NOW --cli-binary-format raw-in-base64-out --payload '{"plan":"${id}","digest":"${digest}"}' /dev/stdout`,
        );
      } finally {
        timers.restore();
      }
    },
    60_000,
  );

  it('lets no control character of a note reach the terminal', async () => {
    const address = await inBucket();
    await lambda(202, async (_, __, headers) => {
      await note(nameOf(headers), { state: 'refused', code: 'x\u001b[2J', text: 'y\u001b[2J\u202e' });
      return '';
    });
    const { code, err } = await cli(address, '--function', 'retention-delete:live', '--yes', '5');
    expect(code).toBe(4);
    for (const character of ['\u001b', '\u202e']) expect(err).not.toContain(character);
  });

  it('fails where the bucket cannot be read, and names the address by which the plan starts again', async () => {
    const names: string[] = [];
    await lambda(202, (_, __, headers) => String(names.push(nameOf(headers))), null);
    for (const _ of [1, 2]) {
      const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
      expect(code).toBe(1);
      expect(err).toMatch(/the bucket of f could not be read \(lambda:GetFunctionConfiguration\)/);
      expect(err).toContain(`s3://BUCKET/plans/${planned().id}.json`);
    }
    expect(names).toEqual([planned().id, planned().id]);
  });

  it('stores a plan from a file before it invokes the function, and waits for the outcome', async () => {
    const key = `plans/${planned().id}.json`;
    const stored = () => rig.emulator.objects.get(DEFAULT_BUCKET)?.get(key)?.body;
    const seen: unknown[] = [];
    await lambda(202, async (_, __, headers) => {
      seen.push(String(stored()));
      await note(nameOf(headers), REFUSED);
      return '';
    });
    const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
    expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('[inventory.incomplete]') });
    expect(err).toContain(`stored s3://${DEFAULT_BUCKET}/${key}`);
    expect(seen).toEqual([readFileSync(plan(), 'utf8')]);
  });

  it('leaves a plan that the bucket has as it is, and refuses one whose id has other content there', async () => {
    const calls: string[] = [];
    await lambda(202, async (path, _, headers) => {
      await note(nameOf(headers), REFUSED);
      return String(calls.push(path));
    });
    const key = `plans/${planned().id}.json`;
    const compact = JSON.stringify(JSON.parse(readFileSync(plan(), 'utf8')));
    await putObject(key, compact);
    expect((await cli(plan(), '--function', 'f', '--yes', '5')).code).toBe(4);
    expect(String(rig.emulator.objects.get(DEFAULT_BUCKET)?.get(key)?.body)).toBe(compact);
    expect(calls).toHaveLength(1);
    await putObject(key, compact.replace('web-05', 'web-99'));
    const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('[plan.id-taken]') });
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['retention-delete', '/retention-delete%3Alive/invocations', 'eu-central-1'],
    ['retention-delete:mine', '/retention-delete%3Amine/invocations', 'eu-central-1'],
    ['123456789012:function:f', '/123456789012%3Afunction%3Af%3Alive/invocations', 'eu-central-1'],
    ['123456789012:function:f:7', '/123456789012%3Afunction%3Af%3A7/invocations', 'eu-central-1'],
    [
      'arn:aws:lambda:eu-west-3:123456789012:function:f',
      '/arn%3Aaws%3Alambda%3Aeu-west-3%3A123456789012%3Afunction%3Af%3Alive/invocations',
      'eu-west-3',
    ],
    [
      'arn:aws:lambda:eu-west-3:123456789012:function:f:live',
      '/arn%3Aaws%3Alambda%3Aeu-west-3%3A123456789012%3Afunction%3Af%3Alive/invocations',
      'eu-west-3',
    ],
  ])(
    'asks for %s in its own region, by the alias that it was deployed with unless another is named',
    async (name, path, region) => {
      const calls: unknown[] = [];
      await lambda(
        202,
        (at, _, { authorization }) => {
          calls.push([at, /\/([a-z0-9-]+)\/lambda\//.exec(String(authorization))?.[1]]);
          return '';
        },
        null,
      );
      // Its bucket cannot be read.
      expect((await cli(plan(), '--function', name, '--yes', '5')).code).toBe(1);
      expect(calls).toEqual([[`/2015-03-31/functions${path}`, region]]);
    },
  );

  it('says what to check when there is no such function', async () => {
    await lambda(404, () => '{"Message":"Function not found"}');
    const { code, err } = await cli(plan(), '--function', 'nobody', '--yes', '5');
    expect(code).toBe(1);
    expect(err).toMatch(/cannot hand the plan to nobody: .*check the function's name.*\[apply\.invoke\]/);
  });

  /** Lambda that takes the plan and answers nothing, or as a gateway that failed. */
  const losing = async (status: number | null, bucket: string | null, meanwhile: () => Promise<void>) => {
    const names: string[] = [];
    const server = createServer(async (request, response) => {
      for await (const _ of request);
      if (request.method === 'GET') {
        response.writeHead(bucket === null ? 403 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ Environment: { Variables: { BUCKET: bucket } } }));
        return;
      }
      names.push(nameOf(request.headers));
      await meanwhile();
      if (status === null) request.socket.destroy();
      else response.writeHead(status, { 'content-type': 'text/html' }).end('<html>a gateway failed</html>');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env.AWS_ENDPOINT_URL_LAMBDA = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return names;
  };

  it.each([['no answer', null] as const, ['the answer of a gateway that failed', 504] as const])(
    'says that it is not certain that the function has the plan, and waits for its outcome, after %s',
    async (_, status) => {
      const address = await inBucket();
      const names = await losing(status, DEFAULT_BUCKET, () =>
        putObject(`results/${planned().id}.json`, JSON.stringify(aResult('finished', 'b'))),
      );
      const { code, out, err } = await cli(address, '--function', 'retention-delete', '--yes', '5');
      expect(err).toMatch(/^it is not certain that retention-delete has the plan: got .*; wait for its e-mail, or do/m);
      expect(err).not.toContain('[apply.invoke]');
      expect(code).toBe(5);
      expect(unwrapped(out)).toContain('Of 5 planned snapshots: 4 deleted, 1 failed.');
      expect([...new Set(names)]).toEqual([planned().id]);
    },
    60_000,
  );

  it('says with exit code 1 that it is not certain where the bucket cannot be read', async () => {
    await losing(null, null, async () => undefined);
    const { code, err } = await cli(plan(), '--function', 'f', '--yes', '5');
    expect(code).toBe(1);
    expect(err).toMatch(/error: it is not certain that f has the plan: got .*which is safe \[apply\.invoke\]/);
  }, 60_000);

  it('refuses plan.in-progress where another caller started the plan, and says how to start it again', async () => {
    const address = await inBucket();
    await lambda(409, () => '{}', DEFAULT_BUCKET, 'DurableExecutionAlreadyStartedException');
    const { code, err } = await cli(address, '--function', 'retention-delete', '--yes', '5');
    expect(code).toBe(4);
    expect(err).toMatch(/cannot apply the plan: another person, another session or the dashboard started it/);
    expect(err).toMatch(/this starts another: aws lambda invoke .*-\d{8}T\d{6}Z .* \[plan\.in-progress\]/);
    expect(err).not.toContain("check the function's name");
  });

  it('refuses a wrong count and an altered plan before anything is handed over', async () => {
    const calls: string[] = [];
    await lambda(202, (path) => String(calls.push(path)));
    expect((await cli(plan(), '--function', 'f', '--yes', '4')).code).toBe(4);
    writeFileSync(plan(), readFileSync(plan(), 'utf8').replace('web-05', 'web-01'));
    expect((await cli(plan(), '--function', 'f', '--yes', '5')).code).toBe(4);
    expect(calls).toEqual([]);
  });
});
