import { cpus, loadavg, totalmem } from 'node:os';
import { walkByHttp } from './bare-http';
import { benchBundle } from './bundle';
import { benchDecide } from './decide';
import { benchCommand, benchListing } from './listing';
import { benchMemory } from './memory';
import { benchOrganization } from './organization';
import { benchPage } from './page';
import { type Served, serveHere } from './serve';

/** `npm run bench [section …]`: prints ratios from one run. Without a name all sections run. */
const SECTIONS = {
  listing: benchListing,
  command: benchCommand,
  decide: benchDecide,
  memory: benchMemory,
  bundle: benchBundle,
  page: benchPage,
  organization: benchOrganization,
} as const;

/** Processes of their own that the sections start. */
const PROCESSES: Readonly<Record<string, (argument: string) => Promise<unknown>>> = {
  serve: (served) => serveHere(JSON.parse(served) as Served),
  'bare-http': walkByHttp,
};

const load = (): string =>
  loadavg()
    .map((of) => of.toFixed(1))
    .join(' ');

async function runBenchmarks(): Promise<void> {
  const asked = process.argv.slice(2);
  const [first = '', argument = ''] = asked;
  const own = PROCESSES[first];
  if (own !== undefined) {
    await own(argument);
    return;
  }
  const unknown = asked.filter((name) => !(name in SECTIONS));
  if (unknown.length > 0)
    throw new Error(`there is no section ${unknown.join(', ')}: expected some of ${Object.keys(SECTIONS).join(', ')}`);
  const out = process.stdout;
  out.write(
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}; load ${load()}\n`,
  );
  for (const [name, section] of Object.entries(SECTIONS))
    if (asked.length === 0 || asked.includes(name)) await section(out);
  out.write(`\nload at the end ${load()}\n`);
}

void runBenchmarks().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
