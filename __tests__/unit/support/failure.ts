import { Failure } from '../../../src/failure.ts';

/** The Failure that a function throws, or that its promise rejects with. */
export async function failureOf(act: () => unknown): Promise<Failure> {
  try {
    await act();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('Nothing was thrown');
}
