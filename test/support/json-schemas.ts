import Ajv2020 from 'ajv/dist/2020';
import type { JSON_SHAPES } from '../../cli/json-shapes';
import { commandSchema } from '../../scripts/json-schemas';

/** What is wrong with JSON of a command; every member must be in its schema. Empty: nothing. */
export function validateJson(name: keyof typeof JSON_SHAPES, json: unknown): readonly string[] {
  const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
    commandSchema(name, true),
  );
  if (validate(json)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
