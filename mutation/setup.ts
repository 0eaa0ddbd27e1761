// Loaded before each test file, only by Stryker. A mutant may make a test fail before the step that it started has
// ended. That step must not end the process, which goes on with other mutants, or keep it waiting for retries. The
// active mutant is named in the environment until a module of the sources is loaded, and tests replace the
// environment: so load one here.
import '../src/text.ts';

const { random } = Math;
process.exit = () => undefined as never;
Math.random = () => random() / 100;
