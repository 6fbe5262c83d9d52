import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { JSON_SHAPES } from '../cli/json-shapes';

export const SCHEMA_NAMES = Object.keys(JSON_SHAPES) as readonly (keyof typeof JSON_SHAPES)[];

/**
 * The JSON Schema (2020-12) of a command's JSON. `isStrict` allows no further members; published schemas do, because
 * members may be added.
 */
export function commandSchema(name: keyof typeof JSON_SHAPES, isStrict = false): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(JSON_SHAPES[name], {
    target: 'draft-2020-12',
    io: isStrict ? 'output' : 'input',
  });
  return { $schema, title: `lightsail-retention ${name.replaceAll('-', ' ')}`, ...schema };
}

/** The text of a published schema. */
export const schemaText = (name: keyof typeof JSON_SHAPES): string =>
  `${JSON.stringify(commandSchema(name), null, 2)}\n`;

/** The folder of published schemas. */
export const SCHEMA_FOLDER = join(__dirname, '..', 'schemas');

if (require.main === module) {
  mkdirSync(SCHEMA_FOLDER, { recursive: true });
  for (const name of SCHEMA_NAMES) writeFileSync(join(SCHEMA_FOLDER, `${name}.schema.json`), schemaText(name));
}
