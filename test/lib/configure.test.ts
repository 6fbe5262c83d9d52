import type * as z from 'zod/mini';
import type { configSchema } from '../../lambda/config/schema';
import { configure, type RetentionConfiguration, RetentionError } from '../../lib';
import { readConfiguration } from '../../lib/read-configuration';

/** The keys of a configuration, those of its parts included. */
type Keys<T> = T extends readonly (infer Item)[]
  ? Keys<Item>
  : T extends object
    ? {
        [K in keyof T & string]: string extends K
          ? `*.${Keys<NonNullable<T[K]>> & string}`
          : K | `${K}.${Keys<NonNullable<T[K]>> & string}`;
      }[keyof T & string]
    : never;
type ReadOnly<T> = T extends object ? { readonly [K in keyof T]: ReadOnly<T[K]> } : T;
type Schema = z.input<typeof configSchema>;

/** Fails to compile where its type is not `true`. */
const holds = <T extends true>(value: T): void => expect(value).toBe(true);

describe('configure', () => {
  test('takes what the schema of retention.yaml takes, key by key', () => {
    // The schema's form of prices has any region as a key beside `gbMonth`, which TypeScript cannot say.
    type Given = Omit<RetentionConfiguration, 'pricing'>;
    holds<Given extends ReadOnly<Omit<Schema, 'pricing'>> ? true : false>(true);
    // The form of prices without `gbMonth` is left out.
    type Missing = Exclude<Keys<Schema>, Keys<RetentionConfiguration>>;
    holds<[Exclude<Missing, 'pricing.default' | 'pricing.gbMonth.default'>] extends [never] ? true : false>(true);
  });

  test('gives what readConfiguration gives of a file that says the same, but for its name', () => {
    const lines: string[] = [];
    const { config } = readConfiguration('examples/blog.yaml', (line) => lines.push(line));
    const again = configure(config as RetentionConfiguration, (line) => lines.push(line));
    expect(again).toEqual({ origin: 'configure()', config });
    expect(lines).toEqual([]);
  });

  test('lists everything that is wrong, each by its place, with what was meant', () => {
    const wrong = { version: 1, policies: { a: { keep: { dayly: 3 } } }, default: 'b' } as RetentionConfiguration;
    expect(() => configure(wrong)).toThrow(RetentionError);
    expect(() => configure(wrong)).toThrow(/policies\.a\.keep\.dayly: .* did you mean daily\?\n.*default: got "b"/);
  });

  test('warns of what works and is probably not meant', () => {
    const lines: string[] = [];
    const policies = { all: { keep: 'all' }, few: { keep: { last: 1 } } } as const;
    const rules = [
      { match: { source: '*' }, policy: 'few' },
      { match: { source: 'db-*' }, policy: 'all' },
    ];
    configure({ version: 1, policies, rules }, (line) => lines.push(line));
    expect(lines.join('\n')).toMatch(/^warning: .*\nwarning: .*"rule 2" can match nothing/);
  });
});
