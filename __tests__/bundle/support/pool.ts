/**
 * Runs tasks, a few of them at the same time, in the order in which they are given.
 *
 * @param atOnce how many run at the same time
 * @returns a function that adds a task and resolves or rejects as the task does
 */
export function createPool(atOnce: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let free = atOnce;
  const waiting: (() => void)[] = [];

  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
