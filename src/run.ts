import { toFailure } from './failure.ts';
import { fail } from './job/log.ts';
import { createMasker, type Masker } from './job/mask.ts';

/**
 * Runs one phase of the action and ends the process. A failure becomes one line of the log and exit code 1.
 *
 * @param phase the story to run
 */
export async function run(phase: (masker: Masker) => Promise<void>): Promise<void> {
  // Deprecations are for the authors of what is in the bundle, not for those who read the job's log.
  process.noDeprecation = true;
  // A job that trusts everybody for itself must not make this step send a password to whoever answers.
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  const masker = createMasker();
  try {
    await phase(masker);
  } catch (thrown) {
    fail(toFailure(thrown), masker.redact);
  }
  // A connection that was given up may still hold the process open.
  process.exit();
}
