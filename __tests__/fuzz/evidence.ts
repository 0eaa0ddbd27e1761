import { md5 } from '../../testbed/exabits/md5.ts';
import { LogMasker } from '../../testbed/runner/log-masker.ts';
import { parseWorkflowCommand, type WorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import type { ReceivedRequest } from './exabits.ts';
import type { World } from './worlds.ts';

/** What a phase of the action did, as the runner, Exabits and the reader of the log see it. */
export interface PhaseEvidence {
  readonly exitCode: number | null;
  /** Lines of stdout and stderr, as they were printed. */
  readonly printed: readonly string[];
  /** What the log shows: masked, commands run, and debug lines included as in a debug run. */
  readonly visible: readonly string[];
  readonly commands: readonly ReadCommand[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Names of the files in `$RUNNER_TEMP` when the phase is over. */
  readonly temporaryFiles: readonly string[];
  readonly requests: readonly ReceivedRequest[];
  /** Secrets that a request carried before they were masked. */
  readonly sentUnmasked: readonly string[];
  readonly tookMs: number;
}

/** A workflow command, and whether it is where the action puts its own: at the start of the line. */
export interface ReadCommand extends WorkflowCommand {
  readonly inPlace: boolean;
}

/** The outcome of a world. */
export interface Evidence {
  readonly main: PhaseEvidence;
  readonly post: PhaseEvidence;
  /** Tokens that Exabits returned in successful answers. */
  readonly served: ReadonlySet<string>;
}

/** The visible log of a job, whose masks last as long as the job. */
export class VisibleLog {
  readonly #masker = new LogMasker();
  readonly #masks = new Set<string>();

  /** The masks so far. */
  get masks(): ReadonlySet<string> {
    return this.#masks;
  }

  /** Reads what a phase printed: commands are run, all other lines are shown masked. */
  read(printed: readonly string[]): Pick<PhaseEvidence, 'visible' | 'commands'> {
    const visible: string[] = [];
    const commands: ReadCommand[] = [];
    // The runner splits its input into lines at each of these.
    for (const line of printed.flatMap((text) => text.split(/\r\n|\r|\n/))) {
      const command = parseWorkflowCommand(line);
      if (!command) {
        visible.push(this.#masker.mask(line));
        continue;
      }
      commands.push({ ...command, inPlace: line.startsWith('::') });
      if (command.name !== 'add-mask') visible.push(this.#masker.mask(command.text));
      else {
        this.#masker.add(command.text);
        this.#masks.add(command.text);
      }
    }
    return { visible, commands };
  }
}

/**
 * The secrets of a world, in the spellings in which they work: those that the user gave, those that Exabits gave, and
 * those already set in the job, if the action used them.
 */
export function secretsOf(world: World, { main, post, served }: Evidence): Set<string> {
  const names = ['EXABITS_API_TOKEN', 'EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN'];
  const carried = names.map((name) => (world.env[name] ?? '').trim());
  const sent = [main, post].flatMap(({ requests }) => requests.flatMap(({ headers }) => headers));
  const exported = Object.values(main.outputs);
  const used = carried.filter(
    (token) => exported.includes(token) || sent.some(([, value]) => value.replace('Bearer ', '') === token),
  );
  return withoutBlank([...secretsOfInputs(world), ...used, ...served]);
}

/** Those of the secrets that are in the inputs of the step. */
export function secretsOfInputs({ inputs }: World): Set<string> {
  const password = (inputs.password ?? '').replace(/[\r\n]+$/, '');
  const apiToken = (inputs['api-token'] ?? '').trim();
  const hash = inputs['password-format'] === 'md5' ? password.trim() : md5(password);
  const wholes = [password, apiToken, hash.toLowerCase(), hash.toUpperCase()];
  return withoutBlank([...wholes, ...password.split(/[\r\n]+/), ...apiToken.split(/[\r\n]+/)]);
}

function withoutBlank(secrets: readonly string[]): Set<string> {
  return new Set(secrets.filter((secret) => secret.trim() !== ''));
}
