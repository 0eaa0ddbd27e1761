// Some tests need what only Linux has (prlimit, mkfifo, mount), others a POSIX shell, signals and file modes.
const needLinux = ['<rootDir>/__tests__/hostile/', '<rootDir>/__tests__/integration/job-files'];
const needPosix = [
  '<rootDir>/__tests__/integration/',
  '<rootDir>/__tests__/unit/(little-runner|sandbox|sandbox-demo|picture)\\.test',
];
const notHere = { linux: [], win32: [...needLinux, ...needPosix] }[process.platform] ?? needLinux;

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...notHere],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }] },
  collectCoverageFrom: ['src/**/*.ts'],
  // Counts statements and branches of the sources; v8 also counts what follows a loop without end, and cannot be reached.
  coverageProvider: 'babel',
  coverageThreshold: { global: { lines: 100, branches: 100, functions: 100, statements: 100 } },
};
