import { createEmptyTestResult } from '@jest/test-result';
import circus from 'jest-circus/runner';

let killed;

// Jest reports an error for a file without tests.
const skipped = { status: 'pending', fullName: '(skipped)', failureMessages: [] };

/**
 * Runs the tests of a mutant until one fails; Jest's own `bail` ends the process. Jest then runs that file first for the
 * next mutant, which it often kills, too. Stryker accepts no test runner without "jest-circus" in its path.
 */
export default async function run(globalConfig, config, environment, runtime, path, send) {
  // Undefined in the initial run, in which all tests must pass.
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
  if (mutant !== undefined && mutant === killed) {
    return { ...createEmptyTestResult(), skipped: true, numPendingTests: 1, testResults: [skipped] };
  }
  const handle = environment.handleTestEvent?.bind(environment);
  environment.handleTestEvent = async (event, state) => {
    await handle?.(event, state);
    if (event.name === 'test_start' && mutant !== undefined && mutant === killed) event.test.mode = 'skip';
    if (event.name === 'test_done' && event.test.errors.length > 0) killed = mutant;
  };
  return circus.default(globalConfig, config, environment, runtime, path, send);
}
