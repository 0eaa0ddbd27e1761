/** A module that is left out of the bundle. */
interface LeftOut {
  /** What ncc imports instead of the module, until `leaveOut` removes that too. Nothing else may import it. */
  readonly standIn: string;
  /** How often the bundle mentions the module, in code that never runs. */
  readonly uses: number;
}

/**
 * Parts of the toolkit that never run in this action, by the specifier that imports them. `undici` alone is 940 kB,
 * which Node would load at every start, for a dispatcher that this action never uses.
 */
const leftOut: Record<string, LeftOut> = {
  undici: { standIn: 'node:vm', uses: 1 },
  './oidc-utils.js': { standIn: 'node:dgram', uses: 0 },
  './path-utils.js': { standIn: 'node:repl', uses: 0 },
  './platform.js': { standIn: 'node:sea', uses: 0 },
  './summary.js': { standIn: 'node:zlib', uses: 0 },
};

/** The replacements of imports, for ncc. */
export const standIns: Record<string, string> = Object.fromEntries(
  Object.entries(leftOut).map(([specifier, { standIn }]) => [specifier, standIn]),
);

/**
 * Removes the stand-ins for the modules that are left out, and makes sure that nothing needs them.
 *
 * @param bundle the text of the bundle
 * @returns the bundle without them
 * @throws Error if a new version of the toolkit, or our own code, uses a part that is left out
 */
export function leaveOut(bundle: string): string {
  // The one use of undici is in a method that nothing calls.
  assertCount(bundle, /\.ProxyAgent\(/g, 1, 'uses of ProxyAgent');
  assertCount(bundle, /_getProxyAgentDispatcher\(/g, 2, 'mentions of the method that uses ProxyAgent');
  assertCount(bundle, /\bgetAgentDispatcher\(/g, 1, 'mentions of the method that calls that one');

  return Object.entries(leftOut).reduce((text, [specifier, { standIn, uses }]) => {
    const load = `require("${standIn}")`;
    const binding = text.split(load).length === 2 && /const (\w+) = $/.exec(text.split(load)[0] ?? '')?.[1];
    if (!binding) throw new Error(`Expected one import of ${specifier}. See build/left-out.ts.`);
    assertCount(text, new RegExp(`\\b${binding}\\.`, 'g'), uses, `uses of ${specifier}`);
    return text.replace(load, `{} /* ${specifier} is left out: nothing that runs uses it */`);
  }, bundle);
}

function assertCount(bundle: string, pattern: RegExp, expected: number, what: string): void {
  const found = bundle.match(pattern)?.length ?? 0;
  if (found === expected) return;
  throw new Error(`Expected ${expected} ${what} in the bundle, but found ${found}. See build/left-out.ts.`);
}
