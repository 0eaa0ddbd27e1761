import { types } from 'node:util';

// A test file has an `Error` of its own, and errors of Node's core are none of that: in the process that the
// runner starts there is only one.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, candidate: unknown): boolean {
    const ordinary = Function.prototype[Symbol.hasInstance].call(this, candidate);
    return ordinary || (this === Error && types.isNativeError(candidate));
  },
});
