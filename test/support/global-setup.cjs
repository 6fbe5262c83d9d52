const { chmodSync, mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/**
 * Makes the folder of a test run: workers share programs that they build, and the code cache of child processes. It is
 * also the temporary folder of everything that runs in a test, so that nothing stays behind.
 */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightsail-retention-test-'));
  // Tests that run as another user reach their own folders in it.
  chmodSync(folder, 0o755);
  process.env.TEST_RUN_FOLDER = folder;
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = join(folder, 'compile-cache');
};
