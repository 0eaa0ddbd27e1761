// npm run bench:budget: checks the limits that do not depend on the machine: the bundle's size and the modules it
// loads.
import { statSync } from 'node:fs';
import budget from './budget.json' with { type: 'json' };
import { bundlePath, runWithUsage, startSandboxes, subjects } from './subjects.ts';

const sandboxes = await startSandboxes();
const measured = subjects(sandboxes);
const checks: [what: string, found: number, ceiling: number][] = [
  ['bytes of the bundle', statSync(bundlePath).size, budget.bundleBytes],
];
for (const name of ['login', 'API token', 'ephemeral token', 'post'] as const) {
  const { usage, exitCode, output } = await runWithUsage(measured[name]);
  if (exitCode !== 0 || !usage) throw new Error(`${name} ended with ${exitCode}:\n${output}`);
  checks.push([`modules loaded for ${name}`, usage.modules, budget.modulesLoaded[name]]);
}
await sandboxes.close();

for (const [what, found, ceiling] of checks) {
  console.log(`${found <= ceiling ? 'within' : 'OVER  '} budget: ${found} of ${ceiling} ${what}`);
}
if (checks.some(([, found, ceiling]) => found > ceiling)) process.exitCode = 1;
