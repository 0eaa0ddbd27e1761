// Loaded before each test file by `npm run test:crlf` alone: the toolkit then ends lines as it does on Windows.
Object.defineProperty(process.getBuiltinModule('node:os'), 'EOL', { value: '\r\n' });
