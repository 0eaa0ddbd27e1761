const agents = ['Agent', 'globalAgent', 'request'];

/** Node modules that not every run needs, with the properties of each that the bundle uses. */
const deferred: Record<string, readonly string[]> = {
  assert: [],
  crypto: ['randomUUID'],
  http: agents,
  'node:http': ['Agent'],
  'node:https': ['Agent'],
  https: agents,
  net: [],
  'node:crypto': ['createHash', 'randomBytes', 'randomUUID'],
  'node:timers/promises': ['setTimeout'],
  tls: ['connect'],
};

const whenUsed = `
// Loads one of Node's modules when the first of its properties is used: a run rarely needs all of them.
function whenUsed(name, properties) {
  const load = (property) => ({ enumerable: true, get: () => require(name)[property] });
  return Object.defineProperties({}, Object.fromEntries(properties.map((property) => [property, load(property)])));
}
`;

/**
 * Makes the bundle load some of Node's modules when they are first used, not at the start as bundlers do.
 * https brings in TLS, which takes longest of all, and a post step rarely needs either.
 *
 * @param bundle the text of the bundle
 * @returns the bundle with its imports of those modules deferred
 * @throws Error if the bundle imports one of them in another way, or uses another property of it
 */
export function loadWhenUsed(bundle: string): string {
  const eager = Object.keys(deferred).reduce((text, name) => {
    const load = `require("${name}")`;
    if (text.split(load).length !== 2) throw new Error(`Expected ${load} once. See build/load-when-used.ts.`);
    assertProperties(text, name);
    return text.replace(load, `whenUsed(${JSON.stringify(name)}, ${JSON.stringify(deferred[name])})`);
  }, bundle);
  return eager.replace('\n', `\n${whenUsed}`);
}

function assertProperties(bundle: string, name: string): void {
  const statements = bundle.replace(/^[ ;]*\/\/.*$/gm, '');
  const used = bindingsOf(bundle, name).flatMap((binding) =>
    [...statements.matchAll(new RegExp(`\\b${binding}\\.(\\w+)`, 'g'))].map((match) => match[1]),
  );
  const unknown = used.filter((property) => !deferred[name]?.includes(String(property)));
  if (unknown.length === 0) return;
  throw new Error(`The bundle uses ${unknown.join(', ')} of ${name}. See build/load-when-used.ts.`);
}

// A module is either required directly, or wrapped in a bundler module that others import by number.
function bindingsOf(bundle: string, name: string): string[] {
  const direct = new RegExp(`(?:const|var) (\\w+) = require\\("${name}"\\)`, 'g');
  const number = new RegExp(`/\\*\\*\\*/ (\\d+):\\n[^]{0,80}?module\\.exports = require\\("${name}"\\)`).exec(
    bundle,
  )?.[1];
  const wrapped = new RegExp(`(?:const|var) (\\w+) = __nccwpck_require__\\(${number}\\)`, 'g');
  const bindings = [direct, wrapped].flatMap((pattern) =>
    [...bundle.matchAll(pattern)].map((match) => String(match[1])),
  );
  if (bindings.length === 0) throw new Error(`Nothing uses ${name} any more. See build/load-when-used.ts.`);
  return bindings;
}
