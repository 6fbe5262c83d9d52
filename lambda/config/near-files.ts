import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';

/** The configuration that is looked for in the working directory. */
export const DEFAULT_FILE = 'retention.yaml';

/** The JSON Schema of the configuration, which editors read. */
const SCHEMA_FILE = 'retention.schema.json';
const STEM = 'retention';
const CONFIG_ENDINGS = /(\.(ya?ml|json[5c]?|txt))+$/;
/** What copies and longer names add to the stem. */
const ADDITIONS = /^\.+|^copyof|[-_.]?copy$|\(\d+\)$|[-_.]?config(uration)?$/g;

const isNearStem = (stem: string): boolean => {
  const apart = distance(stem, STEM);
  return apart <= 1 || (apart === 2 && stem.startsWith(STEM.slice(0, 1)));
};

/** `yalm`, `yam`, `ymll`: an ending that was meant to be one of YAML. */
const isNearEnding = (ending: string): boolean =>
  /^y[a-z]*$/.test(ending) && ['yaml', 'yml'].some((yaml) => distance(ending, yaml) <= 2);

/**
 * Whether a person may take a file of this name for the configuration: another case, a hidden file, another ending of
 * YAML, JSON or text, a copy, `config` in the name, or a slip of the keyboard. Backups and examples (`.bak`,
 * `.example`) say themselves that they are not in force.
 */
export function isNearName(name: string): boolean {
  if (name === DEFAULT_FILE) return false;
  const folded = name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{C}\p{Z}]/gu, '');
  if (folded === SCHEMA_FILE) return false;
  if (CONFIG_ENDINGS.test(folded))
    return isNearStem(folded.replace(CONFIG_ENDINGS, '').replace(ADDITIONS, '').replace(ADDITIONS, ''));
  const [, stem = '', ending = ''] = /^\.?(.+?)\.([^.]+)$/.exec(folded) ?? [];
  return folded === STEM || (isNearStem(stem) && isNearEnding(ending));
}

const fileIdentity = (path: string): string | null => {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
};

/**
 * Files in a folder whose name is near to that of the configuration, except other names of the configuration itself, by
 * name.
 */
export function nearFiles(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => !entry.isDirectory() && isNearName(entry.name),
    );
    if (entries.length === 0) return [];
    const own = fileIdentity(join(folder, DEFAULT_FILE));
    return entries
      .map(({ name }) => name)
      .filter((name) => own === null || fileIdentity(join(folder, name)) !== own)
      .sort();
  } catch {
    // A folder that cannot be listed hides what is near; what is named is still read.
    return [];
  }
}
