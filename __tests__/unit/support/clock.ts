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

/** A clock for deadlines that stands still, except that waits between tries pass at once. */
export interface Stopwatch {
  /** The waits between tries, in milliseconds. */
  readonly waits: number[];
  /** Lets time pass. */
  skip(ms: number): void;
}

/** Sets up that clock. Call it before anything loads the request path. */
export function skipWaits(): Stopwatch {
  const waits: number[] = [];
  let skippedMs = 0;
  jest.spyOn(process, 'uptime').mockImplementation(() => 1000 + skippedMs / 1000);
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
