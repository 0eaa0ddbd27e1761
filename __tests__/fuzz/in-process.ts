import { readdirSync } from 'node:fs';
import { parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { InProcessJob, type Step } from '../support/job.ts';
import { type Evidence, type PhaseEvidence, VisibleLog } from './evidence.ts';
import { type ReceivedRequest, type ScriptedExabits, startScriptedExabits } from './exabits.ts';
import { addressOfExabits, type World } from './worlds.ts';

/** Runs worlds through the sources in this process, one after the other. */
export class InProcessJobs {
  readonly #exabits: ScriptedExabits;

  private constructor(exabits: ScriptedExabits) {
    this.#exabits = exabits;
  }

  static async start(): Promise<InProcessJobs> {
    return new InProcessJobs(await startScriptedExabits());
  }

  stop(): Promise<void> {
    return this.#exabits.close();
  }

  /** Runs `main` and then `post` in a world. */
  async run(world: World): Promise<Evidence> {
    const { url } = this.#exabits;
    const isHere = world.env.EXABITS_API_URL === addressOfExabits;
    const job = new InProcessJob({ ...world.env, ...(isHere ? { EXABITS_API_URL: url } : {}) });
    const log = new VisibleLog();
    const inputs = { 'api-url': url + world.urlSuffix, ...world.inputs };
    const { random } = Math;
    // Waits between tries are no longer than the server asks for.
    Math.random = () => 0;
    try {
      const [step, main] = await this.#watch('main', world, job, log, () => job.main(inputs));
      const [, post] = await this.#watch('post', world, job, log, () => job.post(step));
      return { main, post, served: this.#exabits.served };
    } finally {
      Math.random = random;
      job.dispose();
    }
  }

  async #watch(
    phase: 'main' | 'post',
    world: World,
    job: InProcessJob,
    log: VisibleLog,
    act: () => Promise<Step>,
  ): Promise<[Step, PhaseEvidence]> {
    const masks = new Set(log.masks);
    job.onLine = (line) => {
      const command = parseWorkflowCommand(line);
      if (command?.name === 'add-mask') masks.add(command.text);
    };
    const sentUnmasked: string[] = [];
    this.#exabits.play(world, phase, (request) => {
      sentUnmasked.push(...secretsOfRequest(request).filter((secret) => !masks.has(secret)));
    });
    const startedAt = performance.now();
    const step = await act();
    const { exitCode, lines, env, outputs, state, summary } = step;
    const evidence: PhaseEvidence = {
      ...{ exitCode, env, outputs, state, summary, sentUnmasked },
      printed: lines,
      ...log.read(lines),
      temporaryFiles: readdirSync(job.temp),
      requests: [...this.#exabits.requests],
      tookMs: performance.now() - startedAt,
    };
    return [step, evidence];
  }
}

function secretsOfRequest({ headers, body }: Pick<ReceivedRequest, 'headers' | 'body'>): string[] {
  const inHeaders = headers
    .filter(([name]) => name === 'authorization' || name === 'refresh-token')
    .map(([, value]) => value.replace(/^Bearer /, ''));
  const password = /"password":"([0-9a-f]{32})"/.exec(body)?.[1];
  return password ? [...inHeaders, password] : inHeaders;
}
