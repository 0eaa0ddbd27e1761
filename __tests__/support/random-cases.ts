/**
 * How many random cases a test tries: all with `THOROUGH=true` in the environment, as in CI, and otherwise a fifth of
 * them, to save time.
 */
export function randomCases(all: number): number {
  return process.env.THOROUGH === 'true' ? all : all / 5;
}
