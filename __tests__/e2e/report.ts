import type { Result } from './log-lines.ts';

const MARKS = { pass: 'ok     ', fail: 'FAILED ', 'not run': 'not run' } as const;

/**
 * Prints what was checked, scenario by scenario, and the sum as the last line: `N passed, N failed`,
 * with `, N skipped` where checks were not run.
 *
 * @returns how many checks failed
 */
export function printReport(results: readonly Result[]): number {
  for (const [scenario, ofScenario] of Map.groupBy(results, (result) => result.scenario)) {
    console.log(`\n${scenario}`);
    for (const { title, outcome, reason } of ofScenario) {
      console.log(
        `  ${MARKS[outcome]} ${title}${reason === undefined ? '' : ` (${reason.replaceAll(/\s*\n\s*/g, '; ')})`}`,
      );
    }
  }
  const count = (outcome: Result['outcome']) => results.filter((result) => result.outcome === outcome).length;
  const skipped = count('not run');
  console.log(
    `\n${count('pass')} passed, ${count('fail')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  return count('fail');
}
