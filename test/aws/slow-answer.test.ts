import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetDisksCommand } from '@aws-sdk/client-lightsail';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';

const CREDENTIALS = { accessKeyId: 'key', secretAccessKey: 'secret' };

describe('an answer of Lightsail that arrives byte by byte', () => {
  let server: Server;
  let answer: (response: ServerResponse, call: number) => void;
  let calls: number;
  let closed: number;

  beforeEach(async () => {
    calls = 0;
    closed = 0;
    server = createServer((request, response) => {
      request.resume();
      calls += 1;
      const trickle = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(trickle);
        closed += 1;
      });
      answer(response, calls);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const read = (attempts: number) =>
    makeLightsailClients({
      config: { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, credentials: CREDENTIALS },
      pace: { attempts, transientDelayMs: 1 },
      answerTimeout: 300,
    })('us-east-1').send(new GetDisksCommand({}));

  it.each([200, 500])('fails after the time limit, and its connection is closed (HTTP %d)', async (status) => {
    answer = (response) => response.writeHead(status);
    await expect(read(1)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: expect.stringMatching(/^the answer took longer than 0\.3 seconds/),
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect({ calls, closed }).toEqual({ calls: 1, closed: 1 });
  });

  it('is requested again, and the next answer counts', async () => {
    answer = (response, call) => void (call === 1 ? response.writeHead(200) : response.end('{"disks":[]}'));
    expect(await read(2)).toMatchObject({ disks: [] });
    expect(calls).toBe(2);
  });

  it('is read where it is complete in time', async () => {
    answer = (response) => void setTimeout(() => response.end('{"disks":[]}'), 100);
    expect(await read(1)).toMatchObject({ disks: [] });
  });
});
