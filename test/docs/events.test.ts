import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DETAIL_TYPES, EVENT_SOURCE, type RetentionEvent } from '../../lambda/core/report/retention-event';
import { EVENT_SCHEMA, eventSchema, SCHEMA_FOLDER } from '../../scripts/json-schemas';

const ROOT = join(__dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'events.md'), 'utf8');

/** The members of each type of event, by the published schema. */
const members = new Map(
  (
    eventSchema().oneOf as readonly {
      readonly properties: Readonly<Record<string, { readonly const?: string }>>;
    }[]
  ).map(({ properties }) => [properties.type?.const as RetentionEvent['type'], Object.keys(properties)]),
);

test('the published schema is up to date', () => {
  expect(readFileSync(join(SCHEMA_FOLDER, EVENT_SCHEMA.file), 'utf8')).toBe(EVENT_SCHEMA.text);
});

test('the schema has every type of event', () => {
  expect([...members.keys()].sort()).toEqual(Object.keys(DETAIL_TYPES).sort());
});

test('EventBridge accepts each detail type', () => {
  for (const detailType of Object.values(DETAIL_TYPES)) expect(detailType.length).toBeLessThanOrEqual(128);
});

describe('docs/events.md', () => {
  test.each(Object.entries(DETAIL_TYPES))('names the members of the event %s', (type, detailType) => {
    const [, , , named = ''] =
      page
        .split('\n')
        .find((line) => line.includes(`| \`${detailType}\``))
        ?.split('|') ?? [];
    const quoted = [...named.matchAll(/`(\w+)`/g)].map((match) => match[1]);
    expect(quoted.length).toBeGreaterThan(2);
    expect(members.get(type as RetentionEvent['type'])).toEqual(expect.arrayContaining(quoted));
  });

  test('names the source', () => {
    expect(page).toContain(`The source is \`${EVENT_SOURCE}\`.`);
  });
});
