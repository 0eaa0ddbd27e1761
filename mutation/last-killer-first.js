import { statSync } from 'node:fs';
import { killers } from './jest-circus-until-failure.js';

/** Puts the file that killed the previous mutant first, as it often kills the next one too; then the smallest files. */
export default class LastKillerFirst {
  sort(tests) {
    const rank = ({ path }) => (killers.includes(path) ? killers.indexOf(path) : killers.length);
    return tests.toSorted(
      (one, other) => rank(one) - rank(other) || statSync(one.path).size - statSync(other.path).size,
    );
  }

  cacheResults() {}
}
