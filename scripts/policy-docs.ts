import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatConfigProblems, parseConfig } from '../lambda/config/parse-config';
import { readConfigFile } from '../lambda/config/read-config-file';
import type { Tags } from '../lambda/core/snapshot/snapshot';
import { type Duration, parseDuration } from '../lambda/core/time/duration';
import { RetentionError } from '../lambda/core/util/errors';
import { simulatePolicy } from '../lambda/render/calendar';
import { calendarText, legendText, renderCalendarsText, renderCalendarText } from '../lambda/render/calendar-text';
import { simulateColumn } from '../lambda/render/outlook';

interface CalendarExample {
  readonly policy: Readonly<Record<string, unknown>>;
  readonly every?: string;
  readonly span: string;
  readonly floors?: Readonly<Record<string, unknown>>;
  readonly tags?: ReadonlyMap<string, Tags>;
  /** As `simulate` prints it: with its costs, or down to the calendar. Without: the calendar and its legend. */
  readonly printed?: 'whole' | 'to-calendar';
}

const CALENDAR_END = Date.UTC(2026, 10, 23, 8);
const tagged = (day: string, key: string, value: string | null = null): ReadonlyMap<string, Tags> =>
  new Map([[day, new Map([[key, value]])]]);

/** The calendars of the documentation, by the name in their markers. */
const POLICY_EXAMPLES: Readonly<Record<string, CalendarExample>> = {
  standard: { policy: { keep: { last: 3, daily: 7, weekly: 4, monthly: 6 } }, span: '8mo', printed: 'whole' },
  screen: {
    policy: { keep: { last: 3, daily: 7, weekly: 4, monthly: 6 } },
    span: '54d',
    printed: 'to-calendar',
  },
  last: { policy: { keep: { last: 5 } }, span: '3w' },
  hourly: { policy: { keep: { hourly: 30 } }, every: '1h', span: '6d' },
  daily: { policy: { keep: { daily: 7 } }, every: '12h', span: '3w' },
  weekly: { policy: { keep: { weekly: 4 } }, span: '8w' },
  monthly: { policy: { keep: { monthly: 4 } }, span: '6mo' },
  yearly: { policy: { keep: { yearly: 3 } }, every: '1w', span: '3y' },
  oldest: { policy: { keep: { daily: 3, monthly: 12 } }, span: '3w' },
  within: { policy: { keep: { within: '10d' } }, span: '4w' },
  withinHourly: { policy: { keep: { withinHourly: '2d' } }, every: '6h', span: '2w' },
  withinDaily: { policy: { keep: { withinDaily: '10d' } }, every: '6h', span: '4w' },
  withinWeekly: { policy: { keep: { withinWeekly: '6w' } }, span: '9w' },
  withinMonthly: { policy: { keep: { withinMonthly: '6mo' } }, span: '8mo' },
  withinYearly: { policy: { keep: { withinYearly: '3y' } }, every: '1w', span: '4y' },
  expireAfter: { policy: { expireAfter: '14d' }, span: '4w' },
  together: { policy: { expireAfter: '14d', keep: { weekly: 6 } }, span: '9w' },
  all: { policy: { keep: 'all' }, every: '1w', span: '8w' },
  minKeep: { policy: { expireAfter: '3d' }, every: '1w', span: '8w', floors: { minKeep: 3 } },
  minAge: { policy: { keep: { last: 1 } }, span: '3w', floors: { minAge: '4d' } },
  hold: { policy: { keep: { daily: 5 } }, span: '4w', tags: tagged('2026-11-04', 'retention:hold') },
  'expire-on': {
    policy: { keep: { daily: 5 } },
    span: '4w',
    tags: tagged('2026-11-04', 'retention:expire-on', '2026-12-31'),
  },
};

const wrong = (message: string): RetentionError => new RetentionError('docs.example', message);

function exampleDuration(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw wrong(`an example has the duration ${text}: expected ${parsed.expected}`);
  return parsed.value;
}

function calendar({ policy, every = '1d', span, floors = {}, tags, printed }: CalendarExample): string {
  const result = parseConfig({ version: 1, policies: { example: policy }, floors }, 'example');
  if (!result.ok) throw wrong(formatConfigProblems(result.errors, 'example'));
  const example = result.config.policies.get('example');
  if (example === undefined) throw wrong('the example has no policy');
  const making = {
    rhythm: { every: exampleDuration(every) },
    span: exampleDuration(span),
    end: CALENDAR_END,
    sizeGb: 40,
    ...(tags !== undefined && { tags }),
  };
  const view = simulatePolicy(result.config, { name: null, policy: example }, making);
  const style = { columns: Number.POSITIVE_INFINITY, colour: false };
  const months = [...calendarText(view.simulation, style)].join('');
  if (printed === undefined)
    return `A snapshot every ${every} for ${span}, until ${view.localEnd}\n\n${legendText(view)}\n${months}`;
  const text = [...renderCalendarText(view, style)].join('');
  return printed === 'whole' ? text : text.slice(0, text.indexOf(months) + months.length);
}

const BLOCK = /<!-- calendar: ([\w-]+) -->\n[\s\S]*?<!-- end -->/g;

/** The pages that show calendars. Between them they show every example. */
export const PAGES = ['getting-started.md', 'policy.md', 'examples.md'].map((page) =>
  join(__dirname, '..', 'docs', page),
);

/** Names of all examples. */
export const EXAMPLE_NAMES: readonly string[] = Object.keys(POLICY_EXAMPLES);

const EXAMPLE = /<!-- example: ([\w-]+\.yaml) -->\n[\s\S]*?<!-- end -->/g;

/** What the policies of a file of `examples/` keep of a snapshot each day for a year: `simulate`, side by side. */
function exampleText(file: string): string {
  const read = readConfigFile(join(__dirname, '..', 'examples', file));
  if (!read.ok) throw wrong(formatConfigProblems(read.errors, file));
  const making = {
    rhythm: { every: exampleDuration('1d') },
    span: exampleDuration('1y'),
    end: CALENDAR_END,
    sizeGb: 40,
  };
  const columns = [...read.config.policies].map(([name, policy]) =>
    simulateColumn(read.config, { name, policy }, making),
  );
  return [...renderCalendarsText(columns, { columns: Number.POSITIVE_INFINITY, colour: false })].join('').trimEnd();
}

const block = (comment: string, text: string): string =>
  `<!-- ${comment} -->\n\n\`\`\`text\n${text}\n\`\`\`\n\n<!-- end -->`;

/** The text with every calendar drawn again. Throws when it asks for an example that is unknown. */
export function withCalendars(text: string): string {
  return text
    .replace(BLOCK, (_, name: string) => {
      const example = POLICY_EXAMPLES[name];
      if (example === undefined)
        throw wrong(
          `a page asks for the calendar "${name}", which is none of ${Object.keys(POLICY_EXAMPLES).join(', ')}`,
        );
      return block(`calendar: ${name}`, calendar(example).trimEnd());
    })
    .replace(EXAMPLE, (_, file: string) => block(`example: ${file}`, exampleText(file)));
}

if (require.main === module) for (const page of PAGES) writeFileSync(page, withCalendars(readFileSync(page, 'utf8')));
