import { afterEach, beforeEach, jest } from '@jest/globals';

export { captureOutput, type Printed } from '../../support/output.ts';

/** Keeps what the tests of a file print from the real output. */
export function silenceOutput(): void {
  let restore = (): void => {};
  beforeEach(() => {
    const spy = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    restore = () => spy.mockRestore();
  });
  afterEach(() => restore());
}
