/**
 * How many random cases a test tries: all with `THOROUGH=true` in the environment, as in CI, and a fifth of them where
 * somebody waits for the result.
 */
export function randomCases(all: number): number {
  return process.env.THOROUGH === 'true' ? all : all / 5;
}
