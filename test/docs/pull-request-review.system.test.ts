import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { renderJson } from '../../lambda/render/json';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, endOf } from '../support/child-process';
import { aReport, aScope, aSource, DAY, kept, NOW } from '../support/report-builder';

const EXAMPLE = join(__dirname, '..', '..', 'examples', 'github');
const MARKER = '<!-- lightsail-retention compare -->';
const BOT = 'github-actions[bot]';

interface Step {
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

const source = readFileSync(join(EXAMPLE, 'retention-review.yml'), 'utf8');
const workflow = parse(source) as {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly if: string; readonly permissions: unknown; readonly steps: Step[] }>
  >;
};
const { compare: job } = workflow.jobs;
const steps = job?.steps ?? [];
const stepNamed = (name: string): Step => {
  const found = steps.find((step) => step.name === name);
  if (found === undefined) throw new Error(`the workflow has no step "${name}"`);
  return found;
};

interface Comment {
  readonly id: number;
  readonly user: { readonly login: string };
  body: string;
}

/** A GitHub that has the comments of pull request 7, a hundred per page. */
class CommentService {
  readonly comments: Comment[] = [];
  readonly calls: string[] = [];
  /** What it answers to every call instead. */
  refuses: number | null = null;
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1');
      this.calls.push(`${request.method} ${url.pathname}${url.search}`);
      const status = this.refuses ?? (request.headers.authorization === 'Bearer token' ? 200 : 401);
      const body = Buffer.concat(chunks).toString();
      const answer = status === 200 ? this.answer(request.method ?? '', url, body) : { message: 'refused' };
      response.writeHead(answer === null ? 404 : status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });

  add(login: string, body: string): Comment {
    const comment = { id: this.comments.length + 1, user: { login }, body };
    this.comments.push(comment);
    return comment;
  }

  private answer(method: string, { pathname, searchParams }: URL, text: string): unknown {
    if (pathname === '/repos/some/where/issues/7/comments') {
      const page = Number(searchParams.get('page'));
      if (method === 'GET') return this.comments.slice(100 * (page - 1), 100 * page);
      if (method === 'POST') return this.add(BOT, JSON.parse(text).body);
    }
    const [, id] = /^\/repos\/some\/where\/issues\/comments\/(\d+)$/.exec(pathname) ?? [];
    const comment = this.comments.find((each) => each.id === Number(id));
    if (method !== 'PATCH' || comment === undefined) return null;
    comment.body = JSON.parse(text).body;
    return comment;
  }

  start(): Promise<string> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`),
      );
    });
  }
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

const BASE = `version: 1
policies: { standard: { keep: { last: 2 } } }
default: standard
`;

/** Names that try to end the comment's table, forge its marker, mention people and link to places. */
const HOSTILE = [
  'web | x |\n| y',
  `a ${MARKER} b`,
  'a ` code',
  '@everyone #1 GH-2 http://evil.example www.evil.example',
  '<img src=x onerror=alert(1)> <!-- -->',
  '`|`@x ![pwn](http://e.example/x.png#1) @octocat `',
];

describe('the workflow that reviews a policy in its pull request', () => {
  it('runs for pull requests of the repository itself, never with the secrets of a base branch', () => {
    expect(Object.keys(workflow.on)).toEqual(['pull_request']);
    expect(job?.if).toBe('github.event.pull_request.head.repo.full_name == github.repository');
    expect(source.match(/pull_request_target/g)).toHaveLength(1);
  });

  it('may comment and assume a role, and nothing else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(job?.permissions).toEqual({ contents: 'read', 'id-token': 'write', 'pull-requests': 'write' });
  });

  it('uses actions by commit, leaves no token in a clone, and runs the base branch', () => {
    const used = steps.filter(({ uses }) => uses !== undefined);
    for (const { uses } of used) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    const clones = used.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(clones.map((step) => step.with)).toEqual([
      expect.objectContaining({ ref: expect.stringContaining('github.base_ref'), 'persist-credentials': false }),
      expect.objectContaining({ path: 'proposed', 'sparse-checkout': 'retention.yaml', 'persist-credentials': false }),
    ]);
  });

  it('puts no text of a pull request into a script', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  it('says that a comment or stored report in a public repository publishes names', () => {
    expect(readFileSync(join(EXAMPLE, 'README.md'), 'utf8')).toMatch(/public repository it publishes/);
  });
});

describe('the steps of the review, run here', () => {
  const service = new CommentService();
  let url: string;
  let work: string;
  let script: string;
  beforeAll(async () => {
    url = await service.start();
    script = commandLineProgram();
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    service.comments.length = 0;
    service.calls.length = 0;
    service.refuses = null;
    work = mkdtempSync(join(tmpdir(), 'review-'));
    for (const folder of ['proposed', 'bin', '.github', '.github/retention']) mkdirSync(join(work, folder));
    writeFileSync(join(work, 'retention.yaml'), BASE);
    // The command line of this tree, and a copy of the report in place of one in a bucket.
    program('npx', `shift 3; exec '${process.execPath}' '${script}' "$@"`);
    program(
      'aws',
      `case "$*" in
        's3api list-objects-v2 --bucket bucket --prefix reports/ --delimiter / '*) printf 'reports/1/\\nreports/2/\\n' ;;
        's3 cp --only-show-errors s3://bucket/reports/2/report.json report.json') cp stored.json report.json ;;
        *) echo "unexpected: $*" >&2; exit 1 ;;
      esac`,
    );
    const comment = readFileSync(join(EXAMPLE, 'comment.mjs'));
    writeFileSync(join(work, '.github', 'retention', 'comment.mjs'), comment);
    const web = {
      ...aSource('web'),
      name: 'web | @all',
      kind: 'instance',
      region: 'us-east-1',
      account: '123456789012',
      exists: true,
      tags: new Map(),
      newestAt: null,
      stale: false,
    } as const;
    const items = HOSTILE.map((name, age) =>
      kept({
        name,
        arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${age}`,
        createdAt: NOW - (age + 2) * DAY,
        source: { arn: web.arn, name: web.name },
      }),
    );
    const scopes = KINDS.map((kind) => aScope({ kind }));
    writeFileSync(join(work, 'stored.json'), [...renderJson(aReport(items, { sources: [web], scopes }))].join(''));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  function program(name: string, text: string): void {
    writeFileSync(join(work, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(work, 'bin', name), 0o755);
  }
  const propose = (text: string): void => writeFileSync(join(work, 'proposed', 'retention.yaml'), text);

  /** Runs a step as GitHub does: with bash, which ends at the first failure. */
  function perform(name: string, env: Readonly<Record<string, string>> = {}): Promise<ChildRun> {
    const file = join(work, 'step.sh');
    writeFileSync(file, stepNamed(name).run ?? '');
    return endOf(
      spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
        cwd: work,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${join(work, 'bin')}:${process.env.PATH}`,
          HOME: work,
          BUCKET: 'bucket',
          GITHUB_STEP_SUMMARY: join(work, 'summary.md'),
          GITHUB_API_URL: url,
          GITHUB_REPOSITORY: 'some/where',
          GITHUB_TOKEN: 'token',
          PULL_REQUEST: '7',
          ...env,
        },
      }),
    );
  }

  it('posts what newly expires, and replaces its own comment after the next push', async () => {
    propose(BASE.replace('last: 2', 'last: 1'));
    expect(await perform('Compare')).toMatchObject({ code: 0, err: '' });
    expect(await perform('Comment')).toMatchObject({ code: 0, err: '' });
    expect(service.comments).toHaveLength(1);
    expect(service.comments[0]?.body).toContain('1 snapshot newly expiring, 0 newly kept');
    expect(readFileSync(join(work, 'summary.md'), 'utf8')).toContain('1 snapshot newly expiring');

    rmSync(join(work, 'comment.md'));
    propose(BASE);
    await perform('Compare');
    await perform('Comment');
    expect(service.comments).toHaveLength(1);
    expect(service.comments[0]?.body).toContain('No snapshot is decided otherwise');
  });

  it('lets no name end a row, forge the marker, mention or link', async () => {
    propose(BASE);
    writeFileSync(join(work, 'retention.yaml'), BASE.replace('last: 2', 'last: 9'));
    await perform('Compare');
    await perform('Comment');
    const body = service.comments[0]?.body ?? '';
    expect(body).toContain('4 snapshots newly expiring');
    expect(body.split(MARKER)).toHaveLength(2);
    expect(body.startsWith(MARKER)).toBe(true);
    const outsideOfCode = body.slice(MARKER.length).replace(/(?<!\\)`[^`]*`/g, '');
    expect(outsideOfCode).not.toMatch(/(?<!\\)<|@everyone|@all|#1|GH-2|http:|www\./);
    const expiring = body.slice(body.indexOf('## Newly expiring'), body.indexOf('## Sources'));
    const columns = expiring
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((row) => row.split(/(?<!\\)\|/).length);
    // The head, the line below it, and a row for each snapshot.
    expect(columns).toHaveLength(2 + HOSTILE.length - 2);
    expect(new Set(columns).size).toBe(1);
  });

  it('leaves a comment of somebody else alone, marker or not, also on a later page', async () => {
    propose(BASE);
    for (let i = 0; i < 130; i++) service.add('somebody', `${MARKER}\nforged ${i}`);
    await perform('Compare');
    await perform('Comment');
    await perform('Comment');
    expect(service.comments).toHaveLength(131);
    expect(service.comments.slice(0, 130).every(({ body }) => body.includes('forged'))).toBe(true);
    expect(service.calls.filter((each) => each.startsWith('POST'))).toHaveLength(1);
  });

  it('does not begin a comment again that another workflow of the repository made', async () => {
    propose(BASE);
    service.add(BOT, `build: ${MARKER} passed`);
    await perform('Compare');
    await perform('Comment');
    expect(service.comments.map(({ body }) => body.split('\n')[0])).toEqual([`build: ${MARKER} passed`, MARKER]);
  });

  it('says in the comment that a wrong configuration was not compared, and fails', async () => {
    propose('version: 2\n');
    writeFileSync(join(work, 'comment.md'), 'a file of the base branch');
    const { code, err } = await perform('Compare');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('version') });
    await perform('Comment');
    expect(service.comments[0]?.body).toBe(
      `${MARKER}\nThe configurations could not be compared. The log of this check says why.\n`,
    );
  });

  it('compares a first configuration with none', async () => {
    rmSync(join(work, 'retention.yaml'));
    propose(BASE);
    expect(await perform('Compare')).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(work, 'comment.md'), 'utf8')).toContain('4 snapshots newly expiring');
  });

  it('says in the comment that a run did not come to a comparison: an earlier comment would look current', async () => {
    expect(stepNamed('Comment').if).toContain('!cancelled()');
    await perform('Comment');
    expect(service.comments[0]?.body).toContain('could not be compared');
  });

  it('lets no text of a pull request be a command to the runner', async () => {
    propose('version: 1\n"##[error]forged": 1\n');
    const { out } = await perform('Compare');
    const [, token] = /^::stop-commands::(\S{36})$/m.exec(out) ?? [];
    expect(out.trimEnd().endsWith(`::${token}::`)).toBe(true);
  });

  it('reads no link of a pull request', async () => {
    symlinkSync('/etc/hostname', join(work, 'proposed', 'retention.yaml'));
    expect(await perform('Compare')).toMatchObject({ code: 1 });
    await perform('Comment');
    expect(service.comments[0]?.body).toBe(`${MARKER}\nThe pull request leaves no regular file retention.yaml.\n`);
  });

  it('cuts a comment that GitHub would refuse at the end of a line', async () => {
    const line = `${'x'.repeat(99)}\n`;
    writeFileSync(join(work, 'comment.md'), line.repeat(2_000));
    expect(await perform('Comment')).toMatchObject({ code: 0 });
    const body = service.comments[0]?.body ?? '';
    expect(body.length).toBeLessThan(65_536);
    expect(body.endsWith(`${line}\nThe rest does not fit in a comment. The summary of the check has more.\n`)).toBe(
      true,
    );
  });

  it('says in one sentence that GitHub refused', async () => {
    writeFileSync(join(work, 'comment.md'), 'text');
    service.refuses = 403;
    const { code, err } = await perform('Comment');
    expect(code).toBe(1);
    expect(err).toMatch(/^cannot comment on the pull request: GET \S+ answered 403: expected a status of 2xx\n$/);
  });
});
