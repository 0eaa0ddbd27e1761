// Preloaded into a measured process: writes what it has used into the file that USAGE names.
process.on('exit', () => {
  const modules = process.moduleLoadList.filter((entry) => entry.startsWith('NativeModule ')).length;
  const ms = process.uptime() * 1000;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = { ms, cpuMs: (userCPUTime + systemCPUTime) / 1000, modules, memoryMiB: maxRSS / 1024 };
  require('node:fs').writeFileSync(process.env.USAGE, JSON.stringify(usage));
});
