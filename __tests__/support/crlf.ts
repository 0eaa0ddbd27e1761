// Loaded before each test file where .ci/run tests as on Windows: the toolkit then ends lines with CRLF.
Object.defineProperty(process.getBuiltinModule('node:os'), 'EOL', { value: '\r\n' });
