/******/ (() => { // webpackBootstrap

// Loads one of Node's modules when the first of its properties is used: a run rarely needs all of them.
function whenUsed(name, properties) {
  const load = (property) => ({ enumerable: true, get: () => require(name)[property] });
  return Object.defineProperties({}, Object.fromEntries(properties.map((property) => [property, load(property)])));
}
/******/ 	var __webpack_modules__ = ({

/***/ 770:
/***/ ((module, __unused_webpack_exports, __nccwpck_require__) => {

module.exports = __nccwpck_require__(218);


/***/ }),

/***/ 218:
/***/ ((__unused_webpack_module, exports, __nccwpck_require__) => {

"use strict";
var __webpack_unused_export__;


var net = __nccwpck_require__(278);
var tls = __nccwpck_require__(756);
var http = __nccwpck_require__(611);
var https = __nccwpck_require__(692);
var events = __nccwpck_require__(434);
var assert = __nccwpck_require__(613);
var util = __nccwpck_require__(23);


exports.httpOverHttp = httpOverHttp;
exports.httpsOverHttp = httpsOverHttp;
exports.httpOverHttps = httpOverHttps;
exports.httpsOverHttps = httpsOverHttps;


function httpOverHttp(options) {
  var agent = new TunnelingAgent(options);
  agent.request = http.request;
  return agent;
}

function httpsOverHttp(options) {
  var agent = new TunnelingAgent(options);
  agent.request = http.request;
  agent.createSocket = createSecureSocket;
  agent.defaultPort = 443;
  return agent;
}

function httpOverHttps(options) {
  var agent = new TunnelingAgent(options);
  agent.request = https.request;
  return agent;
}

function httpsOverHttps(options) {
  var agent = new TunnelingAgent(options);
  agent.request = https.request;
  agent.createSocket = createSecureSocket;
  agent.defaultPort = 443;
  return agent;
}


function TunnelingAgent(options) {
  var self = this;
  self.options = options || {};
  self.proxyOptions = self.options.proxy || {};
  self.maxSockets = self.options.maxSockets || http.Agent.defaultMaxSockets;
  self.requests = [];
  self.sockets = [];

  self.on('free', function onFree(socket, host, port, localAddress) {
    var options = toOptions(host, port, localAddress);
    for (var i = 0, len = self.requests.length; i < len; ++i) {
      var pending = self.requests[i];
      if (pending.host === options.host && pending.port === options.port) {
        // Detect the request to connect same origin server,
        // reuse the connection.
        self.requests.splice(i, 1);
        pending.request.onSocket(socket);
        return;
      }
    }
    socket.destroy();
    self.removeSocket(socket);
  });
}
util.inherits(TunnelingAgent, events.EventEmitter);

TunnelingAgent.prototype.addRequest = function addRequest(req, host, port, localAddress) {
  var self = this;
  var options = mergeOptions({request: req}, self.options, toOptions(host, port, localAddress));

  if (self.sockets.length >= this.maxSockets) {
    // We are over limit so we'll add it to the queue.
    self.requests.push(options);
    return;
  }

  // If we are under maxSockets create a new one.
  self.createSocket(options, function(socket) {
    socket.on('free', onFree);
    socket.on('close', onCloseOrRemove);
    socket.on('agentRemove', onCloseOrRemove);
    req.onSocket(socket);

    function onFree() {
      self.emit('free', socket, options);
    }

    function onCloseOrRemove(err) {
      self.removeSocket(socket);
      socket.removeListener('free', onFree);
      socket.removeListener('close', onCloseOrRemove);
      socket.removeListener('agentRemove', onCloseOrRemove);
    }
  });
};

TunnelingAgent.prototype.createSocket = function createSocket(options, cb) {
  var self = this;
  var placeholder = {};
  self.sockets.push(placeholder);

  var connectOptions = mergeOptions({}, self.proxyOptions, {
    method: 'CONNECT',
    path: options.host + ':' + options.port,
    agent: false,
    headers: {
      host: options.host + ':' + options.port
    }
  });
  if (options.localAddress) {
    connectOptions.localAddress = options.localAddress;
  }
  if (connectOptions.proxyAuth) {
    connectOptions.headers = connectOptions.headers || {};
    connectOptions.headers['Proxy-Authorization'] = 'Basic ' +
        new Buffer(connectOptions.proxyAuth).toString('base64');
  }

  debug('making CONNECT request');
  var connectReq = self.request(connectOptions);
  connectReq.useChunkedEncodingByDefault = false; // for v0.6
  connectReq.once('response', onResponse); // for v0.6
  connectReq.once('upgrade', onUpgrade);   // for v0.6
  connectReq.once('connect', onConnect);   // for v0.7 or later
  connectReq.once('error', onError);
  connectReq.end();

  function onResponse(res) {
    // Very hacky. This is necessary to avoid http-parser leaks.
    res.upgrade = true;
  }

  function onUpgrade(res, socket, head) {
    // Hacky.
    process.nextTick(function() {
      onConnect(res, socket, head);
    });
  }

  function onConnect(res, socket, head) {
    connectReq.removeAllListeners();
    socket.removeAllListeners();

    if (res.statusCode !== 200) {
      debug('tunneling socket could not be established, statusCode=%d',
        res.statusCode);
      socket.destroy();
      var error = new Error('tunneling socket could not be established, ' +
        'statusCode=' + res.statusCode);
      error.code = 'ECONNRESET';
      options.request.emit('error', error);
      self.removeSocket(placeholder);
      return;
    }
    if (head.length > 0) {
      debug('got illegal response body from proxy');
      socket.destroy();
      var error = new Error('got illegal response body from proxy');
      error.code = 'ECONNRESET';
      options.request.emit('error', error);
      self.removeSocket(placeholder);
      return;
    }
    debug('tunneling connection has established');
    self.sockets[self.sockets.indexOf(placeholder)] = socket;
    return cb(socket);
  }

  function onError(cause) {
    connectReq.removeAllListeners();

    debug('tunneling socket could not be established, cause=%s\n',
          cause.message, cause.stack);
    var error = new Error('tunneling socket could not be established, ' +
                          'cause=' + cause.message);
    error.code = 'ECONNRESET';
    options.request.emit('error', error);
    self.removeSocket(placeholder);
  }
};

TunnelingAgent.prototype.removeSocket = function removeSocket(socket) {
  var pos = this.sockets.indexOf(socket)
  if (pos === -1) {
    return;
  }
  this.sockets.splice(pos, 1);

  var pending = this.requests.shift();
  if (pending) {
    // If we have pending requests and a socket gets closed a new one
    // needs to be created to take over in the pool for the one that closed.
    this.createSocket(pending, function(socket) {
      pending.request.onSocket(socket);
    });
  }
};

function createSecureSocket(options, cb) {
  var self = this;
  TunnelingAgent.prototype.createSocket.call(self, options, function(socket) {
    var hostHeader = options.request.getHeader('host');
    var tlsOptions = mergeOptions({}, self.options, {
      socket: socket,
      servername: hostHeader ? hostHeader.replace(/:.*$/, '') : options.host
    });

    // 0 is dummy port for v0.6
    var secureSocket = tls.connect(0, tlsOptions);
    self.sockets[self.sockets.indexOf(socket)] = secureSocket;
    cb(secureSocket);
  });
}


function toOptions(host, port, localAddress) {
  if (typeof host === 'string') { // since v0.10
    return {
      host: host,
      port: port,
      localAddress: localAddress
    };
  }
  return host; // for v0.11 or later
}

function mergeOptions(target) {
  for (var i = 1, len = arguments.length; i < len; ++i) {
    var overrides = arguments[i];
    if (typeof overrides === 'object') {
      var keys = Object.keys(overrides);
      for (var j = 0, keyLen = keys.length; j < keyLen; ++j) {
        var k = keys[j];
        if (overrides[k] !== undefined) {
          target[k] = overrides[k];
        }
      }
    }
  }
  return target;
}


var debug;
if (process.env.NODE_DEBUG && /\btunnel\b/.test(process.env.NODE_DEBUG)) {
  debug = function() {
    var args = Array.prototype.slice.call(arguments);
    if (typeof args[0] === 'string') {
      args[0] = 'TUNNEL: ' + args[0];
    } else {
      args.unshift('TUNNEL:');
    }
    console.error.apply(console, args);
  }
} else {
  debug = function() {};
}
__webpack_unused_export__ = debug; // for test


/***/ }),

/***/ 613:
/***/ ((module) => {

"use strict";
module.exports = whenUsed("assert", []);

/***/ }),

/***/ 434:
/***/ ((module) => {

"use strict";
module.exports = require("events");

/***/ }),

/***/ 611:
/***/ ((module) => {

"use strict";
module.exports = whenUsed("http", ["Agent","globalAgent","request"]);

/***/ }),

/***/ 692:
/***/ ((module) => {

"use strict";
module.exports = whenUsed("https", ["Agent","globalAgent","request"]);

/***/ }),

/***/ 278:
/***/ ((module) => {

"use strict";
module.exports = whenUsed("net", []);

/***/ }),

/***/ 756:
/***/ ((module) => {

"use strict";
module.exports = whenUsed("tls", ["connect"]);

/***/ }),

/***/ 23:
/***/ ((module) => {

"use strict";
module.exports = require("util");

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
// This entry need to be wrapped in an IIFE because it need to be in strict mode.
(() => {
"use strict";

;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = require("node:path");
;// CONCATENATED MODULE: external "os"
const external_os_namespaceObject = require("os");
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/utils.js
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */
/**
 * Sanitizes an input into a string so it can be passed into issueCommand safely
 * @param input input to sanitize into a string
 */
function toCommandValue(input) {
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
    return toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A');
}
function escapeProperty(s) {
    return toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A')
        .replace(/:/g, '%3A')
        .replace(/,/g, '%2C');
}
//# sourceMappingURL=command.js.map
;// CONCATENATED MODULE: external "crypto"
const external_crypto_namespaceObject = whenUsed("crypto", ["randomUUID"]);
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
    external_fs_namespaceObject.appendFileSync(filePath, `${toCommandValue(message)}${external_os_namespaceObject.EOL}`, {
        encoding: 'utf8'
    });
}
function prepareKeyValueMessage(key, value) {
    const delimiter = `ghadelimiter_${external_crypto_namespaceObject.randomUUID()}`;
    const convertedValue = toCommandValue(value);
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
;// CONCATENATED MODULE: external "node:dgram"
const external_node_dgram_namespaceObject = {} /* ./oidc-utils.js is left out: nothing that runs uses it */;
;// CONCATENATED MODULE: external "node:zlib"
const external_node_zlib_namespaceObject = {} /* ./summary.js is left out: nothing that runs uses it */;
;// CONCATENATED MODULE: external "node:repl"
const external_node_repl_namespaceObject = {} /* ./path-utils.js is left out: nothing that runs uses it */;
;// CONCATENATED MODULE: external "node:sea"
const external_node_sea_namespaceObject = {} /* ./platform.js is left out: nothing that runs uses it */;
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/core.js
var __awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
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
        return file_command_issueFileCommand('ENV', prepareKeyValueMessage(name, val));
    }
    command_issueCommand('set-env', { name }, convertedVal);
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
        return file_command_issueFileCommand('OUTPUT', prepareKeyValueMessage(name, value));
    }
    process.stdout.write(external_os_namespaceObject.EOL);
    command_issueCommand('set-output', { name }, toCommandValue(value));
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
    return __awaiter(this, void 0, void 0, function* () {
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
        return file_command_issueFileCommand('STATE', prepareKeyValueMessage(name, value));
    }
    command_issueCommand('save-state', { name }, toCommandValue(value));
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
    return __awaiter(this, void 0, void 0, function* () {
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
;// CONCATENATED MODULE: ./lib/text.js
// Printable ASCII, like most text, needs no replacing. That saves time: compiling the pattern below takes Node as
// long as all our printing.
const plain = /^[\x20-\x7e]*$/;
// Control characters, line and paragraph separators, and the marks that reorder text on screen. A string, because Node
// would expand these classes in a RegExp literal at every start, needed or not.
const unprintable = String.raw `[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`;
// The runner still reads this as the start of a command, anywhere in a line (actions/runner, ActionCommand.cs).
const oldCommand = '##[';
/**
 * Turns any text into a single printable line, so that it can neither start a workflow command
 * (the runner reads those line by line) nor flood the log.
 *
 * @param text any text
 * @param limit the maximum length in characters
 * @returns one line with white space collapsed, cut with an ellipsis if it was too long
 */
function oneLine(text, limit = Number.POSITIVE_INFINITY) {
    const printable = plain.test(text) ? text : text.replace(new RegExp(unprintable, 'gu'), ' ');
    const line = printable.replace(/\s+/gu, ' ').replaceAll(oldCommand, '## [').trim();
    if (line.length <= limit)
        return line;
    // Half of a surrogate pair is not a character, and strict servers reject it.
    return `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}\u2026`;
}
/**
 * Formats a duration.
 *
 * @param ms milliseconds
 * @returns seconds with at most one decimal, such as `1.5 s`
 */
function seconds(ms) {
    return `${Number((ms / 1000).toFixed(1))} s`;
}

;// CONCATENATED MODULE: ./lib/job/log.js


// Every line of the log is printed here, as one line: `oneLine` removes what the runner does not escape itself. Only
// masks have to arrive. A line that cannot be printed, because nobody reads it or the disk is full, stops no phase.
/** Prints a line of the log. */
function log_info(line) {
    regardless(() => info(oneLine(line)));
}
/** Prints a warning, which GitHub also shows on the page of the run. */
function log_warning(line) {
    regardless(() => warning(oneLine(line)));
}
/**
 * Fails the step with the failure's one line. Its stack, and those of its causes, go to the debug log.
 *
 * @param failure what to show
 * @param redact hides secrets in the stacks, which contain text from libraries
 */
function fail(failure, redact) {
    regardless(() => setFailed(oneLine(failure.message)));
    for (let error = failure; error instanceof Error; error = error.cause) {
        for (const line of (error.stack ?? error.message).split('\n')) {
            regardless(() => debug(redact(line)));
        }
    }
}
/** Prints something, ignoring any failure to print it. */
function regardless(print) {
    try {
        print();
    }
    catch { }
}

;// CONCATENATED MODULE: external "node:events"
const external_node_events_namespaceObject = require("node:events");
;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = require("node:fs");
;// CONCATENATED MODULE: ./lib/failure.js
/** Stable names for every way a step can fail. docs/troubleshooting.md has a section for each. */
const failureCodes = (/* unused pure expression or super */ null && ([
    'invalid-input',
    'no-credentials',
    'username-without-password',
    'password-without-username',
    'malformed-api-token',
    'expired-api-token',
    'insecure-api-url',
    'wrong-credentials',
    'access-refused',
    'host-not-found',
    'connection-refused',
    'connection-lost',
    'proxy-failed',
    'tls-failed',
    'redirected',
    'timed-out',
    'rate-limited',
    'unavailable',
    'rejected',
    'answer-too-large',
    'answer-not-json',
    'answer-malformed',
    'not-deleted',
    'job-files',
    'unsupported-node',
    'unexpected',
]));
/**
 * A failure to show to the user: `message` says in one line what happened and what to do.
 * It never contains a secret, and any text from outside has been through `redact`.
 */
class Failure extends Error {
    name = 'Failure';
    code;
    constructor(code, message, options) {
        super(message, options);
        this.code = code;
    }
}
/** Exabits refused to create a token, so none exists. */
class NotCreated extends Failure {
    constructor(refusal) {
        super(refusal.code, refusal.message, { cause: refusal });
    }
}
/**
 * Turns anything that was thrown into a Failure.
 *
 * @param thrown what a `catch` received
 * @returns `thrown` itself if it is a Failure, otherwise an `unexpected` one with `thrown` as its cause
 */
function toFailure(thrown) {
    if (thrown instanceof Failure)
        return thrown;
    return new Failure('unexpected', `Unexpected error: ${reasonOf(thrown)}. Run the job again with debug logging, and report the error if it happens again.`, { cause: thrown });
}
/** The message of an error, or anything else that was thrown as text. */
function reasonOf(thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
}
/**
 * The code of a system, OpenSSL or Node error.
 *
 * @param thrown what a `catch` received
 * @returns the code, such as `ECONNREFUSED`; empty if there is none
 */
function codeOf(thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    return typeof code === 'string' ? code : '';
}
/**
 * Runs something, and returns a failure instead of throwing it.
 *
 * @param act what to do
 * @returns its result, or the failure
 */
async function attempt(act) {
    try {
        return { result: await act() };
    }
    catch (thrown) {
        return { failure: toFailure(thrown) };
    }
}

;// CONCATENATED MODULE: ./lib/job/stdout.js



const stdoutDescriptor = 1;
const retryMs = 5;
/**
 * Makes `process.stdout.write` synchronous: it returns when the runner can read the text, and throws if it never
 * will. So a mask arrives before anything else happens, and nothing is lost when the process ends. Node's own stream
 * does not promise that for pipes on Windows, and setting it up takes a tenth of the time of a post step.
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
const external_node_crypto_namespaceObject = whenUsed("node:crypto", ["createHash","randomBytes","randomUUID"]);
;// CONCATENATED MODULE: ./lib/fingerprint.js

/**
 * Computes the fingerprint of one or more texts.
 *
 * @param texts what to recognise later; their order and boundaries matter
 */
function fingerprint(...texts) {
    return (0,external_node_crypto_namespaceObject.createHash)('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}
/**
 * Identifies the account that a credential acts as, without revealing the credential. Two steps with the same host,
 * kind and username (or API token) get the same fingerprint. The tokens of a login do not name their account, so a
 * pair only matches itself.
 *
 * @param apiUrl the host that the credential is for
 * @param credential the configured credential, or the tokens obtained with it
 */
function sourceOf(apiUrl, credential) {
    switch (credential.kind) {
        case 'password':
            return fingerprint(apiUrl, credential.kind, credential.username);
        case 'api-token':
            return fingerprint(apiUrl, credential.kind, credential.token);
        case 'token-pair':
            return fingerprint(apiUrl, credential.kind, credential.accessToken, credential.refreshToken);
    }
}

;// CONCATENATED MODULE: ./lib/credentials.js
/**
 * The request headers that authenticate a call. After a login, the API requires both tokens.
 *
 * @param credential what to authenticate with
 * @returns header names and values
 */
function headersOf(credential) {
    const authorization = { Authorization: `Bearer ${bearerTokenOf(credential)}` };
    if (credential.kind === 'api-token')
        return authorization;
    return { ...authorization, 'refresh-token': credential.refreshToken };
}
/** The token that goes into the `Authorization` header. */
function bearerTokenOf(credential) {
    return credential.kind === 'api-token' ? credential.token : credential.accessToken;
}
/** When the token in the `Authorization` header expires, if known. */
function expiryOf(credential) {
    return credential.kind === 'api-token' ? credential.expiresAt : credential.accessTokenExpiresAt;
}
/** The account of a sign-in, if known. */
function accountOf(signIn) {
    return 'account' in signIn ? signIn.account : undefined;
}
/**
 * Makes a credential from an API token, which may be a JWT with its own expiry.
 *
 * @param token the token, without `Bearer`
 */
function toApiToken(token) {
    return { kind: 'api-token', token, expiresAt: jwtExpiry(token) };
}
/**
 * Reads a token's expiry from the token itself.
 *
 * @param token any token; one that is not a JWT is fine
 * @returns the JWT's `exp` (RFC 7519: seconds since the epoch), or undefined if there is none
 */
function jwtExpiry(token) {
    try {
        const [, claims = ''] = token.split('.');
        const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
        if (typeof exp !== 'number')
            return undefined;
        const expiry = new Date(exp * 1000);
        return Number.isNaN(expiry.getTime()) ? undefined : expiry;
    }
    catch {
        return undefined;
    }
}
const longestToken = 16_384;
/**
 * Explains why a text cannot be sent as a token in an HTTP header.
 *
 * @param token the text
 * @returns the reason as the end of a sentence, or undefined if the text is fine
 */
function tokenDefect(token) {
    if (token === '')
        return 'is empty';
    if (/[\r\n]/.test(token))
        return 'contains a line break';
    if (/\s/.test(token))
        return 'contains a space';
    if (!/^[\x21-\x7e]+$/.test(token))
        return 'contains a character that is not allowed in an HTTP header';
    if (token.length > longestToken)
        return `is longer than ${longestToken} characters`;
    return undefined;
}

;// CONCATENATED MODULE: ./lib/endpoint.js

/** The official client's default. */
const defaultApiUrl = 'https://gpu-api.exascalelabs.ai';
const versionPath = '/api/v1';
/**
 * Reads an API address in any of its spellings.
 *
 * @param text the URL, which may end in `/api/v1`, with or without trailing slashes
 * @param setting where it was set, for messages
 * @returns the endpoint
 * @throws Failure `invalid-input`, or `insecure-api-url` for http to anything but this machine
 */
function parseEndpoint(text, setting) {
    const what = `The ${setting ?? 'address of the API'}`;
    const invalid = (must) => new Failure('invalid-input', `${what} must ${must}.`);
    const url = URL.parse(text);
    if (!url || !['https:', 'http:'].includes(url.protocol)) {
        throw invalid(`be a URL that begins with https://, as in ${defaultApiUrl}; http:// is for loopback addresses only`);
    }
    if (url.username || url.password) {
        throw invalid('not hold a username or password; use the inputs username and password');
    }
    if (url.search || url.hash || !['', versionPath].includes(url.pathname.replace(/\/+$/, ''))) {
        throw invalid(`end after the host or after ${versionPath}, as in ${defaultApiUrl}`);
    }
    if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
        throw new Failure('insecure-api-url', `${what} uses http, which would send your credentials to ${url.host} unencrypted. Use https; http is for loopback addresses only.`);
    }
    const name = setting && url.origin !== defaultApiUrl ? `${url.host} (${setting})` : url.host;
    return { apiUrl: url.origin, apiBaseUrl: url.origin + versionPath, name };
}
// `URL` has already normalised IPv4 addresses to dotted form.
function isLoopback(hostname) {
    return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

;// CONCATENATED MODULE: ./lib/inputs.js





/**
 * Reads and validates every input of the step. Secrets are masked before anything else is validated.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @returns the inputs
 * @throws Failure that names the input and what is allowed
 */
function readInputs(masker, now) {
    const connection = readConnectionInputs(masker, now, 60);
    const { booleanInput } = inputReaders(masker.redact);
    const cleanup = booleanInput('cleanup', true);
    const ephemeralApiToken = booleanInput('ephemeral-api-token', false);
    if (ephemeralApiToken && !cleanup) {
        throw new Failure('invalid-input', 'Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other: the token would never expire and never be deleted. Remove one of them.');
    }
    return {
        ...connection,
        exportEnvironment: booleanInput('export-environment', true),
        writeHeadersFile: booleanInput('write-headers-file', true),
        cleanup,
        ephemeralApiToken,
        staleTokenHours: readStaleTokenHours(masker.redact),
        verify: booleanInput('verify', false),
        useExistingCredentials: booleanInput('use-existing-credentials', false),
        jobSummary: booleanInput('job-summary', false),
    };
}
/**
 * Reads and validates the inputs that both actions have. Secrets are masked before anything else is validated.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @param timeoutSeconds the default of `timeout-seconds`
 * @throws Failure that names the input and what is allowed
 */
function readConnectionInputs(masker, now, timeoutSeconds) {
    const { configured, warnings } = readConfigured(masker, now);
    const { wholeNumberInput } = inputReaders(masker.redact);
    return {
        configured,
        endpoint: readEndpoint(),
        timeoutMs: 1000 * wholeNumberInput('timeout-seconds', { byDefault: timeoutSeconds, min: 1, max: 3600 }),
        maxAttempts: wholeNumberInput('max-attempts', { byDefault: 5, min: 1, max: 100 }),
        warnings,
    };
}
/** Reads the age from which tokens left by earlier jobs are deleted, in hours; 0 for never. */
function readStaleTokenHours(redact) {
    return inputReaders(redact).wholeNumberInput('stale-token-hours', { byDefault: 168, min: 0, max: 87_600 });
}
/**
 * Reads and validates the inputs that hold the credentials, and masks the secrets.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @returns what to authenticate with, and warnings about it
 * @throws Failure that names the input and what is wrong with it
 */
function readConfigured({ mask, redact }, now) {
    // Spaces may be part of a password, but a line break at its end comes from how the secret was stored.
    const password = mask(getInput('password', { trimWhitespace: false }).replace(/[\r\n]+$/, ''));
    const apiToken = mask(getInput('api-token'));
    const username = getInput('username');
    const format = inputReaders(redact).choiceInput('password-format', ['plain', 'md5']);
    if (apiToken !== '') {
        const both = 'Both api-token and username/password are given: api-token is used, and no login happens. Remove one of them.';
        return { configured: givenApiToken(apiToken, now), warnings: username || password ? [both] : [] };
    }
    return { configured: givenLogin(username, password, format, mask), warnings: [] };
}
function readEndpoint() {
    const input = getInput('api-url');
    if (input)
        return parseEndpoint(input, 'input "api-url"');
    const variable = process.env.EXABITS_API_URL?.trim();
    if (variable)
        return parseEndpoint(variable, 'variable EXABITS_API_URL');
    return parseEndpoint(defaultApiUrl);
}
/** The failure of a step that has nothing to authenticate with. */
function noCredentials() {
    return new Failure('no-credentials', 'No credentials: set the inputs username and password, or api-token. If they come from secrets, check that the secrets exist here: workflows from forks and Dependabot get none.');
}
function givenLogin(username, password, format, mask) {
    if (username === '' && password === '')
        return { kind: 'none' };
    const advice = "Set both; if it comes from a secret, check the secret's name, and that this workflow may read it.";
    if (password === '') {
        throw new Failure('username-without-password', `Input "username" is set, but "password" is empty. ${advice}`);
    }
    if (username === '') {
        throw new Failure('password-without-username', `Input "password" is set, but "username" is empty. ${advice}`);
    }
    const passwordMd5 = mask(format === 'md5' ? givenMd5(password) : md5(password));
    // The API may accept the hash in either case, so the upper-case form is a secret too.
    mask(passwordMd5.toUpperCase());
    return { kind: 'password', username, passwordMd5 };
}
function givenApiToken(token, now) {
    const defect = tokenDefect(token);
    if (defect) {
        throw new Failure('malformed-api-token', `Input "api-token" ${defect}. Copy the token alone, without "Bearer", and store it again.`);
    }
    const apiToken = toApiToken(token);
    if (apiToken.expiresAt && apiToken.expiresAt <= now) {
        throw new Failure('expired-api-token', `The API token expired at ${apiToken.expiresAt.toISOString()}. Create a new one in the Exabits console and store it as the secret.`);
    }
    return apiToken;
}
function givenMd5(text) {
    const hash = text.trim().toLowerCase();
    if (/^[0-9a-f]{32}$/.test(hash))
        return hash;
    throw new Failure('invalid-input', 'Input "password" must be an MD5 hash (32 hexadecimal digits), because "password-format" is md5. For the password itself use password-format: plain.');
}
// The API takes the MD5 of the password in UTF-8, Node's default. The hash works like the password, so it is masked
// too.
function md5(password) {
    return (0,external_node_crypto_namespaceObject.createHash)('md5').update(password).digest('hex');
}
/**
 * Readers for inputs of a type. Each throws a Failure that names the input and what is allowed.
 *
 * @param redact applied to a rejected input before it is quoted, because it could be a misplaced secret
 */
function inputReaders(redact) {
    const notAllowed = (name, allowed) => new Failure('invalid-input', `Input "${name}" must be ${allowed}, not "${redact(getInput(name))}".`);
    return {
        booleanInput(name, byDefault) {
            const text = getInput(name).toLowerCase();
            if (text === '')
                return byDefault;
            if (text === 'true')
                return true;
            if (text === 'false')
                return false;
            throw notAllowed(name, 'true or false');
        },
        wholeNumberInput(name, range) {
            const text = getInput(name);
            if (text === '')
                return range.byDefault;
            const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
            if (number >= range.min && number <= range.max)
                return number;
            throw notAllowed(name, `a whole number from ${range.min} to ${range.max}`);
        },
        choiceInput(name, choices) {
            const text = getInput(name).toLowerCase();
            if (text === '')
                return choices[0];
            const choice = choices.find((one) => one === text);
            if (choice)
                return choice;
            throw notAllowed(name, choices.join(' or '));
        },
    };
}

;// CONCATENATED MODULE: ./lib/authenticate.js


/**
 * Turns the configured input into a credential, logging in if necessary.
 *
 * @param configured what to authenticate with
 * @param endpoint the deployment it is for
 * @param exabits the API of that deployment
 * @returns the credential
 * @throws Failure `no-credentials`, or whatever a login throws
 */
async function authenticate(configured, { apiUrl }, exabits) {
    switch (configured.kind) {
        case 'none':
            throw noCredentials();
        case 'api-token':
            return { method: 'api-token', credential: configured, source: sourceOf(apiUrl, configured) };
        case 'password': {
            const login = await exabits.login(configured.username, configured.passwordMd5);
            return { method: 'login', ...login, source: sourceOf(apiUrl, configured) };
        }
    }
}

;// CONCATENATED MODULE: ./lib/carried.js



/** A pair is not worth reusing if its access token expires sooner than this. */
const leastLifetimeMs = 5 * 60 * 1000;
/**
 * Finds the credential in the job's environment, choosing as the official client would.
 *
 * @param endpoint the deployment it must be for
 * @param mask masks its tokens
 * @param now the current time
 * @returns an API token that has not expired, or a pair with an access token valid for at least 5 more minutes;
 *   undefined if there is neither
 */
function carriedCredential(endpoint, mask, now) {
    if (!isFor(endpoint))
        return undefined;
    const credential = variable('EXABITS_API_TOKEN') ? carriedApiToken(mask, now) : carriedPair(mask, now);
    return credential && { credential, ...originOf(sourceOf(endpoint.apiUrl, credential)) };
}
// A source alone proves nothing: the fingerprint ties it to the credential beside it.
function originOf(carried) {
    const source = variable('EXABITS_AUTH_SOURCE');
    const exported = variable('EXABITS_AUTH_FINGERPRINT');
    const isReplaced = exported !== '' && exported !== carried;
    return {
        source: (exported === carried && source) || undefined,
        mayBeFrom: (other) => !isReplaced && (source === '' || source === other),
    };
}
function carriedApiToken(mask, now) {
    const token = variable('EXABITS_API_TOKEN');
    if (tokenDefect(token))
        return undefined;
    const credential = toApiToken(mask(token));
    return credential.expiresAt && credential.expiresAt <= now ? undefined : credential;
}
function carriedPair(mask, now) {
    const accessToken = variable('EXABITS_ACCESS_TOKEN');
    const refreshToken = variable('EXABITS_REFRESH_TOKEN');
    if (tokenDefect(accessToken) || tokenDefect(refreshToken))
        return undefined;
    const accessTokenExpiresAt = jwtExpiry(accessToken) ?? new Date(variable('EXABITS_ACCESS_TOKEN_EXPIRES_AT'));
    const lifetimeMs = accessTokenExpiresAt.getTime() - now.getTime();
    // Negated, so that an invalid date (NaN) fails too.
    if (!(lifetimeMs >= leastLifetimeMs))
        return undefined;
    return {
        kind: 'token-pair',
        accessToken: mask(accessToken),
        refreshToken: mask(refreshToken),
        accessTokenExpiresAt,
        refreshTokenExpiresAt: jwtExpiry(refreshToken),
    };
}
function isFor(endpoint) {
    try {
        return parseEndpoint(variable('EXABITS_API_URL') || defaultApiUrl).apiUrl === endpoint.apiUrl;
    }
    catch {
        return false;
    }
}
function variable(name) {
    return process.env[name]?.trim() ?? '';
}

;// CONCATENATED MODULE: external "node:timers/promises"
const promises_namespaceObject = whenUsed("node:timers/promises", ["setTimeout"]);
;// CONCATENATED MODULE: ./lib/job/command-files.js


/**
 * Makes sure that the runner gave the step a command file. Without it, the toolkit would print the values instead.
 *
 * @param variable the variable that names the file
 * @returns its path and current size in bytes
 * @throws Failure `job-files` if it is missing
 */
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
 * Writes to all of several command files or to none: if it fails, each is cut back to its former size.
 *
 * @param variables the variables that name the files
 * @param write does the writing; passes to `onFailure` how to undo anything it did elsewhere
 * @throws Failure `job-files` for whatever `write` threw
 */
function writeAllOrNone(variables, write) {
    const undos = variables.map(requireCommandFile).map(({ path, size }) => () => (0,external_node_fs_namespaceObject.truncateSync)(path, size));
    try {
        write((undo) => undos.push(undo));
    }
    catch (thrown) {
        for (const undo of undos)
            command_files_regardless(undo);
        throw unwritable(thrown);
    }
}
// A file that cannot be restored must not stop the others from being restored, or hide why `write` failed.
function command_files_regardless(undo) {
    try {
        undo();
    }
    catch { }
}
function unwritable(thrown) {
    return new Failure('job-files', `The runner's files for this step cannot be written (${reasonOf(thrown)}), so nothing was exported. Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.`, { cause: thrown });
}

;// CONCATENATED MODULE: ./lib/job/state.js


/** Saves what `main` is about to leave, so that `post` finds it even if `main` is killed meanwhile. */
function saveLeftovers(leftovers) {
    saveState('leftovers', leftovers);
}
/** Reads what `main` left; undefined if it did not get that far. */
function readLeftovers() {
    return read('leftovers');
}
/**
 * Saves the token that is about to be created, so that `post` finds it even if `main` is killed meanwhile.
 *
 * @param token the token; undefined if none was created after all
 * @throws Failure `job-files` if the runner's file cannot be written
 */
function saveEphemeralToken(token) {
    writeAllOrNone(['GITHUB_STATE'], () => saveState('ephemeral-token', token));
}
/** Reads the token that `main` created, or was about to; undefined if there is none. */
function readEphemeralToken() {
    return read('ephemeral-token');
}
function read(name) {
    const text = getState(name);
    return text === '' ? undefined : JSON.parse(text);
}

;// CONCATENATED MODULE: ./lib/ephemeral-token.js






/** Enough for the longest names on GitHub. */
const longestDescription = 500;
/** Waits between lookups of a token that may not exist yet, in milliseconds, each capped to a share of the timeout. */
const lateCreationMs = [1_000, 2_000, 0];
const lateCreationShare = 1 / 30;
/**
 * Labels a token so that `post` can find it, and people can see in the Exabits console where it came from.
 *
 * @param env the runner's variables
 * @returns the name `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and a description that links to the
 *   job's run
 */
function ephemeralTokenLabel(env) {
    const run = numberIn(env.GITHUB_RUN_ID, /^\d{1,20}$/);
    const attempt = numberIn(env.GITHUB_RUN_ATTEMPT, /^\d{1,10}$/);
    const { GITHUB_REPOSITORY = '', GITHUB_WORKFLOW = '', GITHUB_JOB = '' } = env;
    const where = `workflow ${oneLine(GITHUB_WORKFLOW, 50)}, job ${oneLine(GITHUB_JOB, 50)} of ${GITHUB_REPOSITORY}`;
    return {
        name: `gha-${run}-${attempt}-${(0,external_node_crypto_namespaceObject.randomBytes)(4).toString('hex')}`,
        description: oneLine(`${where}: ${attemptUrl(env, run, attempt)}`, longestDescription),
    };
}
/**
 * The page on GitHub of one attempt of a run. A token's description ends with this address.
 *
 * @param env the runner's variables, which name the server and the repository
 */
function attemptUrl({ GITHUB_SERVER_URL = '', GITHUB_REPOSITORY = '' }, runId, attempt) {
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${runId}/attempts/${attempt}`;
}
// `parseEphemeralName` must recognise every name, even if a runner numbers its runs differently.
function numberIn(text, digits) {
    return text?.match(digits)?.[0] ?? '0';
}
/**
 * Creates the job's token. Its name is saved first, so that `post` can find the token even if `main` is killed
 * while creating it.
 *
 * @param exabits the API
 * @param credential what to create it with
 * @param settings what `post` will need to delete it
 * @returns the token, its id and name
 * @throws Failure; `post` then deletes any token that was created nevertheless
 */
async function createEphemeralToken(exabits, credential, settings) {
    const label = ephemeralTokenLabel(process.env);
    const planned = { ...settings, name: label.name, id: undefined, mayHaveNamesakes: true };
    saveEphemeralToken(planned);
    const { result, failure } = await attempt(() => exabits.createApiToken(credential, label));
    // What Exabits said matters more than a state that cannot be written.
    if (failure instanceof NotCreated)
        await attempt(() => saveEphemeralToken(undefined));
    if (failure)
        throw failure;
    const { id, mayHaveNamesakes, credential: token } = result;
    const owners = [...settings.owners, sourceOf(settings.apiUrl, token)];
    saveEphemeralToken({ ...planned, id, mayHaveNamesakes, owners });
    return { id, name: label.name, credential: token };
}
/**
 * Deletes this job's token, and any of the same name left by a creation whose answer was lost.
 *
 * @param exabits the API
 * @param credential what to delete with; must belong to the account that created the token
 * @param token the token of this job
 * @returns how many tokens had its name or id
 * @throws TokensLeft if some may still exist, after trying to delete each one
 */
async function deleteEphemeralToken(exabits, credential, token) {
    const looked = await attempt(() => lookFor(token, exabits, credential));
    // The job's own token comes last, because it may authenticate the other deletions.
    const namesakes = (looked.result ?? []).filter((id) => id !== token.id);
    const ids = token.id ? [...namesakes, token.id] : namesakes;
    const failures = looked.failure ? [looked.failure] : [];
    const left = [];
    for (const id of ids) {
        const { failure } = await attempt(() => exabits.deleteApiToken(credential, id));
        if (!failure)
            continue;
        failures.push(failure);
        left.push(id);
    }
    const [first] = failures;
    if (first)
        throw new TokensLeft(first.code, failures, left);
    return ids.length;
}
/** Some tokens of a job could not be deleted or looked up. */
class TokensLeft extends Failure {
    /** The tokens that are known to be left. */
    ids;
    constructor(code, failures, ids) {
        super(code, failures.map(({ message }) => message).join(' '));
        this.ids = ids;
    }
}
// Exabits may carry out a request a little after `main` was killed while sending it.
async function lookFor({ id, name, mayHaveNamesakes, timeoutMs }, exabits, credential) {
    if (!mayHaveNamesakes)
        return [];
    for (const waitMs of id ? [0] : lateCreationMs) {
        const found = await exabits.findApiTokens(credential, name);
        if (found.length > 0)
            return found.map((token) => token.id);
        await (0,promises_namespaceObject.setTimeout)(Math.min(waitMs, timeoutMs * lateCreationShare));
    }
    return [];
}

;// CONCATENATED MODULE: ./lib/exabits/backoff.js
/**
 * Starts a deadline.
 *
 * @param totalMs milliseconds from now
 * @returns the deadline
 */
function startDeadline(totalMs) {
    const end = monotonicMs() + totalMs;
    return { totalMs, remainingMs: () => Math.max(0, end - monotonicMs()) };
}
// `performance.now()` would do as well, but loads nine or more of Node's modules.
function monotonicMs() {
    return process.uptime() * 1000;
}
const firstCeilingMs = 1_000;
/** A rate limit means many jobs at once: 256 of them need this much room to spread out (docs/scaling.md). */
const firstCeilingInCrowdMs = 5_000;
const highestCeilingMs = 20_000;
/**
 * How long to wait before the next try: exponential backoff with full jitter, so that jobs that failed together do not
 * retry together. The jitter is added to the server's `Retry-After`.
 *
 * @param wait what is known about the wait
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
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3).
 *
 * @param header seconds or an HTTP date
 * @param serverDate the `Date` header of the same answer, because the date refers to the server's clock
 * @param now the current time, for an answer without a `Date`
 * @returns milliseconds to wait; 0 if the header is missing, in the past, or invalid
 */
function retryAfterMs(header, serverDate, now) {
    if (header?.match(/^\d+$/))
        return Number(header) * 1000;
    const at = httpDate(header);
    return at ? Math.max(0, at.getTime() - (httpDate(serverDate) ?? now).getTime()) : 0;
}
/**
 * Reads an HTTP date (RFC 9110, section 5.6.7).
 *
 * @param text the value of a header such as `Date`
 * @returns the time, or undefined if it is not a date
 */
function httpDate(text) {
    // `Date.parse` also accepts other text, such as a negative number. Every HTTP date begins with a weekday.
    if (!text?.match(/^[A-Z][a-z]+,? /))
        return undefined;
    // The oldest form, that of C's `asctime`, omits the GMT. A second one does no harm.
    const date = new Date(`${text} GMT`);
    return Number.isNaN(date.getTime()) ? undefined : date;
}

;// CONCATENATED MODULE: ./lib/exabits/fault.js

/** One failed try of a request. */
class Fault extends Failure {
    saw;
    transient;
    retryAfterMs;
    constructor(code, message, { saw, transient, retryAfterMs = 0, cause }) {
        super(code, message, { cause });
        this.saw = saw;
        this.transient = transient;
        this.retryAfterMs = retryAfterMs;
    }
}

;// CONCATENATED MODULE: ./lib/exabits/envelope.js



/** An answer that refuses the request. */
class Rejection extends Fault {
    status;
    /** Whether the answer was an envelope, and so really from Exabits. */
    enveloped;
    /** Who answered, for messages. */
    host;
    constructor(code, message, answer, seen) {
        super(code, message, {
            saw: seen.saw,
            transient: !isFinal(answer.status),
            retryAfterMs: retryAfterMs(answer.headers['retry-after'], answer.headers.date, new Date()),
        });
        this.status = answer.status;
        this.host = seen.host;
        this.enveloped = seen.enveloped;
    }
}
/**
 * Whether a status means that the same request will not succeed later: all but 408, 429 and 5xx. 501 is final too: a
 * method does not get implemented between two tries.
 *
 * @param status the HTTP status
 */
function isFinal(status) {
    return (status < 500 || status === 501) && status !== 408 && status !== 429;
}
/** Whether a value is a JSON object (and neither null nor a list). */
function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
/**
 * Opens the envelope `{"status", "message", "data", "total"?}` around every answer from Exabits.
 *
 * @param answer the HTTP answer
 * @param host who answered, for messages
 * @param redact makes the server's message printable
 * @returns its content; no data if the answer is empty and may be
 * @throws Rejection if Exabits refuses, by the HTTP status or by `status: false`
 * @throws Failure `redirected`, `answer-not-json` or `answer-malformed`
 */
function readEnvelope(answer, host, redact) {
    if (answer.status >= 300 && answer.status < 400)
        throw redirected(answer, redact);
    const json = parseJson(answer.body);
    const date = httpDate(answer.headers.date);
    if (answer.status >= 400)
        throw rejected(answer, host, json, redact);
    if (answer.body === '' && answer.mayBeEmpty)
        return { data: undefined, total: undefined, date };
    if (json === undefined)
        throw notJson(answer, host, redact);
    if (!isEnvelope(json)) {
        throw malformed(answer.request, 'it lacks the envelope with a "status" that is true or false');
    }
    if (!json.status)
        throw rejected(answer, host, json, redact);
    const { data, total } = json;
    return { data, total: typeof total === 'number' ? total : undefined, date };
}
/**
 * The failure for an answer that is JSON, but not in the form that the API promises.
 *
 * @param request method and path
 * @param defect what is wrong with it, as the end of a sentence
 */
function malformed(request, defect) {
    return new Failure('answer-malformed', `The answer to ${request} is not what the Exabits API promises: ${defect}. Check the address of the API; if it is right, tell Exabits.`);
}
function isEnvelope(json) {
    return isObject(json) && typeof json.status === 'boolean';
}
function redirected({ request, status, headers }, redact) {
    const target = headers.location ? redact(headers.location) : 'an unspecified address';
    return new Failure('redirected', `${request} was redirected (HTTP ${status}) to ${target}. Redirects are not followed, because your credentials would follow them: if you trust that address, set the input "api-url" to it.`);
}
function notJson({ request, headers, body }, host, redact) {
    const encoding = headers['content-encoding']
        ? `, content encoding ${redact(headers['content-encoding'])}`
        : '';
    const what = body === '' ? 'is empty' : `is not JSON (content type ${contentType(headers, redact)}${encoding})`;
    return new Failure('answer-not-json', `The answer from ${host} to ${request} ${what}. Check the address, and whether a proxy or a sign-in page answers instead of Exabits.`);
}
function rejected(answer, host, json, redact) {
    const words = redact(serverWords(json));
    const type = json === undefined && answer.body !== ''
        ? ` with content type ${contentType(answer.headers, redact)}`
        : '';
    const saw = `HTTP ${answer.status}${type}${words ? `, "${words}"` : ''}`;
    const enveloped = isEnvelope(json);
    const seen = { host, saw, enveloped };
    if (answer.status === 429) {
        return new Rejection('rate-limited', `Too many requests to Exabits (${saw}). Run fewer jobs at the same time, or raise the inputs "timeout-seconds" and "max-attempts".`, answer, seen);
    }
    if (!isFinal(answer.status)) {
        return new Rejection('unavailable', `Exabits cannot answer now (${saw}). Run the job again later.`, answer, seen);
    }
    const [who, advice] = enveloped
        ? ['Exabits', 'Check the inputs of the step.']
        : [host, 'This is not how Exabits answers: check the address.'];
    return new Rejection('rejected', `${who} refused ${answer.request} (${saw}). ${advice}`, answer, seen);
}
// The reason is in `message`, and sometimes deeper; the official client looks in the same places.
function serverWords(json) {
    const places = [];
    if (isObject(json)) {
        places.push(json.message);
        if (isObject(json.data)) {
            places.push(json.data.message);
            if (isObject(json.data.error_reason))
                places.push(json.data.error_reason.message);
        }
    }
    return [...new Set(places.filter((words) => typeof words === 'string' && words !== ''))].join(': ');
}
function contentType(headers, redact) {
    return headers['content-type'] ? redact(headers['content-type']) : 'not given';
}
// An id may be a number of any length, but JavaScript numbers are exact only up to 2^53. So its source text is used.
const readId = (key, value, { source }) => key === 'id' && typeof value === 'number' ? source : value;
// ECMAScript passes the source text to a reviver; TypeScript does not know that yet.
const parse = JSON.parse;
function parseJson(text) {
    try {
        return parse(text, readId);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/exabits/api.js



/** Documented lifetimes, for tokens that do not state their expiry. */
const accessTokenMs = 30 * 60 * 1000;
const refreshTokenMs = 2 * 60 * 60 * 1000;
const pageSize = 100;
/** Tokens of one name are not further apart than this: twice the most that `timeout-seconds` allows. */
const namesakesWithinMs = 2 * 3_600_000;
const mostPages = 1000;
/** The share of a page that the next one repeats, because the list moves up when other jobs delete tokens meanwhile. */
const overlap = 0.2;
const list = 'GET /api-tokens';
/**
 * Creates the API calls on top of a function that sends requests.
 *
 * @param send sends one request
 * @param masker masks the tokens in answers before anything else sees them
 */
function createExabits(send, masker) {
    const sendAs = async (credential, request) => {
        try {
            return await send({ ...request, headers: headersOf(credential) });
        }
        catch (thrown) {
            throw isRefusal(thrown, [401, 403]) ? accessRefused(credential, thrown) : thrown;
        }
    };
    const readPage = async (credential, order, offset) => {
        const path = `/api-tokens?limit=${pageSize}&offset=${offset}&sortField=created_at&sortOrder=${order}`;
        const { data, total, date } = await sendAs(credential, { method: 'GET', path });
        const entries = readList(data);
        const tokens = entries.flatMap(readListedToken);
        return { tokens, size: entries.length, total, date, isSorted: isSorted(tokens, order) };
    };
    // Reading may stop early only if the list is sorted. No field reliably tells where the list ends: `total` may count
    // only the page, and a page may be shorter than requested.
    const readPages = async (credential, order, isEnough) => {
        const tokens = new Map();
        let offset = 0;
        let areSorted = true;
        for (let count = 0; count < mostPages; count += 1) {
            const page = await readPage(credential, order, offset);
            const before = tokens.size;
            areSorted &&= page.isSorted;
            for (const token of page.tokens)
                tokens.set(token.id, token);
            const end = offset + page.size;
            const isLast = tokens.size === before;
            if (isLast && end < (page.total ?? 0))
                throw malformed(list, 'it ends before its "total"');
            if (isLast || (areSorted && isEnough?.(page.tokens)))
                return { tokens: [...tokens.values()], date: page.date };
            offset = end - Math.floor(page.size * overlap);
        }
        throw malformed(list, `it goes on after ${mostPages} pages`);
    };
    const exabits = {
        async login(username, passwordMd5) {
            try {
                const body = { username, password: passwordMd5 };
                const { data } = await send({ method: 'POST', path: '/authenticate/login', body });
                return readLogin(data, username, masker);
            }
            catch (thrown) {
                throw isWrongCredentials(thrown) ? wrongCredentials(thrown) : thrown;
            }
        },
        async verify(credential) {
            await sendAs(credential, { method: 'GET', path: '/billing/balance' });
        },
        async createApiToken(credential, label) {
            let mayHaveNamesakes = false;
            const request = {
                method: 'POST',
                path: '/api-tokens',
                body: { name: label.name, description: label.description },
                async beforeRetry() {
                    mayHaveNamesakes = true;
                    for (const { id } of await exabits.findApiTokens(credential, label.name)) {
                        await exabits.deleteApiToken(credential, id);
                    }
                },
            };
            try {
                const { data } = await sendAs(credential, request);
                return { ...readCreatedToken(data, masker), mayHaveNamesakes };
            }
            catch (thrown) {
                const failure = toFailure(thrown);
                throw !mayHaveNamesakes && isRefusedByExabits(failure) ? new NotCreated(failure) : failure;
            }
        },
        async listOldestApiTokens(credential) {
            const page = await readPage(credential, 'asc', 0);
            const more = (page.total ?? 0) - page.size;
            if (page.isSorted || more <= 0)
                return page;
            return readPage(credential, 'asc', Math.floor(Math.random() * (more + 1)));
        },
        listApiTokens: (credential) => readPages(credential, 'asc'),
        async findApiTokens(credential, name) {
            const isNamed = (token) => token.name === name;
            // NaN if unknown.
            const timeOf = (token) => Number(token?.createdAt);
            let newest;
            const { tokens } = await readPages(credential, 'desc', (page) => {
                newest ??= page.find(isNamed);
                return timeOf(page.at(-1)) < timeOf(newest) - namesakesWithinMs;
            });
            return tokens.filter(isNamed);
        },
        async deleteApiToken(credential, id) {
            // The id goes into a URL and into messages.
            if (masker.redact(id) !== id)
                throw malformed(list, 'the "id" of an entry contains a secret');
            try {
                const path = `/api-tokens/${encodeURIComponent(id)}`;
                await sendAs(credential, { method: 'DELETE', path, mayBeEmpty: true });
            }
            catch (thrown) {
                // A 404 from anything but Exabits says nothing about the token.
                if (!isRefusal(thrown, [404]) || !thrown.enveloped)
                    throw thrown;
            }
        },
    };
    return exabits;
}
function isRefusal(thrown, statuses) {
    return thrown instanceof Rejection && statuses.includes(thrown.status);
}
// Only Exabits itself can say so: a proxy may refuse to pass on the answer to a request that was carried out.
function isRefusedByExabits(failure) {
    const rejection = failure instanceof Rejection ? failure : failure.cause;
    return rejection instanceof Rejection && rejection.enveloped && !rejection.transient;
}
// `status: false` comes with HTTP 200. A 403 may also come from a firewall, which knows nothing about passwords.
function isWrongCredentials(thrown) {
    return isRefusal(thrown, [401]) || (isRefusal(thrown, [200, 403]) && thrown.enveloped);
}
function wrongCredentials(rejection) {
    return new Failure('wrong-credentials', `Exabits did not accept the username and password (${rejection.saw}). Check both secrets and that they belong to ${rejection.host}; "password-format" must be md5 if you stored the MD5 of the password, and plain if you stored the password itself.`, { cause: rejection });
}
function accessRefused(credential, rejection) {
    const what = credential.kind === 'api-token'
        ? `the API token (${rejection.saw}). Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${rejection.host}`
        : `the tokens of the login (${rejection.saw}). Check that the account may use the API, and that the runner's clock is right`;
    return new Failure('access-refused', `Exabits refused ${what}.`, { cause: rejection });
}
function readLogin(data, username, masker) {
    const read = reader('POST /authenticate/login', data, masker);
    const accessToken = read.token('access_token');
    const refreshToken = read.token('refresh_token');
    const now = Date.now();
    return {
        credential: {
            kind: 'token-pair',
            accessToken,
            refreshToken,
            accessTokenExpiresAt: jwtExpiry(accessToken) ?? new Date(now + accessTokenMs),
            refreshTokenExpiresAt: jwtExpiry(refreshToken) ?? new Date(now + refreshTokenMs),
        },
        account: { username: read.optionalName('username') || username, email: read.optionalName('email') },
    };
}
function readCreatedToken(data, masker) {
    const read = reader('POST /api-tokens', data, masker);
    const token = read.token('token');
    const id = read.id('id');
    // The id is saved in the state and printed, so it must not be a secret. A short id may occur in a token by chance.
    const isPartOfToken = id.length >= 16 && token.includes(id);
    if (isPartOfToken || masker.redact(id) !== id)
        throw malformed('POST /api-tokens', 'its "id" contains a secret');
    return { credential: toApiToken(token), id };
}
function readList(data) {
    // Some servers send an empty list as null.
    if (data === null || data === undefined)
        return [];
    if (!Array.isArray(data))
        throw malformed(list, 'its "data" is not a list');
    return data;
}
// Creation times show whether the server sorted. If any is missing, the list counts as unsorted.
function isSorted(tokens, order) {
    const times = tokens.map(({ createdAt }) => Number(createdAt));
    const inOrder = order === 'asc' ? times : times.toReversed();
    return inOrder.every((time, index) => time >= (inOrder[index - 1] ?? time));
}
function readListedToken(entry) {
    if (!isObject(entry))
        return [];
    const { id, name, description, created_at: createdAt } = entry;
    if (!isId(id)) {
        // Without a name, it is not one of ours.
        if (typeof name !== 'string')
            return [];
        throw malformed(list, 'the "id" of an entry is not an identifier');
    }
    return [
        {
            id,
            name: typeof name === 'string' ? name : '',
            description: typeof description === 'string' ? description : '',
            createdAt: typeof createdAt === 'number' ? new Date(createdAt * 1000) : undefined,
        },
    ];
}
// An id goes into URLs, and into a command that the user may have to copy.
function isId(id) {
    return typeof id === 'string' && /^\w[\w.:-]{0,127}$/.test(id);
}
function reader(answer, data, { mask, redact }) {
    if (!isObject(data))
        throw malformed(answer, 'its "data" is not an object');
    const fields = data;
    return {
        token(field) {
            const token = fields[field];
            if (typeof token !== 'string')
                throw malformed(answer, `its "${field}" is not a string`);
            const defect = tokenDefect(token);
            // Not masked: it is never used, and masking each of its lines could garble the job's whole log.
            if (defect)
                throw malformed(answer, `its "${field}" ${defect}`);
            return mask(token);
        },
        id(field) {
            const id = fields[field];
            if (!isId(id))
                throw malformed(answer, `its "${field}" is not an identifier`);
            return id;
        },
        optionalName(field) {
            const name = fields[field] ?? '';
            if (typeof name !== 'string')
                throw malformed(answer, `its "${field}" is not a string`);
            return redact(name);
        },
    };
}

;// CONCATENATED MODULE: external "node:http"
const external_node_http_namespaceObject = whenUsed("node:http", ["Agent"]);
;// CONCATENATED MODULE: external "node:https"
const external_node_https_namespaceObject = whenUsed("node:https", ["Agent"]);
// EXTERNAL MODULE: external "http"
var external_http_ = __nccwpck_require__(611);
var external_http_namespaceObject = /*#__PURE__*/__nccwpck_require__.t(external_http_, 2);
// EXTERNAL MODULE: external "https"
var external_https_ = __nccwpck_require__(692);
var external_https_namespaceObject = /*#__PURE__*/__nccwpck_require__.t(external_https_, 2);
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
// EXTERNAL MODULE: ./node_modules/tunnel/index.js
var tunnel = __nccwpck_require__(770);
;// CONCATENATED MODULE: external "node:vm"
const external_node_vm_namespaceObject = {} /* undici is left out: nothing that runs uses it */;
;// CONCATENATED MODULE: ./node_modules/@actions/http-client/lib/index.js
/* eslint-disable @typescript-eslint/no-explicit-any */
var lib_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
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
        return lib_awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve) => lib_awaiter(this, void 0, void 0, function* () {
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
        return lib_awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve) => lib_awaiter(this, void 0, void 0, function* () {
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
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('OPTIONS', requestUrl, null, additionalHeaders || {});
        });
    }
    get(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('GET', requestUrl, null, additionalHeaders || {});
        });
    }
    del(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('DELETE', requestUrl, null, additionalHeaders || {});
        });
    }
    post(requestUrl, data, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('POST', requestUrl, data, additionalHeaders || {});
        });
    }
    patch(requestUrl, data, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('PATCH', requestUrl, data, additionalHeaders || {});
        });
    }
    put(requestUrl, data, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('PUT', requestUrl, data, additionalHeaders || {});
        });
    }
    head(requestUrl, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request('HEAD', requestUrl, null, additionalHeaders || {});
        });
    }
    sendStream(verb, requestUrl, stream, additionalHeaders) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return this.request(verb, requestUrl, stream, additionalHeaders);
        });
    }
    /**
     * Gets a typed object from an endpoint
     * Be aware that not found returns a null.  Other errors (4xx, 5xx) reject the promise
     */
    getJson(requestUrl_1) {
        return lib_awaiter(this, arguments, void 0, function* (requestUrl, additionalHeaders = {}) {
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            const res = yield this.get(requestUrl, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    postJson(requestUrl_1, obj_1) {
        return lib_awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.post(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    putJson(requestUrl_1, obj_1) {
        return lib_awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.put(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    patchJson(requestUrl_1, obj_1) {
        return lib_awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
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
        return lib_awaiter(this, void 0, void 0, function* () {
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
        return lib_awaiter(this, void 0, void 0, function* () {
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
        info.httpModule = usingSsl ? external_https_namespaceObject : external_http_namespaceObject;
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
            maxSockets = this.requestOptions.maxSockets || external_http_.globalAgent.maxSockets;
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
                tunnelAgent = overHttps ? tunnel.httpsOverHttps : tunnel.httpsOverHttp;
            }
            else {
                tunnelAgent = overHttps ? tunnel.httpOverHttps : tunnel.httpOverHttp;
            }
            agent = tunnelAgent(agentOptions);
            this._proxyAgent = agent;
        }
        // if tunneling agent isn't assigned create a new agent
        if (!agent) {
            const options = { keepAlive: this._keepAlive, maxSockets };
            agent = usingSsl ? new external_https_.Agent(options) : new external_http_.Agent(options);
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
        proxyAgent = new external_node_vm_namespaceObject.ProxyAgent(Object.assign({ uri: proxyUrl.href, pipelining: !this._keepAlive ? 0 : 1 }, ((proxyUrl.username || proxyUrl.password) && {
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
        return lib_awaiter(this, void 0, void 0, function* () {
            retryNumber = Math.min(ExponentialBackoffCeiling, retryNumber);
            const ms = ExponentialBackoffTimeSlice * Math.pow(2, retryNumber);
            return new Promise(resolve => setTimeout(() => resolve(), ms));
        });
    }
    _processResponse(res, options) {
        return lib_awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve, reject) => lib_awaiter(this, void 0, void 0, function* () {
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
;// CONCATENATED MODULE: ./lib/version.js
/** The version in the User-Agent. A test makes sure that it matches package.json. */
const version = '1.0.0';

;// CONCATENATED MODULE: ./lib/exabits/transport.js


// Node's and OpenSSL's codes for a peer that could not be verified.
const certificateCode = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;
// And for one that does not speak TLS at all.
const protocolCode = /^(ERR_SSL_|EPROTO$)/;
/** Whether an error is about the identity or the protocol of a TLS peer. */
function isTlsError(error) {
    const code = codeOf(error);
    return certificateCode.test(code) || protocolCode.test(code);
}
/**
 * The proxy did not connect us to the API. The original error is left out, because it contains the proxy's password.
 */
class ProxyError extends Error {
    constructor(error, { password }) {
        const message = error.message.replace(/^Failed to establish tunnel to .*: (?=HTTP)/, '');
        const secrets = [password, decodeURIComponent(password)].filter(Boolean);
        super(secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message));
    }
}
/**
 * Describes a transport error.
 *
 * @param thrown what the HTTP client threw
 * @param host the host that was called, for messages
 * @param redact makes the error's own text printable
 * @returns the fault, which says whether to try again
 */
function transportFault(thrown, host, redact) {
    const code = codeOf(thrown);
    const reason = redact(thrown instanceof Error ? thrown.message || code : String(thrown));
    const fault = (transient, failureCode, message) => new Fault(failureCode, message, { saw: reason, transient, cause: thrown });
    if (thrown instanceof ProxyError) {
        return fault(true, 'proxy-failed', `The proxy did not connect to ${host} (${reason}). Check https_proxy and no_proxy.`);
    }
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
        return fault(true, 'host-not-found', `Host ${host} was not found (${code}). Check the address, and the runner's DNS.`);
    }
    if (code === 'ECONNREFUSED') {
        return fault(true, 'connection-refused', `${host} refused the connection. Check the address, and that the service is up.`);
    }
    if (isTlsError(thrown)) {
        return fault(false, 'tls-failed', 
        // OpenSSL puts its reason between error numbers, library names and lines of its sources.
        `No secure connection to ${host} (${code}: ${reason.replace(/^.*:SSL routines:[^:]*:([^:]+):.*$/, '$1')}). ${tlsAdvice(code)}`);
    }
    return fault(true, 'connection-lost', `The connection to ${host} broke (${reason}). Check the network between the runner and Exabits, then run the job again.`);
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
    return 'If the host or a proxy uses a private certificate authority, set NODE_EXTRA_CA_CERTS to its certificate file.';
}

;// CONCATENATED MODULE: ./lib/exabits/exchange.js








const userAgent = `exabits-auth/${version}`;
const largestAnswer = 1024 * 1024;
/** How long to wait for the rest of an answer after a status that refuses the request. */
const refusalMs = 3_000;
const statusLine = /^HTTP\/1\.\d ([2-9]\d\d)/;
/** Empty lines and interim answers (RFC 9110, section 15.2), which come before the final one. */
const interim = /^(?:[\r\n]+|HTTP\/1\.\d 1\d\d[\s\S]*?\r?\n\r?\n)+/;
/** Node's limit for the head of an answer. */
const largestInterim = 16 * 1024;
/** Longer than any wait: a silence is ended by the signal, not by the socket's timeout. */
const neverMs = 2 ** 31 - 1;
/** Method and path, for messages. */
function nameOf({ method, path }) {
    return `${method} ${path.replace(/\?.*/, '')}`;
}
/**
 * Sends a request once, through the proxy set in the environment, and reads the whole answer. Follows no redirects.
 *
 * @param baseUrl what the request's path is appended to
 * @param request what to send
 * @param signal aborts the exchange
 * @returns the answer, with any status. A final refusal, such as 403, is returned even if the rest of the answer is
 *   broken or missing: the server has seen the request, so sending it again would not help
 * @throws Failure `proxy-failed` or `answer-too-large`; or Node's error if the exchange breaks or is aborted
 */
async function exchange(baseUrl, request, signal) {
    const { method, path, mayBeEmpty = false } = request;
    const url = baseUrl + path;
    const proxy = proxyFor(new URL(url));
    let status = 0;
    let headers = {};
    const chunks = [];
    const answer = () => ({
        request: nameOf(request),
        status,
        headers,
        mayBeEmpty,
        body: Buffer.concat(chunks).toString('utf8'),
    });
    const refused = Promise.withResolvers();
    const onStatus = (seen) => {
        status = seen;
        if (exchange_isRefusal(status))
            setTimeout(refused.resolve, refusalMs).unref();
    };
    const agent = agentFor(url, proxy, onStatus);
    const client = new HttpClient(userAgent, [requestOptions(agent, signal)], {
        allowRedirects: false,
        socketTimeout: neverMs,
    });
    const read = async () => {
        const { message } = await client.request(method, url, request.body ? JSON.stringify(request.body) : null, requestHeaders(request));
        onStatus(Number(message.statusCode));
        headers = message.headers;
        let size = 0;
        for await (const chunk of message) {
            size += chunk.length;
            if (size > largestAnswer)
                throw tooLarge(nameOf(request));
            chunks.push(chunk);
        }
    };
    try {
        // Until the proxy opens its tunnel, the request has no socket, and the signal only stops sockets.
        await Promise.race([read(), refused.promise, aborted(signal)]);
    }
    catch (thrown) {
        if (!exchange_isRefusal(status))
            throw thrown;
    }
    finally {
        // Closes what is left of the connection, for example if the rest of the answer was not read.
        agent.destroy();
    }
    return answer();
}
function exchange_isRefusal(status) {
    return status >= 300 && isFinal(status);
}
function requestHeaders({ headers, body }) {
    return {
        Accept: 'application/json',
        ...headers,
        ...(body ? { 'Content-Type': 'application/json' } : {}),
    };
}
function tooLarge(request) {
    return new Failure('answer-too-large', `The answer to ${request} is larger than 1 MiB, which no answer from Exabits is. Check the address of the API.`);
}
// Node would silently bypass a proxy with an address that it cannot parse.
function proxyFor(url) {
    const variable = process.env.https_proxy || process.env.HTTPS_PROXY;
    // http goes only to this machine, which bypasses the proxy too.
    if (!variable || checkBypass(url))
        return undefined;
    const proxy = URL.parse(variable);
    if (proxy?.hostname && ['http:', 'https:'].includes(proxy.protocol) && isEscaped(proxy))
        return proxy;
    throw new Failure('proxy-failed', 'The variable https_proxy is not a URL such as http://proxy.example:3128. Correct it (in the password, write % as %25), or add the host to no_proxy.');
}
function isEscaped({ username, password }) {
    try {
        decodeURIComponent(username + password);
        return true;
    }
    catch {
        return false;
    }
}
function requestOptions(agent, signal) {
    return {
        prepareRequest(options) {
            options.signal = signal;
            options.agent = agent;
            // The client adds the runner's orchestration id, which is none of Exabits' business.
            options.headers = { ...options.headers, 'user-agent': userAgent };
            // The client keeps the brackets around the IPv6 address of a URL, which no name server can resolve.
            options.host = String(options.host).replace(/^\[(.*)\]$/, '$1');
        },
        canHandleAuthentication: () => false,
        handleAuthentication: () => Promise.reject(new Error('never called: canHandleAuthentication is false')),
    };
}
/**
 * Makes an agent for one request. Node handles the proxy, because the client cannot if the proxy speaks https or either
 * side has an IPv6 address.
 *
 * @param onStatus gets the status as soon as its line has arrived, because the rest may be too broken for Node's parser
 */
function agentFor(url, proxy, onStatus) {
    const agent = url.startsWith('https:')
        ? new external_node_https_namespaceObject.Agent({ proxyEnv: { https_proxy: proxy?.href } })
        : new external_node_http_namespaceObject.Agent();
    const connect = agent.createConnection.bind(agent);
    const watched = (socket) => {
        let start = '';
        const watch = (chunk) => {
            start = (start + chunk.toString('latin1')).replace(interim, '').slice(0, largestInterim);
            const status = statusLine.exec(start)?.[1];
            if (!status)
                return;
            socket?.off('data', watch);
            onStatus(Number(status));
        };
        socket?.on('data', watch);
        return socket;
    };
    agent.createConnection = (options, callback) => {
        const socket = connect(options, (error, tunnel) => callback?.(error && behindProxy(error, proxy), error ? tunnel : watched(tunnel)));
        // An answer from the proxy itself is not an answer from the API.
        return proxy ? socket : watched(socket);
    };
    return agent;
}
// With an http proxy, TLS is between us and the API, so its errors are not the proxy's.
function behindProxy(error, proxy) {
    return proxy && !(proxy.protocol === 'http:' && isTlsError(error)) ? new ProxyError(error, proxy) : error;
}
function aborted(signal) {
    return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
}

;// CONCATENATED MODULE: ./lib/exabits/send.js








/**
 * Makes the function that sends requests. Its deadline for all of them starts now. It retries transient failures
 * (transport errors, 408, 429, 5xx); any other failure is final.
 *
 * @param conversation limits shared by all requests
 * @param redact makes text from outside printable
 * @param onRetry gets one line about each failed try that is followed by another
 * @returns the function; it throws a Failure, which is a `Rejection` if Exabits refused the request
 */
function createSend({ endpoint, timeoutMs, maxAttempts }, redact, onRetry) {
    const host = endpoint.name;
    const deadline = startDeadline(timeoutMs);
    // A try that hangs must leave time for another.
    const tryLimitMs = Math.max(10_000, timeoutMs / 3);
    return async (request) => {
        for (let tries = 1;; tries += 1) {
            try {
                return await tryOnce(request);
            }
            catch (thrown) {
                if (!(thrown instanceof Fault && thrown.transient))
                    throw thrown;
                await waitAfter(thrown, tries, nameOf(request));
                await request.beforeRetry?.();
            }
        }
    };
    async function waitAfter(fault, tries, request) {
        const remainingMs = deadline.remainingMs();
        if (remainingMs === 0)
            throw timedOut(host, timeoutMs, tries, fault);
        if (fault.retryAfterMs >= remainingMs)
            throw waitTooLong(host, remainingMs, tries, fault);
        if (tries >= maxAttempts)
            throw exhausted(tries, fault);
        const { saw, retryAfterMs } = fault;
        const crowded = fault.code === 'rate-limited';
        const waitMs = backoffMs({ failedTries: tries, retryAfterMs, crowded, remainingMs });
        onRetry(`Try ${tries} of ${maxAttempts} failed (${request}: ${saw}). Trying again in ${seconds(waitMs)}.`);
        await (0,promises_namespaceObject.setTimeout)(waitMs);
    }
    async function tryOnce(request) {
        // Rounded up: a timer drops fractions, which would leave a remainder too short for another try.
        const limitMs = Math.ceil(Math.min(tryLimitMs, deadline.remainingMs()));
        const limit = new AbortController();
        // Not `AbortSignal.timeout`: its timer does not keep the process alive, and a silent peer may leave nothing else
        // that does.
        const timer = setTimeout(() => limit.abort(), limitMs);
        try {
            return readEnvelope(await exchange(endpoint.apiBaseUrl, request, limit.signal), host, redact);
        }
        catch (thrown) {
            if (thrown instanceof Failure)
                throw thrown;
            throw limit.signal.aborted ? silence(host, limitMs) : transportFault(thrown, host, redact);
        }
        finally {
            clearTimeout(timer);
        }
    }
}
function silence(host, limitMs) {
    const message = `${host} did not answer within ${seconds(limitMs)}. Run the job again later.`;
    return new Fault('timed-out', message, { saw: 'no answer', transient: true });
}
function timedOut(host, timeoutMs, tries, fault) {
    return new Failure('timed-out', `No usable answer from ${host} within ${seconds(timeoutMs)} (${times(tries)}; last error: ${fault.saw}). Raise the input "timeout-seconds", or check the network between the runner and Exabits.`, { cause: fault });
}
function waitTooLong(host, remainingMs, tries, fault) {
    return new Failure('timed-out', `${host} asks to wait ${seconds(fault.retryAfterMs)} before the next try (${times(tries)}; last error: ${fault.saw}), and ${seconds(remainingMs)} are left. Raise the input "timeout-seconds", or run fewer jobs at the same time.`, { cause: fault });
}
function exhausted(tries, fault) {
    return new Failure(fault.code, `${fault.message} (${times(tries)})`, { cause: fault });
}
function times(tries) {
    return tries === 1 ? '1 try' : `${tries} tries`;
}

;// CONCATENATED MODULE: ./lib/exabits/connect.js


/**
 * Opens a conversation with Exabits. Its deadline starts now; nothing is sent yet.
 *
 * @param conversation limits shared by all requests
 * @param masker masks tokens, and redacts text from the server
 * @param onRetry gets one line about each failed try that is followed by another
 * @returns the calls of the API
 */
function connect(conversation, masker, onRetry) {
    return createExabits(createSend(conversation, masker.redact, onRetry), masker);
}

;// CONCATENATED MODULE: external "node:os"
const external_node_os_namespaceObject = require("node:os");
;// CONCATENATED MODULE: ./lib/job/headers-file.js





/**
 * Chooses a path that no other invocation uses, in the job's temporary folder.
 *
 * @returns the path; nothing is created
 * @throws Failure `job-files` outside of a runner
 */
function headersFilePath() {
    const folder = process.env.RUNNER_TEMP;
    if (folder)
        return (0,external_node_path_namespaceObject.join)(folder, `exabits-headers-${(0,external_node_crypto_namespaceObject.randomUUID)()}`);
    throw new Failure('job-files', 'RUNNER_TEMP is not set, so there is no folder for the header file. Run this in a GitHub Actions job, or set write-headers-file: false.');
}
/**
 * Formats request headers for `curl -H @file`, one per line.
 *
 * @param headers names and values
 */
function headersText(headers) {
    return Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join('');
}
/**
 * Writes a header file that only its owner can read.
 * Throws if anything already exists at the path, even a link.
 *
 * @param path where to write it
 * @param headers names and values
 */
function writeHeadersFile(path, headers) {
    const file = (0,external_node_fs_namespaceObject.openSync)(path, 'wx', 0o600);
    try {
        // The umask may have taken the owner's permissions too, and curl has to read the file.
        (0,external_node_fs_namespaceObject.fchmodSync)(file, 0o600);
        (0,external_node_fs_namespaceObject.writeFileSync)(file, headersText(headers));
    }
    catch (thrown) {
        (0,external_node_fs_namespaceObject.rmSync)(path, { force: true });
        throw thrown;
    }
    finally {
        (0,external_node_fs_namespaceObject.closeSync)(file);
    }
}
const largestFile = 64 * 1024;
/**
 * Reads the bearer token back out of a header file.
 *
 * @param path where it is
 * @returns the token; empty if the file is gone or not ours
 */
function readBearerToken(path) {
    return /^Authorization: Bearer (.+)\n/.exec(readSmallFile(path))?.[1] ?? '';
}
/**
 * Reads a file that should be small, but may be anything.
 *
 * @param path where it is; other steps may have put anything there
 * @returns its text; empty if the file is gone, empty, not a regular file, or larger than 64 KiB
 */
function readSmallFile(path) {
    try {
        const file = (0,external_node_fs_namespaceObject.statSync)(path);
        // Reading a pipe waits for a writer. Reading a device, or a kernel file with a size of 0, may never end.
        const isSmallFile = file.isFile() && file.size > 0 && file.size <= largestFile;
        return isSmallFile ? (0,external_node_fs_namespaceObject.readFileSync)(path, 'utf8') : '';
    }
    catch {
        return '';
    }
}
/** On Windows a file cannot be removed while another process, such as a virus scanner, holds it open. */
const heldOpen = ['EPERM', 'EBUSY', 'EACCES'];
const removalWaitsMs = [100, 200, 300, 400];
/**
 * Removes a header file, if it still exists.
 *
 * @param path where it is
 * @throws Failure `job-files` that names the file, if it is still there after a second
 */
async function removeHeadersFile(path) {
    for (const waitMs of [...removalWaitsMs, 0]) {
        try {
            return (0,external_node_fs_namespaceObject.rmSync)(path, { force: true });
        }
        catch (thrown) {
            if (heldOpen.includes(codeOf(thrown)) && waitMs > 0)
                await (0,promises_namespaceObject.setTimeout)(waitMs);
            else
                throw notRemoved(path, thrown);
        }
    }
}
function notRemoved(path, cause) {
    return new Failure('job-files', `${path} is still there (${codeOf(cause)}). Its tokens are valid until they expire or are deleted: remove the file by hand.`);
}

;// CONCATENATED MODULE: ./lib/job/client-file.js



// gpu-cli v0.0.3, internal/api/client.go: these keys win over an access and refresh token, even if the pair comes
// from the environment. Empty counts as unset. Matches such a key at the top level, in YAML or JSON, with a value that may
// be on a line of its own.
const preferredKey = /^(?:\ufeff?|[^#\n]*[{,]\s*)["']?(api_token|api_token_encrypted)["']?[ \t]*:(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?!(?:""|''|~|null)?[ \t\r]*(?:[,}#]|$))\S/im;
/**
 * Checks whether the official client's configuration file has a key that it prefers to the tokens of a login.
 *
 * @returns the file and the key, or undefined if there is none
 */
function clientFileKey() {
    const path = (0,external_node_path_namespaceObject.join)((0,external_node_os_namespaceObject.homedir)(), '.exabits', 'config.yaml');
    const key = preferredKey.exec(readSmallFile(path))?.[1];
    return key ? { path, key } : undefined;
}

;// CONCATENATED MODULE: ./lib/job/variables.js
/** The tokens of a login. */
const pairVariables = [
    'EXABITS_ACCESS_TOKEN',
    'EXABITS_REFRESH_TOKEN',
    'EXABITS_ACCESS_TOKEN_EXPIRES_AT',
];
/** An API token. The official client prefers it to the tokens of a login. */
const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];
/** The host of a credential: useless without one, but still needed by a credential that has replaced ours. */
const addressVariables = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];

;// CONCATENATED MODULE: ./lib/job/publish.js








/**
 * Hands a credential to later steps as header file, variables and outputs: as all of them or, if it throws, as none.
 *
 * @param signIn the credential, and how the step got it
 * @param handover how to hand it on
 * @returns which variables are empty now
 * @throws Failure `job-files` if the runner's files cannot be written
 */
function publish(signIn, handover) {
    const { credential } = signIn;
    const carriedHeadersFile = findHeadersFile(signIn);
    const ownHeadersFile = handover.writeHeadersFile && !carriedHeadersFile ? headersFilePath() : undefined;
    const headersFile = carriedHeadersFile ?? ownHeadersFile;
    const variables = handover.exportEnvironment ? environmentOf(signIn, handover.endpoint, headersFile) : {};
    const emptied = handover.exportEnvironment ? carriedVariables(signIn, headersFile) : [];
    // Values that were already set are not ours to clear. An address counts as set in any spelling.
    const own = Object.entries(variables).filter(([name, value]) => signIn.method !== 'existing' || !carries(name, value));
    const unset = [...pairVariables, ...apiTokenVariables].filter((name) => !(name in variables) && (emptied.includes(name) || !process.env[name]));
    writeAllOrNone(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'], (onFailure) => {
        saveLeftovers({
            variables: Object.fromEntries(own.map(([name, value]) => [name, fingerprint(value)])),
            unset,
            headersFile: ownHeadersFile,
            cleanup: handover.cleanup,
        });
        if (ownHeadersFile) {
            writeHeadersFile(ownHeadersFile, headersOf(credential));
            onFailure(() => (0,external_node_fs_namespaceObject.rmSync)(ownHeadersFile));
        }
        // Credentials that another program set may exist in this step only, so later steps get all of them.
        const news = signIn.source ? own : Object.entries(variables);
        for (const [name, value] of news)
            exportVariable(name, value);
        for (const name of emptied)
            exportVariable(name, '');
        for (const [name, value] of Object.entries(outputsOf(signIn, handover.endpoint, headersFile))) {
            setOutput(name, value);
        }
    });
    return { emptied };
}
function carries(name, value) {
    const carried = process.env[name];
    return addressVariables.includes(name) ? Boolean(carried) : carried === value;
}
// The header file of an earlier step, if this step would write the same.
function findHeadersFile({ method, credential }) {
    const carried = method === 'existing' ? process.env.EXABITS_HEADERS_FILE : undefined;
    return carried && readSmallFile(carried) === headersText(headersOf(credential)) ? carried : undefined;
}
function environmentOf({ credential, source }, endpoint, headersFile) {
    return {
        EXABITS_API_URL: endpoint.apiUrl,
        EXABITS_API_BASE_URL: endpoint.apiBaseUrl,
        ...(source
            ? { EXABITS_AUTH_SOURCE: source, EXABITS_AUTH_FINGERPRINT: sourceOf(endpoint.apiUrl, credential) }
            : {}),
        ...(headersFile ? { EXABITS_HEADERS_FILE: headersFile } : {}),
        ...(credential.kind === 'api-token'
            ? { EXABITS_API_TOKEN: credential.token }
            : {
                EXABITS_ACCESS_TOKEN: credential.accessToken,
                EXABITS_REFRESH_TOKEN: credential.refreshToken,
                EXABITS_ACCESS_TOKEN_EXPIRES_AT: credential.accessTokenExpiresAt.toISOString(),
            }),
    };
}
// Variables that would make a later step use another credential: the official client prefers an API token.
function carriedVariables({ credential }, headersFile) {
    const others = credential.kind === 'api-token' ? pairVariables : apiTokenVariables;
    return [...others, ...(headersFile ? [] : ['EXABITS_HEADERS_FILE'])].filter((name) => process.env[name]);
}
function outputsOf(signIn, endpoint, headersFile = '') {
    const { credential } = signIn;
    const account = accountOf(signIn);
    const pair = credential.kind === 'token-pair' ? credential : undefined;
    return {
        'auth-method': signIn.method,
        token: bearerTokenOf(credential),
        'access-token': pair?.accessToken ?? '',
        'refresh-token': pair?.refreshToken ?? '',
        'api-token': credential.kind === 'api-token' ? credential.token : '',
        'api-token-id': signIn.method === 'ephemeral-api-token' ? signIn.id : '',
        'access-token-expires-at': expiryOf(credential)?.toISOString() ?? '',
        'refresh-token-expires-at': pair?.refreshTokenExpiresAt?.toISOString() ?? '',
        username: account?.username ?? '',
        email: account?.email ?? '',
        'api-url': endpoint.apiUrl,
        'api-base-url': endpoint.apiBaseUrl,
        'headers-file': headersFile,
    };
}

;// CONCATENATED MODULE: ./lib/job/summary.js



/**
 * Adds a short table to the job summary. It contains no secrets, and text from outside is escaped.
 *
 * @param signIn the credential, and how the step got it
 * @param endpoint the deployment it is for
 * @throws Failure `job-files` if there is no such file; Error if it cannot be written
 */
function writeSummary(signIn, endpoint) {
    const rows = [
        ['Method', signIn.method],
        ['User', accountOf(signIn)?.username],
        ['Host', new URL(endpoint.apiUrl).host],
        ['Expires', expiryText(signIn)],
        ['Ephemeral token', signIn.method === 'ephemeral-api-token' ? signIn.name : undefined],
    ];
    const cells = rows.flatMap(([label, text]) => text ? `<tr><th>${label}</th><td>${escapeHtml(text)}</td></tr>\n` : []);
    const path = process.env.GITHUB_STEP_SUMMARY;
    // Writing to a pipe would wait for a reader.
    if (!path || !(0,external_node_fs_namespaceObject.statSync)(path).isFile())
        throw new Failure('job-files', 'GITHUB_STEP_SUMMARY is not a file.');
    (0,external_node_fs_namespaceObject.appendFileSync)(path, `<h3>Exabits sign-in</h3>\n<table>\n${cells.join('')}</table>\n`);
}
function expiryText(signIn) {
    if (signIn.method === 'ephemeral-api-token')
        return 'when the job ends: the post step deletes the token';
    return expiryOf(signIn.credential)?.toISOString() ?? 'never, until the token is deleted';
}
// GitHub shows the summary as Markdown with HTML, so the special characters of both become character references.
function escapeHtml(text) {
    return text.replace(/[&<>"'`|\\[\]*_~:@#$]/g, (character) => `&#${character.charCodeAt(0)};`);
}

;// CONCATENATED MODULE: ./lib/job/mask.js



const longestQuote = 300;
/** What is looked at of a text. So much cannot shrink to less than what is quoted, but for a server that means it. */
const longestText = 64 * 1024;
/**
 * Makes the two functions that hide secrets. Nothing else in the action tells the runner about a secret.
 *
 * The runner masks a secret in everything printed afterwards. `redact` is for text that is about to be cut, because
 * half a secret no longer matches any mask.
 *
 * @param tell tells the runner to mask a secret
 * @returns `mask` and `redact`, which share the secrets seen so far; `mask` throws what `tell` throws
 */
function createMasker(tell = setSecret) {
    const known = new Set();
    /** What to look for in text from outside. Computed when first needed, and again after each new secret. */
    let forms;
    const mask = (secret) => {
        // Other programs may quote only one line of a secret, or trim it.
        for (const part of [secret, ...secret.split(/[\r\n]/)].flatMap((text) => [text, text.trim()])) {
            // The runner rejects a blank mask, which would hide nothing anyway.
            if (part.trim() === '' || known.has(part))
                continue;
            known.add(part);
            forms = undefined;
            tell(part);
        }
        return secret;
    };
    const replaceForms = (text) => {
        // Longest first, because one secret may contain another.
        forms ??= [...new Set([...known].flatMap(formsOf))].sort((a, b) => b.length - a.length);
        return forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
    };
    // If a secret only shows in a decoded reading of the text, that reading is printed instead.
    const replaceKnown = (text) => (escapes.test(text) ? nestedReadings : []).reduce((rest, read) => {
        const readable = read(rest);
        const replaced = replaceForms(readable);
        return replaced === readable ? rest : replaced;
    }, replaceForms(text));
    return {
        mask,
        redact: (text) => oneLine(replaceKnown(oneLine(replaceKnown(text.slice(0, longestText)))), longestQuote),
    };
}
/**
 * Tells the runner to mask a secret.
 *
 * @throws Failure `job-files` if the runner cannot be told
 */
function tellRunner(secret) {
    try {
        setSecret(secret);
    }
    catch (thrown) {
        throw new Failure('job-files', `The runner cannot be told to mask a secret (${reasonOf(thrown)}), so nothing was exported. Check the free space where the runner writes its log.`);
    }
}
const shortestBase64 = 8;
// The forms of a secret in text from outside from which most of it could be recovered.
function formsOf(secret) {
    const bytes = Buffer.from(secret);
    // A secret may start anywhere in a longer encoded text, so there are three alignments. Up to two bytes at each end
    // remain.
    const base64 = [0, 1, 2]
        .map((skipped) => bytes.subarray(skipped))
        .map((rest) => rest.subarray(0, rest.length - (rest.length % 3)).toString('base64'))
        .filter((form) => form.length >= shortestBase64);
    return [
        secret,
        // An encoder replaces half a surrogate pair.
        secret.toWellFormed(),
        bytes.toString('base64'),
        ...base64,
        ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
    ];
}
const namedEntities = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const shortEscapes = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
// Undo the escapes of URLs (and of bytes in a web server's log, such as \x2f), forms, JSON and HTML. Encoders differ in which
// characters they escape and how they write the digits, but the decoded text is always the same.
const inAddress = (text) => text.replace(/(?:(?:%|\\x)[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replace(/%|\\x/gi, ''), 'hex').toString());
const inForm = (text) => inAddress(text.replaceAll('+', ' '));
const inJson = (text) => text.replace(/\\(?:u([0-9a-f]{4})|(.))/gis, (_, unit, character) => unit ? String.fromCharCode(Number.parseInt(unit, 16)) : (shortEscapes[character] ?? character));
const inHtml = (text) => text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(lt|gt|amp|quot|apos));/gi, (_, decimal, digits, name) => name ? String(namedEntities[name.toLowerCase()]) : String.fromCodePoint(Number(decimal ?? `0x${digits}`)));
// Forms come first: a secret that ends in a space is also known without it.
const escapes = /[%+\\&]/;
const readings = [inForm, inAddress, inJson, inHtml];
/** Once and twice: a message in JSON may quote a URL, or other JSON. */
const nestedReadings = [
    ...readings,
    ...readings.flatMap((outer) => readings.map((inner) => (text) => inner(outer(text)))),
];

;// CONCATENATED MODULE: ./lib/run.js



/**
 * A phase that fails its step at the first error, such as a secret that cannot be masked.
 *
 * @param story what it does
 */
function failingPhase(story) {
    return {
        async story(masker) {
            requireNode();
            await story(masker);
        },
        tell: tellRunner,
        onFailure(failure, redact) {
            fail(failure, redact);
            process.exit();
        },
    };
}
// A runner uses the Node that action.yml names; act uses whatever it finds.
function requireNode() {
    if (Number.parseInt(process.versions.node, 10) >= 24)
        return;
    throw new Failure('unsupported-node', `This action needs Node 24, but runs on ${process.versions.node}. On GitHub, update the runner; in act, put Node 24 first in PATH.`);
}
/**
 * Runs one phase of the action and ends the process. Anything thrown becomes one line of the log.
 *
 * @param phase what to run
 */
async function run({ story, tell, onFailure }) {
    const masker = createMasker(tell);
    const report = (thrown) => onFailure(toFailure(thrown), masker.redact);
    // An error thrown in a library's event handler bypasses every `catch`.
    process.on('uncaughtException', report);
    try {
        // Deprecation warnings are for us, not for readers of the job's log. If the job has already turned them off with
        // `NODE_OPTIONS=--no-deprecation`, an assignment would throw.
        Reflect.set(process, 'noDeprecation', true);
        // A job may turn off certificate checks for itself, but this step must not send a password to an unverified server.
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        await story(masker);
    }
    catch (thrown) {
        report(thrown);
    }
    process.off('uncaughtException', report);
    // An abandoned connection could keep the process alive.
    process.exit();
}

;// CONCATENATED MODULE: ./lib/main.js













/** The step. */
const main = failingPhase(story);
/**
 * Reads the inputs, signs in, and hands the credential to later steps.
 *
 * @param masker masks the secrets
 * @throws Failure, without having exported anything
 */
async function story(masker) {
    const inputs = readInputs(masker, new Date());
    for (const line of inputs.warnings)
        log_warning(line);
    const exabits = connect(inputs, masker, log_info);
    const signIn = await obtain(inputs, exabits, masker);
    const { emptied } = publish(signIn, inputs);
    log_info(describe(signIn, inputs));
    if (emptied.length > 0) {
        log_info(`Emptied ${emptied.join(', ')}, which were set before: later steps use the credentials of this step.`);
    }
    warnOfClientFile(signIn);
    if (inputs.jobSummary)
        await summarise(signIn, inputs);
}
async function obtain(inputs, exabits, masker) {
    const carried = await useCarried(inputs, exabits, masker);
    // A token pair may expire during the job, but the user asked for a token that lasts.
    if (carried && !(inputs.ephemeralApiToken && carried.credential.kind === 'token-pair'))
        return carried;
    const authenticated = carried ?? (await authenticate(inputs.configured, inputs.endpoint, exabits));
    const signIn = inputs.ephemeralApiToken
        ? await makeEphemeral(authenticated, inputs, exabits)
        : authenticated;
    if (inputs.verify)
        await exabits.verify(signIn.credential);
    return signIn;
}
async function useCarried(inputs, exabits, { mask }) {
    const { configured, endpoint, useExistingCredentials, verify } = inputs;
    if (!useExistingCredentials)
        return undefined;
    const carried = carriedCredential(endpoint, mask, new Date());
    if (!carried)
        return undefined;
    const { credential, source, mayBeFrom } = carried;
    if (configured.kind !== 'none' && !mayBeFrom(sourceOf(endpoint.apiUrl, configured))) {
        log_info('The credentials already set in this job do not match the inputs of this step, so the step signs in again.');
        return undefined;
    }
    const { failure } = await attempt(() => (verify ? exabits.verify(credential) : undefined));
    if (failure) {
        log_info(`The credentials already set in this job do not work, so the step signs in again: ${failure.message}`);
        return undefined;
    }
    if (!source) {
        log_info('The credentials already set in this job were not set by this action, so their account is unknown. They are used, and kept when the job ends.');
    }
    return { method: 'existing', credential, source };
}
async function makeEphemeral(authenticated, inputs, exabits) {
    const { timeoutMs, maxAttempts, staleTokenHours } = inputs;
    const { apiUrl } = inputs.endpoint;
    const { credential } = authenticated;
    const itself = sourceOf(apiUrl, credential);
    const source = authenticated.source ?? itself;
    const settings = { apiUrl, timeoutMs, maxAttempts, staleTokenHours, owners: [source, itself] };
    const created = await createEphemeralToken(exabits, credential, settings);
    return { method: 'ephemeral-api-token', ...created, source, account: accountOf(authenticated) };
}
function warnOfClientFile({ credential }) {
    const found = credential.kind === 'token-pair' ? clientFileKey() : undefined;
    if (!found)
        return;
    log_warning(`${found.path} has ${found.key}, which egpu prefers to the tokens of a login: in later steps egpu acts as that account, not as this one. Remove the key ("egpu config set" writes that file), or set ephemeral-api-token: true, which egpu prefers to the file.`);
}
function describe(signIn, { endpoint, verify }) {
    const expiry = expiryOf(signIn.credential)?.toISOString();
    switch (signIn.method) {
        case 'login':
            return `Signed in to ${endpoint.name} as ${signIn.account.username}. The access token expires at ${expiry}; for a longer job set ephemeral-api-token: true.`;
        case 'ephemeral-api-token':
            return `Signed in to ${endpoint.name} with the API token ${signIn.name}, made for this job. The post step deletes it.`;
        case 'api-token':
            return `Using the API token for ${endpoint.name}${expiry ? `, which expires at ${expiry}` : ''}.${verify ? '' : ' It was not checked: set verify: true to find out here whether it works.'}`;
        case 'existing':
            return `Using the credentials for ${endpoint.name} already set in this job${expiry ? `, until ${expiry}` : ''}.`;
    }
}
async function summarise(signIn, { endpoint }) {
    const { failure } = await attempt(() => writeSummary(signIn, endpoint));
    if (failure)
        log_warning(`Could not write the job summary: ${failure.message}`);
}

;// CONCATENATED MODULE: ./lib/job/clear.js




/**
 * Lists the variables that `main` set and that still have its values, or are empty.
 *
 * @param leftovers what `main` set, and what it left empty
 * @returns names; without the addresses if something else has set a credential since, which may be for the same host
 */
function ownVariables({ variables, unset }) {
    const isForeign = (name) => {
        const current = process.env[name];
        return current ? fingerprint(current) !== variables[name] : false;
    };
    const names = Object.keys(variables);
    const inUse = [...names, ...unset].some(isForeign) ? addressVariables : [];
    return names.filter((name) => !isForeign(name) && !inUse.includes(name));
}
/**
 * Empties variables for later steps, because the runner has no way to unset one.
 *
 * @param names the variables
 * @throws Failure `job-files` if the runner's file cannot be written
 */
function emptyVariables(names) {
    const { path } = requireCommandFile('GITHUB_ENV');
    // Without the delimiters that the toolkit puts around a value: there is none.
    (0,external_node_fs_namespaceObject.appendFileSync)(path, names.map((name) => `${name}=\n`).join(''));
}

;// CONCATENATED MODULE: ./lib/stale-tokens.js


/** Only tokens with a name of exactly this form are ever deleted. */
const ephemeralName = /^gha-(\d{1,20})-(\d{1,10})-[0-9a-f]{8}$/;
const hourMs = 60 * 60 * 1000;
const mostDeletions = 10;
/**
 * Reads from a token's name which run it was created for.
 *
 * @param name the token's name
 * @returns the run's id and its attempt, or undefined if the name is not exactly that of an ephemeral token
 */
function parseEphemeralName(name) {
    const [, runId, attempt] = ephemeralName.exec(name) ?? [];
    return runId ? { runId, attempt: Number(attempt) } : undefined;
}
/**
 * Finds the ephemeral tokens in a list that are older than any job can be. Ages are measured by Exabits' clock,
 * because the runner's may be hours ahead.
 *
 * @param list the list, or a page of it; without its date, no token counts as stale
 * @param hours the age from which a token is stale; 0 for never
 */
function staleTokens({ tokens, date }, hours) {
    if (hours === 0 || !date)
        return [];
    const bornBefore = date.getTime() - hours * hourMs;
    return tokens.filter(({ name, createdAt }) => parseEphemeralName(name) && createdAt && createdAt.getTime() < bornBefore);
}
/**
 * Finds the tokens in a list that no job needs any more: those of a run that has ended, and those that are stale.
 *
 * @param list the list
 * @param run the run, if one is known to have ended
 * @param hours the age from which a token is stale; 0 for never
 * @param env the runner's variables; if a token has a description, it must name this server and repository to count as
 *   one of the run
 */
function leftOverTokens(list, run, hours, env) {
    const stale = staleTokens(list, hours);
    return list.tokens.filter((token) => stale.includes(token) || (run && isOfRun(token, run, env)));
}
// Run ids are not unique across servers: each one numbers its runs from 1.
function isOfRun({ name, description }, run, env) {
    const made = parseEphemeralName(name);
    if (!made || made.runId !== run.id || made.attempt > run.attempt)
        return false;
    return description === '' || description.endsWith(`: ${attemptUrl(env, made.runId, made.attempt)}`);
}
/**
 * Deletes some of the tokens that dead runners left behind. It runs in another job's post step, so it looks at one
 * page, deletes a few, and stops at the first failure.
 *
 * @param exabits the API, with a short timeout and a single try per request
 * @param credential what to delete with
 * @param ownName the name of the job's own token, which is skipped
 * @param hours the age from which a token is stale; 0 for never
 */
async function sweepStaleTokens(exabits, credential, ownName, hours) {
    const deleted = [];
    const { failure } = await attempt(async () => {
        if (hours === 0)
            return;
        const stale = staleTokens(await exabits.listOldestApiTokens(credential), hours);
        for (const { id, name } of stale.filter(({ name }) => name !== ownName).slice(0, mostDeletions)) {
            await exabits.deleteApiToken(credential, id);
            deleted.push(name);
        }
    });
    return { deleted, failure };
}

;// CONCATENATED MODULE: ./lib/post.js















/** The post step. It never fails the job, and it cleans up even if it cannot print. */
const post = {
    story: post_story,
    tell: (secret) => regardless(() => tellRunner(secret)),
    onFailure: (failure) => log_warning(failure.message),
};
/**
 * Clears what this invocation left in the job, and deletes the API token that it created.
 * Anything that fails becomes a warning and does not stop the rest.
 *
 * @param masker masks the secrets
 */
async function post_story(masker) {
    const leftovers = await orWarn('read what the step left', readLeftovers);
    const ephemeral = await orWarn('read which API token the step made', readEphemeralToken);
    // Must be read before the file is removed.
    const bearer = leftovers?.headersFile ? readBearerToken(leftovers.headersFile) : '';
    if (leftovers)
        await orWarn('clear what the step left', () => clear(leftovers));
    if (ephemeral)
        await orWarn('delete the API token', () => revoke(ephemeral, bearer, masker));
    if (!leftovers && !ephemeral)
        log_info('Nothing to clear: the step exported nothing.');
}
async function orWarn(what, act) {
    const { result, failure } = await attempt(act);
    if (failure)
        log_warning(`Could not ${what}: ${failure.message}`);
    return result;
}
async function clear(leftovers) {
    const { headersFile, cleanup } = leftovers;
    const own = ownVariables(leftovers);
    if (!cleanup) {
        const left = [...own, ...(headersFile ? ['the header file'] : [])];
        return log_info(`Left in place, because cleanup is false: ${left.join(', ') || 'nothing'}.`);
    }
    const cleared = [];
    await orWarn('empty the variables', () => {
        if (own.length > 0)
            emptyVariables(own);
        cleared.push(...own);
    });
    await orWarn('remove the header file', async () => {
        if (!headersFile)
            return;
        await removeHeadersFile(headersFile);
        cleared.push('the header file');
    });
    log_info(`Cleared ${cleared.join(', ') || 'nothing'}.`);
}
async function revoke(token, bearer, masker) {
    const settings = { ...token, endpoint: parseEndpoint(token.apiUrl) };
    const exabits = connect(settings, masker, log_info);
    // The sweep gets little time, so that most of it is left for the job's own token.
    const sweeper = connect({ ...settings, timeoutMs: token.timeoutMs / 4, maxAttempts: 1 }, masker, log_info);
    let reason = '';
    let left = token.id ? [token.id] : [];
    for (const obtain of ownersAtHand(token, bearer, exabits, masker)) {
        const { result, failure } = await attempt(async () => {
            const credential = await obtain();
            const sweep = await sweepStaleTokens(sweeper, credential, token.name, token.staleTokenHours);
            return { sweep, own: await deleteEphemeralToken(exabits, credential, token) };
        });
        if (!failure)
            return report(token.name, result);
        reason = failure.message;
        if (failure instanceof TokensLeft)
            left = [...failure.ids];
    }
    log_warning(`The API token ${token.name} may still be valid: ${reason} ${howToDelete(token.name, left)}`);
}
// The available credentials of the account that created the token. Another account cannot tell a token that it does not
// own from a deleted one, and its own tokens are none of this job's business.
function ownersAtHand({ apiUrl, owners }, bearer, exabits, { mask, redact }) {
    const endpoint = parseEndpoint(apiUrl);
    const isOwner = (source) => owners.includes(source);
    // Masked only if it is ours: something else may have overwritten the file.
    const itself = isOwner(fingerprint(apiUrl, 'api-token', bearer)) ? toApiToken(mask(bearer)) : undefined;
    const carried = carriedCredential(endpoint, mask, new Date())?.credential;
    const atHand = new Map([itself, carried]
        .filter((credential) => credential !== undefined)
        .map((credential) => [sourceOf(apiUrl, credential), credential]));
    const authenticateAfresh = async () => {
        const { configured } = readConfigured({ mask, redact }, new Date());
        if (configured.kind !== 'none' && !isOwner(sourceOf(apiUrl, configured))) {
            throw new Failure('no-credentials', 'The inputs of the step now name a different account.');
        }
        return (await authenticate(configured, endpoint, exabits)).credential;
    };
    const asItIs = [...atHand].flatMap(([source, credential]) => isOwner(source) ? [() => Promise.resolve(credential)] : []);
    return [...asItIs, authenticateAfresh];
}
function report(name, { own, sweep }) {
    log_info(own > 0 ? `Deleted the API token ${name}.` : `No API token ${name} is left at Exabits.`);
    if (sweep.deleted.length > 0)
        log_info(`Deleted tokens left by earlier jobs: ${sweep.deleted.join(', ')}.`);
    if (sweep.failure)
        log_warning(`Could not delete all tokens left by dead runners: ${sweep.failure.message}`);
}
function howToDelete(name, ids) {
    return ids.length > 0
        ? `Delete it by hand: ${ids.map((id) => `egpu token delete ${id} --force`).join('; ')}`
        : `Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`;
}

;// CONCATENATED MODULE: ./lib/job/outputs.js


/**
 * Sets the outputs of the step: text as it is, anything else as JSON.
 *
 * @throws Failure `job-files` if the runner's file cannot be written
 */
function setOutputs(outputs) {
    writeAllOrNone(['GITHUB_OUTPUT'], () => {
        for (const [name, value] of Object.entries(outputs))
            setOutput(name, value);
    });
}

;// CONCATENATED MODULE: ./lib/sweep-inputs.js



/**
 * Reads and validates every input of the sweep. Secrets are masked before anything else is validated.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @throws Failure that names the input and what is allowed
 */
function readSweepInputs(masker, now) {
    return {
        ...readConnectionInputs(masker, now, 300),
        run: readRun(masker.redact),
        staleTokenHours: readStaleTokenHours(masker.redact),
        dryRun: inputReaders(masker.redact).booleanInput('dry-run', false),
    };
}
function readRun(redact) {
    const id = getInput('run-id');
    const attempt = inputReaders(redact).wholeNumberInput('run-attempt', {
        byDefault: 0,
        min: 1,
        max: 9_999_999_999,
    });
    if (id === '' && attempt === 0)
        return undefined;
    if (id === '' || attempt === 0) {
        throw new Failure('invalid-input', 'Inputs "run-id" and "run-attempt" belong together: a re-run that is under way has the same id. Set both or neither.');
    }
    if (!/^[1-9]\d{0,19}$/.test(id)) {
        throw new Failure('invalid-input', `Input "run-id" must be the number of a workflow run, not "${redact(id)}".`);
    }
    return { id, attempt };
}

;// CONCATENATED MODULE: ./lib/sweep.js








/** The action that deletes the tokens left behind by dead runners. */
const sweep = failingPhase(sweep_story);
/**
 * Signs in, looks through all API tokens of the account, and deletes those that no job needs any more.
 *
 * @param masker masks the secrets
 * @throws Failure, also if some could not be deleted, after trying each one
 */
async function sweep_story(masker) {
    const inputs = readSweepInputs(masker, new Date());
    for (const line of inputs.warnings)
        log_warning(line);
    const exabits = connect(inputs, masker, log_info);
    const { credential } = await authenticate(inputs.configured, inputs.endpoint, exabits);
    const list = await exabits.listApiTokens(credential);
    const leftOver = leftOverTokens(list, inputs.run, inputs.staleTokenHours, process.env);
    const kept = inputs.dryRun ? [] : await deleteAll(exabits, credential, leftOver);
    const names = leftOver.filter((token) => !kept.includes(token)).map(({ name }) => name);
    if (inputs.dryRun)
        for (const name of names)
            log_info(`Would delete ${name}.`);
    const did = inputs.dryRun ? 'Would delete' : 'Deleted';
    log_info(`${did} ${names.length} of ${list.tokens.length} API tokens at ${inputs.endpoint.name}.`);
    setOutputs({ deleted: inputs.dryRun ? 0 : names.length, 'deleted-names': names });
    if (kept.length > 0)
        throw notDeleted(kept, masker);
}
/** Deletes tokens, and returns those that could not be deleted. */
async function deleteAll(exabits, credential, tokens) {
    const kept = [];
    for (const token of tokens) {
        const { failure } = await attempt(() => exabits.deleteApiToken(credential, token.id));
        if (failure)
            kept.push(token);
        log_info(failure ? `Could not delete ${token.name}: ${failure.message}` : `Deleted ${token.name}.`);
    }
    return kept;
}
function notDeleted(tokens, { redact }) {
    const all = tokens.map(({ name, id }) => `${name} (id ${redact(id)})`).join(', ');
    return new Failure('not-deleted', `Some API tokens could not be deleted: ${all}. The log says why for each. Run the sweep again, or delete them by hand: egpu token delete ID --force`);
}

;// CONCATENATED MODULE: ./lib/index.js







// If this fails, Node's own stream prints.
regardless(printAtOnce);
// The name of the started file tells the phase. State cannot: `main` may have been killed before saving any.
const started = (0,external_node_path_namespaceObject.basename)(String(process.argv[1]), '.cjs');
void run(started === 'post' ? post : started === 'sweep' ? sweep : main);

})();

module.exports = __webpack_exports__;
/******/ })()
;