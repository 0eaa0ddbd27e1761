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
    config: {
      ...base,
      rootDir: '.',
      testMatch: ['<rootDir>/__tests__/unit/**/*.test.ts'],
      testRunner: '<rootDir>/mutation/jest-circus-bail.js',
      // The active mutant is named in the environment until a source is loaded, and tests replace the environment.
      setupFiles: ['<rootDir>/src/text.ts'],
    },
  },
  // A test runner leaks some memory with every mutant.
  maxTestRunnerReuse: 100,
  // A busy machine must not make a mutant count as killed.
  timeoutMS: 20_000,
  incremental: true,
  thresholds: { high: 98, low: 98, break: 98 },
};
