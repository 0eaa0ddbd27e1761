import { readdirSync } from 'node:fs';
import { EOL } from 'node:os';
import { join } from 'node:path';
import { Job, type StepResult } from '../../testbed/runner/job.ts';
import { COMMAND_NAMES, parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import type { Evidence, PhaseEvidence } from './evidence.ts';
import { startScriptedExabits } from './exabits.ts';
import { addressOfExabits, type World } from './worlds.ts';

/** Runs a world through the committed bundle, and observes it through the small runner's visible log. */
export async function runBundle(world: World): Promise<Evidence> {
  const exabits = await startScriptedExabits();
  const { RUNNER_DEBUG: debug, ...carried } = world.env;
  const isHere = carried.EXABITS_API_URL === addressOfExabits;
  const env = { ...carried, ...(isHere ? { EXABITS_API_URL: exabits.url } : {}) };
  const github = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('GITHUB_')));
  const job = new Job({
    actionDir: join(import.meta.dirname, '../..'),
    env,
    github,
    debug: debug !== undefined,
  });
  const evidenceOf = (step: StepResult, tookMs: number): PhaseEvidence => ({
    exitCode: step.exitCode,
    printed: step.raw.split(EOL),
    visible: step.visible.split('\n').filter((line) => line !== ''),
    commands: step.raw.split(/\r\n|\r|\n/).flatMap((line) => {
      const command = parseWorkflowCommand(line, COMMAND_NAMES);
      return command ? [{ ...command, inPlace: line.startsWith('::') }] : [];
    }),
    outputs: step.outputs,
    env: step.env,
    state: step.state,
    summary: step.rawSummary,
    temporaryFiles: readdirSync(job.runnerTemp),
    requests: [...exabits.requests],
    // Output printed before a request may still be in the pipe, so only the in-process runs can tell.
    sentUnmasked: [],
    tookMs,
  });
  try {
    exabits.play(world, 'main', () => {});
    let startedAt = performance.now();
    const step = await job.uses({ 'api-url': exabits.url + world.urlSuffix, ...world.inputs });
    const main = evidenceOf(step, performance.now() - startedAt);

    exabits.play(world, 'post', () => {});
    startedAt = performance.now();
    const [postStep] = await job.finish();
    if (!postStep) throw new Error('The job has no post step');
    return { main, post: evidenceOf(postStep, performance.now() - startedAt), served: exabits.served };
  } finally {
    job.dispose();
    await exabits.close();
  }
}
