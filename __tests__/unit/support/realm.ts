import { types } from 'node:util';

// Each test file has its own `Error`, and errors from Node's core are not instances of it. The process that the
// runner starts has only one `Error`.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, candidate: unknown): boolean {
    const ordinary = Function.prototype[Symbol.hasInstance].call(this, candidate);
    return ordinary || (this === Error && types.isNativeError(candidate));
  },
});
