// Preloaded into a process that is measured: writes what it used to the file that BENCH_USAGE names.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const modules = process.moduleLoadList.filter((entry) => entry.startsWith('NativeModule ')).length;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  writeFileSync(process.env.BENCH_USAGE, JSON.stringify({ modules, peakMemoryMiB: maxRSS / 1024, cpuMs }));
});
