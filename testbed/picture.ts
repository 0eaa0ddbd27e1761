// node testbed/picture.ts: draws README.md's picture of a job's log, with what the steps print; another path may be given.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const columns = 100;
const [lineHeight, characterWidth, margin] = [20, 8.05, 16];

const log = execFileSync(process.execPath, [join(import.meta.dirname, 'demo.ts')], { encoding: 'utf8' });
const lines = log
  .replace(/\n\n.*/s, '')
  // The same in every picture.
  .replaceAll(/(?<=gha-\d+-\d+-)[0-9a-f]{8}/g, '1a2b3c4d')
  .split('\n')
  .filter((line) => !line.startsWith('  ') || line.includes('***'))
  .flatMap((line) => {
    const kind = line.startsWith('▼') ? 'heading' : 'output';
    const wrapped = line.match(new RegExp(`.{1,${columns}}(?:\\s|$)`, 'g')) ?? [line];
    return wrapped.map((text) => ({ kind, text: text.trimEnd().replace(/^ +/, '\u00a0\u00a0') }));
  });
const texts = lines.map(({ kind, text }, index) => {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const marked = escaped.replaceAll('***', '<tspan class="mask">***</tspan>');
  return `  <text x="${margin}" y="${margin + lineHeight * (index + 0.75)}" class="${kind}">${marked}</text>`;
});
const width = Math.round(2 * margin + columns * characterWidth);
const height = 2 * margin + lines.length * lineHeight;
writeFileSync(
  process.argv[2] ?? join(import.meta.dirname, '../docs/job-log.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>The log of a job that signs in, calls the API, and is cleared</title>
  <style>
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #c9d1d9 }
    .heading { font-weight: bold; fill: #ffffff }
    .mask { fill: #d2a8ff }
  </style>
  <rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
${texts.join('\n')}
</svg>
`,
);
