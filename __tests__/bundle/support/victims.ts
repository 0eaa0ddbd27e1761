import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import pLimit from 'p-limit';
import type { ProcessOptions } from './scenario.ts';

/** A process that can be killed on demand. */
export class Victim {
  #child: ChildProcess | undefined;
  readonly options: ProcessOptions;

  /** @param whenStarted called once the process has started */
  constructor(whenStarted: (victim: Victim) => void = () => {}) {
    this.options = {
      onSpawn: (child) => {
        this.#child = child;
        whenStarted(this);
      },
    };
  }

  /** Ends it by a signal, and resolves when it has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** Random times up to a limit, in milliseconds; the same in every run of the tests. */
export function randomDelays(count: number, limitMs: number): number[] {
  const delays = fc.double({ min: 0, max: limitMs, noNaN: true });
  return fc.sample(delays, { seed: 20_261_124, numRuns: count });
}

/** Applies the function to every item, four at a time. */
export function inParallel<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return pLimit(4).map(items, act);
}
