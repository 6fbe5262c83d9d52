// A mutant meets each property many times over: it needs fewer runs to fall than the 1,000 by which a property is to stand.
process.env.PROPERTY_RUNS ??= '20';

/**
 * Mutation testing of the deciding code: `npm run mutation`. What survives was read, and is of these kinds:
 * - guards that only the type checker asks for (`owner?.`, `drafts[0]?.`, an empty list of snapshots): no input gets there,
 *   because arrays are as long as each other, and no group is empty;
 * - short cuts that change the time and not the answer: readings and policies remembered per run, lists of reasons shared where they
 *   are equal, no subject made where there are no rules, no reading of an empty tag set;
 * - boundaries that two snapshots never share, such as the order of equal ARNs, and letter case folded the other way.
 */
module.exports = {
  testRunner: 'jest',
  // Only the tests of the core: it must be held by its own specification, not by the goldens of what is built on it. Those of the simulation walk
  // through years of decisions, and would take most of the time for each mutant of a decision; so they, and what they alone hold, are left out.
  jest: {
    configFile: 'jest.config.cjs',
    config: { roots: ['<rootDir>/test/core'], testPathIgnorePatterns: ['simulate'] },
  },
  mutate: ['lambda/core/**/*.ts', '!lambda/core/policy/simulate.ts'],
  coverageAnalysis: 'perTest',
  // TypeScript 7 has no compiler API for Stryker to read a tsconfig with, and none is needed: swc strips the types.
  tsconfigFile: 'none',
  ignorePatterns: ['tools', 'cdk.out', 'dist', 'out', 'coverage'],
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
};
