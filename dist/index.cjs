/******/ (() => { // webpackBootstrap
/******/ 	"use strict";
/******/ 	var __webpack_modules__ = ({

/***/ 67:
/***/ ((module) => {

module.exports = require("node:http");

/***/ }),

/***/ 708:
/***/ ((module) => {

module.exports = require("node:https");

/***/ }),

/***/ 30:
/***/ ((module) => {

module.exports = require("node:net");

/***/ })

/******/ 	});
/************************************************************************/
/******/ 	// The module cache
/******/ 	var __webpack_module_cache__ = {};
/******/ 	
/******/ 	// The require function
/******/ 	function __nccwpck_require__(moduleId) {
/******/ 		// Check if module is in cache
/******/ 		var cachedModule = __webpack_module_cache__[moduleId];
/******/ 		if (cachedModule !== undefined) {
/******/ 			return cachedModule.exports;
/******/ 		}
/******/ 		// Create a new module (and put it into the cache)
/******/ 		var module = __webpack_module_cache__[moduleId] = {
/******/ 			// no module.id needed
/******/ 			// no module.loaded needed
/******/ 			exports: {}
/******/ 		};
/******/ 	
/******/ 		// Execute the module function
/******/ 		var threw = true;
/******/ 		try {
/******/ 			__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 			threw = false;
/******/ 		} finally {
/******/ 			if(threw) delete __webpack_module_cache__[moduleId];
/******/ 		}
/******/ 	
/******/ 		// Return the exports of the module
/******/ 		return module.exports;
/******/ 	}
/******/ 	
/************************************************************************/
/******/ 	/* webpack/runtime/asset-relocator-loader */
/******/ 	if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = __dirname + "/";
/******/ 	
/******/ 	/* webpack/runtime/create fake namespace object */
/******/ 	(() => {
/******/ 		var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
/******/ 		var leafPrototypes;
/******/ 		// create a fake namespace object
/******/ 		// mode & 1: value is a module id, require it
/******/ 		// mode & 2: merge all properties of value into the ns
/******/ 		// mode & 4: return value when already ns object
/******/ 		// mode & 16: return value when it's Promise-like
/******/ 		// mode & 8|1: behave like require
/******/ 		__nccwpck_require__.t = function(value, mode) {
/******/ 			if(mode & 1) value = this(value);
/******/ 			if(mode & 8) return value;
/******/ 			if(typeof value === 'object' && value) {
/******/ 				if((mode & 4) && value.__esModule) return value;
/******/ 				if((mode & 16) && typeof value.then === 'function') return value;
/******/ 			}
/******/ 			var ns = Object.create(null);
/******/ 			__nccwpck_require__.r(ns);
/******/ 			var def = {};
/******/ 			leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
/******/ 			for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
/******/ 				Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
/******/ 			}
/******/ 			def['default'] = () => (value);
/******/ 			__nccwpck_require__.d(ns, def);
/******/ 			return ns;
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/define property getters */
/******/ 	(() => {
/******/ 		// define getter functions for harmony exports
/******/ 		__nccwpck_require__.d = (exports, definition) => {
/******/ 			for(var key in definition) {
/******/ 				if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 					Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 				}
/******/ 			}
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/hasOwnProperty shorthand */
/******/ 	(() => {
/******/ 		__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/make namespace object */
/******/ 	(() => {
/******/ 		// define __esModule on exports
/******/ 		__nccwpck_require__.r = (exports) => {
/******/ 			if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 				Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 			}
/******/ 			Object.defineProperty(exports, '__esModule', { value: true });
/******/ 		};
/******/ 	})();
/******/ 	
/************************************************************************/
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = require("node:path");
;// CONCATENATED MODULE: ./lib/failure.js
/** A failure to show to the user: no secrets, and text from outside only through `redact`. `message` is both parts. */
class Failure extends Error {
    name = 'Failure';
    /** What happened, in sentences. */
    problem;
    /** What to do about it, in sentences. */
    advice;
    constructor(problem, advice, options) {
        super(`${problem} ${advice}`, options);
        this.problem = problem;
        this.advice = advice;
    }
}
/** Turns anything that was thrown into a Failure. */
function toFailure(thrown) {
    if (thrown instanceof Failure)
        return thrown;
    return new Failure(`Unexpected error: ${reasonOf(thrown)}.`, 'Run the job again with debug logging, and report the error if it happens again.', { cause: thrown });
}
/** The message of an error, or anything else that was thrown as text. */
function reasonOf(thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
}
/** The code of a system, OpenSSL or Node error, such as `ECONNREFUSED`; empty if there is none. */
function codeOf(thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    return typeof code === 'string' ? code : '';
}
/** Runs something, and returns a failure instead of throwing it. */
async function attempt(act) {
    try {
        return { result: await act() };
    }
    catch (thrown) {
        return { failure: toFailure(thrown) };
    }
}
/** Does something, whether or not it works. */
function regardless(act) {
    try {
        act();
    }
    catch { }
}

;// CONCATENATED MODULE: external "node:events"
const external_node_events_namespaceObject = require("node:events");
;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = require("node:fs");
;// CONCATENATED MODULE: ./lib/job/stdout.js



const stdoutDescriptor = 1;
const retryMs = 5;
/**
 * Makes `process.stdout.write` synchronous: it returns when the runner can read the text, and throws if it never will.
 * So masks arrive first, and nothing is lost when the process ends. Node's own stream does not promise that for pipes
 * on Windows, and setting it up takes a tenth of the time of a post step.
 */
function printAtOnce() {
    // `console` needs more than the toolkit: it listens for errors, and expects a callback.
    const stdout = Object.assign(new external_node_events_namespaceObject.EventEmitter(), {
        write(text, ...rest) {
            writeAll(Buffer.from(text));
            const written = rest.at(-1);
            if (typeof written === 'function')
                written();
            return true;
        },
    });
    Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
}
function writeAll(bytes) {
    let rest = bytes;
    while (rest.length > 0) {
        try {
            rest = rest.subarray((0,external_node_fs_namespaceObject.writeSync)(stdoutDescriptor, rest));
        }
        catch (thrown) {
            if (codeOf(thrown) !== 'EAGAIN')
                throw thrown;
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
        }
    }
}

;// CONCATENATED MODULE: external "node:crypto"
const external_node_crypto_namespaceObject = require("node:crypto");
;// CONCATENATED MODULE: ./lib/text.js
// Printable ASCII, like most text, needs no replacing. That saves time: compiling the pattern below takes Node as
// long as all our printing.
const plain = /^[\x20-\x7e]*$/;
// Control characters, line and paragraph separators, and the marks that reorder text on screen. A string, because Node
// would expand these classes in a RegExp literal at every start, needed or not.
const unprintable = String.raw `[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`;
/** Turns any text into one printable line, which cannot start a workflow command: the runner reads those by line. */
function oneLine(text) {
    const printable = plain.test(text) ? text : text.replace(new RegExp(unprintable, 'gu'), ' ');
    // The runner still reads `##[` as the start of a command, anywhere in a line (actions/runner, ActionCommand.cs).
    return printable.replace(/\s+/gu, ' ').replaceAll('##[', '## [').trim();
}
/** Formats milliseconds as seconds with at most one decimal, such as `1.5 s`. */
function seconds(ms) {
    return `${Number((ms / 1000).toFixed(1))} s`;
}

;// CONCATENATED MODULE: ./lib/secrets.js


const longestText = 1_000;
/**
 * Makes the two functions that hide secrets; `tell` tells the runner to mask one, and may throw. The runner masks a
 * secret only where it sees all of it, so `redact` never cuts a text.
 */
function createMasker(tell) {
    const known = new Set();
    return {
        mask(secret) {
            // Other programs may quote only one line of a secret, or trim it.
            for (const part of [secret, ...secret.split(/[\r\n]/)].flatMap((text) => [text, text.trim()])) {
                // The runner rejects a blank mask, which would hide nothing anyway.
                if (part.trim() === '' || known.has(part))
                    continue;
                known.add(part);
                tell(part);
            }
            return secret;
        },
        redact(text) {
            if (text.length > longestText)
                return `a message of ${text.length.toLocaleString('en')} characters`;
            // Longest first, because one secret may contain another.
            const secrets = [...known].sort((a, b) => b.length - a.length);
            return oneLine(secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text));
        },
    };
}
/** The fingerprint of one or more texts; their order and boundaries matter. */
function fingerprint(...texts) {
    return (0,external_node_crypto_namespaceObject.createHash)('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

;// CONCATENATED MODULE: ./lib/credentials.js

/** The request headers that authenticate a call. After a login, the API requires both tokens. */
function headersOf(credential) {
    const authorization = { Authorization: `Bearer ${credential.token}` };
    if (credential.kind === 'api-token')
        return authorization;
    return { ...authorization, 'refresh-token': credential.refreshToken };
}
/**
 * The value of `EXABITS_AUTH_SOURCE`: the fingerprint of a credential, a dot, and that of credential, host and origin.
 * The credential is in both, so neither helps to guess a username.
 */
function sourceOf(credential, apiUrl, origin) {
    const tokens = tokensOf(credential);
    return `${fingerprint(...tokens)}.${fingerprint(...tokens, originFingerprint(apiUrl, origin))}`;
}
/** Whether a source is about this credential, and not about one that has been replaced since. */
function isSourceOf(source, credential) {
    return source.startsWith(`${fingerprint(...tokensOf(credential))}.`);
}
/** Recognises what a credential was made from. A changed password is still the same account. */
function originFingerprint(apiUrl, origin) {
    const identity = origin.kind === 'password' ? [origin.username] : tokensOf(origin);
    return fingerprint(apiUrl, origin.kind, ...identity);
}
function tokensOf(credential) {
    return credential.kind === 'api-token' ? [credential.token] : [credential.token, credential.refreshToken];
}
/** Makes a credential from an API token, without `Bearer`. */
function toApiToken(token) {
    return { kind: 'api-token', token, expiresAt: jwtExpiry(token) };
}
/** When a token expires, if it is a JWT that says so (`exp`, RFC 7519: seconds since the epoch). */
function jwtExpiry(token) {
    try {
        const [, claims = ''] = token.split('.');
        const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
        const expiry = new Date(typeof exp === 'number' ? exp * 1000 : Number.NaN);
        return Number.isNaN(expiry.getTime()) ? undefined : expiry;
    }
    catch {
        return undefined;
    }
}
const longestToken = 16_384;
/** Why a text cannot be sent as a token in an HTTP header, as the end of a sentence; undefined if it can. */
function tokenDefect(token) {
    if (token === '')
        return 'is empty';
    if (/^(["'`]).*\1$/s.test(token))
        return 'is in quotation marks';
    if (/[\r\n]/.test(token))
        return 'contains a line break';
    if (/\s/.test(token))
        return 'contains a space';
    if (!/^[\x21-\x7e]+$/.test(token))
        return 'contains a character that is not allowed in an HTTP header';
    return token.length > longestToken ? `is longer than ${longestToken} characters` : undefined;
}

;// CONCATENATED MODULE: ./lib/exabits/backoff.js
const firstCeilingMs = 1_000;
/** A rate limit means many jobs at once: 256 of them need this much room (docs/scaling.md). */
const firstCeilingInCrowdMs = 5_000;
const highestCeilingMs = 20_000;
/**
 * How long to wait before the next try: exponential backoff with full jitter, on top of the server's `Retry-After`, so
 * that jobs that failed together do not retry together.
 *
 * @param wait `failedTries` counts from 1; `crowded` means that the server reported too many requests
 * @param random a number from 0 (included) to 1
 * @returns milliseconds that leave time for another try, unless `Retry-After` alone uses it up
 */
function backoffMs(wait, random = Math.random()) {
    const { failedTries, retryAfterMs, crowded, remainingMs } = wait;
    const first = crowded ? firstCeilingInCrowdMs : firstCeilingMs;
    const ceiling = Math.min(highestCeilingMs, first * 2 ** (failedTries - 1));
    const leavesTime = Math.max(0, remainingMs - retryAfterMs) / 2;
    return Math.round(retryAfterMs + random * Math.min(ceiling, leavesTime));
}
/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3): seconds, or a date by the server's clock (`serverDate`).
 * Returns milliseconds to wait; 0 if the header is missing, in the past, or invalid.
 */
function retryAfterMs(header, serverDate, now) {
    if (header?.match(/^\d+$/))
        return Number(header) * 1000;
    const waitMs = Number(httpDate(header)) - Number(httpDate(serverDate) ?? now);
    return waitMs > 0 ? waitMs : 0;
}
/** Reads an HTTP date (RFC 9110, section 5.6.7); undefined if it is none. */
function httpDate(text) {
    // `Date` reads other text too, such as a number. Every HTTP date begins with a weekday.
    const date = new Date(text?.match(/^[A-Z][a-z]+,? /) ? text : Number.NaN);
    return Number.isNaN(date.getTime()) ? undefined : date;
}

;// CONCATENATED MODULE: ./lib/exabits/request-failure.js

class RequestFailure extends Failure {
    seen;
    constructor(problem, advice, seen, cause) {
        super(problem, advice, { cause });
        this.seen = seen;
    }
}
/** Whether anything answered a request with one of these HTTP statuses. */
function hasStatus(failure, ...statuses) {
    return failure instanceof RequestFailure && statuses.includes(failure.seen.status ?? 0);
}
/** Whether Exabits itself did; 200 means `"status": false`. */
function isAnswered(failure, ...statuses) {
    return hasStatus(failure, ...statuses) && failure.seen.enveloped === true;
}

;// CONCATENATED MODULE: ./lib/exabits/envelope.js



/** Whether a value is a JSON object: neither null nor a list. */
function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
/**
 * Opens the envelope `{"status", "message", "data", "total"?}` around every answer from Exabits.
 *
 * @param request method and path, for messages
 * @throws RequestFailure if Exabits refuses, by the HTTP status or by `status: false`
 * @throws Failure if the answer is a redirect, or has no envelope
 */
function readEnvelope(answer, request, endpoint, redact) {
    const { name: host } = endpoint;
    if (answer.status >= 300 && answer.status < 400)
        throw redirected(answer, request, endpoint, redact);
    const json = parseJson(answer.body);
    if (answer.status >= 400)
        throw refused(answer, request, host, json, redact);
    if (json === undefined)
        throw notJson(answer, request, host, redact);
    if (!isEnvelope(json)) {
        throw malformed(request, 'it lacks the envelope with a "status" that is true or false');
    }
    if (!json.status)
        throw refused(answer, request, host, json, redact);
    const { data, total } = json;
    return { data, total: typeof total === 'number' ? total : undefined, date: httpDate(answer.headers.date) };
}
/** The failure for JSON that is not in the form that the API promises; `defect` ends a sentence. */
function malformed(request, defect) {
    return new Failure(`The answer to ${request} is not what the Exabits API promises: ${defect}.`, 'Check the address of the API; if it is right, tell Exabits.');
}
function isEnvelope(json) {
    return isObject(json) && typeof json.status === 'boolean';
}
function redirected({ status, headers }, request, endpoint, redact) {
    const target = headers.location ? redact(headers.location) : 'an unspecified address';
    const url = URL.parse(headers.location ?? '', endpoint.apiBaseUrl);
    const isElsewhere = url?.protocol === 'https:' && url.origin !== endpoint.apiUrl;
    return new Failure(`${request} was redirected (HTTP ${status}) to ${target}. Redirects are not followed, because your credentials would follow them.`, isElsewhere ? 'If you trust that host, set the input "api-url" to it.' : 'Check the address of the API.');
}
function notJson({ headers, body }, request, host, redact) {
    const type = contentType(headers, redact);
    const what = body === '' ? 'is empty' : `is not JSON${type && ` (${type})`}`;
    return new Failure(`The answer from ${host} to ${request} ${what}.`, 'Check the address, and whether a proxy or a sign-in page answers instead of Exabits.');
}
function refused(answer, request, host, json, redact) {
    const { status, headers, body } = answer;
    const enveloped = isEnvelope(json);
    const words = redact(serverWords(json));
    const type = json === undefined && body !== '' ? contentType(headers, redact) : '';
    const saw = [`HTTP ${status}`, type, words && `"${words}"`].filter(Boolean).join(', ');
    const transient = isTransient(status);
    const seen = {
        saw,
        transient,
        changedNothing: status === 429 || (enveloped && !transient && status >= 400 && status < 500),
        status,
        enveloped,
        retryAfterMs: retryAfterMs(headers['retry-after'], headers.date, new Date()),
    };
    if (status === 429) {
        return new RequestFailure(`Too many requests to Exabits (${saw}).`, 'Run fewer jobs at the same time, or raise the inputs "timeout-seconds" and "max-attempts".', seen);
    }
    if (transient) {
        return new RequestFailure(`Exabits cannot answer now (${saw}).`, 'Run the job again later.', seen);
    }
    const [who, advice] = enveloped
        ? ['Exabits', 'Check the inputs of the step.']
        : [host, 'This is not how Exabits answers: check the address.'];
    return new RequestFailure(`${who} refused ${request} (${saw}).`, advice, seen);
}
// 501 is final: a method does not get implemented between two tries.
function isTransient(status) {
    return status === 408 || status === 429 || (status >= 500 && status !== 501);
}
// The reason is in `message`, and sometimes deeper; the official client looks in the same places.
function serverWords(json) {
    const field = (value, name) => (isObject(value) ? value[name] : undefined);
    const data = field(json, 'data');
    const places = [
        field(json, 'message'),
        field(data, 'message'),
        field(field(data, 'error_reason'), 'message'),
    ];
    return [...new Set(places.filter((words) => typeof words === 'string' && words !== ''))].join(': ');
}
function contentType(headers, redact) {
    return headers['content-type'] ? `content type ${redact(headers['content-type'])}` : '';
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/exabits/token-list.js

const pageSize = 100;
const mostPages = 1000;
/** The share of a page that the next one repeats: the list moves up when other jobs delete tokens meanwhile. */
const overlap = 0.2;
const list = 'GET /api-tokens';
/**
 * Reads the list of API tokens, newest first, page by page. No field reliably tells where it ends (`total` may count
 * only the page, and a page may be short), so it ends where a page brings nothing new, or at `isEnough` if the list has
 * been in order. Throws a Failure if an entry is not what the API promises, or the list ends too early or never.
 */
async function readTokenList(readPage, credential, isEnough = () => false) {
    const tokens = new Map();
    let offset = 0;
    let unreadable = 0;
    for (let count = 0; count < mostPages; count += 1) {
        const path = `/api-tokens?limit=${pageSize}&offset=${offset}&sortField=created_at&sortOrder=desc`;
        const { data, total = 0, date } = await readPage(credential, path);
        // Some servers send an empty list as null.
        const entries = data ?? [];
        if (!Array.isArray(entries))
            throw malformed(list, 'its "data" is not a list');
        const before = tokens.size;
        const read = entries.flatMap(readListedToken);
        unreadable += entries.length - read.length;
        for (const token of read)
            tokens.set(token.id, token);
        const found = [...tokens.values()];
        const isLast = tokens.size === before;
        if (isLast && tokens.size + unreadable < total)
            throw malformed(list, 'it ends before its "total"');
        if (isLast || (isEnough(found, date) && isNewestFirst(found)))
            return { tokens: found, date };
        offset += entries.length - Math.floor(entries.length * overlap);
    }
    throw malformed(list, `it goes on after ${mostPages} pages`);
}
/** Reads an id, which goes into URLs and into a command that the user may have to copy; undefined if it cannot. */
function readId(id) {
    const text = Number.isSafeInteger(id) ? String(id) : id;
    return typeof text === 'string' && /^\w[\w.:-]{0,127}$/.test(text) ? text : undefined;
}
// If any time is missing, the comparison with NaN is false.
function isNewestFirst(tokens) {
    const times = tokens.map(({ createdAt }) => Number(createdAt));
    return times.every((time, index) => time <= (times[index - 1] ?? time));
}
function readListedToken(entry) {
    if (!isObject(entry))
        return [];
    const { name, description, created_at: createdAt } = entry;
    const id = readId(entry.id);
    if (id === undefined) {
        // Without a name, it is not one of ours.
        if (typeof name !== 'string')
            return [];
        throw malformed(list, 'the "id" of an entry is not an identifier');
    }
    // Zero, and milliseconds in place of seconds, say nothing about an age.
    const isTime = typeof createdAt === 'number' && createdAt > 1e9 && createdAt < 1e11;
    const token = {
        id,
        name: typeof name === 'string' ? name : '',
        description: typeof description === 'string' ? description : '',
        createdAt: isTime ? new Date(createdAt * 1000) : undefined,
    };
    return [token];
}

;// CONCATENATED MODULE: ./lib/exabits/answers.js



/** Documented lifetimes, for tokens that do not state theirs. */
const accessTokenMs = 30 * 60 * 1000;
const refreshTokenMs = 2 * 60 * 60 * 1000;
/**
 * Reads the answer to a login, and masks its tokens; `username` stands in for an account that it does not name.
 * Throws a Failure if a field is not what the API promises.
 */
function readLogin(data, username, masker) {
    const read = reader('POST /authenticate/login', data, masker);
    const token = read.token('access_token');
    const refreshToken = read.token('refresh_token');
    const now = Date.now();
    return {
        credential: {
            kind: 'token-pair',
            token,
            expiresAt: jwtExpiry(token) ?? new Date(now + accessTokenMs),
            refreshToken,
            refreshTokenExpiresAt: jwtExpiry(refreshToken) ?? new Date(now + refreshTokenMs),
        },
        account: { username: read.optionalName('username') || username, email: read.optionalName('email') },
    };
}
/** Reads the answer to a creation, and masks its token. Throws a Failure if a field is not what the API promises. */
function readCreated(data, masker) {
    const read = reader('POST /api-tokens', data, masker);
    return { credential: toApiToken(read.token('token')), id: read.id('id') };
}
function reader(answer, data, { mask, redact }) {
    if (!isObject(data))
        throw malformed(answer, 'its "data" is not an object');
    return {
        token(field) {
            const token = data[field];
            if (typeof token !== 'string')
                throw malformed(answer, `its "${field}" is not a string`);
            const defect = tokenDefect(token);
            // Not masked: it is never used, and masking each of its lines could garble the job's whole log.
            if (defect)
                throw malformed(answer, `its "${field}" ${defect}`);
            return mask(token);
        },
        id(field) {
            const id = readId(data[field]);
            if (id === undefined)
                throw malformed(answer, `its "${field}" is not an identifier`);
            return id;
        },
        optionalName(field) {
            const name = data[field] ?? '';
            if (typeof name !== 'string')
                throw malformed(answer, `its "${field}" is not a string`);
            return redact(name);
        },
    };
}

;// CONCATENATED MODULE: external "node:timers/promises"
const promises_namespaceObject = require("node:timers/promises");
;// CONCATENATED MODULE: external "node:process"
const external_node_process_namespaceObject = require("node:process");
var external_node_process_namespaceObject_0 = /*#__PURE__*/__nccwpck_require__.t(external_node_process_namespaceObject, 2);
;// CONCATENATED MODULE: ./node_modules/@actions/http-client/lib/proxy.js
function getProxyUrl(reqUrl) {
    const usingSsl = reqUrl.protocol === 'https:';
    if (checkBypass(reqUrl)) {
        return undefined;
    }
    const proxyVar = (() => {
        if (usingSsl) {
            return process.env['https_proxy'] || process.env['HTTPS_PROXY'];
        }
        else {
            return process.env['http_proxy'] || process.env['HTTP_PROXY'];
        }
    })();
    if (proxyVar) {
        try {
            return new DecodedURL(proxyVar);
        }
        catch (_a) {
            if (!proxyVar.startsWith('http://') && !proxyVar.startsWith('https://'))
                return new DecodedURL(`http://${proxyVar}`);
        }
    }
    else {
        return undefined;
    }
}
function checkBypass(reqUrl) {
    if (!reqUrl.hostname) {
        return false;
    }
    const reqHost = reqUrl.hostname;
    if (isLoopbackAddress(reqHost)) {
        return true;
    }
    const noProxy = process.env['no_proxy'] || process.env['NO_PROXY'] || '';
    if (!noProxy) {
        return false;
    }
    // Determine the request port
    let reqPort;
    if (reqUrl.port) {
        reqPort = Number(reqUrl.port);
    }
    else if (reqUrl.protocol === 'http:') {
        reqPort = 80;
    }
    else if (reqUrl.protocol === 'https:') {
        reqPort = 443;
    }
    // Format the request hostname and hostname with port
    const upperReqHosts = [reqUrl.hostname.toUpperCase()];
    if (typeof reqPort === 'number') {
        upperReqHosts.push(`${upperReqHosts[0]}:${reqPort}`);
    }
    // Compare request host against noproxy
    for (const upperNoProxyItem of noProxy
        .split(',')
        .map(x => x.trim().toUpperCase())
        .filter(x => x)) {
        if (upperNoProxyItem === '*' ||
            upperReqHosts.some(x => x === upperNoProxyItem ||
                x.endsWith(`.${upperNoProxyItem}`) ||
                (upperNoProxyItem.startsWith('.') &&
                    x.endsWith(`${upperNoProxyItem}`)))) {
            return true;
        }
    }
    return false;
}
function isLoopbackAddress(host) {
    const hostLower = host.toLowerCase();
    return (hostLower === 'localhost' ||
        hostLower.startsWith('127.') ||
        hostLower.startsWith('[::1]') ||
        hostLower.startsWith('[0:0:0:0:0:0:0:1]'));
}
class DecodedURL extends URL {
    constructor(url, base) {
        super(url, base);
        this._decodedUsername = decodeURIComponent(super.username);
        this._decodedPassword = decodeURIComponent(super.password);
    }
    get username() {
        return this._decodedUsername;
    }
    get password() {
        return this._decodedPassword;
    }
}
//# sourceMappingURL=proxy.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/http-client/lib/index.js
/* eslint-disable @typescript-eslint/no-explicit-any */
var __awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};





var HttpCodes;
(function (HttpCodes) {
    HttpCodes[HttpCodes["OK"] = 200] = "OK";
    HttpCodes[HttpCodes["MultipleChoices"] = 300] = "MultipleChoices";
    HttpCodes[HttpCodes["MovedPermanently"] = 301] = "MovedPermanently";
    HttpCodes[HttpCodes["ResourceMoved"] = 302] = "ResourceMoved";
    HttpCodes[HttpCodes["SeeOther"] = 303] = "SeeOther";
    HttpCodes[HttpCodes["NotModified"] = 304] = "NotModified";
    HttpCodes[HttpCodes["UseProxy"] = 305] = "UseProxy";
    HttpCodes[HttpCodes["SwitchProxy"] = 306] = "SwitchProxy";
    HttpCodes[HttpCodes["TemporaryRedirect"] = 307] = "TemporaryRedirect";
    HttpCodes[HttpCodes["PermanentRedirect"] = 308] = "PermanentRedirect";
    HttpCodes[HttpCodes["BadRequest"] = 400] = "BadRequest";
    HttpCodes[HttpCodes["Unauthorized"] = 401] = "Unauthorized";
    HttpCodes[HttpCodes["PaymentRequired"] = 402] = "PaymentRequired";
    HttpCodes[HttpCodes["Forbidden"] = 403] = "Forbidden";
    HttpCodes[HttpCodes["NotFound"] = 404] = "NotFound";
    HttpCodes[HttpCodes["MethodNotAllowed"] = 405] = "MethodNotAllowed";
    HttpCodes[HttpCodes["NotAcceptable"] = 406] = "NotAcceptable";
    HttpCodes[HttpCodes["ProxyAuthenticationRequired"] = 407] = "ProxyAuthenticationRequired";
    HttpCodes[HttpCodes["RequestTimeout"] = 408] = "RequestTimeout";
    HttpCodes[HttpCodes["Conflict"] = 409] = "Conflict";
    HttpCodes[HttpCodes["Gone"] = 410] = "Gone";
    HttpCodes[HttpCodes["TooManyRequests"] = 429] = "TooManyRequests";
    HttpCodes[HttpCodes["InternalServerError"] = 500] = "InternalServerError";
    HttpCodes[HttpCodes["NotImplemented"] = 501] = "NotImplemented";
    HttpCodes[HttpCodes["BadGateway"] = 502] = "BadGateway";
    HttpCodes[HttpCodes["ServiceUnavailable"] = 503] = "ServiceUnavailable";
    HttpCodes[HttpCodes["GatewayTimeout"] = 504] = "GatewayTimeout";
})(HttpCodes || (HttpCodes = {}));
var Headers;
(function (Headers) {
    Headers["Accept"] = "accept";
    Headers["ContentType"] = "content-type";
})(Headers || (Headers = {}));
var MediaTypes;
(function (MediaTypes) {
    MediaTypes["ApplicationJson"] = "application/json";
})(MediaTypes || (MediaTypes = {}));
/**
 * Returns the proxy URL, depending upon the supplied url and proxy environment variables.
 * @param serverUrl  The server URL where the request will be sent. For example, https://api.github.com
 */
function lib_getProxyUrl(serverUrl) {
    const proxyUrl = pm.getProxyUrl(new URL(serverUrl));
    return proxyUrl ? proxyUrl.href : '';
}
const HttpRedirectCodes = [
    HttpCodes.MovedPermanently,
    HttpCodes.ResourceMoved,
    HttpCodes.SeeOther,
    HttpCodes.TemporaryRedirect,
    HttpCodes.PermanentRedirect
];
const HttpResponseRetryCodes = [
    HttpCodes.BadGateway,
    HttpCodes.ServiceUnavailable,
    HttpCodes.GatewayTimeout
];
const RetryableHttpVerbs = ['OPTIONS', 'GET', 'DELETE', 'HEAD'];
const ExponentialBackoffCeiling = 10;
const ExponentialBackoffTimeSlice = 5;
class HttpClientError extends Error {
    constructor(message, statusCode) {
        super(message);
        this.name = 'HttpClientError';
        this.statusCode = statusCode;
        Object.setPrototypeOf(this, HttpClientError.prototype);
    }
}
class HttpClientResponse {
    constructor(message) {
        this.message = message;
    }
    readBody() {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve) => __awaiter(this, void 0, void 0, function* () {
                let output = Buffer.alloc(0);
                this.message.on('data', (chunk) => {
                    output = Buffer.concat([output, chunk]);
                });
                this.message.on('end', () => {
                    resolve(output.toString());
                });
            }));
        });
    }
    readBodyBuffer() {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve) => __awaiter(this, void 0, void 0, function* () {
                const chunks = [];
                this.message.on('data', (chunk) => {
                    chunks.push(chunk);
                });
                this.message.on('end', () => {
                    resolve(Buffer.concat(chunks));
                });
            }));
        });
    }
}
function isHttps(requestUrl) {
    const parsedUrl = new URL(requestUrl);
    return parsedUrl.protocol === 'https:';
}
class HttpClient {
    constructor(userAgent, handlers, requestOptions) {
        this._ignoreSslError = false;
        this._allowRedirects = true;
        this._allowRedirectDowngrade = false;
        this._maxRedirects = 50;
        this._allowRetries = false;
        this._maxRetries = 1;
        this._keepAlive = false;
        this._disposed = false;
        this.userAgent = this._getUserAgentWithOrchestrationId(userAgent);
        this.handlers = handlers || [];
        this.requestOptions = requestOptions;
        if (requestOptions) {
            if (requestOptions.ignoreSslError != null) {
                this._ignoreSslError = requestOptions.ignoreSslError;
            }
            this._socketTimeout = requestOptions.socketTimeout;
            if (requestOptions.allowRedirects != null) {
                this._allowRedirects = requestOptions.allowRedirects;
            }
            if (requestOptions.allowRedirectDowngrade != null) {
                this._allowRedirectDowngrade = requestOptions.allowRedirectDowngrade;
            }
            if (requestOptions.maxRedirects != null) {
                this._maxRedirects = Math.max(requestOptions.maxRedirects, 0);
            }
            if (requestOptions.keepAlive != null) {
                this._keepAlive = requestOptions.keepAlive;
            }
            if (requestOptions.allowRetries != null) {
                this._allowRetries = requestOptions.allowRetries;
            }
            if (requestOptions.maxRetries != null) {
                this._maxRetries = requestOptions.maxRetries;
            }
        }
    }
    options(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('OPTIONS', requestUrl, null, additionalHeaders || {});
        });
    }
    get(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('GET', requestUrl, null, additionalHeaders || {});
        });
    }
    del(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('DELETE', requestUrl, null, additionalHeaders || {});
        });
    }
    post(requestUrl, data, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('POST', requestUrl, data, additionalHeaders || {});
        });
    }
    patch(requestUrl, data, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('PATCH', requestUrl, data, additionalHeaders || {});
        });
    }
    put(requestUrl, data, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('PUT', requestUrl, data, additionalHeaders || {});
        });
    }
    head(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('HEAD', requestUrl, null, additionalHeaders || {});
        });
    }
    sendStream(verb, requestUrl, stream, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request(verb, requestUrl, stream, additionalHeaders);
        });
    }
    /**
     * Gets a typed object from an endpoint
     * Be aware that not found returns a null.  Other errors (4xx, 5xx) reject the promise
     */
    getJson(requestUrl_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, additionalHeaders = {}) {
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            const res = yield this.get(requestUrl, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    postJson(requestUrl_1, obj_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.post(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    putJson(requestUrl_1, obj_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.put(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    patchJson(requestUrl_1, obj_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.patch(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    /**
     * Makes a raw http request.
     * All other methods such as get, post, patch, and request ultimately call this.
     * Prefer get, del, post and patch
     */
    request(verb, requestUrl, data, headers) {
        return __awaiter(this, void 0, void 0, function* () {
            if (this._disposed) {
                throw new Error('Client has already been disposed.');
            }
            const parsedUrl = new URL(requestUrl);
            let info = this._prepareRequest(verb, parsedUrl, headers);
            // Only perform retries on reads since writes may not be idempotent.
            const maxTries = this._allowRetries && RetryableHttpVerbs.includes(verb)
                ? this._maxRetries + 1
                : 1;
            let numTries = 0;
            let response;
            do {
                response = yield this.requestRaw(info, data);
                // Check if it's an authentication challenge
                if (response &&
                    response.message &&
                    response.message.statusCode === HttpCodes.Unauthorized) {
                    let authenticationHandler;
                    for (const handler of this.handlers) {
                        if (handler.canHandleAuthentication(response)) {
                            authenticationHandler = handler;
                            break;
                        }
                    }
                    if (authenticationHandler) {
                        return authenticationHandler.handleAuthentication(this, info, data);
                    }
                    else {
                        // We have received an unauthorized response but have no handlers to handle it.
                        // Let the response return to the caller.
                        return response;
                    }
                }
                let redirectsRemaining = this._maxRedirects;
                while (response.message.statusCode &&
                    HttpRedirectCodes.includes(response.message.statusCode) &&
                    this._allowRedirects &&
                    redirectsRemaining > 0) {
                    const redirectUrl = response.message.headers['location'];
                    if (!redirectUrl) {
                        // if there's no location to redirect to, we won't
                        break;
                    }
                    const parsedRedirectUrl = new URL(redirectUrl);
                    if (parsedUrl.protocol === 'https:' &&
                        parsedUrl.protocol !== parsedRedirectUrl.protocol &&
                        !this._allowRedirectDowngrade) {
                        throw new Error('Redirect from HTTPS to HTTP protocol. This downgrade is not allowed for security reasons. If you want to allow this behavior, set the allowRedirectDowngrade option to true.');
                    }
                    // we need to finish reading the response before reassigning response
                    // which will leak the open socket.
                    yield response.readBody();
                    // strip authorization header if redirected to a different hostname
                    if (parsedRedirectUrl.hostname !== parsedUrl.hostname) {
                        for (const header in headers) {
                            // header names are case insensitive
                            if (header.toLowerCase() === 'authorization') {
                                delete headers[header];
                            }
                        }
                    }
                    // let's make the request with the new redirectUrl
                    info = this._prepareRequest(verb, parsedRedirectUrl, headers);
                    response = yield this.requestRaw(info, data);
                    redirectsRemaining--;
                }
                if (!response.message.statusCode ||
                    !HttpResponseRetryCodes.includes(response.message.statusCode)) {
                    // If not a retry code, return immediately instead of retrying
                    return response;
                }
                numTries += 1;
                if (numTries < maxTries) {
                    yield response.readBody();
                    yield this._performExponentialBackoff(numTries);
                }
            } while (numTries < maxTries);
            return response;
        });
    }
    /**
     * Needs to be called if keepAlive is set to true in request options.
     */
    dispose() {
        if (this._agent) {
            this._agent.destroy();
        }
        this._disposed = true;
    }
    /**
     * Raw request.
     * @param info
     * @param data
     */
    requestRaw(info, data) {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve, reject) => {
                function callbackForResult(err, res) {
                    if (err) {
                        reject(err);
                    }
                    else if (!res) {
                        // If `err` is not passed, then `res` must be passed.
                        reject(new Error('Unknown error'));
                    }
                    else {
                        resolve(res);
                    }
                }
                this.requestRawWithCallback(info, data, callbackForResult);
            });
        });
    }
    /**
     * Raw request with callback.
     * @param info
     * @param data
     * @param onResult
     */
    requestRawWithCallback(info, data, onResult) {
        if (typeof data === 'string') {
            if (!info.options.headers) {
                info.options.headers = {};
            }
            info.options.headers['Content-Length'] = Buffer.byteLength(data, 'utf8');
        }
        let callbackCalled = false;
        function handleResult(err, res) {
            if (!callbackCalled) {
                callbackCalled = true;
                onResult(err, res);
            }
        }
        const req = info.httpModule.request(info.options, (msg) => {
            const res = new HttpClientResponse(msg);
            handleResult(undefined, res);
        });
        let socket;
        req.on('socket', sock => {
            socket = sock;
        });
        // If we ever get disconnected, we want the socket to timeout eventually
        req.setTimeout(this._socketTimeout || 3 * 60000, () => {
            if (socket) {
                socket.end();
            }
            handleResult(new Error(`Request timeout: ${info.options.path}`));
        });
        req.on('error', function (err) {
            // err has statusCode property
            // res should have headers
            handleResult(err);
        });
        if (data && typeof data === 'string') {
            req.write(data, 'utf8');
        }
        if (data && typeof data !== 'string') {
            data.on('close', function () {
                req.end();
            });
            data.pipe(req);
        }
        else {
            req.end();
        }
    }
    /**
     * Gets an http agent. This function is useful when you need an http agent that handles
     * routing through a proxy server - depending upon the url and proxy environment variables.
     * @param serverUrl  The server URL where the request will be sent. For example, https://api.github.com
     */
    getAgent(serverUrl) {
        const parsedUrl = new URL(serverUrl);
        return this._getAgent(parsedUrl);
    }
    getAgentDispatcher(serverUrl) {
        const parsedUrl = new URL(serverUrl);
        const proxyUrl = getProxyUrl(parsedUrl);
        const useProxy = proxyUrl && proxyUrl.hostname;
        if (!useProxy) {
            return;
        }
        return this._getProxyAgentDispatcher(parsedUrl, proxyUrl);
    }
    _prepareRequest(method, requestUrl, headers) {
        const info = {};
        info.parsedUrl = requestUrl;
        const usingSsl = info.parsedUrl.protocol === 'https:';
        info.httpModule = usingSsl ? external_node_process_namespaceObject_0 : external_node_process_namespaceObject_0;
        const defaultPort = usingSsl ? 443 : 80;
        info.options = {};
        info.options.host = info.parsedUrl.hostname;
        info.options.port = info.parsedUrl.port
            ? parseInt(info.parsedUrl.port)
            : defaultPort;
        info.options.path =
            (info.parsedUrl.pathname || '') + (info.parsedUrl.search || '');
        info.options.method = method;
        info.options.headers = this._mergeHeaders(headers);
        if (this.userAgent != null) {
            info.options.headers['user-agent'] = this.userAgent;
        }
        info.options.agent = this._getAgent(info.parsedUrl);
        // gives handlers an opportunity to participate
        if (this.handlers) {
            for (const handler of this.handlers) {
                handler.prepareRequest(info.options);
            }
        }
        return info;
    }
    _mergeHeaders(headers) {
        if (this.requestOptions && this.requestOptions.headers) {
            return Object.assign({}, lowercaseKeys(this.requestOptions.headers), lowercaseKeys(headers || {}));
        }
        return lowercaseKeys(headers || {});
    }
    /**
     * Gets an existing header value or returns a default.
     * Handles converting number header values to strings since HTTP headers must be strings.
     * Note: This returns string | string[] since some headers can have multiple values.
     * For headers that must always be a single string (like Content-Type), use the
     * specialized _getExistingOrDefaultContentTypeHeader method instead.
     */
    _getExistingOrDefaultHeader(additionalHeaders, header, _default) {
        let clientHeader;
        if (this.requestOptions && this.requestOptions.headers) {
            const headerValue = lowercaseKeys(this.requestOptions.headers)[header];
            if (headerValue) {
                clientHeader =
                    typeof headerValue === 'number' ? headerValue.toString() : headerValue;
            }
        }
        const additionalValue = additionalHeaders[header];
        if (additionalValue !== undefined) {
            return typeof additionalValue === 'number'
                ? additionalValue.toString()
                : additionalValue;
        }
        if (clientHeader !== undefined) {
            return clientHeader;
        }
        return _default;
    }
    /**
     * Specialized version of _getExistingOrDefaultHeader for Content-Type header.
     * Always returns a single string (not an array) since Content-Type should be a single value.
     * Converts arrays to comma-separated strings and numbers to strings to ensure type safety.
     * This was split from _getExistingOrDefaultHeader to provide stricter typing for callers
     * that assign the result to places expecting a string (e.g., additionalHeaders[Headers.ContentType]).
     */
    _getExistingOrDefaultContentTypeHeader(additionalHeaders, _default) {
        let clientHeader;
        if (this.requestOptions && this.requestOptions.headers) {
            const headerValue = lowercaseKeys(this.requestOptions.headers)[Headers.ContentType];
            if (headerValue) {
                if (typeof headerValue === 'number') {
                    clientHeader = String(headerValue);
                }
                else if (Array.isArray(headerValue)) {
                    clientHeader = headerValue.join(', ');
                }
                else {
                    clientHeader = headerValue;
                }
            }
        }
        const additionalValue = additionalHeaders[Headers.ContentType];
        // Return the first non-undefined value, converting numbers or arrays to strings if necessary
        if (additionalValue !== undefined) {
            if (typeof additionalValue === 'number') {
                return String(additionalValue);
            }
            else if (Array.isArray(additionalValue)) {
                return additionalValue.join(', ');
            }
            else {
                return additionalValue;
            }
        }
        if (clientHeader !== undefined) {
            return clientHeader;
        }
        return _default;
    }
    _getAgent(parsedUrl) {
        let agent;
        const proxyUrl = getProxyUrl(parsedUrl);
        const useProxy = proxyUrl && proxyUrl.hostname;
        if (this._keepAlive && useProxy) {
            agent = this._proxyAgent;
        }
        if (!useProxy) {
            agent = this._agent;
        }
        // if agent is already assigned use that agent.
        if (agent) {
            return agent;
        }
        const usingSsl = parsedUrl.protocol === 'https:';
        let maxSockets = 100;
        if (this.requestOptions) {
            maxSockets = this.requestOptions.maxSockets || external_node_process_namespaceObject.globalAgent.maxSockets;
        }
        // This is `useProxy` again, but we need to check `proxyURl` directly for TypeScripts's flow analysis.
        if (proxyUrl && proxyUrl.hostname) {
            const agentOptions = {
                maxSockets,
                keepAlive: this._keepAlive,
                proxy: Object.assign(Object.assign({}, ((proxyUrl.username || proxyUrl.password) && {
                    proxyAuth: `${proxyUrl.username}:${proxyUrl.password}`
                })), { host: proxyUrl.hostname, port: proxyUrl.port })
            };
            let tunnelAgent;
            const overHttps = proxyUrl.protocol === 'https:';
            if (usingSsl) {
                tunnelAgent = overHttps ? external_node_process_namespaceObject.httpsOverHttps : external_node_process_namespaceObject.httpsOverHttp;
            }
            else {
                tunnelAgent = overHttps ? external_node_process_namespaceObject.httpOverHttps : external_node_process_namespaceObject.httpOverHttp;
            }
            agent = tunnelAgent(agentOptions);
            this._proxyAgent = agent;
        }
        // if tunneling agent isn't assigned create a new agent
        if (!agent) {
            const options = { keepAlive: this._keepAlive, maxSockets };
            agent = usingSsl ? new external_node_process_namespaceObject.Agent(options) : new external_node_process_namespaceObject.Agent(options);
            this._agent = agent;
        }
        if (usingSsl && this._ignoreSslError) {
            // we don't want to set NODE_TLS_REJECT_UNAUTHORIZED=0 since that will affect request for entire process
            // http.RequestOptions doesn't expose a way to modify RequestOptions.agent.options
            // we have to cast it to any and change it directly
            agent.options = Object.assign(agent.options || {}, {
                rejectUnauthorized: false
            });
        }
        return agent;
    }
    _getProxyAgentDispatcher(parsedUrl, proxyUrl) {
        let proxyAgent;
        if (this._keepAlive) {
            proxyAgent = this._proxyAgentDispatcher;
        }
        // if agent is already assigned use that agent.
        if (proxyAgent) {
            return proxyAgent;
        }
        const usingSsl = parsedUrl.protocol === 'https:';
        proxyAgent = new external_node_process_namespaceObject.ProxyAgent(Object.assign({ uri: proxyUrl.href, pipelining: !this._keepAlive ? 0 : 1 }, ((proxyUrl.username || proxyUrl.password) && {
            token: `Basic ${Buffer.from(`${proxyUrl.username}:${proxyUrl.password}`).toString('base64')}`
        })));
        this._proxyAgentDispatcher = proxyAgent;
        if (usingSsl && this._ignoreSslError) {
            // we don't want to set NODE_TLS_REJECT_UNAUTHORIZED=0 since that will affect request for entire process
            // http.RequestOptions doesn't expose a way to modify RequestOptions.agent.options
            // we have to cast it to any and change it directly
            proxyAgent.options = Object.assign(proxyAgent.options.requestTls || {}, {
                rejectUnauthorized: false
            });
        }
        return proxyAgent;
    }
    _getUserAgentWithOrchestrationId(userAgent) {
        const baseUserAgent = userAgent || 'actions/http-client';
        const orchId = process.env['ACTIONS_ORCHESTRATION_ID'];
        if (orchId) {
            // Sanitize the orchestration ID to ensure it contains only valid characters
            // Valid characters: 0-9, a-z, _, -, .
            const sanitizedId = orchId.replace(/[^a-z0-9_.-]/gi, '_');
            return `${baseUserAgent} actions_orchestration_id/${sanitizedId}`;
        }
        return baseUserAgent;
    }
    _performExponentialBackoff(retryNumber) {
        return __awaiter(this, void 0, void 0, function* () {
            retryNumber = Math.min(ExponentialBackoffCeiling, retryNumber);
            const ms = ExponentialBackoffTimeSlice * Math.pow(2, retryNumber);
            return new Promise(resolve => setTimeout(() => resolve(), ms));
        });
    }
    _processResponse(res, options) {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve, reject) => __awaiter(this, void 0, void 0, function* () {
                const statusCode = res.message.statusCode || 0;
                const response = {
                    statusCode,
                    result: null,
                    headers: {}
                };
                // not found leads to null obj returned
                if (statusCode === HttpCodes.NotFound) {
                    resolve(response);
                }
                // get the result from the body
                function dateTimeDeserializer(key, value) {
                    if (typeof value === 'string') {
                        const a = new Date(value);
                        if (!isNaN(a.valueOf())) {
                            return a;
                        }
                    }
                    return value;
                }
                let obj;
                let contents;
                try {
                    contents = yield res.readBody();
                    if (contents && contents.length > 0) {
                        if (options && options.deserializeDates) {
                            obj = JSON.parse(contents, dateTimeDeserializer);
                        }
                        else {
                            obj = JSON.parse(contents);
                        }
                        response.result = obj;
                    }
                    response.headers = res.message.headers;
                }
                catch (err) {
                    // Invalid resource (contents not json);  leaving result obj null
                }
                // note that 3xx redirects are handled by the http layer.
                if (statusCode > 299) {
                    let msg;
                    // if exception/error in body, attempt to get better error
                    if (obj && obj.message) {
                        msg = obj.message;
                    }
                    else if (contents && contents.length > 0) {
                        // it may be the case that the exception is in the body message as string
                        msg = contents;
                    }
                    else {
                        msg = `Failed request: (${statusCode})`;
                    }
                    const err = new HttpClientError(msg, statusCode);
                    err.result = response.result;
                    reject(err);
                }
                else {
                    resolve(response);
                }
            }));
        });
    }
}
const lowercaseKeys = (obj) => Object.keys(obj).reduce((c, k) => ((c[k.toLowerCase()] = obj[k]), c), {});
//# sourceMappingURL=index.js.map
;// CONCATENATED MODULE: ./lib/endpoint.js

/** The official client's default. */
const defaultApiUrl = 'https://gpu-api.exascalelabs.ai';
const versionPath = '/api/v1';
/**
 * Reads an API address, with or without `/api/v1` and trailing slashes; `setting` is where it was set, for messages.
 * Throws a Failure if it is not an address of the API, or is http to anything but this machine.
 */
function parseEndpoint(text, setting = 'address of the API') {
    const url = URL.parse(text);
    if (!url || !['https:', 'http:'].includes(url.protocol)) {
        throw new Failure(`The ${setting} must be a URL that begins with https://, as in ${defaultApiUrl}.`, 'For loopback addresses, http:// works, too.');
    }
    if (url.username || url.password) {
        throw new Failure(`The ${setting} must not hold a username or password.`, 'Use the inputs username and password.');
    }
    if (url.search || url.hash || !['', versionPath].includes(url.pathname.replace(/\/+$/, ''))) {
        throw new Failure(`The ${setting} has something after the host other than ${versionPath}.`, `Write it like ${defaultApiUrl} or ${defaultApiUrl}${versionPath}.`);
    }
    if (url.protocol === 'http:' && !isLoopback(url)) {
        throw new Failure(`The ${setting} uses http, which would send your credentials to ${url.host} unencrypted.`, 'Use https; http is for loopback addresses only.');
    }
    return { apiUrl: url.origin, apiBaseUrl: url.origin + versionPath, name: url.host };
}
/** Whether a URL leads to this machine. `URL` has already put IPv4 addresses into dotted form. */
function isLoopback({ hostname }) {
    return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

;// CONCATENATED MODULE: ./lib/exabits/proxy.js


/**
 * Reads `https_proxy` and `no_proxy`, in either case; undefined if `url`, which will be called, needs no proxy.
 * Throws a Failure if the address of the proxy cannot be read: Node would silently go around it.
 */
function readProxy(url) {
    const { https_proxy, HTTPS_PROXY, no_proxy, NO_PROXY } = process.env;
    const text = https_proxy || HTTPS_PROXY;
    // http only goes to this machine.
    if (!text || url.protocol === 'http:' || isLoopback(url))
        return undefined;
    try {
        const proxy = new URL(text.includes('://') ? text : `http://${text}`);
        // Node does the same with each, and throws.
        for (const part of [proxy.username, proxy.password])
            decodeURIComponent(part);
        if (['http:', 'https:'].includes(proxy.protocol)) {
            const exceptions = (no_proxy || NO_PROXY || '').split(/[\s,]+/).map(withSubdomains);
            return { url: proxy, exceptions: exceptions.join() };
        }
    }
    catch { }
    throw new Failure('The variable https_proxy is not a URL such as http://proxy.example:3128.', 'Correct it; in the password, write % as %25.');
}
// For most programs, a host name covers its subdomains; for Node, only one with a dot before it does.
function withSubdomains(entry) {
    return /^[\w-][\w.-]*$/.test(entry) && /[a-z]/i.test(entry) ? `.${entry}` : entry;
}

;// CONCATENATED MODULE: ./lib/exabits/exchange.js




/** A test makes sure that the version is that of package.json. */
const userAgent = 'exabits-auth/1.0.0';
const largestAnswer = 1024 * 1024;
/** Longer than any wait: the limit of the exchange ends a silence, not the socket's timeout. */
const neverMs = 2 ** 31 - 1;
/** A server that closes the connection after an answer has usually done so by then. */
const closingMs = 5;
/** With several addresses, Node gives each 250 ms: too little between continents (nodejs/node#54359). */
const addressAttemptMs = 2_000;
/** Method and path, for messages. */
function nameOf({ method, path }) {
    return `${method} ${path.replace(/\?.*/, '')}`;
}
/**
 * Makes the function that exchanges a request for an answer, directly or through the proxy set in the environment. It
 * keeps its connection as long as each answer is a whole 2xx. It throws a Failure if the address of the proxy cannot be
 * read, or an answer is too large.
 */
function createExchange(baseUrl) {
    const url = new URL(baseUrl);
    const isSecure = url.protocol === 'https:';
    const client = new HttpClient(undefined, [], { socketTimeout: neverMs });
    let agent;
    return async (request, limitMs) => {
        const proxy = readProxy(url);
        // Loaded when first needed: TLS takes longer to load than anything else.
        const { default: web } = await (isSecure ? Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 708, 19)) : Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 67, 19)));
        // A server may close the connection right after an answer. Nobody would know the fate of a creation just then.
        if (agent && request.method === 'POST')
            await (0,promises_namespaceObject.setTimeout)(closingMs);
        agent ??= await createAgent(web, proxy);
        const connection = new Connection();
        const httpModule = Object.create(web, {
            request: {
                value: (options, onAnswer) => connection.watch(web.request(options, onAnswer), isSecure),
            },
        });
        const options = { agent, ...optionsFor(request, url) };
        const body = request.body ? JSON.stringify(request.body) : null;
        let head;
        let isWhole = false;
        const chunks = [];
        const read = async () => {
            const { message } = await client.requestRaw({ httpModule, parsedUrl: url, options }, body);
            head = { status: Number(message.statusCode), headers: message.headers };
            let size = 0;
            for await (const chunk of message) {
                size += chunk.length;
                if (size > largestAnswer)
                    throw tooLarge(request);
                chunks.push(chunk);
            }
            isWhole = true;
        };
        const thrown = await within(limitMs, read());
        const isSuccess = head !== undefined && head.status >= 200 && head.status < 300;
        if (!(isSuccess && isWhole)) {
            connection.abandon();
            agent.destroy();
            agent = undefined;
        }
        // Whatever becomes of the rest of an answer that is no success, its status counts.
        if (head && (isWhole || !isSuccess)) {
            return { answer: { ...head, body: Buffer.concat(chunks).toString('utf8') } };
        }
        if (thrown instanceof Failure)
            throw thrown;
        return { lost: connection.lost(thrown, head !== undefined, proxy) };
    };
}
/** Waits for something, at most so long. Returns what it throws. */
async function within(limitMs, work) {
    const limit = Promise.withResolvers();
    // Not `AbortSignal.timeout`: its timer does not keep the process alive, and with a silent peer nothing else may.
    const timer = setTimeout(limit.resolve, limitMs);
    try {
        await Promise.race([work, limit.promise]);
        return undefined;
    }
    catch (thrown) {
        return thrown;
    }
    finally {
        clearTimeout(timer);
    }
}
/** What happens to the connection of one request. */
class Connection {
    #request;
    #socket;
    #bytesBefore = 0;
    #isConnected = false;
    #isReused = false;
    #error;
    watch(request, isSecure) {
        this.#request = request;
        request.once('socket', (socket) => {
            this.#socket = socket;
            this.#bytesBefore = socket.bytesRead;
            this.#isReused = request.reusedSocket;
            // A kept connection is already there, and so is one behind a proxy.
            this.#isConnected = !socket.connecting;
            if (this.#isConnected)
                return;
            socket.once(isSecure ? 'secureConnect' : 'connect', () => {
                this.#isConnected = true;
            });
        });
        // Node's parser tells the request alone that an answer is malformed, not who reads it.
        return request.on('error', (error) => {
            this.#error ??= error;
        });
    }
    /** Keeps the request from being sent later: a proxy may still open its tunnel, of which the agent knows nothing. */
    abandon() {
        this.#request?.destroy();
    }
    lost(thrown, hasHead, proxy) {
        const error = this.#error ?? thrown;
        const hasBegun = this.#socket !== undefined && this.#socket.bytesRead > this.#bytesBefore;
        const isMalformed = codeOf(error).startsWith('HPE_');
        return {
            error,
            wasSent: this.#isConnected,
            // A 2xx whose connection broke may come whole next time.
            isFinal: hasHead ? error === undefined || isMalformed : hasBegun,
            onStaleConnection: this.#isReused && !hasBegun && codeOf(error) === 'ECONNRESET',
            proxy: this.#socket ? undefined : proxy?.url,
        };
    }
}
async function createAgent(web, proxy) {
    const { setDefaultAutoSelectFamilyAttemptTimeout } = await Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 30, 19));
    setDefaultAutoSelectFamilyAttemptTimeout(addressAttemptMs);
    const proxyEnv = proxy && { https_proxy: proxy.url.href, no_proxy: proxy.exceptions };
    return new web.Agent({ keepAlive: true, ...(proxyEnv && { proxyEnv }) });
}
function optionsFor({ method, path, headers, body }, url) {
    return {
        method,
        // Name servers cannot resolve the brackets around an IPv6 address.
        host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: url.port,
        path: url.pathname + path,
        headers: {
            Accept: 'application/json',
            'User-Agent': userAgent,
            ...headers,
            ...(body && { 'Content-Type': 'application/json' }),
        },
    };
}
function tooLarge(request) {
    return new Failure(`The answer to ${nameOf(request)} is larger than 1 MiB, which no answer from Exabits is.`, 'Check the address of the API.');
}

;// CONCATENATED MODULE: ./lib/exabits/lost.js




// Node's and OpenSSL's codes for a peer that could not be verified, and for one that does not speak TLS at all.
const certificateCode = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;
const protocolCode = /^(ERR_SSL_|EPROTO$)/;
/** The failure for a request whose answer did not arrive within `limitMs`. */
function lostFailure(lost, host, limitMs, redact) {
    const { saw, problem, advice, ends } = describe(lost, host, seconds(limitMs), redact);
    const { wasSent, onStaleConnection, proxy, error } = lost;
    const seen = { saw, transient: !ends, changedNothing: !wasSent, onStaleConnection };
    const endsAll = ends === 'all' && { endsAll: true };
    // A proxy's own words, which may echo its password, go to no log.
    return new RequestFailure(problem, advice, { ...seen, ...endsAll }, proxy ? undefined : error);
}
function describe({ error, isFinal, proxy }, host, limit, redact) {
    const code = codeOf(error);
    const saw = error === undefined ? 'no answer' : redact(reasonOf(error) || code);
    if (isFinal) {
        const what = error === undefined ? `no end within ${limit}` : saw;
        const problem = `${host} began to answer, but not in a way that can be read (${what}).`;
        const advice = 'Check the address, and whether something else answers there.';
        return { saw, problem, advice, ends: 'this' };
    }
    const isTls = certificateCode.test(code) || protocolCode.test(code);
    // With an http proxy, TLS is between us and the API, so its errors are not the proxy's.
    if (proxy && !(proxy.protocol === 'http:' && isTls))
        return describeProxy(error, host, limit);
    if (error === undefined) {
        return { saw, problem: `${host} did not answer within ${limit}.`, advice: 'Run the job again later.' };
    }
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
        const advice = "Check the address, and the runner's name server.";
        return { saw, problem: `Host ${host} was not found (${code}).`, advice };
    }
    if (code === 'ECONNREFUSED') {
        const advice = 'Check the address, and that the service is up.';
        return { saw, problem: `${host} refused the connection.`, advice };
    }
    if (isTls) {
        // OpenSSL puts its reason between error numbers, library names and lines of its sources.
        const words = saw.replace(/^.*:SSL routines:[^:]*:([^:]+):.*$/, '$1');
        const what = certificateCode.test(code) ? code : `${code}: ${words}`;
        const problem = `No secure connection to ${host} (${what}).`;
        return { saw: what, problem, advice: tlsAdvice(code), ends: 'this' };
    }
    const advice = 'Check the network between the runner and Exabits, then run the job again.';
    return { saw, problem: `The connection to ${host} broke (${saw}).`, advice };
}
// Of what a proxy says, only the status is shown: the rest may echo its password.
function describeProxy(error, host, limit) {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0;
    const saw = error === undefined ? `no answer within ${limit}` : status ? `HTTP ${status}` : codeOf(error);
    // Five wrong passwords may lock an account.
    const isRefused = status === 407;
    return {
        saw: `${saw} from the proxy`,
        problem: `The proxy did not connect to ${host} (${saw}).`,
        advice: isRefused ? 'Check the username and password in https_proxy.' : 'Check https_proxy and no_proxy.',
        ends: isRefused ? 'all' : undefined,
    };
}
function tlsAdvice(code) {
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
        return 'The certificate is for another host: check the address.';
    if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
        return 'The certificate is not valid today: check the clock of the runner, or tell whoever runs the host.';
    }
    if (!certificateCode.test(code)) {
        return 'The server does not speak TLS, or no TLS that this step can use: check the address and port. On a loopback address, http:// works, too.';
    }
    const file = process.env.NODE_EXTRA_CA_CERTS;
    if (file && !isPem(file)) {
        return 'Node ignores the file that NODE_EXTRA_CA_CERTS names, because it cannot be read or is not in PEM format: correct it.';
    }
    return 'If the host or a proxy uses a private certificate authority, set the variable NODE_EXTRA_CA_CERTS to its certificate file (PEM), or NODE_USE_SYSTEM_CA=1 if the runner already trusts it.';
}
function isPem(path) {
    try {
        return (0,external_node_fs_namespaceObject.readFileSync)(path, 'latin1').includes('-----BEGIN ');
    }
    catch {
        return false;
    }
}

;// CONCATENATED MODULE: ./lib/exabits/send.js







/**
 * Makes the function that sends requests, with one deadline for all of them, which starts now. It retries transient
 * failures only: transport errors, 408, 429, 5xx. `onRetry` gets a line about each.
 *
 * @returns the function; it throws a RequestFailure if the last try was not answered or was refused, and any other
 *   Failure if the answer has the wrong form
 */
function createSend(conversation, redact, onRetry) {
    const { endpoint, timeoutMs, maxAttempts } = conversation;
    const { name: host } = endpoint;
    const exchange = createExchange(endpoint.apiBaseUrl);
    const endMs = monotonicMs() + timeoutMs;
    const remainingMs = () => Math.max(0, endMs - monotonicMs());
    // A try that hangs must leave time for another.
    const tryLimitMs = Math.max(10_000, timeoutMs / 3);
    /** Why no further request is sent. */
    let ended;
    return async (next) => {
        let failed;
        for (let tries = 1;;) {
            if (remainingMs() === 0)
                ended ??= outOfTime('none of it is left', failed);
            if (ended)
                throw ended;
            const request = next(failed);
            try {
                return await tryOnce(request);
            }
            catch (thrown) {
                if (!(thrown instanceof RequestFailure))
                    throw thrown;
                if (thrown.seen.endsAll)
                    ended = thrown;
                if (!thrown.seen.transient)
                    throw thrown;
                failed = thrown;
            }
            // It says nothing about the request, which goes out again at once. This try does not count.
            if (failed.seen.onStaleConnection)
                continue;
            await waitAfter(failed, tries, nameOf(request));
            tries += 1;
        }
    };
    function outOfTime(history, failed) {
        return new RequestFailure(`No usable answer from ${host} within ${seconds(timeoutMs)} (${history}).`, 'Raise the input "timeout-seconds", or check the network between the runner and Exabits.', { saw: 'no time left', transient: false, changedNothing: true, ...failed?.seen, endsAll: true }, failed);
    }
    async function tryOnce(request) {
        // Rounded up: a timer drops fractions, which would leave a remainder too short for another try.
        const limitMs = Math.ceil(Math.min(tryLimitMs, remainingMs()));
        const { answer, lost } = await exchange(request, limitMs);
        if (lost)
            throw lostFailure(lost, host, limitMs, redact);
        return readEnvelope(answer, nameOf(request), endpoint, redact);
    }
    async function waitAfter(failed, tries, request) {
        const leftMs = remainingMs();
        const { saw, status, retryAfterMs = 0 } = failed.seen;
        const giveUp = (problem, advice) => new RequestFailure(problem, advice, failed.seen, failed);
        const history = `${tries === 1 ? '1 try' : `${tries} tries`}; last error: ${saw}`;
        if (leftMs === 0) {
            ended = outOfTime(history, failed);
            throw ended;
        }
        if (retryAfterMs >= leftMs) {
            throw giveUp(`${host} asks to wait ${seconds(retryAfterMs)} before the next try (${history}), and ${seconds(leftMs)} are left.`, 'Raise the input "timeout-seconds", or run fewer jobs at the same time.');
        }
        if (tries >= maxAttempts) {
            throw tries === 1 ? failed : giveUp(`After ${tries} tries: ${failed.problem}`, failed.advice);
        }
        const crowded = status === 429;
        const waitMs = backoffMs({ failedTries: tries, retryAfterMs, crowded, remainingMs: leftMs });
        onRetry(`Try ${tries} of ${maxAttempts} failed (${request}: ${saw}). Trying again in ${seconds(waitMs)}.`);
        await (0,promises_namespaceObject.setTimeout)(waitMs);
    }
}
// `performance.now()` would do as well, but loads nine or more of Node's modules.
function monotonicMs() {
    return process.uptime() * 1000;
}

;// CONCATENATED MODULE: ./lib/exabits/api.js





/** Opens a conversation with Exabits, whose deadline starts now; `onRetry` gets a line about each retry. */
function connect(conversation, masker, onRetry) {
    const send = createSend(conversation, masker.redact, onRetry);
    const host = conversation.endpoint.name;
    async function sendAs(credential, next) {
        try {
            return await send((failed) => ({ ...next(failed), headers: headersOf(credential) }));
        }
        catch (thrown) {
            throw hasStatus(thrown, 401, 403) ? accessRefused(credential, host, thrown) : thrown;
        }
    }
    const call = (credential, method, path) => sendAs(credential, () => ({ method, path }));
    return {
        async authenticate(configured) {
            if (configured.kind === 'api-token')
                return { credential: configured };
            const { username, md5 } = configured;
            try {
                const body = { username, password: md5 };
                const { data } = await send(() => ({ method: 'POST', path: '/authenticate/login', body }));
                return readLogin(data, username, masker);
            }
            catch (thrown) {
                throw isWrongPassword(thrown) ? wrongPassword(configured, host, thrown) : thrown;
            }
        },
        async check(credential) {
            await call(credential, 'GET', '/billing/balance');
        },
        async createApiToken(credential, nextLabel) {
            const { data } = await sendAs(credential, (failed) => {
                const { name, description } = nextLabel(failed);
                return { method: 'POST', path: '/api-tokens', body: { name, description } };
            });
            return readCreated(data, masker);
        },
        listApiTokens: (credential, isEnough) => readTokenList((as, path) => call(as, 'GET', path), credential, isEnough),
        async deleteApiToken(credential, id) {
            await call(credential, 'DELETE', `/api-tokens/${encodeURIComponent(id)}`);
        },
    };
}
// `status: false` comes with HTTP 200. A 403 may also come from a firewall, which knows nothing about passwords.
function isWrongPassword(thrown) {
    return hasStatus(thrown, 401) || isAnswered(thrown, 200, 403);
}
function wrongPassword({ looksHashed }, host, { seen }) {
    const hint = looksHashed
        ? 'The password has 32 hexadecimal digits, like an MD5: if it is one, set password-format: md5.'
        : `Check both secrets, and that they belong to ${host}; "password-format" says whether the secret is the password itself or its MD5.`;
    const who = seen.enveloped ? 'Exabits' : host;
    return new RequestFailure(`${who} did not accept the username and password (${seen.saw}).`, hint, seen);
}
function accessRefused(credential, host, { seen }) {
    const who = seen.enveloped ? 'Exabits' : host;
    if (credential.kind === 'api-token') {
        const advice = `Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${host}.`;
        return new RequestFailure(`${who} refused the API token (${seen.saw}).`, advice, seen);
    }
    const advice = "Check that the account may use the API, and that the runner's clock is right.";
    return new RequestFailure(`${who} refused the tokens of the login (${seen.saw}).`, advice, seen);
}

;// CONCATENATED MODULE: external "os"
const external_os_namespaceObject = require("os");
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/utils.js
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */
/**
 * Sanitizes an input into a string so it can be passed into issueCommand safely
 * @param input input to sanitize into a string
 */
function utils_toCommandValue(input) {
    if (input === null || input === undefined) {
        return '';
    }
    else if (typeof input === 'string' || input instanceof String) {
        return input;
    }
    return JSON.stringify(input);
}
/**
 *
 * @param annotationProperties
 * @returns The command properties to send with the actual annotation command
 * See IssueCommandProperties: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs#L646
 */
function utils_toCommandProperties(annotationProperties) {
    if (!Object.keys(annotationProperties).length) {
        return {};
    }
    return {
        title: annotationProperties.title,
        file: annotationProperties.file,
        line: annotationProperties.startLine,
        endLine: annotationProperties.endLine,
        col: annotationProperties.startColumn,
        endColumn: annotationProperties.endColumn
    };
}
//# sourceMappingURL=utils.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/command.js


/**
 * Issues a command to the GitHub Actions runner
 *
 * @param command - The command name to issue
 * @param properties - Additional properties for the command (key-value pairs)
 * @param message - The message to include with the command
 * @remarks
 * This function outputs a specially formatted string to stdout that the Actions
 * runner interprets as a command. These commands can control workflow behavior,
 * set outputs, create annotations, mask values, and more.
 *
 * Command Format:
 *   ::name key=value,key=value::message
 *
 * @example
 * ```typescript
 * // Issue a warning annotation
 * issueCommand('warning', {}, 'This is a warning message');
 * // Output: ::warning::This is a warning message
 *
 * // Set an environment variable
 * issueCommand('set-env', { name: 'MY_VAR' }, 'some value');
 * // Output: ::set-env name=MY_VAR::some value
 *
 * // Add a secret mask
 * issueCommand('add-mask', {}, 'secretValue123');
 * // Output: ::add-mask::secretValue123
 * ```
 *
 * @internal
 * This is an internal utility function that powers the public API functions
 * such as setSecret, warning, error, and exportVariable.
 */
function command_issueCommand(command, properties, message) {
    const cmd = new Command(command, properties, message);
    process.stdout.write(cmd.toString() + external_os_namespaceObject.EOL);
}
function command_issue(name, message = '') {
    command_issueCommand(name, {}, message);
}
const CMD_STRING = '::';
class Command {
    constructor(command, properties, message) {
        if (!command) {
            command = 'missing.command';
        }
        this.command = command;
        this.properties = properties;
        this.message = message;
    }
    toString() {
        let cmdStr = CMD_STRING + this.command;
        if (this.properties && Object.keys(this.properties).length > 0) {
            cmdStr += ' ';
            let first = true;
            for (const key in this.properties) {
                if (this.properties.hasOwnProperty(key)) {
                    const val = this.properties[key];
                    if (val) {
                        if (first) {
                            first = false;
                        }
                        else {
                            cmdStr += ',';
                        }
                        cmdStr += `${key}=${escapeProperty(val)}`;
                    }
                }
            }
        }
        cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
        return cmdStr;
    }
}
function escapeData(s) {
    return utils_toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A');
}
function escapeProperty(s) {
    return utils_toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A')
        .replace(/:/g, '%3A')
        .replace(/,/g, '%2C');
}
//# sourceMappingURL=command.js.map
;// CONCATENATED MODULE: external "crypto"
const external_crypto_namespaceObject = require("crypto");
;// CONCATENATED MODULE: external "fs"
const external_fs_namespaceObject = require("fs");
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/file-command.js
// For internal use, subject to change.
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */




function file_command_issueFileCommand(command, message) {
    const filePath = process.env[`GITHUB_${command}`];
    if (!filePath) {
        throw new Error(`Unable to find environment variable for file command ${command}`);
    }
    if (!external_fs_namespaceObject.existsSync(filePath)) {
        throw new Error(`Missing file at path: ${filePath}`);
    }
    external_fs_namespaceObject.appendFileSync(filePath, `${utils_toCommandValue(message)}${external_os_namespaceObject.EOL}`, {
        encoding: 'utf8'
    });
}
function file_command_prepareKeyValueMessage(key, value) {
    const delimiter = `ghadelimiter_${external_crypto_namespaceObject.randomUUID()}`;
    const convertedValue = utils_toCommandValue(value);
    // These should realistically never happen, but just in case someone finds a
    // way to exploit uuid generation let's not allow keys or values that contain
    // the delimiter.
    if (key.includes(delimiter)) {
        throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
    }
    if (convertedValue.includes(delimiter)) {
        throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
    }
    return `${key}<<${delimiter}${external_os_namespaceObject.EOL}${convertedValue}${external_os_namespaceObject.EOL}${delimiter}`;
}
//# sourceMappingURL=file-command.js.map
;// CONCATENATED MODULE: external "path"
const external_path_namespaceObject = require("path");
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/core.js
var core_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};






/**
 * The code to exit an action
 */
var ExitCode;
(function (ExitCode) {
    /**
     * A code indicating that the action was successful
     */
    ExitCode[ExitCode["Success"] = 0] = "Success";
    /**
     * A code indicating that the action was a failure
     */
    ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
//-----------------------------------------------------------------------
// Variables
//-----------------------------------------------------------------------
/**
 * Sets env variable for this action and future actions in the job
 * @param name the name of the variable to set
 * @param val the value of the variable. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function exportVariable(name, val) {
    const convertedVal = toCommandValue(val);
    process.env[name] = convertedVal;
    const filePath = process.env['GITHUB_ENV'] || '';
    if (filePath) {
        return issueFileCommand('ENV', prepareKeyValueMessage(name, val));
    }
    issueCommand('set-env', { name }, convertedVal);
}
/**
 * Registers a secret which will get masked from logs
 *
 * @param secret - Value of the secret to be masked
 * @remarks
 * This function instructs the Actions runner to mask the specified value in any
 * logs produced during the workflow run. Once registered, the secret value will
 * be replaced with asterisks (***) whenever it appears in console output, logs,
 * or error messages.
 *
 * This is useful for protecting sensitive information such as:
 * - API keys
 * - Access tokens
 * - Authentication credentials
 * - URL parameters containing signatures (SAS tokens)
 *
 * Note that masking only affects future logs; any previous appearances of the
 * secret in logs before calling this function will remain unmasked.
 *
 * @example
 * ```typescript
 * // Register an API token as a secret
 * const apiToken = "abc123xyz456";
 * setSecret(apiToken);
 *
 * // Now any logs containing this value will show *** instead
 * console.log(`Using token: ${apiToken}`); // Outputs: "Using token: ***"
 * ```
 */
function setSecret(secret) {
    command_issueCommand('add-mask', {}, secret);
}
/**
 * Prepends inputPath to the PATH (for this action and future actions)
 * @param inputPath
 */
function addPath(inputPath) {
    const filePath = process.env['GITHUB_PATH'] || '';
    if (filePath) {
        issueFileCommand('PATH', inputPath);
    }
    else {
        issueCommand('add-path', {}, inputPath);
    }
    process.env['PATH'] = `${inputPath}${path.delimiter}${process.env['PATH']}`;
}
/**
 * Gets the value of an input.
 * Unless trimWhitespace is set to false in InputOptions, the value is also trimmed.
 * Returns an empty string if the value is not defined.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string
 */
function getInput(name, options) {
    const val = process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] || '';
    if (options && options.required && !val) {
        throw new Error(`Input required and not supplied: ${name}`);
    }
    if (options && options.trimWhitespace === false) {
        return val;
    }
    return val.trim();
}
/**
 * Gets the values of an multiline input.  Each value is also trimmed.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string[]
 *
 */
function getMultilineInput(name, options) {
    const inputs = getInput(name, options)
        .split('\n')
        .filter(x => x !== '');
    if (options && options.trimWhitespace === false) {
        return inputs;
    }
    return inputs.map(input => input.trim());
}
/**
 * Gets the input value of the boolean type in the YAML 1.2 "core schema" specification.
 * Support boolean input list: `true | True | TRUE | false | False | FALSE` .
 * The return value is also in boolean type.
 * ref: https://yaml.org/spec/1.2/spec.html#id2804923
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   boolean
 */
function getBooleanInput(name, options) {
    const trueValue = ['true', 'True', 'TRUE'];
    const falseValue = ['false', 'False', 'FALSE'];
    const val = getInput(name, options);
    if (trueValue.includes(val))
        return true;
    if (falseValue.includes(val))
        return false;
    throw new TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${name}\n` +
        `Support boolean input list: \`true | True | TRUE | false | False | FALSE\``);
}
/**
 * Sets the value of an output.
 *
 * @param     name     name of the output to set
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function setOutput(name, value) {
    const filePath = process.env['GITHUB_OUTPUT'] || '';
    if (filePath) {
        return file_command_issueFileCommand('OUTPUT', file_command_prepareKeyValueMessage(name, value));
    }
    process.stdout.write(external_os_namespaceObject.EOL);
    command_issueCommand('set-output', { name }, utils_toCommandValue(value));
}
/**
 * Enables or disables the echoing of commands into stdout for the rest of the step.
 * Echoing is disabled by default if ACTIONS_STEP_DEBUG is not set.
 *
 */
function setCommandEcho(enabled) {
    issue('echo', enabled ? 'on' : 'off');
}
//-----------------------------------------------------------------------
// Results
//-----------------------------------------------------------------------
/**
 * Sets the action status to failed.
 * When the action exits it will be with an exit code of 1
 * @param message add error issue message
 */
function setFailed(message) {
    process.exitCode = ExitCode.Failure;
    error(message);
}
//-----------------------------------------------------------------------
// Logging Commands
//-----------------------------------------------------------------------
/**
 * Gets whether Actions Step Debug is on or not
 */
function isDebug() {
    return process.env['RUNNER_DEBUG'] === '1';
}
/**
 * Writes debug message to user log
 * @param message debug message
 */
function debug(message) {
    command_issueCommand('debug', {}, message);
}
/**
 * Adds an error issue
 * @param message error issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function error(message, properties = {}) {
    command_issueCommand('error', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a warning issue
 * @param message warning issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function warning(message, properties = {}) {
    command_issueCommand('warning', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a notice issue
 * @param message notice issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function notice(message, properties = {}) {
    issueCommand('notice', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Writes info to log with console.log.
 * @param message info message
 */
function info(message) {
    process.stdout.write(message + external_os_namespaceObject.EOL);
}
/**
 * Begin an output group.
 *
 * Output until the next `groupEnd` will be foldable in this group
 *
 * @param name The name of the output group
 */
function startGroup(name) {
    issue('group', name);
}
/**
 * End an output group.
 */
function endGroup() {
    issue('endgroup');
}
/**
 * Wrap an asynchronous function call in a group.
 *
 * Returns the same type as the function itself.
 *
 * @param name The name of the group
 * @param fn The function to wrap in the group
 */
function group(name, fn) {
    return core_awaiter(this, void 0, void 0, function* () {
        startGroup(name);
        let result;
        try {
            result = yield fn();
        }
        finally {
            endGroup();
        }
        return result;
    });
}
//-----------------------------------------------------------------------
// Wrapper action state
//-----------------------------------------------------------------------
/**
 * Saves state for current action, the state can only be retrieved by this action's post job execution.
 *
 * @param     name     name of the state to store
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function saveState(name, value) {
    const filePath = process.env['GITHUB_STATE'] || '';
    if (filePath) {
        return file_command_issueFileCommand('STATE', file_command_prepareKeyValueMessage(name, value));
    }
    command_issueCommand('save-state', { name }, utils_toCommandValue(value));
}
/**
 * Gets the value of an state set by this action's main execution.
 *
 * @param     name     name of the state to get
 * @returns   string
 */
function getState(name) {
    return process.env[`STATE_${name}`] || '';
}
function getIDToken(aud) {
    return core_awaiter(this, void 0, void 0, function* () {
        return yield OidcClient.getIDToken(aud);
    });
}
/**
 * Summary exports
 */

/**
 * @deprecated use core.summary
 */

/**
 * Path exports
 */

/**
 * Platform utilities exports
 */

//# sourceMappingURL=core.js.map
;// CONCATENATED MODULE: ./lib/inputs/readers.js


/** Readers for inputs of a type. Each throws a Failure that quotes the input, which may be a misplaced secret. */
function inputReaders(redact) {
    const notAllowed = (name, allowed) => new Failure(`Input "${name}" is "${redact(getInput(name))}".`, `It must be ${allowed}.`);
    function choiceInput(name, choices, byDefault) {
        const text = getInput(name).toLowerCase() || byDefault;
        const choice = choices.find((one) => one === text);
        if (choice)
            return choice;
        throw notAllowed(name, choices.join(' or '));
    }
    return {
        choiceInput,
        booleanInput: (name, byDefault) => choiceInput(name, ['true', 'false'], byDefault ? 'true' : 'false') === 'true',
        wholeNumberInput(name, range) {
            const text = getInput(name);
            if (text === '')
                return range.byDefault;
            const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
            if (number >= range.min && number <= range.max)
                return number;
            throw notAllowed(name, `a whole number from ${range.min} to ${range.max}`);
        },
    };
}

;// CONCATENATED MODULE: ./lib/inputs/configured.js





/** Reads, masks and validates the inputs that hold the credentials. Throws a Failure that names the input at fault. */
function readConfigured({ mask, redact }, now) {
    // Spaces may be part of a password, but a byte order mark or a line break at its end comes from how it was stored.
    const given = getInput('password', { trimWhitespace: false });
    const password = mask(given.replace(/^\ufeff|[\r\n]+$/g, ''));
    const apiToken = mask(getInput('api-token'));
    const username = getInput('username');
    const format = inputReaders(redact).choiceInput('password-format', ['plain', 'md5'], 'plain');
    const configured = apiToken ? readApiToken(apiToken, now) : readPassword(username, password, format, mask);
    const both = 'Both api-token and username/password are given: api-token is used, and no login happens. Remove one of them.';
    return { configured, warnings: apiToken && (username || password) ? [both] : [] };
}
/**
 * Whether this process got the inputs of the step: the runner sets all that have a default. Some shells drop variables
 * with a hyphen (actions/toolkit#219), and the post step in a nested composite action gets none (actions/runner#3514).
 */
function hasInputs() {
    return process.env['INPUT_PASSWORD-FORMAT'] !== undefined;
}
function readPassword(username, password, format, mask) {
    if (username === '' && password === '')
        return undefined;
    const advice = "Set both; if it comes from a secret, check the secret's name, and that this workflow may read it.";
    if (password === '')
        throw new Failure('Input "username" is set, but "password" is empty.', advice);
    if (username === '')
        throw new Failure('Input "password" is set, but "username" is empty.', advice);
    const isHash = /^\s*[0-9a-f]{32}\s*$/i.test(password);
    if (format === 'md5' && !isHash) {
        throw new Failure('Input "password" is not an MD5 hash (32 hexadecimal digits), but "password-format" is md5.', 'Store the digits alone, without the "-" of md5sum; for the password itself use password-format: plain.');
    }
    const md5 = mask(format === 'md5' ? password.trim().toLowerCase() : md5Of(password));
    // The API may accept the hash in either case, so the upper-case form is a secret too.
    mask(md5.toUpperCase());
    return { kind: 'password', username, md5, looksHashed: format === 'plain' && isHash };
}
function readApiToken(token, now) {
    const defect = tokenDefect(token);
    if (defect) {
        throw new Failure(`Input "api-token" ${defect}.`, 'Copy the token alone, without "Bearer" or quotation marks, and store it again.');
    }
    const apiToken = toApiToken(token);
    if (apiToken.expiresAt && apiToken.expiresAt <= now) {
        throw new Failure(`The API token expired at ${apiToken.expiresAt.toISOString()}.`, 'Create a new one in the Exabits console and store it as the secret.');
    }
    return apiToken;
}
// The API takes the MD5 of the password in UTF-8, Node's default. It works like the password, so it is masked too.
function md5Of(password) {
    try {
        return (0,external_node_crypto_namespaceObject.createHash)('md5').update(password).digest('hex');
    }
    catch (cause) {
        throw new Failure('Node cannot compute the MD5 that Exabits expects, probably because this runner is in FIPS mode.', 'Store the MD5 of the password as the secret, and set password-format: md5.', { cause });
    }
}

;// CONCATENATED MODULE: ./lib/inputs/inputs.js





/** Reads and validates every input of the step, secrets first. Throws a Failure that names the input at fault. */
function readInputs(masker, now) {
    const { booleanInput } = inputReaders(masker.redact);
    const inputs = {
        ...readConnectionInputs(masker, now, 60),
        exportEnvironment: booleanInput('export-environment', true),
        writeHeadersFile: booleanInput('write-headers-file', true),
        cleanup: booleanInput('cleanup', true),
        ephemeralApiToken: booleanInput('ephemeral-api-token', false),
        verify: booleanInput('verify', true),
        useExistingCredentials: booleanInput('use-existing-credentials', false),
        jobSummary: booleanInput('job-summary', false),
    };
    if (!inputs.ephemeralApiToken || inputs.cleanup)
        return inputs;
    throw new Failure('Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other: the token would never expire and never be deleted.', 'Remove one of them.');
}
/** Reads and validates the inputs that both actions have; `timeoutSeconds` is the default of `timeout-seconds`. */
function readConnectionInputs(masker, now, timeoutSeconds) {
    const configured = readConfigured(masker, now);
    if (!hasInputs()) {
        throw new Failure('The inputs whose name has a hyphen are missing from the environment. Some shells drop such variables, for example if Node is started through a script for sh.', "Start Node directly, as GitHub's runner does, or let the script use bash.");
    }
    const { wholeNumberInput } = inputReaders(masker.redact);
    return {
        ...configured,
        ...readEndpoint(),
        timeoutMs: 1000 * wholeNumberInput('timeout-seconds', { byDefault: timeoutSeconds, min: 1, max: 3600 }),
        maxAttempts: wholeNumberInput('max-attempts', { byDefault: 5, min: 1, max: 100 }),
    };
}
function readEndpoint() {
    const input = getInput('api-url');
    if (input)
        return { endpoint: parseEndpoint(input, 'input "api-url"'), isEndpointGiven: true };
    const variable = process.env.EXABITS_API_URL?.trim() || defaultApiUrl;
    return { endpoint: parseEndpoint(variable, 'variable EXABITS_API_URL'), isEndpointGiven: false };
}
/**
 * The step's own credentials. Throws a Failure if there are none, or if only a variable names a host other than the
 * default: any earlier step can set a variable.
 */
function requireConfigured({ configured, endpoint, isEndpointGiven }) {
    if (!configured) {
        throw new Failure('No credentials.', 'Set the inputs username and password, or api-token. If they come from secrets, check the names, and that the secrets exist here: workflows from forks and Dependabot get none.');
    }
    if (isEndpointGiven || endpoint.apiUrl === defaultApiUrl)
        return configured;
    const expression = (context) => `\${{ ${context}.EXABITS_API_URL }}`;
    throw new Failure(`The variable EXABITS_API_URL names ${endpoint.apiUrl}, but the input "api-url" is empty, which means ${defaultApiUrl}. The step's own credentials were not sent.`, `If you mean the host of the variable, set api-url: ${expression('env')}, or ${expression('vars')} if it is a variable of the repository. If you mean the other, set api-url to it.`);
}

;// CONCATENATED MODULE: ./lib/job/client-file.js


// gpu-cli v0.0.3, internal/api/client.go: these keys win over the tokens of a login, even those in the environment.
const preferredKey = /^[\ufeff \t{,]*["']?(api_token|api_token_encrypted)["']?\s*:[ \t]*["']?[^\s"'#]/m;
const largestFile = 64 * 1024;
/** Finds a key in the official client's configuration file that it prefers to the tokens of a login. Never throws. */
function clientFileKey() {
    try {
        // The client knows the home folder from the environment alone; only Windows sets USERPROFILE.
        const home = process.env.USERPROFILE || process.env.HOME;
        if (!home)
            return undefined;
        const path = (0,external_node_path_namespaceObject.join)(home, '.exabits', 'config.yaml');
        const file = (0,external_node_fs_namespaceObject.statSync)(path);
        // Reading a pipe or a device may never end.
        if (!file.isFile() || file.size > largestFile)
            return undefined;
        const key = preferredKey.exec((0,external_node_fs_namespaceObject.readFileSync)(path, 'utf8'))?.[1];
        return key ? { path, key } : undefined;
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/job/log.js



// `oneLine` removes what the runner does not escape. Only masks have to arrive: a line that cannot be printed, because
// nobody reads it or the disk is full, stops no phase.
/** Prints a line of the log. */
function log_info(line) {
    regardless(() => info(oneLine(line)));
}
/** Prints a warning, which GitHub also shows on the page of the run. */
function log_warning(line) {
    regardless(() => warning(oneLine(line)));
}
/** Fails the step with one line. The stacks of the failure and its causes go to the debug log, redacted. */
function fail(failure, redact) {
    regardless(() => setFailed(oneLine(failure.message)));
    for (let error = failure; error instanceof Error; error = error.cause) {
        for (const line of (error.stack ?? error.message).split('\n')) {
            regardless(() => debug(redact(line)));
        }
    }
}
/** Tells the runner to mask a secret, or throws a Failure. */
function tellRunner(secret) {
    try {
        setSecret(secret);
    }
    catch (thrown) {
        throw new Failure(`The runner cannot be told to mask a secret (${reasonOf(thrown)}), so nothing was exported.`, 'Check the free space where the runner writes its log.');
    }
}

;// CONCATENATED MODULE: ./lib/job/command-files.js


/** The path of a command file and its size in bytes; or throws a Failure, where the toolkit would print instead. */
function requireCommandFile(variable) {
    const path = process.env[variable];
    if (!path)
        throw unwritable(new Error(`${variable} is not set`));
    try {
        const file = (0,external_node_fs_namespaceObject.statSync)(path);
        if (!file.isFile())
            throw new Error(`${variable} is not a file`);
        return { path, size: file.size };
    }
    catch (thrown) {
        throw unwritable(thrown);
    }
}
/**
 * Writes to all of several command files or to none: if `write` throws, each file is cut back to its former size, all
 * that was passed to `onFailure` is run, and a Failure is thrown.
 */
function writeAllOrNone(variables, write) {
    const undos = variables.map((variable) => {
        const { path, size } = requireCommandFile(variable);
        return () => (0,external_node_fs_namespaceObject.truncateSync)(path, size);
    });
    try {
        write((undo) => undos.push(undo));
    }
    catch (thrown) {
        // One that fails must not stop the others, or hide why `write` failed.
        for (const undo of undos)
            regardless(undo);
        throw unwritable(thrown);
    }
}
function unwritable(thrown) {
    return new Failure(`The runner's files for this step cannot be written (${reasonOf(thrown)}).`, "Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.", { cause: thrown });
}

;// CONCATENATED MODULE: ./lib/job/headers-file.js





/** Chooses a path in the job's temporary folder that no other invocation uses. */
function headersFilePath() {
    const folder = process.env.RUNNER_TEMP;
    if (folder)
        return (0,external_node_path_namespaceObject.join)(folder, `exabits-headers-${(0,external_node_crypto_namespaceObject.randomUUID)()}`);
    throw new Failure('RUNNER_TEMP is not set, so there is no folder for the header file.', 'Run this in a GitHub Actions job, or set write-headers-file: false.');
}
/**
 * Writes headers for `curl -H @file` to a file that only its owner can read, and makes its folder if there is none.
 * Throws if anything already exists at the path, even a link.
 */
function writeHeadersFile(path, headers) {
    (0,external_node_fs_namespaceObject.mkdirSync)((0,external_node_path_namespaceObject.dirname)(path), { recursive: true });
    const file = (0,external_node_fs_namespaceObject.openSync)(path, 'wx', 0o600);
    try {
        // The umask may have taken the owner's permissions, too. A network drive may not support this.
        regardless(() => (0,external_node_fs_namespaceObject.fchmodSync)(file, 0o600));
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
        (0,external_node_fs_namespaceObject.writeFileSync)(file, lines.join(''));
    }
    catch (thrown) {
        (0,external_node_fs_namespaceObject.rmSync)(path, { force: true });
        throw thrown;
    }
    finally {
        (0,external_node_fs_namespaceObject.closeSync)(file);
    }
}
/** On Windows a file cannot be removed while another process, such as a virus scanner, holds it open. */
const heldOpen = ['EPERM', 'EBUSY', 'EACCES'];
const removalWaitsMs = [100, 200, 300, 400];
/**
 * Removes a header file. Throws a Failure that names it if it is still there after a second.
 *
 * @returns whether there was one
 */
async function removeHeadersFile(path) {
    const exists = (0,external_node_fs_namespaceObject.lstatSync)(path, { throwIfNoEntry: false }) !== undefined;
    for (const waitMs of [...removalWaitsMs, 0]) {
        try {
            (0,external_node_fs_namespaceObject.rmSync)(path, { force: true });
            break;
        }
        catch (cause) {
            if (waitMs === 0 || !heldOpen.includes(codeOf(cause))) {
                throw new Failure(`${path} is still there (${codeOf(cause)}). Its tokens are valid until they expire or are deleted.`, 'Remove the file by hand.', { cause });
            }
            await (0,promises_namespaceObject.setTimeout)(waitMs);
        }
    }
    return exists;
}

;// CONCATENATED MODULE: ./lib/job/state.js


const exportedKey = 'exported';
const creationKey = 'creation';
/** A state value of its own: act recognises a secret as plain text only, not inside JSON. */
const tokenKey = 'ephemeral-token';
/** Saves what `main` is about to export. */
function saveExported(exported) {
    saveState(exportedKey, exported);
}
/** Reads what `main` exported; undefined if it did not get that far. */
function readExported() {
    return read(exportedKey);
}
/** Saves how far a creation has come, and the token once it is known: `post` uses it to delete itself. */
function saveCreation(creation, credential) {
    writeAllOrNone(['GITHUB_STATE'], () => {
        if (credential)
            saveState(tokenKey, credential.token);
        saveState(creationKey, creation);
    });
}
/** Reads how far the creation of a token came; undefined if none was begun. */
function readCreation() {
    return read(creationKey);
}
/** Reads the token of the job, not masked in this process yet; empty if it is not known. */
function readEphemeralToken() {
    return getState(tokenKey);
}
function read(name) {
    const text = getState(name);
    return text === '' ? undefined : JSON.parse(text);
}

;// CONCATENATED MODULE: ./lib/job/variables.js




/** The tokens of a login. */
const pairVariables = [
    'EXABITS_ACCESS_TOKEN',
    'EXABITS_REFRESH_TOKEN',
    'EXABITS_ACCESS_TOKEN_EXPIRES_AT',
];
/** An API token. */
const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];
/** The host of a credential: useless without one, but still needed by a credential that has replaced ours. */
const addressVariables = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];
/**
 * The variables that `main` set and that still have its values, or are empty; without the addresses if something else
 * has set a credential since, which may be for the same host.
 */
function ownVariables({ variables }) {
    const isForeign = (name) => {
        const current = process.env[name];
        return current ? fingerprint(current) !== variables[name] : false;
    };
    const inUse = [...pairVariables, ...apiTokenVariables].some(isForeign) ? addressVariables : [];
    return Object.keys(variables).filter((name) => !isForeign(name) && !inUse.includes(name));
}
/**
 * Sets variables for later steps, and empties others, in one write: a step that is killed must not leave a host without
 * its token. The runner cannot unset a variable, so an empty value stands for none.
 */
function setVariables(values, emptied) {
    const end = `end-${(0,external_node_crypto_namespaceObject.randomUUID)()}`;
    const all = [...Object.entries(values), ...emptied.map((name) => [name, ''])];
    const lines = all.map(([name, value]) => `${name}<<${end}\n${value}\n${end}\n`);
    if (lines.length > 0)
        (0,external_node_fs_namespaceObject.appendFileSync)(requireCommandFile('GITHUB_ENV').path, lines.join(''));
}

;// CONCATENATED MODULE: ./lib/job/publish.js








/**
 * Exports a credential to later steps as header file, variables and outputs: as all of them or, if it throws a Failure,
 * as none. Returns the variables of another credential that were set in the job, and are empty now.
 */
function publish(signIn, how) {
    const headersFile = how.writeHeadersFile ? headersFilePath() : undefined;
    const variables = how.exportEnvironment ? environmentOf(signIn, how.endpoint, headersFile) : {};
    const emptied = how.exportEnvironment ? othersVariables(signIn, headersFile) : [];
    // Credentials that were there before are not ours to clear.
    const own = Object.entries(variables).filter(([name]) => signIn.method !== 'existing' || name === headersFileVariable);
    writeAllOrNone(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'], (onFailure) => {
        saveExported({
            variables: Object.fromEntries(own.map(([name, value]) => [name, fingerprint(value)])),
            headersFile,
            cleanup: how.cleanup,
        });
        if (headersFile) {
            writeHeadersFile(headersFile, headersOf(signIn.credential));
            onFailure(() => (0,external_node_fs_namespaceObject.rmSync)(headersFile));
        }
        setVariables(variables, emptied);
        for (const [name, value] of Object.entries(outputsOf(signIn, how.endpoint, headersFile))) {
            setOutput(name, value);
        }
    });
    return emptied;
}
const headersFileVariable = 'EXABITS_HEADERS_FILE';
function environmentOf({ credential, source }, endpoint, headersFile) {
    return {
        EXABITS_API_URL: endpoint.apiUrl,
        EXABITS_API_BASE_URL: endpoint.apiBaseUrl,
        ...(source && { EXABITS_AUTH_SOURCE: source }),
        ...(headersFile && { [headersFileVariable]: headersFile }),
        ...(credential.kind === 'api-token'
            ? { EXABITS_API_TOKEN: credential.token }
            : {
                EXABITS_ACCESS_TOKEN: credential.token,
                EXABITS_REFRESH_TOKEN: credential.refreshToken,
                EXABITS_ACCESS_TOKEN_EXPIRES_AT: credential.expiresAt.toISOString(),
            }),
    };
}
// Variables that would make a later step use another credential: the official client prefers an API token.
function othersVariables({ method, credential }, headersFile) {
    const others = credential.kind === 'api-token' ? pairVariables : apiTokenVariables;
    const stale = headersFile || method === 'existing' ? [] : [headersFileVariable];
    return [...others, ...stale].filter((name) => process.env[name]);
}
function outputsOf(signIn, endpoint, headersFile = '') {
    const { credential, account } = signIn;
    const pair = credential.kind === 'token-pair' ? credential : undefined;
    return {
        'auth-method': signIn.method,
        token: credential.token,
        'access-token': pair?.token ?? '',
        'refresh-token': pair?.refreshToken ?? '',
        'api-token': credential.kind === 'api-token' ? credential.token : '',
        'api-token-id': signIn.method === 'ephemeral-api-token' ? signIn.id : '',
        'token-expires-at': credential.expiresAt?.toISOString() ?? '',
        'refresh-token-expires-at': pair?.refreshTokenExpiresAt?.toISOString() ?? '',
        username: account?.username ?? '',
        email: account?.email ?? '',
        'api-url': endpoint.apiUrl,
        'api-base-url': endpoint.apiBaseUrl,
        'headers-file': headersFile,
    };
}

;// CONCATENATED MODULE: ./lib/job/summary.js


/** Adds a short table without secrets to the job summary. Throws if it cannot. */
function writeSummary(signIn, endpoint) {
    const rows = [
        ['Method', signIn.method],
        ['User', signIn.account?.username],
        ['Host', endpoint.name],
        ['Expires', expiryText(signIn)],
        ['Ephemeral token', signIn.method === 'ephemeral-api-token' ? signIn.name : undefined],
    ];
    const cells = rows.flatMap(([label, text]) => text ? `<tr><th>${label}</th><td>${escapeHtml(oneLine(text))}</td></tr>\n` : []);
    const path = process.env.GITHUB_STEP_SUMMARY;
    // Writing to a pipe would wait for a reader.
    if (!path || !(0,external_node_fs_namespaceObject.statSync)(path).isFile())
        throw new Error('GITHUB_STEP_SUMMARY is not a file');
    (0,external_node_fs_namespaceObject.appendFileSync)(path, `<h3>Exabits sign-in</h3>\n<table>\n${cells.join('')}</table>\n`);
}
function expiryText(signIn) {
    if (signIn.method === 'ephemeral-api-token')
        return 'when the job ends: the post step deletes the token';
    return signIn.credential.expiresAt?.toISOString() ?? 'never, until the token is deleted';
}
// The summary is Markdown with HTML, so the special characters of both become character references.
function escapeHtml(text) {
    return text.replace(/[&<>"'`|\\[\]*_~:@#$]/g, (character) => `&#${character.charCodeAt(0)};`);
}

;// CONCATENATED MODULE: ./lib/run.js



/** A phase that fails its step at the first error, such as a secret that cannot be masked. */
function failingPhase(work) {
    return {
        async work(masker) {
            // The runner uses the Node that action.yml names; act uses whatever it finds.
            if (Number.parseInt(process.versions.node, 10) < 24) {
                throw new Failure(`This action needs Node 24, but runs on ${process.versions.node}.`, 'On GitHub, update the runner; in act, put Node 24 first in PATH.');
            }
            await work(masker);
        },
        tell: tellRunner,
        onFailure(failure, redact) {
            fail(failure, redact);
            process.exit();
        },
    };
}
/** Runs one phase of the action and ends the process. Anything thrown becomes one line of the log. */
async function run({ work, tell, onFailure }) {
    const masker = createMasker(tell);
    const report = (thrown) => onFailure(toFailure(thrown), masker.redact);
    let isLoose = false;
    // An error thrown in a library's event handler bypasses every `catch`. After a second one, expect no end of them.
    const onUncaught = (thrown) => {
        report(thrown);
        if (isLoose)
            process.exit();
        isLoose = true;
    };
    process.on('uncaughtException', onUncaught);
    try {
        // Deprecation warnings are for us, not for the job's log. With NODE_OPTIONS=--no-deprecation an assignment throws.
        Reflect.set(process, 'noDeprecation', true);
        // A job may turn off certificate checks for itself, but a password must not go to an unverified server.
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        await work(masker);
    }
    catch (thrown) {
        report(thrown);
    }
    process.off('uncaughtException', onUncaught);
    // An abandoned connection could keep the process alive.
    process.exit();
}

;// CONCATENATED MODULE: external "node:os"
const external_node_os_namespaceObject = require("node:os");
;// CONCATENATED MODULE: ./lib/ephemeral-name.js


/** Only tokens with a name of exactly this form are ever deleted by a sweep. */
const ephemeralName = /^gha-(\d{1,20})-(\d{1,10})-[0-9a-f]{8}$/;
/** Enough to recognise a workflow or job. */
const longestQuote = 50;
/**
 * Labels a token so that `post` and a sweep find it, and people see in the Exabits console where it came from:
 * `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and a description that ends with the attempt's page.
 */
function ephemeralTokenLabel(env) {
    const run = numberIn(env.GITHUB_RUN_ID, /^\d{1,20}$/);
    const attempt = numberIn(env.GITHUB_RUN_ATTEMPT, /^\d{1,10}$/);
    const { GITHUB_REPOSITORY = '', GITHUB_WORKFLOW = '', GITHUB_JOB = '' } = env;
    const where = `workflow ${quote(GITHUB_WORKFLOW)}, job ${quote(GITHUB_JOB)} of ${GITHUB_REPOSITORY}`;
    return {
        name: `gha-${run}-${attempt}-${(0,external_node_crypto_namespaceObject.randomBytes)(4).toString('hex')}`,
        description: oneLine(`${where}: ${attemptUrl(env, run, attempt)}`),
    };
}
/** Reads which run a token was made for; undefined if its name is not exactly that of an ephemeral token. */
function parseEphemeralName(name) {
    const [, runId, attempt] = ephemeralName.exec(name) ?? [];
    return runId ? { runId, attempt: Number(attempt) } : undefined;
}
/** The page on GitHub of one attempt of a run of this repository. */
function attemptUrl({ GITHUB_SERVER_URL = '', GITHUB_REPOSITORY = '' }, runId, attempt) {
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${runId}/attempts/${attempt}`;
}
// `parseEphemeralName` must recognise every name, even if a runner numbers its runs differently.
function numberIn(text, digits) {
    return text?.match(digits)?.[0] ?? '0';
}
// Half of a surrogate pair is not a character, and strict servers reject it.
function quote(text) {
    const line = oneLine(text);
    return line.length > longestQuote ? `${line.slice(0, longestQuote - 1).toWellFormed()}\u2026` : line;
}

;// CONCATENATED MODULE: ./lib/ephemeral-token.js






/**
 * Creates the job's token, with a credential that was made from `origin`, or throws a Failure. The name of each try is
 * saved before it is sent, so that `post` finds the token even if `main` fails or is killed.
 */
async function createEphemeralToken(exabits, credential, origin, settings) {
    const maker = originFingerprint(settings.apiUrl, origin);
    const begun = { ...settings, maker, startedAt: (0,external_node_os_namespaceObject.uptime)(), made: undefined };
    let unanswered = [];
    const forgetIfNothingWasMade = (failed) => {
        const isCertain = failed instanceof RequestFailure && failed.seen.changedNothing;
        if (isCertain)
            unanswered = unanswered.slice(0, -1);
    };
    const { result, failure } = await attempt(() => exabits.createApiToken(credential, (failed) => {
        forgetIfNothingWasMade(failed);
        const label = ephemeralTokenLabel(process.env);
        unanswered = [...unanswered, label.name];
        saveCreation({ ...begun, unanswered });
        return label;
    }));
    if (failure) {
        forgetIfNothingWasMade(failure);
        // What Exabits said matters more than a state that cannot be written.
        regardless(() => saveCreation({ ...begun, unanswered }));
        throw failure;
    }
    const name = String(unanswered.at(-1));
    const made = { id: result.id, name };
    saveCreation({ ...begun, unanswered: unanswered.slice(0, -1), made }, result.credential);
    return { ...result, name };
}
/**
 * Deletes a token whose value is known, as itself or, if it may not, as the account of `signIn`. A wrong route or a
 * proxy may answer 404 or 401, too, so the token is tried then.
 */
async function deleteToken(exabits, id, token, signIn) {
    const { failure } = await attempt(() => exabits.deleteApiToken(token, id));
    if (!failure)
        return { fate: 'deleted' };
    const check = await attempt(() => exabits.check(token));
    if (isAnswered(check.failure, 401))
        return { fate: 'dead' };
    // The first failure is the reason.
    const left = { fate: check.failure ? 'unknown' : 'alive', failure };
    // A token that may not read the balance may work all the same.
    if (check.failure && !isAnswered(check.failure, 403, 404))
        return left;
    const again = await attempt(async () => exabits.deleteApiToken(await signIn(), id));
    return again.failure ? left : { fate: 'deleted' };
}
/** How wrong clocks may go, in seconds. */
const margin = 5 * 60;
/**
 * Lists the account's tokens as far back as a step: those that it asked for cannot be older. All of them, if the
 * machine was started again meanwhile.
 *
 * @param startedAt the uptime at its start, in seconds
 */
async function tokensSince(startedAt, exabits, credential) {
    const age = (0,external_node_os_namespaceObject.uptime)() - startedAt;
    const { tokens } = await exabits.listApiTokens(credential, (found, date) => {
        const oldestMs = Number(found.at(-1)?.createdAt);
        return age >= 0 && Number(date) - oldestMs > (age + margin) * 1000;
    });
    return tokens;
}

;// CONCATENATED MODULE: ./lib/inputs/existing.js


/** A pair whose access token expires sooner is not worth reusing. */
const leastLifetimeMs = 5 * 60 * 1000;
/**
 * Finds the credential that is already set in the job, choosing as the official client would; undefined if none is set.
 * It must be for the step's host and, if the step has credentials of its own, have been made from those.
 */
function findExisting({ endpoint, configured }, mask, now) {
    const isPair = !variable('EXABITS_API_TOKEN');
    if (isPair && !variable('EXABITS_ACCESS_TOKEN') && !variable('EXABITS_REFRESH_TOKEN'))
        return undefined;
    const host = URL.parse(variable('EXABITS_API_URL') || defaultApiUrl);
    if (host?.origin !== endpoint.apiUrl) {
        return { reason: `are for ${host?.host ?? 'an unreadable address'}, not for ${endpoint.name}` };
    }
    const names = isPair ? ['EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN'] : ['EXABITS_API_TOKEN'];
    for (const name of names) {
        const defect = tokenDefect(variable(name));
        if (defect)
            return { reason: `cannot be used: ${name} ${defect}` };
    }
    const credential = isPair ? readPair(mask, now) : existing_readApiToken(mask, now);
    if ('reason' in credential)
        return credential;
    const source = variable('EXABITS_AUTH_SOURCE');
    if (configured && source !== sourceOf(credential, endpoint.apiUrl, configured)) {
        return { reason: 'were not made from the inputs of this step' };
    }
    return { credential, source: isSourceOf(source, credential) ? source : '' };
}
function existing_readApiToken(mask, now) {
    const credential = toApiToken(mask(variable('EXABITS_API_TOKEN')));
    const { expiresAt } = credential;
    return expiresAt && expiresAt <= now ? { reason: `expired at ${expiresAt.toISOString()}` } : credential;
}
function readPair(mask, now) {
    const token = mask(variable('EXABITS_ACCESS_TOKEN'));
    const refreshToken = mask(variable('EXABITS_REFRESH_TOKEN'));
    const expiresAt = jwtExpiry(token) ?? new Date(variable('EXABITS_ACCESS_TOKEN_EXPIRES_AT'));
    const lifetimeMs = expiresAt.getTime() - now.getTime();
    if (Number.isNaN(lifetimeMs))
        return { reason: 'do not say when they expire' };
    if (lifetimeMs < leastLifetimeMs) {
        const verb = lifetimeMs > 0 ? 'expire in less than 5 minutes,' : 'expired';
        return { reason: `${verb} at ${expiresAt.toISOString()}` };
    }
    const refreshTokenExpiresAt = jwtExpiry(refreshToken);
    return { kind: 'token-pair', token, expiresAt, refreshToken, refreshTokenExpiresAt };
}
function variable(name) {
    return process.env[name]?.trim() ?? '';
}

;// CONCATENATED MODULE: ./lib/sign-in.js







/**
 * Gets the credential of the step: the one already set in the job or that of the inputs, or a token made with either.
 * Exabits has accepted it, unless `verify` is false.
 */
async function signIn(inputs, exabits, mask) {
    const existing = inputs.useExistingCredentials ? await reuse(inputs, exabits, mask) : undefined;
    // A token pair may expire during the job, but the user asked for a token that lasts.
    if (existing && !(inputs.ephemeralApiToken && existing.credential.kind === 'token-pair')) {
        return { method: 'existing', ...existing };
    }
    return inputs.ephemeralApiToken
        ? makeEphemeral(inputs, exabits, existing)
        : signInWith(requireConfigured(inputs), inputs, exabits);
}
async function reuse(inputs, exabits, mask) {
    const found = findExisting(inputs, mask, new Date());
    const existing = found && 'credential' in found ? await ifAccepted(found, inputs, exabits) : found;
    if (existing && 'credential' in existing) {
        if (!existing.source)
            log_info('The credentials in use were not set by this action.');
        return existing;
    }
    const problem = existing
        ? `The credentials already set in this job ${existing.reason}`
        : 'No earlier step of this job has set credentials';
    if (!inputs.configured) {
        throw new Failure(`${problem}, and this step has none of its own.`, 'Sign in before it, or set username and password, or api-token.');
    }
    if (existing)
        log_info(`${problem}, so the step uses its inputs.`);
    return undefined;
}
async function ifAccepted(existing, inputs, exabits) {
    const refusal = await check(existing.credential, inputs, exabits);
    return refusal ? { reason: `were not accepted by Exabits (${refusal.seen.saw})` } : existing;
}
async function signInWith(configured, inputs, exabits) {
    const signedIn = await exabits.authenticate(configured);
    const source = sourceOf(signedIn.credential, inputs.endpoint.apiUrl, configured);
    // A login is proof that Exabits accepts what it has just made.
    if (signedIn.account)
        return { method: 'login', source, ...signedIn };
    const refusal = await check(signedIn.credential, inputs, exabits);
    if (refusal)
        throw refusal;
    return { method: 'api-token', source, ...signedIn };
}
async function makeEphemeral(inputs, exabits, existing) {
    const { configured, timeoutMs, maxAttempts } = inputs;
    const { apiUrl } = inputs.endpoint;
    const signedIn = existing ?? (await exabits.authenticate(requireConfigured(inputs)));
    const origin = configured ?? signedIn.credential;
    const settings = { apiUrl, timeoutMs, maxAttempts };
    const made = await createEphemeralToken(exabits, signedIn.credential, origin, settings);
    const account = 'account' in signedIn ? signedIn.account : undefined;
    const source = sourceOf(made.credential, apiUrl, origin);
    return { method: 'ephemeral-api-token', source, account, ...made };
}
/** Asks Exabits about a credential, unless `verify` is false. Returns its refusal; throws if it cannot say. */
async function check(credential, { verify, endpoint }, exabits) {
    if (!verify)
        return undefined;
    const { failure } = await attempt(() => exabits.check(credential));
    if (!failure)
        return undefined;
    if (isAnswered(failure, 200, 401))
        return failure;
    // An account may use other calls but not this one, and a host may not have it.
    if (isAnswered(failure, 403, 404)) {
        log_info(`Whether ${endpoint.name} accepts the credentials could not be checked (${failure.seen.saw}). They are used.`);
        return undefined;
    }
    throw new Failure(`The credentials could not be checked. ${failure.problem}`, `${failure.advice} With verify: false they are not checked, and nothing is sent.`, { cause: failure });
}

;// CONCATENATED MODULE: ./lib/main.js









/** The step: reads the inputs, signs in, and exports the credential to later steps; or fails and exports nothing. */
const main = failingPhase(async (masker) => {
    const inputs = readInputs(masker, new Date());
    for (const line of inputs.warnings)
        log_warning(line);
    const exabits = connect(inputs, masker, log_info);
    const signedIn = await signIn(inputs, exabits, masker.mask);
    // What could fail comes before the export.
    const description = main_describe(signedIn, inputs);
    const preferred = signedIn.credential.kind === 'token-pair' ? clientFileKey() : undefined;
    const emptied = publish(signedIn, inputs);
    log_info(description);
    const names = emptied.join(', ');
    if (names)
        log_info(`Emptied what was set before (${names}): later steps use the credentials of this step.`);
    if (preferred) {
        log_warning(`${preferred.path} has ${preferred.key}, which egpu prefers to the tokens of a login: in later steps egpu acts as that account, not as this one. Remove the key ("egpu config set" writes that file), or set ephemeral-api-token: true, which egpu prefers to the file.`);
    }
    if (inputs.jobSummary)
        summarise(signedIn, inputs);
});
function main_describe(signedIn, { endpoint: { name: host }, verify }) {
    const expiry = signedIn.credential.expiresAt?.toISOString();
    switch (signedIn.method) {
        case 'login':
            return `Signed in to ${host} as ${signedIn.account.username}. The access token expires at ${expiry}; for a longer job set ephemeral-api-token: true.`;
        case 'ephemeral-api-token':
            return `Signed in to ${host} with the API token ${signedIn.name}, made for this job. The post step deletes it.`;
        case 'api-token':
            return `Using the API token for ${host}${expiry ? `, which expires at ${expiry}` : ''}.${verify ? '' : ' It was not checked, because verify is false.'}`;
        case 'existing':
            return `Using the credentials for ${host} already set in this job${expiry ? `, until ${expiry}` : ''}. This step does not clear them.`;
    }
}
function summarise(signedIn, { endpoint }) {
    try {
        writeSummary(signedIn, endpoint);
    }
    catch (thrown) {
        log_warning(`Could not write the job summary: ${reasonOf(thrown)}.`);
    }
}

;// CONCATENATED MODULE: ./lib/post.js










/** The post step. It never fails the job, and it cleans up even if it cannot print. */
const post = {
    work: cleanUp,
    tell: (secret) => regardless(() => tellRunner(secret)),
    onFailure: (failure) => log_warning(failure.message),
};
/** Clears what the step exported and deletes the API token it made. A failure of one does not stop the other. */
async function cleanUp(masker) {
    const exported = await orWarn('read what the step exported', readExported);
    const creation = await orWarn('read which API token the step made', readCreation);
    if (exported)
        await orWarn('clear what the step exported', () => clear(exported));
    if (creation)
        await orWarn('delete the API token', () => revoke(creation, masker));
    const mayHaveTokens = creation && (creation.made || creation.unanswered.length > 0);
    if (!exported && !mayHaveTokens)
        log_info('Nothing to clear: the step exported nothing.');
}
async function orWarn(what, act) {
    const { result, failure } = await attempt(act);
    if (failure)
        log_warning(`Could not ${what}: ${failure.message}`);
    return result;
}
async function clear(exported) {
    const { headersFile, cleanup } = exported;
    const own = ownVariables(exported);
    if (!cleanup) {
        const left = [...own, ...(headersFile ? ['the header file'] : [])];
        log_info(`Left in place, because cleanup is false: ${left.join(', ') || 'nothing'}.`);
        return;
    }
    if (own.length === 0 && !headersFile)
        log_info('Nothing to clear.');
    const cleared = [];
    await orWarn('empty the variables', () => {
        setVariables({}, own);
        cleared.push(...own);
    });
    await orWarn('remove the header file', async () => {
        if (headersFile && (await removeHeadersFile(headersFile)))
            cleared.push('the header file');
    });
    if (cleared.length > 0)
        log_info(`Cleared ${cleared.join(', ')}.`);
}
async function revoke(creation, masker) {
    const { apiUrl, timeoutMs, maxAttempts, made } = creation;
    const text = readEphemeralToken();
    const token = text === '' ? undefined : toApiToken(masker.mask(text));
    // Without its value, the job's token is like one whose creation was not answered.
    const unanswered = made && !token ? [...creation.unanswered, made.name] : creation.unanswered;
    const signIn = signInAsMaker(creation, masker);
    const asOwner = async (exabits, act) => {
        const own = token && (await attempt(() => act(token)));
        if (own && !own.failure)
            return own;
        const other = await attempt(async () => act(await signIn(exabits)));
        // The first failure is the reason.
        return own && other.failure ? own : other;
    };
    // The job's own token must not have to wait until the time is used up for others.
    const shareMs = unanswered.length > 0 ? timeoutMs / 2 : timeoutMs;
    const start = () => connect({ endpoint: parseEndpoint(apiUrl), timeoutMs: shareMs, maxAttempts }, masker, log_info);
    // First, because the job's token may authenticate it.
    if (unanswered.length > 0)
        await settle({ ...creation, unanswered }, start(), asOwner);
    if (made && token) {
        const exabits = start();
        report(made, await deleteToken(exabits, made.id, token, () => signIn(exabits)));
    }
}
/** Signs in with the inputs of the step, at most once, if they still name the account that made the token. */
function signInAsMaker({ apiUrl, maker }, masker) {
    let signedIn;
    return async (exabits) => {
        const configured = hasInputs() ? readConfigured(masker, new Date()).configured : undefined;
        if (!configured || originFingerprint(apiUrl, configured) !== maker) {
            throw new Failure('The inputs of the post step are not those that made the token.', 'Do not change the inputs of the step while the job runs.');
        }
        signedIn ??= exabits.authenticate(configured);
        return (await signedIn).credential;
    };
}
/** Deletes the tokens whose creation was not answered, as far as they exist. */
async function settle(creation, exabits, asOwner) {
    const { result, failure } = await asOwner(exabits, (as) => tokensSince(creation.startedAt, exabits, as));
    for (const name of creation.unanswered) {
        const listed = result?.filter((token) => token.name === name) ?? [];
        for (const token of listed) {
            const deletion = await asOwner(exabits, (as) => exabits.deleteApiToken(as, token.id));
            report(token, deletion.failure ? { fate: 'unknown', failure: deletion.failure } : { fate: 'deleted' });
        }
        if (listed.length > 0)
            continue;
        const found = failure ? failure.problem : 'It is not listed so far. A sweep of this run deletes it.';
        log_warning(`Exabits did not say whether it made the API token ${name}, and may still make it. ${found} Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`);
    }
}
function report({ id, name }, result) {
    if (result.fate === 'deleted')
        log_info(`Deleted the API token ${name}.`);
    if (result.fate === 'dead')
        log_info(`The API token ${name} does not work any more.`);
    if (!('failure' in result))
        return;
    const state = result.fate === 'alive' ? 'still works' : 'may still work';
    log_warning(`The API token ${name} ${state}: ${result.failure.problem} Delete it by hand: egpu token delete ${id} --force`);
}

;// CONCATENATED MODULE: ./lib/inputs/sweep-inputs.js




/** Reads and validates every input of the sweep, secrets first. Throws a Failure that names the input at fault. */
function readSweepInputs(masker, now) {
    const { wholeNumberInput, booleanInput } = inputReaders(masker.redact);
    return {
        ...readConnectionInputs(masker, now, 300),
        run: readRun(masker.redact),
        /** The age from which tokens of any run are deleted; 0 for never. */
        staleTokenHours: wholeNumberInput('stale-token-hours', { byDefault: 168, min: 0, max: 87_600 }),
        dryRun: booleanInput('dry-run', false),
    };
}
// The workflow run and the attempt that have ended, if known. A later attempt may be running.
function readRun(redact) {
    const id = getInput('run-id');
    const limits = { byDefault: 0, min: 1, max: 9_999_999_999 };
    const attempt = inputReaders(redact).wholeNumberInput('run-attempt', limits);
    if (id === '' && attempt === 0)
        return undefined;
    if (id === '' || attempt === 0) {
        throw new Failure('Inputs "run-id" and "run-attempt" belong together: a re-run that is under way has the same id.', 'Set both or neither.');
    }
    if (!/^[1-9]\d{0,19}$/.test(id)) {
        throw new Failure(`Input "run-id" is "${redact(id)}".`, 'It must be the number of a workflow run.');
    }
    return { id, attempt };
}

;// CONCATENATED MODULE: ./lib/sweep.js










const hourMs = 60 * 60 * 1000;
/** How often the sweep deletes before tokens that are left make it fail. */
const mostRounds = 3;
/** The action that deletes the tokens left behind by dead runners. */
const sweep = failingPhase(sweepTokens);
/** Deletes the API tokens of the account that no job needs any more. Throws a Failure if some are left, or may be. */
async function sweepTokens(masker) {
    const inputs = readSweepInputs(masker, new Date());
    for (const line of inputs.warnings)
        log_warning(line);
    const exabits = connect(inputs, masker, log_info);
    const { credential } = await exabits.authenticate(requireConfigured(inputs));
    const deleted = new Map();
    const { result, failure } = await attempt(() => deleteLeftOver(inputs, exabits, credential, deleted));
    const { leftOver = [], renamed = [], ageless = [], count = 0 } = result ?? {};
    const done = inputs.dryRun ? leftOver : [...deleted.values()];
    writeAllOrNone(['GITHUB_OUTPUT'], () => {
        setOutput('deleted', deleted.size);
        setOutput('deleted-names', namesOf(done));
    });
    if (failure)
        throw failure;
    const did = inputs.dryRun ? 'Would delete' : 'Deleted';
    const none = leftOver.length > 0 ? 'Deleted nothing' : 'Nothing to delete';
    const what = done.length > 0 ? `${did} ${done.length}: ${namesOf(done).join(', ')}` : none;
    log_info(`${what}. API tokens at ${inputs.endpoint.name}: ${count}.`);
    for (const { name } of renamed) {
        log_info(`Kept ${name}: it has the id of the run, but its description does not end with the run's address.`);
    }
    if (leftOver.length > 0 && !inputs.dryRun)
        throw notDeleted(leftOver);
    if (ageless.length > 0)
        throw ofUnknownAge(ageless);
}
/**
 * Reads the list and deletes what is left over, again and again: other jobs change the list meanwhile, and an answer
 * such as 404 proves nothing about a token that is still listed. `deleted` gets the tokens whose deletion Exabits
 * confirmed. Returns what the last list holds, and how many tokens the first one had.
 */
async function deleteLeftOver(inputs, exabits, credential, deleted) {
    let count;
    for (let round = 0;; round += 1) {
        const list = await exabits.listApiTokens(credential);
        count ??= list.tokens.length;
        const judgement = judge(list, inputs);
        // A list may be older than a deletion.
        const leftOver = judgement.leftOver.filter(({ id }) => !deleted.has(id));
        if (leftOver.length === 0 || inputs.dryRun || round === mostRounds) {
            return { ...judgement, leftOver, count };
        }
        for (const token of leftOver) {
            const { failure } = await attempt(() => exabits.deleteApiToken(credential, token.id));
            if (!failure)
                deleted.set(token.id, token);
            log_info(failure ? `Could not delete ${token.name}: ${failure.problem}` : `Deleted ${token.name}.`);
            if (failure instanceof RequestFailure && failure.seen.endsAll) {
                return { ...judgement, leftOver: leftOver.filter(({ id }) => !deleted.has(id)), count };
            }
        }
    }
}
// Ages are measured by Exabits' clock, because the runner's may be hours ahead.
function judge({ tokens, date }, { run, staleTokenHours }) {
    const groups = Map.groupBy(tokens, ({ name, description, createdAt }) => {
        const made = parseEphemeralName(name);
        if (!made)
            return 'other';
        const isOfRun = made.runId === run?.id && made.attempt <= run.attempt;
        // Run ids are not unique across servers: each one numbers its runs from 1.
        const page = attemptUrl(process.env, made.runId, made.attempt);
        if (isOfRun && (description === '' || description.endsWith(`: ${page}`)))
            return 'leftOver';
        const ageMs = Number(date) - Number(createdAt);
        if (staleTokenHours > 0 && ageMs > staleTokenHours * hourMs)
            return 'leftOver';
        if (staleTokenHours > 0 && Number.isNaN(ageMs))
            return 'ageless';
        return isOfRun ? 'renamed' : 'other';
    });
    const { leftOver = [], renamed = [], ageless = [] } = Object.fromEntries(groups);
    return { leftOver, renamed, ageless };
}
function namesOf(tokens) {
    return tokens.map(({ name }) => name);
}
function notDeleted(tokens) {
    const all = tokens.map(({ name, id }) => `${name} (id ${id})`).join(', ');
    return new Failure(`Some API tokens could not be deleted: ${all}. The log says why for each.`, 'Run the sweep again, or delete them by hand: egpu token delete ID --force');
}
function ofUnknownAge(tokens) {
    return new Failure(`Exabits does not say how old some API tokens are: ${namesOf(tokens).join(', ')}. They were kept, because a job may still use them.`, 'If their jobs have ended, delete them by hand: egpu token delete ID --force. With stale-token-hours: 0, no age matters.');
}

;// CONCATENATED MODULE: ./lib/index.js







// If this fails, Node's own stream prints.
regardless(printAtOnce);
// The name of the started file tells the phase. State cannot: `main` may have been killed before saving any.
const started = (0,external_node_path_namespaceObject.basename)(String(process.argv[1]), '.cjs');
void run(started === 'post' ? post : started === 'sweep' ? sweep : main);

module.exports = __webpack_exports__;
/******/ })()
;