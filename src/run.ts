import { Failure, toFailure } from './failure.ts';
import { fail, tellRunner } from './job/log.ts';
import { createMasker, type Masker, type Redact } from './secrets.ts';

/** One of the processes that the runner starts. */
export interface Phase {
  readonly work: (masker: Masker) => Promise<void>;
  /** Tells the runner to mask a secret. */
  readonly tell: (secret: string) => void;
  /** Handles a failure that the work did not: ends the process, or lets the work go on. */
  readonly onFailure: (failure: Failure, redact: Redact) => void;
}

/** A phase that fails its step at the first error, such as a secret that cannot be masked. */
export function failingPhase(work: Phase['work']): Phase {
  return {
    async work(masker) {
      // The runner uses the Node that action.yml names; act uses whatever it finds.
      if (Number.parseInt(process.versions.node, 10) < 24) {
        throw new Failure(
          `This action needs Node 24, but runs on ${process.versions.node}.`,
          'On GitHub, update the runner; in act, put Node 24 first in PATH.',
        );
      }
      await work(masker);
    },
    tell: tellRunner,
    onFailure(failure, redact) {
      fail(failure, redact);
      process.exit();
    },
  };
}

/** Runs one phase of the action and ends the process. Anything thrown becomes one line of the log. */
export async function run({ work, tell, onFailure }: Phase): Promise<void> {
  const masker = createMasker(tell);
  const report = (thrown: unknown): void => onFailure(toFailure(thrown), masker.redact);
  let isLoose = false;
  // An error thrown in a library's event handler bypasses every `catch`. After a second one, expect no end of them.
  const onUncaught = (thrown: unknown): void => {
    report(thrown);
    if (isLoose) process.exit();
    isLoose = true;
  };
  process.on('uncaughtException', onUncaught);
  try {
    // Deprecation warnings are for us, not for the job's log. With NODE_OPTIONS=--no-deprecation an assignment throws.
    Reflect.set(process, 'noDeprecation', true);
    // A job may turn off certificate checks for itself, but a password must not go to an unverified server.
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    await work(masker);
  } catch (thrown) {
    report(thrown);
  }
  process.off('uncaughtException', onUncaught);
  // An abandoned connection could keep the process alive.
  process.exit();
}
