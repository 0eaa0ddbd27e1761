/** A module that the bundle does without. */
interface LeftOut {
  /** What Node has loaded anyway, and stands in the module's place. No other part of the bundle may import it. */
  readonly standIn: string;
  /** How often the bundle mentions the stand-in, because code that never runs does. */
  readonly uses: number;
}

/**
 * Parts of the toolkit that never run in this action, by the specifier that imports them. `undici` alone is
 * 940 kB, which Node would load at every start, for a dispatcher that only other libraries ask for.
 */
const leftOut: Record<string, LeftOut> = {
  undici: { standIn: 'node:module', uses: 1 },
  './oidc-utils.js': { standIn: 'node:events', uses: 0 },
  './path-utils.js': { standIn: 'node:timers', uses: 0 },
  './platform.js': { standIn: 'node:buffer', uses: 0 },
  './summary.js': { standIn: 'node:url', uses: 0 },
};

/** The map that ncc replaces imports by. */
export const standIns: Record<string, string> = Object.fromEntries(
  Object.entries(leftOut).map(([specifier, { standIn }]) => [specifier, standIn]),
);

/**
 * Makes sure that nothing in the bundle needs what was left out.
 *
 * @param bundle the text of the bundle
 * @throws Error when a new version of the toolkit, or our own code, uses a part that is left out
 */
export function assertLeftOut(bundle: string): void {
  for (const [specifier, { standIn, uses }] of Object.entries(leftOut)) {
    const binding = new RegExp(`const (\\w+) = require\\("${standIn}"\\)`).exec(bundle)?.[1];
    if (!binding) throw new Error(`Nothing imports ${specifier} any more: remove it from leftOut.`);
    assertCount(bundle, new RegExp(`\\b${binding}\\.`, 'g'), uses, `uses of ${specifier}`);
  }
  // The one use of undici is in a method that nothing calls.
  assertCount(bundle, /\.ProxyAgent\(/g, 1, 'uses of ProxyAgent');
  assertCount(bundle, /_getProxyAgentDispatcher\(/g, 2, 'mentions of the method that uses ProxyAgent');
  assertCount(bundle, /\bgetAgentDispatcher\(/g, 1, 'mentions of the method that calls that one');
}

function assertCount(bundle: string, pattern: RegExp, expected: number, what: string): void {
  const found = bundle.match(pattern)?.length ?? 0;
  if (found === expected) return;
  throw new Error(
    `Expected ${expected} ${what} in the bundle, but found ${found}. See scripts/bundle/left-out.ts.`,
  );
}
