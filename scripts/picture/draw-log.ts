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
  const lines = log.trimEnd().split('\n').map(shorten);
  const width = Math.round(2 * margin + columns * characterWidth);
  const height = 2 * margin + lines.length * lineHeight;
  const texts = lines.map((line, index) => {
    const y = margin + lineHeight * (index + 0.75);
    return `  <text x="${margin}" y="${y}" class="${kindOf(line)}">${markUp(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>The log of a job that signs in, calls the API, and is cleared</title>
  <style>
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #c9d1d9; white-space: pre }
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

function shorten(line: string): string {
  return line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
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
