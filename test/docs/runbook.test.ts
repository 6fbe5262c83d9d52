import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const HANDLERS = join(ROOT, 'lambda', 'handlers');

const runbook = readFileSync(join(ROOT, 'docs', 'runbook.md'), 'utf8');
const sources = [
  join(ROOT, 'lambda', 'handlers', 'wire-report.ts'),
  join(ROOT, 'lambda', 'handlers', 'wire-delete.ts'),
  ...readdirSync(HANDLERS).map((name) => join(HANDLERS, name)),
].map((file) => readFileSync(file, 'utf8'));

test('docs/runbook.md names every event that a function logs', () => {
  const logged = sources.flatMap((text) =>
    [
      ...text.matchAll(
        /'((?:report|check|inventory|deletion|organization|accounts?)\.(?:started|scope|finished|failed))'/g,
      ),
    ].map((match) => match[1] ?? ''),
  );
  expect(logged).toEqual(
    expect.arrayContaining(['report.started', 'report.finished', 'report.failed', 'check.finished', 'inventory.scope']),
  );
  const events = runbook.slice(runbook.indexOf('\n## events'));
  for (const event of logged) expect(events).toContain(`\`${event}\``);
});

test('docs/runbook.md names every reason for which an automatic deletion deletes nothing', () => {
  const codes = ['core/plan/grace-period.ts', 'deletion/select-due-snapshots.ts'].flatMap((file) =>
    [...readFileSync(join(ROOT, 'lambda', file), 'utf8').matchAll(/nothing(?:Due|Selected)?\(\s*'([a-z.-]+)'/g)].map(
      (match) => match[1] ?? '',
    ),
  );
  expect(codes).toEqual(expect.arrayContaining(['auto.grace', 'auto.no-subscriber', 'config.built-in']));
  const [, section = ''] = runbook.split('\n## Automatic deletion deleted nothing\n');
  for (const code of codes) expect(section.split('\n## ')[0]).toContain(`\`${code}\``);
});
