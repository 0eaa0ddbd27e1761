// Loaded into the action's process before the bundle: notes how long it took, not counting Node's start-up.
const { writeFileSync } = require('node:fs');

const startedAt = process.uptime();
process.once('exit', () => {
  writeFileSync(process.env.STOPWATCH_FILE, String(process.uptime() - startedAt));
});
