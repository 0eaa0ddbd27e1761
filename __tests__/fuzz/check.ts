import fc from 'fast-check';
import type { Evidence } from './evidence.ts';
import { holdInvariants } from './invariants.ts';
import { type World, worlds } from './worlds.ts';

/** The outcome of a number of worlds. */
export interface Checked {
  readonly cases: number;
  /** How many of them ended in each way, by the method of the sign-in. */
  readonly endings: Readonly<Record<string, number>>;
  /** The smallest world that breaks a promise, which promise and how; undefined if none does. */
  readonly violation: string | undefined;
}

/**
 * Runs worlds and checks every outcome against every promise.
 *
 * @param run runs a world
 * @param seed the same seed gives the same worlds
 * @param cases how many
 */
export async function checkWorlds(
  run: (world: World) => Promise<Evidence>,
  seed: number,
  cases: number,
): Promise<Checked> {
  const endings: Record<string, number> = {};
  let count = 0;
  const property = fc.asyncProperty(worlds, async (world) => {
    const evidence = await run(world);
    count += 1;
    const ending = evidence.main.outputs['auth-method'] ?? 'failure';
    endings[ending] = (endings[ending] ?? 0) + 1;
    holdInvariants(world, evidence);
  });
  const details = await fc.check(property, { seed, numRuns: cases });
  if (!details.failed) return { cases: count, endings, violation: undefined };
  const [world] = details.counterexample ?? [];
  const reason =
    details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return {
    cases: count,
    endings,
    violation: `${reason}\nseed ${details.seed}, path ${details.counterexamplePath}\n${JSON.stringify(world, undefined, 1)}`,
  };
}
