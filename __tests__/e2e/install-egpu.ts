// A step of the end-to-end jobs on GitHub: puts Exabits' official client on the PATH of later steps.
import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EGPU, findOrInstall } from './tools.ts';

const egpu = await findOrInstall(EGPU);
if ('missing' in egpu) throw new Error(egpu.missing);
appendFileSync(process.env.GITHUB_PATH ?? '', `${dirname(egpu.path)}\n`);
console.log(`The official client is ${egpu.path}.`);
