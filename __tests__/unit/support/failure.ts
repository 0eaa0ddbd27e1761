import { attempt, type Failure } from '../../../src/failure.ts';

/** The Failure that a function throws, or that its promise rejects with. */
export async function failureOf(act: () => unknown): Promise<Failure> {
  const { failure } = await attempt(act);
  if (failure) return failure;
  throw new Error('Nothing was thrown');
}
