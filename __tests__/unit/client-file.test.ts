import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { apiToken, exabits, loginInputs, yes } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

let home = '';
const os = await import('node:os');
jest.unstable_mockModule('node:os', () => ({ ...os, homedir: () => home }));
const { clientFileKey } = await import('../../src/job/client-file.ts');

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exabits-home-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function configure(text: string): string {
  mkdirSync(join(home, '.exabits'));
  const path = join(home, '.exabits', 'config.yaml');
  writeFileSync(path, text);
  return path;
}

describe('the configuration of the official client', () => {
  test.each([
    ['api_token', 'api_token: exa-1\n'],
    ['api_token', 'api_url: https://api.example\napi_token: "exa-1" # of a person\n'],
    ['api_token_encrypted', 'api_token: ""\napi_token_encrypted: c2VjcmV0\n'],
    ['api_token', "'api_token' : 'exa-1'"],
    ['API_TOKEN', 'API_TOKEN: exa-1\r\n'],
    ['api_token', '{api_token: exa-1}\n'],
    ['api_token', '{\n  "api_token": "exa-1"\n}\n'],
    ['api_token', 'api_url: x\napi_token:\n\n  exa-1\n'],
    ['api_token', 'api_token: # of a person\r\n  exa-1\r\n'],
    ['api_token', '\ufeffapi_token: exa-1\n'],
    ['api_token', '{"api_url": "https://api.example", "api_token": "exa-1"}'],
  ])('has %s in %j', (key, text) => {
    const path = configure(text);
    expect(clientFileKey()).toEqual({ path, key });
  });

  test.each([
    'access_token: a\nrefresh_token: b\n',
    'api_token: ""\n',
    "api_token: ''\r\napi_token_encrypted:\r\n",
    'api_token:\napi_url: x\n',
    'api_token: ~ # none\n',
    '# api_token: exa-1\n',
    '# {api_token: exa-1}\n',
    '{api_token: "", api_token_encrypted: }\n',
    'my_api_token: exa-1\n',
    'old:\n  api_token: exa-1\n',
    'api_token_name: exa-1\n',
  ])('has nothing that the client prefers to a login: %j', (text) => {
    configure(text);
    expect(clientFileKey()).toBeUndefined();
  });

  test('causes a warning after a login but not with an API token', async () => {
    const path = configure('api_token: exa-1\n');
    exabits()
      .post('/authenticate/login')
      .reply(200, yes({ access_token: 'access', refresh_token: 'refresh' }));
    expect((await new InProcessJob().main(loginInputs)).log).toContain(
      `\nWarning: ${path} has api_token, which egpu prefers to the tokens of a login: in later steps egpu acts as that account`,
    );
    expect((await new InProcessJob().main({ 'api-token': apiToken })).log).not.toContain('Warning');
  });

  test('may be missing', () => {
    expect(clientFileKey()).toBeUndefined();
  });
});
