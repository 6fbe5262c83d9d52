import { Readable, Writable } from 'node:stream';
import { confirmCount } from '../../cli/ask-count';
import type { Plan } from '../../lambda/core/plan/plan';
import { codeOf } from '../deletion/rig';
import { terminalOf } from '../support/terminal';

/** Answers the question for the number of a plan that lists four, of which three would be deleted now. */
function answer(input: string, yes?: number): Promise<string | null> {
  const err = new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as NodeJS.WriteStream;
  const plan = { items: [{}, {}, {}, {}] } as unknown as Plan;
  const from = Readable.from([input]) as unknown as NodeJS.ReadStream;
  const question = { plan, candidates: 3, yes, note: '' };
  return codeOf(confirmCount(question, { err, out: err, env: {} }, from, { endpointNotice: null }));
}

describe('the question for the number of snapshots to delete', () => {
  test.each(['3\n', ' 3 \n', '3', '\t3\n'])('takes the number that was shown: %j', async (input) => {
    expect(await answer(input)).toBe(null);
  });

  test.each(['4\n', '+3\n', '3.0\n', '3 3\n', '\u0663\n', 'yes\n', '\n'])(
    'takes no other answer: %j',
    async (input) => {
      expect(await answer(input)).toBe('plan.count');
    },
  );

  test.each([
    ['4,140\n', null],
    ['4140\n', null],
    ['41,40\n', 'got "41,40", and 4,140 snapshots would be deleted now'],
    ['yes please\n', 'got "yes please", and 4,140 snapshots would be deleted now'],
    ['\n', 'Stopped: no number was given, and nothing was deleted.'],
  ])('takes %j where 4,140 was shown, or says what it got', async (input, says) => {
    const { stream, text } = terminalOf(60);
    const plan = { items: [{}, {}, {}, {}] } as unknown as Plan;
    const from = Object.assign(Readable.from([input]), { isTTY: true }) as unknown as NodeJS.ReadStream;
    const question = { plan, candidates: 4140, yes: undefined, note: '' };
    const given = confirmCount(question, { err: stream, out: stream, env: {} }, from, { endpointNotice: null });
    const message = await given.then(
      () => null,
      (error: Error) => error.message,
    );
    if (says === null) expect(message).toBeNull();
    else expect(message).toContain(says);
    expect(text().split('\n').slice(0, 2)).toEqual([
      'Type the number of snapshots to delete (4,140), anything',
      'else to stop: ',
    ]);
  });

  test.each([
    [3, null],
    [4, null],
    [5, 'plan.count'],
  ])('is answered by --yes with the number of now or of the plan: %d', async (yes, code) => {
    expect(await answer('', yes)).toBe(code);
  });
});
