import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemaText } from './json-schema';
import { withSection } from './marked-section';

/** The members of JSON Schema that the schema of the configuration uses. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
}

/** One key of the configuration, as the reference lists it. */
export interface ConfigKey {
  /** `policies.<name>.keep.last`, `rules[].match.kind`. */
  readonly path: string;
  readonly type: string;
  readonly default: string;
  /** A value that the validator accepts there; undefined where EXAMPLES lacks one. */
  readonly example: unknown;
  readonly description: string;
}

const CONFIG_PAGE = join(__dirname, '..', 'docs', 'configuration.md');

const FILLED_POLICY = { keep: { last: 3, daily: 7 }, expireAfter: '30d' };

/**
 * Examples of keys whose schema has none, or a poor one. Other keys show the example of the schema, or their default.
 */
const CONFIG_EXAMPLES: Readonly<Record<string, unknown>> = {
  version: 1,
  timezone: 'Europe/Berlin',
  regions: ['eu-central-1', 'us-east-1'],
  kinds: ['instance', 'disk'],
  tagPrefix: 'backup',
  policies: { standard: FILLED_POLICY },
  'policies.<name>.keep': { last: 3, daily: 7 },
  'policies.<name>.keep.last': 3,
  'policies.<name>.keep.hourly': 24,
  'policies.<name>.keep.daily': 7,
  'policies.<name>.keep.weekly': 4,
  'policies.<name>.keep.monthly': 12,
  'policies.<name>.keep.yearly': 'unlimited',
  'policies.<name>.keep.within': '14d',
  'policies.<name>.keep.withinHourly': '2d',
  'policies.<name>.keep.withinDaily': '30d',
  'policies.<name>.keep.withinWeekly': '3mo',
  'policies.<name>.keep.withinMonthly': '1y',
  'policies.<name>.keep.withinYearly': '10y',
  rules: [{ match: { source: 'prod-*' }, policy: 'standard' }],
  'rules[].name': 'production',
  'rules[].match': { source: 'prod-*' },
  'rules[].match.kind': 'database',
  'rules[].match.region': 'eu-*',
  'rules[].match.account': '123456789012',
  'rules[].match.accountName': 'client-*',
  'rules[].match.ou': '*/ou-ab12-clients1/*',
  'rules[].match.source': ['prod-*', 'shop'],
  'rules[].match.name': '*-before-upgrade',
  'rules[].match.tags': { env: 'prod' },
  'rules[].match.sourceTags': { customer: '*' },
  'rules[].match.orphaned': true,
  'rules[].match.fromAutoSnapshot': 'any',
  'rules[].policy': 'standard',
  default: 'standard',
  holdTags: ['no_delete', 'legal'],
  ignoreTags: ['retention-days'],
  floors: { minKeep: 2, minAge: '48h' },
  'floors.minKeep': 2,
  'floors.minAge': '48h',
  caps: { maxDeletions: 50, maxShare: 0.3 },
  'caps.maxDeletions': 50,
  'caps.maxShare': 0.3,
  pricing: { default: 0.05, 'eu-central-1': 0.05 },
  'pricing.gbMonth': 0.05,
  'pricing.default': 0.05,
  report: { send: 'changed', staleAfter: '3d' },
  'report.send': 'expiring',
  'report.staleAfter': '3d',
  'report.automaticSnapshots': false,
  'report.spend': true,
  deletion: { planValidFor: '3d', grace: '14d' },
  'deletion.planValidFor': '3d',
  'deletion.grace': '14d',
  organization: { accounts: { exclude: ['sandbox-*', 'ou:*/ou-ab12-sandbox1/*'] } },
  'organization.accounts': { include: ['client-*'], exclude: ['sandbox-*'] },
  'organization.accounts.include': ['client-*', '123456789012'],
  'organization.accounts.exclude': ['sandbox-*', 'ou:*/ou-ab12-sandbox1/*'],
  'organization.accountMessages': true,
  'organization.costTag': 'cost-centre',
};

const PLAIN = /^[A-Za-z][\w./-]*$/;
const RESERVED_KEYS = /^(true|false|null|yes|no|on|off)$/i;
const isPlain = (text: string): boolean =>
  (PLAIN.test(text) && !RESERVED_KEYS.test(text)) || /^\d+(mo|h|d|w|y)+$/.test(text);

/** A value as flow YAML. */
export function flowYaml(value: unknown): string {
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flowYaml).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, member]) => `${flowYaml(key)}: ${flowYaml(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

const codeSpan = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const isDurationSchema = ({ pattern, examples }: Schema): boolean => pattern !== undefined && examples?.[0] === '30d';

function numberType({ type, minimum, maximum }: Schema): string {
  const word = type === 'integer' ? 'whole number' : 'number';
  const upper = maximum !== undefined && maximum <= 1_000_000 ? ` to ${maximum.toLocaleString('en-US')}` : ' up';
  return minimum === undefined ? word : `${word} from ${minimum}${upper}`;
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return codeSpan(flowYaml(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((each) => codeSpan(flowYaml(each))).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (isDurationSchema(schema)) return 'duration';
  switch (schema.type) {
    case 'integer':
    case 'number':
      return numberType(schema);
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return schema.maxItems === undefined ? 'list' : `list of up to ${schema.maxItems}`;
    case 'object':
      return 'map';
    default:
      return 'text';
  }
}

function defaultOf({ default: value }: Schema, isRequired: boolean): string {
  if (isRequired) return 'required';
  return value === undefined || flowYaml(value) === '{}' ? '–' : codeSpan(flowYaml(value));
}

function configKey(path: string, schema: Schema, isRequired: boolean): ConfigKey {
  const example = CONFIG_EXAMPLES[path] ?? schema.examples?.[0] ?? schema.default;
  const description = schema.description ?? schema.anyOf?.find((each) => each.description)?.description ?? '';
  return { path, type: typeOf(schema), default: defaultOf(schema, isRequired), example, description };
}

/** The map that a schema describes, alone or among other forms. */
const mapOf = (schema: Schema): Schema | undefined =>
  schema.properties === undefined ? schema.anyOf?.find((each) => each.properties !== undefined) : schema;

const isMapSchema = (schema: Schema | boolean | undefined): schema is Schema =>
  typeof schema === 'object' && mapOf(schema) !== undefined;

function keysBelow(schema: Schema, path: string): readonly ConfigKey[] {
  const { properties = {}, required = [] } = mapOf(schema) ?? {};
  return Object.entries(properties).flatMap(([name, member]) => {
    const own = path === '' ? name : `${path}.${name}`;
    const entry = configKey(own, member, required.includes(name));
    if (isMapSchema(member.items)) return [entry, ...keysBelow(member.items, `${own}[]`)];
    if (isMapSchema(member.additionalProperties))
      return [entry, ...keysBelow(member.additionalProperties, `${own}.<name>`)];
    // Prices are one level deep: their two forms say the same.
    return own === 'pricing.gbMonth' ? [entry] : [entry, ...keysBelow(member, own)];
  });
}

/** Every key of the configuration, in the order of its schema. */
export const configKeys = (): readonly ConfigKey[] => keysBelow(JSON.parse(jsonSchemaText()) as Schema, '');

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));
const typeName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

function configRow({ path, type, default: fallback, example, description }: ConfigKey): string {
  const name = typeName(path);
  const shown = codeSpan(`${name}: ${flowYaml(example)}`);
  return `| ${codeSpan(name)} | ${type} | ${fallback} | ${shown} | ${description.replaceAll('|', '\\|')} |`;
}

/** The tables of all keys, one for each map. */
export function keyTables(): string {
  const keys = configKeys();
  const parents = [...new Set(keys.map(({ path }) => parentOf(path)))];
  return parents
    .map((parent) => {
      const rows = keys.filter(({ path }) => parentOf(path) === parent).map(configRow);
      const title = parent === '' ? 'Top level' : codeSpan(parent);
      return [`### ${title}`, '', '| key | type | default | example | what it does |', '|---|---|---|---|---|', ...rows]
        .join('\n')
        .concat('\n');
    })
    .join('\n');
}

/** docs/configuration.md with its tables brought up to date. */
export const configurationPage = (text: string): string => withSection(text, 'keys', keyTables());

if (require.main === module) writeFileSync(CONFIG_PAGE, configurationPage(readFileSync(CONFIG_PAGE, 'utf8')));
