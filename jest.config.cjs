// CDK would start its CloudFormation rules (three seconds) for each template. test/lib/cloudformation-rules.test.ts applies them to every variant.
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
  testTimeout: 60_000,
  maxWorkers: '100%',
  reporters: ['default', '<rootDir>/test/support/closing-line.cjs'],
};
