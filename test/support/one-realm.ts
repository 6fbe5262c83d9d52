import { types } from 'node:util';

// Errors of Node itself (a cut connection) come from outside of jest's sandbox, where `instanceof Error` does not know
// them, and the SDK then wraps away their codes. Outside of jest there is one realm only.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, error: unknown): boolean {
    return (this === Error && types.isNativeError(error)) || Function.prototype[Symbol.hasInstance].call(this, error);
  },
});
