import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { AccountData } from '../../emulator/account';
import { type Emulator, startEmulator } from '../../emulator/server';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { type PageStep, stepsOf } from './commands';

const ROOT = join(__dirname, '..', '..');

/** What is not part of a clone. */
const NOT_CLONED = ['.git', 'node_modules', 'dist', 'out', 'cdk.out', 'coverage', 'reports', '.stryker-tmp'];

/** How a command of a page runs here. */
export interface Instead {
  /** What runs in its place; null: nothing here. */
  readonly run: string | null;
  readonly because: string;
  readonly exit?: number;
}

/** A step of a page with a title, and with how its command runs here. */
export interface PlannedStep {
  readonly title: string;
  readonly step: PageStep;
  readonly run: string | null;
  readonly exit: number;
}

/** The steps of a page, each once: what is repeated is done already. */
export const uniqueSteps = (page: string): readonly PageStep[] => [
  ...new Map(stepsOf(page).map((step) => [JSON.stringify(step), step])).values(),
];

/** The commands of a page, each once. */
export const commandsOf = (page: string): readonly string[] =>
  uniqueSteps(page).flatMap((step) => ('command' in step ? [step.command] : []));

/** The steps of a page in its order: what one command writes the next one reads. */
export const planSteps = (page: string, instead: Readonly<Record<string, Instead>>): readonly PlannedStep[] =>
  uniqueSteps(page).map((step): PlannedStep => {
    if ('file' in step) return { title: `${step.file} is written`, step, run: null, exit: 0 };
    const { run, because, exit = 0 } = instead[step.command] ?? { run: step.command, because: null };
    const title = `\`${step.command}\` ${run === null ? 'does not run here' : 'works'}${because === null ? '' : `: ${because}`}`;
    return { title, step, run, exit };
  });

/** A clone of this tree, an embedded Lightsail, and a shell without network or AWS account in it. */
export class PageClone {
  readonly work = mkdtempSync(join(tmpdir(), 'page-'));
  readonly folder = join(this.work, 'clone');
  /** What each command printed. */
  readonly printed = new Map<string, string>();
  private emulator: Emulator | null = null;

  async start(account: AccountData): Promise<void> {
    mkdirSync(this.folder);
    cpSync(ROOT, this.folder, { recursive: true, filter: (source) => !NOT_CLONED.includes(relative(ROOT, source)) });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    this.emulator = await startEmulator({ account });
  }

  /** Puts the command line of this test run into the clone, instead of building it there. */
  useBuiltProgram(): void {
    mkdirSync(this.path('dist'));
    copyFileSync(commandLineProgram(), this.path('dist/lightsail-retention.cjs'));
    chmodSync(this.path('dist/lightsail-retention.cjs'), 0o755);
  }

  async stop(): Promise<void> {
    await this.emulator?.close();
    rmSync(this.work, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a command; the packages' own Node.js is first, as in an npm script. */
  shell(command: string): Promise<ChildRun> {
    return endOf(
      spawn('sh', ['-c', command], {
        cwd: this.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${join(this.folder, 'node_modules', '.bin')}:${process.env.PATH}`,
          HOME: this.work,
          HTTPS_PROXY: 'http://127.0.0.1:9',
          HTTP_PROXY: 'http://127.0.0.1:9',
          NO_PROXY: '127.0.0.1,localhost',
          NO_COLOR: '1',
          npm_config_offline: 'true',
          npm_config_update_notifier: 'false',
          CDK_DISABLE_CLI_TELEMETRY: 'true',
          CDK_VALIDATION: 'false',
          AWS_ENDPOINT_URL: this.emulator?.url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_REGION: 'us-east-1',
        },
      }),
    );
  }

  /** Does one step, and expects it to succeed. */
  async perform({ step, run, exit }: PlannedStep): Promise<void> {
    if ('file' in step) writeFileSync(this.path(step.file), step.text);
    else if (run !== null) {
      const { code, out, err } = await this.shell(run);
      expect({ code, printed: code === exit ? '' : `${out}${err}` }).toEqual({ code: exit, printed: '' });
      this.printed.set(step.command, out);
    }
  }
}
