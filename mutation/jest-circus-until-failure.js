import { createEmptyTestResult } from '@jest/test-result';
import circus from 'jest-circus/runner';

/** The test files that noticed a mutant, the last one first. */
export const killers = [];

let killed;

// Jest takes a file without a result for a fault.
const skipped = { status: 'pending', fullName: '(skipped)', failureMessages: [] };

/**
 * Runs a test file until a test fails, and no file after that: Stryker asks whether a test notices the mutant, and Jest's
 * own `bail` does not work when Jest is called from a program.
 */
export default async function run(globalConfig, config, environment, runtime, testPath, sendMessageToJest) {
  // None in the first run, which is to pass.
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
