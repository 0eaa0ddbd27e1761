// Preloaded into a measured process: writes its resource usage to the file named by BENCH_USAGE.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const modules = process.moduleLoadList.filter((entry) => entry.startsWith('NativeModule ')).length;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  writeFileSync(process.env.BENCH_USAGE, JSON.stringify({ modules, peakMemoryMiB: maxRSS / 1024, cpuMs }));
});
