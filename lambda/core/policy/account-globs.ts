/** How a glob over the path of an organizational unit begins. */
export const OU_PREFIX = 'ou:';

/** Globs over accounts: those over paths of organizational units, without `ou:`, and those over ids and names. */
export function splitGlobs(globs: readonly string[]): {
  readonly ous: readonly string[];
  readonly others: readonly string[];
} {
  return {
    ous: globs.filter((glob) => glob.startsWith(OU_PREFIX)).map((glob) => glob.slice(OU_PREFIX.length)),
    others: globs.filter((glob) => !glob.startsWith(OU_PREFIX)),
  };
}
