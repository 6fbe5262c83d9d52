import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { scripts } from '../../package.json';

const FOLDER = join(__dirname, '..', '..', '.github', 'workflows');

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[]; readonly 'timeout-minutes': number }>>;
}

describe.each(readdirSync(FOLDER))('%s', (name) => {
  const workflow = parse(readFileSync(join(FOLDER, name), 'utf8')) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('uses actions by commit alone: a tag can be moved', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  test('may read the repository and nothing else, unless a job says so', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  test('runs scripts that exist', () => {
    const called = steps.flatMap(({ run = '' }) => [...run.matchAll(/^npm (?:run )?([\w:-]+)/gm)].map((match) => match[1] ?? ''));
    for (const script of called) expect([...Object.keys(scripts), 'ci', 'publish']).toContain(script);
  });

  test('ends by itself', () => {
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(30);
  });
});
