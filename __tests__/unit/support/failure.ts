import { Failure } from '../../../src/failure.ts';

/** The Failure that something throws, at once or later. */
export async function failureOf(act: () => unknown): Promise<Failure> {
  try {
    await act();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('Nothing was thrown');
}
