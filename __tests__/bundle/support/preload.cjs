// Loaded into the action's process before the bundle. PRELOAD says in JSON what to change for a test:
// uuid: what crypto.randomUUID returns; signal and atWrite: kill the process at its nth write to a file of the runner;
// watchOpen: where to note how each file is created; full: the line of the log from which on writing fails;
// throwing: the message of an uncaught exception, as a library may throw in an event handler.
const crypto = require('node:crypto');
const fs = require('node:fs');

const { uuid, signal, atWrite, watchOpen, full, throwing } = JSON.parse(process.env.PRELOAD);

if (uuid) crypto.randomUUID = () => uuid;

if (signal) {
  let writes = 0;
  const atNth = (write) =>
    function (...args) {
      writes += 1;
      if (writes === atWrite) process.kill(process.pid, signal);
      return write.apply(this, args);
    };
  fs.appendFileSync = atNth(fs.appendFileSync);
  fs.openSync = atNth(fs.openSync);
}

if (watchOpen) {
  process.umask(0);
  const { openSync } = fs;
  fs.openSync = (path, flags, mode) => {
    const file = openSync(path, flags, mode);
    const { mode: actual, size } = fs.fstatSync(file);
    const note = { path, flags, mode: (actual & 0o777).toString(8), size };
    fs.appendFileSync(watchOpen, `${JSON.stringify(note)}\n`);
    return file;
  };
}

if (full) {
  const { writeSync } = fs;
  let lines = 0;
  fs.writeSync = (descriptor, ...args) => {
    if (descriptor === 1) lines += 1;
    if (descriptor === 1 && lines >= full)
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    return writeSync(descriptor, ...args);
  };
}

if (throwing)
  setTimeout(() => {
    throw new Error(throwing);
  }, 0);
