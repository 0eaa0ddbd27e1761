const columns = 112;
const lineHeight = 20;
const characterWidth = 8.05;
const margin = 16;

/**
 * Draws the log of a job as GitHub would show it.
 *
 * @param log the visible lines
 * @returns an SVG picture
 */
export function drawLog(log: string): string {
  const lines = log.trimEnd().split('\n').flatMap(fit);
  const width = Math.round(2 * margin + columns * characterWidth);
  const height = 2 * margin + lines.length * lineHeight;
  const texts = lines.map(({ text, kind }, index) => {
    const y = margin + lineHeight * (index + 0.75);
    // Renderers drop white space at the start of a text.
    const x = margin + characterWidth * text.search(/\S|$/);
    return `  <text x="${x}" y="${y}" class="${kind}">${markUp(text.trimStart())}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>The log of a job that signs in, calls the API, and is cleared</title>
  <style>
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #c9d1d9 }
    .heading { font-weight: bold; fill: #ffffff }
    .setting { fill: #8b949e }
    .ours { fill: #7ee787 }
    .mask { fill: #d2a8ff }
  </style>
  <rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
${texts.join('\n')}
</svg>
`;
}

/** A line of the picture, and the kind of log line that it belongs to. */
interface Line {
  readonly text: string;
  readonly kind: string;
}

// Lines of the action are wrapped; other lines are cut.
function fit(line: string): Line[] {
  const kind = kindOf(line);
  if (kind !== 'ours') {
    return [{ kind, text: line.length > columns ? `${line.slice(0, columns - 1)}…` : line }];
  }
  const wrapped = line.match(new RegExp(`.{1,${columns}}(?:\\s|$)`, 'g')) ?? [line];
  return wrapped.map((text) => ({ kind, text: text.trimEnd() }));
}

function kindOf(line: string): string {
  if (line.startsWith('▼')) return 'heading';
  if (/^(Signed in|Cleared|Deleted|After the job|The header file)/.test(line)) return 'ours';
  return line.startsWith('  ') ? 'setting' : 'output';
}

function markUp(line: string): string {
  const escaped = line.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return escaped.replaceAll('***', '<tspan class="mask">***</tspan>');
}
