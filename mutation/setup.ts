// Loaded before each test file by Stryker alone. A mutant may make a test give up before the step that it has started:
// what that step does afterwards must not end the process that goes on with other mutants, or keep it waiting for tries.
// Which mutant is active stands in the environment until a module of the sources is loaded, and tests replace that.
import '../src/version.ts';

const { random } = Math;
process.exit = () => undefined as never;
Math.random = () => random() / 100;
