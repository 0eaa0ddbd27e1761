import { createEmptyTestResult } from '@jest/test-result';
import circus from 'jest-circus/runner';

/** The test files that have killed a mutant, most recent first. */
export const killers = [];

let killed;

// Jest reports an error for a file without results.
const skipped = { status: 'pending', fullName: '(skipped)', failureMessages: [] };

/**
 * Runs a mutant's test files only until a test fails. Jest's own `bail` does not work when a program calls Jest. Stryker
 * accepts no test runner without "jest-circus" in its path.
 */
export default async function run(globalConfig, config, environment, runtime, testPath, sendMessageToJest) {
  // Undefined in the initial run, in which all tests must pass.
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
  if (mutant !== undefined && mutant === killed) {
    return { ...createEmptyTestResult(), numPendingTests: 1, testFilePath: testPath, testResults: [skipped] };
  }
  const handleTestEvent = environment.handleTestEvent?.bind(environment);
  environment.handleTestEvent = async (event, state) => {
    await handleTestEvent?.(event, state);
    if (mutant === undefined) return;
    if (event.name === 'test_start' && mutant === killed) event.test.mode = 'skip';
    if (event.name === 'test_done' && event.test.errors.length > 0) killed = mutant;
  };
  const result = await circus.default(
    globalConfig,
    config,
    environment,
    runtime,
    testPath,
    sendMessageToJest,
  );
  if (result.numFailingTests > 0)
    killers.splice(0, killers.length, testPath, ...killers.filter((it) => it !== testPath));
  return result;
}
