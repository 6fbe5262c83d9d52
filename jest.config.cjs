const { availableParallelism } = require('node:os');

// CDK would start its CloudFormation rules for each template, which takes three seconds.
// test/lib/cloudformation-rules.system.test.ts applies them to every variant.
process.env.CDK_VALIDATION = 'false';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  // Packages that exist as ES modules only.
  transformIgnorePatterns: [
    '/node_modules/(?!(fast-(wrap-ansi|string-width|string-truncated-width)|agent-base|https?-proxy-agent|proxy-agent-negotiate)/)',
  ],
  globalSetup: '<rootDir>/test/support/global-setup.cjs',
  setupFiles: ['<rootDir>/test/support/fixed-seed.cjs'],
  globalTeardown: '<rootDir>/test/support/global-teardown.cjs',
  // Bounds a test that hangs; a busy machine needs several times what a test takes alone.
  testTimeout: 240_000,
  // More workers than cores: many suites wait for processes and for the emulator. Jest takes no more than 100 %.
  maxWorkers: 2 * availableParallelism(),
  testSequencer: '<rootDir>/test/support/slow-first.cjs',
  reporters: ['default', '<rootDir>/test/support/closing-line.cjs'],
};
