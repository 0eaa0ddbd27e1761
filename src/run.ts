import { type Failure, toFailure } from './failure.ts';
import { fail } from './job/log.ts';
import { createMasker, type Masker, type Redact, tellRunner } from './job/mask.ts';

/** One of the processes that the runner starts. */
export interface Phase {
  /** What it does. */
  readonly story: (masker: Masker) => Promise<void>;
  /** Tells the runner to mask a secret. */
  readonly tell: (secret: string) => void;
  /** What becomes of a failure that the story has not dealt with: ends the process, or lets the story go on. */
  readonly onFailure: (failure: Failure, redact: Redact) => void;
}

/**
 * A phase that fails its step with the first thing that goes wrong, such as a secret that the runner cannot be told.
 *
 * @param story what it does
 */
export function failingPhase(story: Phase['story']): Phase {
  return {
    story,
    tell: tellRunner,
    onFailure(failure, redact) {
      fail(failure, redact);
      process.exit();
    },
  };
}

/**
 * Runs one phase of the action and ends the process. Whatever is thrown on the way becomes one line of the log.
 *
 * @param phase what to run
 */
export async function run({ story, tell, onFailure }: Phase): Promise<void> {
  const masker = createMasker(tell);
  const report = (thrown: unknown): void => onFailure(toFailure(thrown), masker.redact);
  // What a library throws in an event of its own passes every `catch`.
  process.on('uncaughtException', report);
  try {
    // Deprecations are for the authors of what is in the bundle, not for those who read the job's log. Where the job has
    // settled that already (`NODE_OPTIONS=--no-deprecation`), an assignment would throw.
    Reflect.set(process, 'noDeprecation', true);
    // A job that trusts everybody for itself must not make this step send a password to whoever answers.
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    await story(masker);
  } catch (thrown) {
    report(thrown);
  }
  process.off('uncaughtException', report);
  // A connection that was given up may still hold the process open.
  process.exit();
}
