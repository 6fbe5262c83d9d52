import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sampleAccount } from '../../emulator/sample-account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { commandLineProgram } from '../support/built-programs';
import { isInstalled, itWith } from '../support/optional';

const TMUX = 'tmux';
const ROOT = join(__dirname, '..', '..');
const ESCAPE = '\u001b';
/** Commands and digests are longer than a narrow terminal, and are never split. */
const TO_COPY = /^ {4}(aws|npx) |sha256:[0-9a-f]{64}/;

let folder: string;
let program: string;
let emulator: Emulator;

/** tmux tells its version by -V alone. */
const here = isInstalled(TMUX, '-V');

beforeAll(async () => {
  if (!here) return;
  folder = mkdtempSync(join(tmpdir(), 'terminal-'));
  program = commandLineProgram();
  emulator = await startEmulator({ account: sampleAccount(Date.now()), pageSize: 10 });
}, 60_000);

afterAll(async () => {
  if (!here) return;
  await emulator.close();
  rmSync(folder, { recursive: true });
});

interface Screen {
  /** Everything that was on the terminal, a wrapped line joined to one; with `escapes` also how it was coloured. */
  read(escapes?: boolean): string;
  /** Waits until something stands on the terminal. */
  until(what: RegExp): Promise<string>;
  close(): void;
}

/** Runs a command line in a real terminal of so many columns. */
function terminal(columns: number, args: string, env: Readonly<Record<string, string>> = {}): Screen {
  const socket = join(folder, `tmux-${columns}-${Math.floor(performance.now())}`);
  const tmux = (...given: string[]): string =>
    execFileSync(TMUX, ['-S', socket, '-f', '/dev/null', ...given], { encoding: 'utf8' });
  const settings = {
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    LC_ALL: 'C.UTF-8',
    ...env,
  };
  const assigned = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const run = `env -u NO_COLOR ${assigned.join(' ')} '${process.execPath}' '${program}' ${args}; echo "exit $?"; sleep 600`;
  tmux('-u', 'new-session', '-d', '-x', String(columns), '-y', '40', '-c', ROOT, run);
  const read = (escapes = false): string => tmux('capture-pane', '-p', '-J', '-S', '-', ...(escapes ? ['-e'] : []));
  return {
    read,
    async until(what) {
      for (let attempt = 0; attempt < 400; attempt += 1) {
        const text = read();
        if (what.test(text)) return text;
        await pause(50);
      }
      throw new Error(`expected ${what} on the terminal, got:\n${read()}`);
    },
    close: () => tmux('kill-server'),
  };
}

const test = (name: string, run: () => Promise<void>): void => itWith(TMUX, name, run, 90_000, '-V');

describe('in a real terminal', () => {
  for (const columns of [60, 120])
    test(`the report fits ${columns} columns, grouped by source, and the bar is gone`, async () => {
      const screen = terminal(columns, 'report --config examples/agency.yaml');
      try {
        const text = await screen.until(/^exit \d+$/m);
        expect(text).toMatch(/^exit 0$/m);
        expect(text).toMatch(/^read 173 snapshots in 3 regions$/m);
        expect(text).toMatch(/^\d+ of 173 snapshots are expired by policy/m);
        expect(text.replace(/\s+/g, ' ')).toContain('staging (instance snapshots in eu-central-1): ');
        expect(text).not.toMatch(/[█░]/);
        const wide = text.split('\n').filter((line) => line.trimEnd().length > columns && !TO_COPY.test(line));
        expect(wide).toEqual([]);
        expect(screen.read(true)).toContain(`${ESCAPE}[1m`);
      } finally {
        screen.close();
      }
    });

  test('a bar shows how far the reading is', async () => {
    emulator.setFaults([{ operations: 'GetInstanceSnapshots', fault: 'latency', ms: 400 }]);
    const screen = terminal(60, 'report --config examples/agency.yaml --format json --output /dev/null');
    try {
      expect(await screen.until(/█/)).toMatch(/^█*░* \d of \d+ lists?, \d+ snapshots?, \d+\/s$/m);
      expect(await screen.until(/^exit \d+$/m)).not.toMatch(/[█░]/);
    } finally {
      screen.close();
      emulator.setFaults([]);
    }
  });

  test('nothing is coloured where NO_COLOR is set, and no progress is shown with --quiet', async () => {
    const screen = terminal(80, 'report --quiet --config examples/agency.yaml', { NO_COLOR: '1' });
    try {
      const text = await screen.until(/^exit 0$/m);
      expect(screen.read(true)).not.toContain(ESCAPE);
      expect(text).toMatch(
        /^warning: calls to AWS go to another endpoint: [^;]*; \S+ ignores that\n\d+ of 173 snapshots are expired by policy/,
      );
    } finally {
      screen.close();
    }
  });
});
