import { basename } from 'node:path';
import { regardless } from './failure.ts';
import { printAtOnce } from './job/stdout.ts';
import { main } from './main.ts';
import { post } from './post.ts';
import { run } from './run.ts';
import { sweep } from './sweep.ts';

// If this fails, Node's own stream prints.
regardless(printAtOnce);
// The name of the started file tells the phase. State cannot: `main` may have been killed before saving any.
const started = basename(String(process.argv[1]), '.cjs');
void run(started === 'post' ? post : started === 'sweep' ? sweep : main);
