import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { drawLog } from '../../testbed/demos/draw-log.ts';
import { logOfDemo } from '../../testbed/demos/log-of-demo.ts';
import { testWithBash } from '../support/system.ts';

const root = join(import.meta.dirname, '../..');

// Replaces what differs between runs of the demo: ports, paths, times, and where a long line is cut.
function lasting(svg: string): string {
  return svg
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/EXABITS_HEADERS_FILE: .*/g, 'EXABITS_HEADERS_FILE: PATH');
}

testWithBash('the picture in README.md shows what the demo prints', () => {
  const committed = readFileSync(join(root, 'docs/job-log.svg'), 'utf8');
  expect(lasting(committed)).toBe(lasting(drawLog(logOfDemo())));
});

test('the picture escapes text and cuts long lines', () => {
  const svg = drawLog(`a < b & c > d\n${'x'.repeat(200)}\nEXABITS_API_TOKEN: ***\n`);
  expect(svg).toContain('>a &lt; b &amp; c &gt; d</text>');
  expect(svg).toContain(`>${'x'.repeat(111)}…</text>`);
  expect(svg).toContain('EXABITS_API_TOKEN: <tspan class="mask">***</tspan></text>');
});
