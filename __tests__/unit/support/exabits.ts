import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import nock from 'nock';
import { apiUrl } from './samples.ts';

export * from './samples.ts';

// Loading nock has changed Node's modules for all test files of this process: from here on that is for this file's
// tests alone, and not for others where this file cannot be loaded.
nock.restore();
beforeAll(() => nock.activate());
afterAll(() => nock.restore());

nock.disableNetConnect();

const unexpected: string[] = [];
nock.emitter.on('no match', (request: Request) => unexpected.push(`${request.method} ${request.url}`));

// Every request is one that its test foresaw, and every one that it foresaw is made.
afterEach(() => {
  const surplus = unexpected.splice(0);
  const missing = nock.pendingMocks();
  nock.cleanAll();
  nock.abortPendingRequests();
  expect({ surplus, missing }).toEqual({ surplus: [], missing: [] });
});

/** What `nock` knows of the API: paths are below the base URL. */
export function exabits(url = apiUrl): nock.Scope {
  return nock(`${url}/api/v1`);
}
