import { statSync } from 'node:fs';

/** Runs the smallest test files first: these test a single module, and one of them usually finds the change. */
export default class SmallestFirst {
  sort(tests) {
    const size = ({ path }) => statSync(path).size;
    return tests.toSorted((one, other) => size(one) - size(other));
  }

  cacheResults() {}
}
