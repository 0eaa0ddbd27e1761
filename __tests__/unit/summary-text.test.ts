import { expect, test } from '@jest/globals';
import { InProcessJob } from './support/job.ts';
import { apiToken } from './support/samples.ts';

test('the summary is a heading and a table with a row for each known value', async () => {
  const { summary } = await new InProcessJob().main({ 'api-token': apiToken, 'job-summary': 'true' });
  expect(summary).toBe(
    [
      '<h3>Exabits sign-in</h3>',
      '<table>',
      '<tr><th>Method</th><td>api-token</td></tr>',
      '<tr><th>Host</th><td>gpu-api.exascalelabs.ai</td></tr>',
      '<tr><th>Expires</th><td>never, until the token is deleted</td></tr>',
      '</table>',
      '',
    ].join('\n'),
  );
});
