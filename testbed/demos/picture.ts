// npm run picture: draws the picture of README.md from the output of the demo.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawLog } from './draw-log.ts';
import { logOfDemo } from './log-of-demo.ts';

writeFileSync(join(import.meta.dirname, '../../docs/job-log.svg'), drawLog(logOfDemo()));
