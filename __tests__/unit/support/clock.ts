import { afterEach, jest } from '@jest/globals';

/** Everything but the date stays real. */
const real = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

afterEach(() => {
  jest.useRealTimers();
});

/** Stops the calendar at a time (ISO 8601); `jest.setSystemTime` moves it on. */
export function stopCalendar(at: string): void {
  jest.useFakeTimers({ now: Date.parse(at), doNotFake: [...real] });
}

/** A clock for deadlines, on which waits take no time. */
export interface Stopwatch {
  /** The waits between tries, in milliseconds. */
  readonly waits: number[];
  /** Lets time pass. */
  skip(ms: number): void;
}

/**
 * Makes waits between tries pass at once. Call it before anything loads the request path.
 */
export function skipWaits(): Stopwatch {
  const waits: number[] = [];
  const now = performance.now.bind(performance);
  const uptime = process.uptime.bind(process);
  let skippedMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now() + skippedMs);
  jest.spyOn(process, 'uptime').mockImplementation(() => uptime() + skippedMs / 1000);
  const skip = (ms: number): void => {
    skippedMs += ms;
  };
  jest.unstable_mockModule('node:timers/promises', () => ({
    setTimeout: async (ms: number) => {
      waits.push(ms);
      skip(ms);
    },
  }));
  return { waits, skip };
}
