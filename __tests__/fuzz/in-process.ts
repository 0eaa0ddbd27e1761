import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { EOL, tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/main.ts';
import { post } from '../../src/post.ts';
import { run } from '../../src/run.ts';
import { readActionManifest } from '../../testbed/runner/action-manifest.ts';
import { parseCommandFile } from '../../testbed/runner/command-files.ts';
import { COMMAND_NAMES, parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { type Evidence, type PhaseEvidence, VisibleLog } from './evidence.ts';
import { type ReceivedRequest, type ScriptedExabits, startScriptedExabits } from './exabits.ts';
import { addressOfExabits, type World } from './worlds.ts';

const phases = { main, post };
const commandFiles = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;

/** Runs worlds through the sources in this process, one after the other. */
export class InProcessJobs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'exabits-auth-fuzz-'));
  readonly #temp = join(this.#folder, 'temp');
  readonly #defaults = readActionManifest(join(import.meta.dirname, '../..')).inputs;
  readonly #exabits: ScriptedExabits;

  private constructor(exabits: ScriptedExabits) {
    this.#exabits = exabits;
    mkdirSync(this.#temp);
  }

  static async start(): Promise<InProcessJobs> {
    return new InProcessJobs(await startScriptedExabits());
  }

  async stop(): Promise<void> {
    await this.#exabits.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs `main` and then `post` in a world. */
  async run(world: World): Promise<Evidence> {
    const log = new VisibleLog();
    for (const name of readdirSync(this.#temp)) rmSync(join(this.#temp, name), { recursive: true });
    const inputs = { 'api-url': this.#exabits.url + world.urlSuffix, ...world.inputs };
    const main = await this.#phase('main', world, log, inputs, {}, world.env);
    const post = await this.#phase('post', world, log, inputs, main.state, { ...world.env, ...main.env });
    return { main, post, served: this.#exabits.served };
  }

  async #phase(
    phase: 'main' | 'post',
    world: World,
    log: VisibleLog,
    inputs: Readonly<Record<string, string>>,
    state: Readonly<Record<string, string>>,
    jobEnv: Readonly<Record<string, string>>,
  ): Promise<PhaseEvidence> {
    for (const file of commandFiles) writeFileSync(join(this.#folder, file), '');
    const given = new Map(this.#defaults);
    for (const [name, value] of Object.entries(inputs)) given.set(name, value);
    const env: Record<string, string> = {
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'octo-org/octo-repo',
      GITHUB_RUN_ATTEMPT: '1',
      RUNNER_TEMP: this.#temp,
      ...jobEnv,
    };
    if (env.EXABITS_API_URL === addressOfExabits) env.EXABITS_API_URL = this.#exabits.url;
    for (const file of commandFiles) env[file] = join(this.#folder, file);
    for (const [name, value] of given) env[`INPUT_${name.toUpperCase()}`] = value;
    for (const [name, value] of Object.entries(state)) env[`STATE_${name}`] = value;

    const output = new Output();
    const sentUnmasked: string[] = [];
    this.#exabits.play(world, phase, (request) => {
      const masks = masksIn(output.lines, log);
      sentUnmasked.push(...secretsOfRequest(request).filter((secret) => !masks.has(secret)));
    });
    const startedAt = performance.now();
    const exitCode = await captured(env, output, () => run(phases[phase]));
    const tookMs = performance.now() - startedAt;

    const shown = log.read(output.lines);
    const read = (file: (typeof commandFiles)[number]): string =>
      readFileSync(join(this.#folder, file), 'utf8');
    return {
      exitCode,
      printed: output.lines,
      ...shown,
      env: Object.fromEntries(parseCommandFile(read('GITHUB_ENV'))),
      outputs: Object.fromEntries(parseCommandFile(read('GITHUB_OUTPUT'))),
      state: Object.fromEntries(parseCommandFile(read('GITHUB_STATE'))),
      summary: read('GITHUB_STEP_SUMMARY'),
      temporaryFiles: readdirSync(this.#temp),
      requests: [...this.#exabits.requests],
      sentUnmasked,
      tookMs,
      // A deadline of one second, and one more.
      limitMs: 2_000,
    };
  }
}

function secretsOfRequest({ headers, body }: Pick<ReceivedRequest, 'headers' | 'body'>): string[] {
  const inHeaders = headers
    .filter(([name]) => name === 'authorization' || name === 'refresh-token')
    .map(([, value]) => value.replace(/^Bearer /, ''));
  const password = /"password":"([0-9a-f]{32})"/.exec(body)?.[1];
  return password ? [...inHeaders, password] : inHeaders;
}

/** The masks that the runner knows, of an earlier phase or of what has been printed so far. */
function masksIn(lines: readonly string[], log: VisibleLog): ReadonlySet<string> {
  const commands = lines.map((line) => parseWorkflowCommand(line, COMMAND_NAMES));
  const added = commands.flatMap((command) => (command?.name === 'add-mask' ? [command.text] : []));
  return new Set([...log.masks, ...added]);
}

/** What a phase has printed so far. */
class Output {
  text = '';

  get lines(): string[] {
    const lines = this.text.split(EOL);
    if (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

/**
 * Runs a phase as if it were alone in its process.
 *
 * @returns what the process would have ended with
 */
async function captured(
  env: Record<string, string>,
  output: Output,
  act: () => Promise<void>,
): Promise<number> {
  const { env: environment, exit } = process;
  const { random } = Math;
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  let exitCode: number | undefined;

  const write = (chunk: unknown): boolean => {
    output.text += String(chunk);
    return true;
  };
  process.env = env;
  process.exitCode = undefined;
  process.exit = () => {
    exitCode = Number(process.exitCode ?? 0);
    return undefined as never;
  };
  for (const { stream } of streams) stream.write = write;
  // No wait between tries is longer than the server asks for.
  Math.random = () => 0;
  try {
    await act();
    if (exitCode === undefined) throw new Error('The phase did not end the process');
    return exitCode;
  } finally {
    Math.random = random;
    for (const { stream, write: original } of streams) stream.write = original;
    process.exit = exit;
    process.env = environment;
    process.exitCode = undefined;
  }
}
