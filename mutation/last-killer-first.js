import { statSync } from 'node:fs';
import { killers } from './jest-circus-until-failure.js';

/** Runs first what noticed the mutants before, since neighbours tend to be noticed by the same tests; then the smallest. */
export default class LastKillerFirst {
  sort(tests) {
    const rank = ({ path }) => (killers.includes(path) ? killers.indexOf(path) : killers.length);
    return tests.toSorted(
      (one, other) => rank(one) - rank(other) || statSync(one.path).size - statSync(other.path).size,
    );
  }

  cacheResults() {}
}
