import * as core from '@actions/core';
import { writeAllOrNone } from './command-files.ts';

/**
 * Sets the outputs of the step: text as it is, anything else as JSON.
 *
 * @throws Failure `job-files` if the runner's file cannot be written
 */
export function setOutputs(outputs: Readonly<Record<string, unknown>>): void {
  writeAllOrNone(['GITHUB_OUTPUT'], () => {
    for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  });
}
