import { afterAll, afterEach, expect } from '@jest/globals';
import nock from 'nock';
import { apiUrl } from './samples.ts';

export * from './samples.ts';

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

afterAll(() => nock.restore());

/** What `nock` knows of the API: paths are below the base URL. */
export function exabits(url = apiUrl): nock.Scope {
  return nock(`${url}/api/v1`);
}
