import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { eventBus } from '../../lambda/aws/event-bus';
import { deletionStarted, type RetentionEvent } from '../../lambda/core/report/retention-event';
import { webAccount } from '../emulator/clients';
import { pointSdkTo } from '../support/aws-env';

const BUS = 'arn:aws:events:eu-central-1:123456789012:event-bus/default';

const anEvent = (run: string): RetentionEvent =>
  deletionStarted(run, { planId: '20261123T080000Z-1a2b3c4d', execution: run, approvedBy: 'caller' });
const TWO = [anEvent('one'), anEvent('two')];

describe('events on a bus', () => {
  let emulator: Emulator;
  let restore: () => void;
  beforeEach(async () => {
    emulator = await startEmulator({ account: webAccount(0) });
    restore = pointSdkTo(emulator.url);
  });
  afterEach(async () => {
    restore();
    await emulator.close();
  });

  const put = (
    faults: readonly FaultInput[],
    limitMs = 60_000,
    events: readonly RetentionEvent[] = TWO,
  ): Promise<void> => {
    emulator.setFaults(faults.map((fault) => ({ ...fault, service: 'events' as const })));
    const settings = { busArn: BUS, region: 'eu-central-1', endpoint: emulator.url };
    return eventBus({ ...settings, limitMs, pausesMs: [1, 1] })(events);
  };
  const calls = (): number => emulator.requests.count('PutEvents');
  const received = (): readonly unknown[] => emulator.events.map(({ detail }) => detail.id);

  it('are put with one call, and have the source, the detail type and the bus', async () => {
    await put([]);
    expect(calls()).toBe(1);
    expect(emulator.events).toEqual(
      TWO.map((detail) => ({
        id: expect.any(String),
        at: expect.any(Number),
        region: 'eu-central-1',
        bus: BUS,
        source: 'lightsail-retention',
        detailType: 'Lightsail Snapshot Deletion Started',
        detail,
      })),
    );
  });

  it.each<[string, FaultInput]>([
    ['the service throttles', { fault: 'throttle', times: 2 }],
    ['the service fails', { fault: 'error', code: 'InternalException', status: 500, times: 2 }],
    ['the connection closes', { fault: 'reset', times: 2 }],
    ['every entry fails', { fault: 'entries', times: 2 }],
  ])('are put again when %s', async (_, fault) => {
    await put([fault]);
    expect(calls()).toBe(3);
    expect(received()).toEqual(['deletion-started/one', 'deletion-started/two']);
  });

  it('keep their ids when an answer is lost, so that a receiver drops the second ones', async () => {
    await put([{ fault: 'reset', when: 'after', times: 1 }]);
    expect(calls()).toBe(2);
    expect(emulator.events).toHaveLength(4);
    expect(new Set(received())).toEqual(new Set(['deletion-started/one', 'deletion-started/two']));
  });

  it('are put again without the entries that the bus accepted', async () => {
    const bodies: string[] = [];
    const restoreFetch = jest.spyOn(globalThis, 'fetch');
    const answers = [
      { FailedEntryCount: 1, Entries: [{ EventId: '1' }, { ErrorCode: 'InternalFailure', ErrorMessage: 'try again' }] },
      { FailedEntryCount: 0, Entries: [{ EventId: '2' }] },
    ];
    restoreFetch.mockImplementation(async (_, init) => {
      bodies.push(String(init?.body));
      return Response.json(answers[bodies.length - 1]);
    });
    try {
      await put([]);
    } finally {
      restoreFetch.mockRestore();
    }
    const sent = bodies.map((body) =>
      JSON.parse(body).Entries.map(({ Detail }: { Detail: string }) => JSON.parse(Detail).id),
    );
    expect(sent).toEqual([['deletion-started/one', 'deletion-started/two'], ['deletion-started/two']]);
  });

  it.each<[string, FaultInput, string]>([
    [
      'each attempt fails',
      { fault: 'entries', code: 'InternalFailure', message: 'try later' },
      'InternalFailure (try later)',
    ],
    [
      'an answer has no results',
      { fault: 'answer', status: 200, body: '{"FailedEntryCount":2}' },
      'no result (for any entry)',
    ],
  ])('are given up after the last pause when %s', async (_, fault, why) => {
    await expect(put([fault])).rejects.toMatchObject({
      code: 'channel.events',
      message: expect.stringContaining(`cannot put 2 of 2 events on ${BUS}: got ${why}; check`),
    });
    expect(calls()).toBe(3);
  });

  it('are given up at once when the role may not put them', async () => {
    await expect(put([{ fault: 'deny', by: 'nothing-allows' }])).rejects.toThrow(
      /got AccessDeniedException \(User: .* is not authorized to perform: events:PutEvents/,
    );
    expect(calls()).toBe(1);
  });

  const MANY = Array.from({ length: 25 }, (_, i) => anEvent(`run-${i}`));

  it('are put ten at a time, each once', async () => {
    await put([], 60_000, MANY);
    expect(calls()).toBe(3);
    expect(received()).toEqual(MANY.map(({ id }) => id));
  });

  it('are put as far as the bus accepts them when some batches fail, and the error counts the others', async () => {
    await expect(
      put([{ fault: 'entries', code: 'InternalFailure', message: 'x', times: 3 }], 60_000, MANY),
    ).rejects.toThrow('cannot put 10 of 25 events on');
    expect(received()).toEqual(MANY.slice(10).map(({ id }) => id));
  });

  it.each<[string, FaultInput, string]>([
    ['the role may not put them', { fault: 'deny', by: 'nothing-allows' }, 'AccessDeniedException'],
    [
      'the bus does not exist',
      { fault: 'error', code: 'ResourceNotFoundException', message: 'Event bus mine does not exist.' },
      'ResourceNotFoundException (Event bus mine does not exist.)',
    ],
  ])('are given up after one call of many when %s', async (_, fault, why) => {
    await expect(put([fault], 60_000, MANY)).rejects.toThrow(why);
    await expect(put([fault], 60_000, MANY)).rejects.toThrow('cannot put 25 of 25 events on');
    expect(calls()).toBe(2);
  });

  it('are given up when the bus does not answer in time', async () => {
    await expect(put([{ fault: 'hang' }], 50)).rejects.toMatchObject({ code: 'channel.events' });
    expect(calls()).toBe(1);
  });
});
