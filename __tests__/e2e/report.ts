/** Prints each check as soon as it is known, and counts them. */
export class Report {
  #passed = 0;
  #failed = 0;
  readonly #leftOut: string[] = [];

  /**
   * Adds a check.
   *
   * @param title what should hold, as a sentence
   * @param problems why it does not; none if it does
   */
  check(title: string, problems: readonly string[]): void {
    if (problems.length === 0) this.#passed += 1;
    else this.#failed += 1;
    console.log(`${problems.length === 0 ? 'ok     ' : 'FAILED '} ${title}`);
    for (const problem of problems)
      console.log(`        ${problem.trim().replaceAll(/\s*\n\s*/g, '\n        ')}`);
  }

  /** Adds what was not checked, and why. */
  leaveOut(what: string): void {
    this.#leftOut.push(what);
  }

  /**
   * Prints what was left out, and the counts as the last line: `N passed, N failed`.
   *
   * @returns whether nothing failed
   */
  end(): boolean {
    for (const what of this.#leftOut) console.log(`Left out: ${what}`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0;
  }
}
