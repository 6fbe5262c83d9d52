import { benchDecide } from './decide';

/** `npm run bench [section …]`: prints ratios from one run. Without a name all sections run. */
const SECTIONS = { decide: benchDecide } as const;

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !(name in SECTIONS));
  if (unknown.length > 0)
    throw new Error(`there is no section ${unknown.join(', ')}: expected some of ${Object.keys(SECTIONS).join(', ')}`);
  for (const [name, section] of Object.entries(SECTIONS)) if (asked.length === 0 || asked.includes(name)) await section(process.stdout);
}

void main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
