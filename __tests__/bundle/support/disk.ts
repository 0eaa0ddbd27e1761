import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder on a separate file system if this machine allows that, else an ordinary folder that behaves like one. */
export interface Disk {
  readonly folder: string;
  /** Whether it is a separate file system. */
  readonly mounted: boolean;
  /** Makes it read-only. */
  freeze(): void;
  remove(): void;
}

/**
 * Makes a small disk: a tmpfs where this process may mount one.
 *
 * @param blocks its size in blocks of 4 KiB
 */
export function makeDisk(blocks: number): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'exabits-auth-disk-'));
  const mounted = mount('-t', 'tmpfs', '-o', `size=${blocks * 4}k,mode=0700`, 'tmpfs', folder);
  return {
    folder,
    mounted,
    freeze() {
      if (!mounted || !mount('-o', 'remount,ro', folder)) chmodSync(folder, 0o500);
    },
    remove() {
      if (mounted) execFileSync('umount', ['-l', folder]);
      else chmodSync(folder, 0o700);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mount(...args: string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
