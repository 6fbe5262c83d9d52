import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { configSchema } from '../lambda/config/schema';
import { notes } from '../lambda/config/values';

/**
 * The JSON Schema (2020-12) of `retention.yaml`, for editors: made from the validator, which stays stricter where JSON
 * Schema has no words.
 */
export function jsonSchemaText(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, {
    target: 'draft-2020-12',
    io: 'input',
    metadata: notes,
  });
  return `${JSON.stringify({ $schema, title: 'lightsail-retention configuration', ...schema }, null, 2)}\n`;
}

if (require.main === module) writeFileSync(join(__dirname, '..', 'retention.schema.json'), jsonSchemaText());
