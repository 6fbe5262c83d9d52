import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigText } from '../../lambda/config/parse-yaml';
import { type ConfigKey, configKeys, configurationPage, flowYaml } from '../../scripts/config-docs';
import { jsonSchemaText } from '../../scripts/json-schema';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');
const keys = configKeys();

/** A configuration in which a key has its example. */
function withExample({ path, example }: ConfigKey): string {
  const steps = path.replaceAll('<name>', 'standard').replaceAll('[]', '.0').split('.');
  const root: Record<string, unknown> = {
    version: 1,
    policies: { standard: { keep: { last: 1 } } },
    ...(path.startsWith('rules[]') && { rules: [{ match: {}, policy: 'standard' }] }),
  };
  let node = root;
  for (const step of steps.slice(0, -1)) {
    node[step] ??= {};
    node = node[step] as Record<string, unknown>;
  }
  node[steps.at(-1) ?? ''] = example;
  return `${Object.entries(root)
    .map(([key, value]) => `${key}: ${flowYaml(value)}`)
    .join('\n')}\n`;
}

describe('docs/configuration.md', () => {
  it('is current (npm run docs writes it)', () => {
    expect(configurationPage(page)).toBe(page);
  });

  it('lists every member of the JSON Schema', () => {
    const names = new Set<string>();
    JSON.parse(jsonSchemaText(), (key, value) => {
      if (key === 'properties') for (const name of Object.keys(value)) names.add(name);
      return value;
    });
    const listed = new Set(keys.map(({ path }) => path.slice(path.lastIndexOf('.') + 1)));
    expect([...names].filter((name) => !listed.has(name))).toEqual([]);
  });

  it('has an example and a description of every key', () => {
    const missing = keys.filter(({ example, description }) => example === undefined || description === '');
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  it.each(keys.map((key) => [key.path, key] as const))('has an example of %s that the validator accepts', (_, key) => {
    const result = readConfigText(withExample(key), 'retention.yaml');
    expect(result.ok ? [] : result.errors).toEqual([]);
  });

  it('shows a whole file that the validator accepts without a warning', () => {
    const [, text = ''] = /```yaml\n(# retention\.yaml\n[\s\S]*?)```/.exec(page) ?? [];
    const result = readConfigText(text, 'retention.yaml');
    expect(result.ok && result.warnings).toEqual([]);
  });

  it('names only mistakes that the validator refuses', () => {
    const [, cell = ''] = /^\| duration \|.*\| (`3m`.*) \|$/m.exec(page) ?? [];
    const durations = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    expect(durations.length).toBeGreaterThan(3);
    for (const text of durations) {
      const result = readConfigText(`version: 1\npolicies: { p: { expireAfter: ${text} } }\ndefault: p\n`, 'x.yaml');
      expect([text, result.ok]).toEqual([text, false]);
    }
  });
});
