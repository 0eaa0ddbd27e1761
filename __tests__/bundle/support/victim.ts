import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import pLimit from 'p-limit';
import type { StepOptions } from '../../../testbed/runner/job.ts';

/** How many run at once. */
const AT_ONCE = 4;
/** Fixed, so that every test run kills at the same random times. */
const SEED = 20_261_124;

/** A `main` that can be killed on demand. */
export class Victim {
  #child: ChildProcess | undefined;
  readonly options: StepOptions;

  constructor(options: StepOptions = {}) {
    this.options = {
      ...options,
      onSpawn: (child) => {
        this.#child = child;
        options.onSpawn?.(child);
      },
    };
  }

  /** One that is killed this long after its start. */
  static after(delayMs: number): Victim {
    const victim: Victim = new Victim({
      onSpawn: () => void setTimeout(() => void victim.kill(), delayMs),
    });
    return victim;
  }

  /** Kills it and resolves when it is dead. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const died = once(child, 'exit');
    child.kill('SIGKILL');
    await died;
  }
}

/** Random times up to a limit, in milliseconds. */
export function randomDelays(count: number, limitMs: number): number[] {
  return fc.sample(fc.double({ min: 0, max: limitMs, noNaN: true }), { seed: SEED, numRuns: count });
}

/** Applies the function to every item, a few at a time. */
export function inParallel<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return pLimit(AT_ONCE).map(items, act);
}
