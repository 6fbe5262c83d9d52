const { globSync } = require('node:fs');

/** The pattern by which `npm test` leaves suites out. */
const SYSTEM = '[.]system[.]test[.]ts$';

/**
 * A Jest reporter that names every skipped test, so that no skip passes for a success, says how many suites `npm test`
 * leaves out, and ends with one plain line counting the tests.
 */
module.exports = class ClosingLine {
  onRunComplete(contexts, results) {
    const { testResults, numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    const skipped = testResults.flatMap((suite) => suite.testResults).filter((test) => test.status === 'pending');
    for (const test of skipped) process.stdout.write(`SKIPPED: ${test.fullName}\n`);
    for (const { config } of contexts)
      if (config.testPathIgnorePatterns.includes(SYSTEM)) {
        const suites = globSync('test/**/*.system.test.ts', { cwd: config.rootDir }).length;
        process.stdout.write(`NOT RUN HERE: ${suites} suites of npm run test:system\n`);
      }
    process.stdout.write(
      `tests: ${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped\n`,
    );
  }
};
