/** @type {import('jest').Config} */
export default {
  // Many tests wait for other processes, so one worker less than there are cores would leave a core idle.
  maxWorkers: '100%',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }] },
  collectCoverageFrom: ['src/**/*.ts'],
  // v8 would also count the unreachable code after an endless loop.
  coverageProvider: 'babel',
  coverageThreshold: { global: { lines: 100, branches: 100, functions: 100, statements: 100 } },
};
