/** A Jest reporter that ends with one plain line counting the tests, and names every skipped one, so that no skip passes for a success. */
module.exports = class ClosingLine {
  onRunComplete(_, { testResults, numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    const skipped = testResults.flatMap((suite) => suite.testResults).filter((test) => test.status === 'pending');
    for (const test of skipped) process.stdout.write(`SKIPPED: ${test.fullName}\n`);
    process.stdout.write(
      `tests: ${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped\n`,
    );
  }
};
