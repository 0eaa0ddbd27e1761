// npm run picture: draws the picture of README.md from what the demo really prints.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawLog } from './picture/draw-log.ts';

const root = join(import.meta.dirname, '..');
const log = execFileSync(process.execPath, [join(root, 'sandbox/demo.ts')], { encoding: 'utf8' });
writeFileSync(join(root, 'docs/job-log.svg'), drawLog(log));
