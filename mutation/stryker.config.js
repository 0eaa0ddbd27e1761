import base from '../jest.config.js';

/**
 * Makes small changes to the sources, and checks that a unit test fails for each: `npm run mutation`.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: ['src/**/*.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    config: {
      ...base,
      setupFiles: ['<rootDir>/mutation/setup.ts'],
      testRunner: '<rootDir>/mutation/jest-circus-until-failure.js',
      testSequencer: '<rootDir>/mutation/last-killer-first.js',
      testMatch: ['<rootDir>/__tests__/unit/**/*.test.ts'],
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A test runner leaks some memory with every mutant.
  maxTestRunnerReuse: 100,
  // A busy machine must not make a mutant count as killed.
  timeoutMS: 20_000,
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'progress', 'json'],
  tempDirName: '.stryker-tmp',
  thresholds: { high: 98, low: 95, break: 95 },
};
