// Loaded into every process of the action before the bundle. It makes the parts of the toolkit that the build has left
// out unusable, and changes what PRELOAD says in JSON:
// uuid: what crypto.randomUUID returns; killAtWrite: ends the process at its nth write to a file of the runner;
// watchOpen: where to note how each file is created; full: the line of the log from which on writing fails;
// throwing: the message of an uncaught exception, as a library may throw in an event handler.
const crypto = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');

const load = Module._load;
// Webpack copies what a namespace import (`import * as http`) can see.
const platform = ['platform', 'arch', 'isWindows', 'isMacOS', 'isLinux', 'getDetails'];
const names = [...Object.keys(require('node:http')), ...platform];
const leftOut = new Proxy(
  {},
  {
    ownKeys: () => names,
    // Ends the process, because a failure that is only thrown might be handled.
    get(_target, name) {
      fs.writeSync(2, `A part that build/build.ts leaves out was used: ${String(name)}\n`);
      process.reallyExit(70);
    },
  },
);
Module._load = (request, ...rest) => (request === 'node:process' ? leftOut : load(request, ...rest));

const { uuid, killAtWrite, watchOpen, full, throwing } = JSON.parse(process.env.PRELOAD);

if (uuid) crypto.randomUUID = () => uuid;

if (killAtWrite) {
  let writes = 0;
  const atNth = (write) =>
    function (...args) {
      writes += 1;
      if (writes === killAtWrite) process.kill(process.pid, 'SIGKILL');
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
    fs.appendFileSync(
      watchOpen,
      `${JSON.stringify({ path, flags, mode: (actual & 0o777).toString(8), size })}\n`,
    );
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
