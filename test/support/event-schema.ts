import Ajv2020 from 'ajv/dist/2020';
import { eventSchema } from '../../scripts/json-schemas';

/** Returns what is wrong with the detail of an event; every member must be in its schema. Empty: nothing. */
export function validateEvent(detail: unknown): readonly string[] {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  const validate = ajv.compile(eventSchema(true));
  return validate(detail)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
