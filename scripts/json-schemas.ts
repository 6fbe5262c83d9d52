import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { JSON_SHAPES } from '../cli/json-shapes';
import { EVENT_SHAPE } from './event-shape';

export const SCHEMA_NAMES = Object.keys(JSON_SHAPES) as readonly (keyof typeof JSON_SHAPES)[];

/** `isStrict` allows no further members; published schemas do, because members may be added. */
function schemaOf(shape: z.ZodMiniType, title: string, isStrict: boolean): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(shape, {
    target: 'draft-2020-12',
    io: isStrict ? 'output' : 'input',
  });
  return { $schema, title: `lightsail-retention ${title}`, ...schema };
}

/** The JSON Schema (2020-12) of a command's JSON. */
export const commandSchema = (name: keyof typeof JSON_SHAPES, isStrict = false): Readonly<Record<string, unknown>> =>
  schemaOf(JSON_SHAPES[name], name.replaceAll('-', ' '), isStrict);

/** The JSON Schema (2020-12) of the detail of an event. */
export const eventSchema = (isStrict = false): Readonly<Record<string, unknown>> =>
  schemaOf(EVENT_SHAPE, 'event', isStrict);

const textOf = (schema: Readonly<Record<string, unknown>>): string => `${JSON.stringify(schema, null, 2)}\n`;

/** The text of a published schema. */
export const schemaText = (name: keyof typeof JSON_SHAPES): string => textOf(commandSchema(name));

/** The file and the text of the published schema of events. */
export const EVENT_SCHEMA = { file: 'event.schema.json', text: textOf(eventSchema()) };

/** The folder of published schemas. */
export const SCHEMA_FOLDER = join(__dirname, '..', 'schemas');

if (require.main === module) {
  mkdirSync(SCHEMA_FOLDER, { recursive: true });
  for (const name of SCHEMA_NAMES) writeFileSync(join(SCHEMA_FOLDER, `${name}.schema.json`), schemaText(name));
  writeFileSync(join(SCHEMA_FOLDER, EVENT_SCHEMA.file), EVENT_SCHEMA.text);
}
