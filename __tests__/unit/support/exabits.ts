import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import nock from 'nock';
import { apiUrl } from './samples.ts';

export * from './samples.ts';

// Loading nock patches Node's modules for all test files of this process. Undo that, and patch them only while the
// tests of this file run, so that it does not affect others even if this file fails to load.
nock.restore();
beforeAll(() => nock.activate());
afterAll(() => nock.restore());

nock.disableNetConnect();

const unexpected: string[] = [];
nock.emitter.on('no match', (request: Request) => unexpected.push(`${request.method} ${request.url}`));

// A test has to expect each request, and each request that it expects has to be made.
afterEach(() => {
  const surplus = unexpected.splice(0);
  const missing = nock.pendingMocks();
  nock.cleanAll();
  nock.abortPendingRequests();
  expect({ surplus, missing }).toEqual({ surplus: [], missing: [] });
});

/** A nock scope for the API, with paths below its base URL. */
export function exabits(url = apiUrl): nock.Scope {
  return nock(`${url}/api/v1`);
}
