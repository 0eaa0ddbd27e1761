// Loaded before each test file, only by `npm run test:crlf`: the toolkit then ends lines as on Windows.
Object.defineProperty(process.getBuiltinModule('node:os'), 'EOL', { value: '\r\n' });
