const { rmSync } = require('node:fs');

/** Removes the folder of a test run. */
module.exports = () => rmSync(process.env.TEST_RUN_FOLDER, { recursive: true, force: true });
