import { executionName, hasEnded, noteEnding, readEnding } from '../../lambda/deletion/execution-status';
import type { RunEnd } from '../../lambda/render/result-email';
import { memoryStore } from '../fakes/memory-store';

const PLAN = { id: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'1'.repeat(64)}` };
const RUN = { execution: 'first', run: 'first-0001' };
const KEY = `results/${PLAN.id}/ended-first.json`;

describe('the note of how an execution ended', () => {
  it.each<RunEnd>([
    { state: 'finished' },
    { state: 'refused', code: 'plan.expired', text: 'too late' },
    { state: 'stopped', code: 'run.deadline', text: 'it did not end' },
    { state: 'failed', code: 'run.failed', text: 'the bucket is away' },
  ])('is read as it was written: $state', async (end) => {
    const store = memoryStore();
    await noteEnding(store, PLAN, RUN, end);
    expect(JSON.parse((await store.get(KEY)) ?? '')).toEqual({ digest: PLAN.digest, run: RUN.run, end });
    expect(await readEnding(store, PLAN, 'first')).toEqual(end);
    expect(await hasEnded(store, PLAN.id, 'first')).toBe(true);
  });

  it('is that of one execution and of one plan', async () => {
    const store = memoryStore();
    await noteEnding(store, PLAN, RUN, { state: 'finished' });
    expect(await readEnding(store, PLAN, 'second')).toBeNull();
    expect(await hasEnded(store, PLAN.id, 'second')).toBe(false);
    expect(await readEnding(store, { ...PLAN, digest: `sha256:${'2'.repeat(64)}` }, 'first')).toBeNull();
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    `{"digest":"${PLAN.digest}"}`,
    `{"digest":"${PLAN.digest}","end":null}`,
    `{"digest":"${PLAN.digest}","end":{"state":"well"}}`,
    `{"digest":"${PLAN.digest}","end":{"state":"refused","code":"plan.expired"}}`,
    `{"digest":"${PLAN.digest}","end":{"state":"refused","code":1,"text":"too late"}}`,
  ])('counts as absent where it is not as it was written (%s), though its name is used', async (text) => {
    const store = memoryStore(new Map([[KEY, text]]));
    expect(await readEnding(store, PLAN, 'first')).toBeNull();
    expect(await hasEnded(store, PLAN.id, 'first')).toBe(true);
  });

  it('is named by the execution, as its ARN has it', () => {
    expect(
      executionName('arn:aws:lambda:us-east-1:123456789012:function:deletion:7/durable-execution/the-name/0001'),
    ).toBe('the-name');
    expect(executionName('local')).toBe('local');
  });
});
