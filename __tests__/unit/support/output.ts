import { afterEach, beforeEach, jest } from '@jest/globals';

export { captureOutput, type Printed } from '../../support/output.ts';

/** Hides what the tests of a file print. */
export function silenceOutput(): void {
  let restore = (): void => {};
  beforeEach(() => {
    const spy = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    restore = () => spy.mockRestore();
  });
  afterEach(() => restore());
}
