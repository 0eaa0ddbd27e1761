import { afterAll, beforeAll } from '@jest/globals';
import { disposeJobs } from '../../support/job.ts';

export { InProcessJob, type Step } from '../../support/job.ts';

// Before the first test, but once the test file has loaded, which may mock what the action imports.
beforeAll(async () => {
  await Promise.all([
    import('../../../src/main.ts'),
    import('../../../src/post.ts'),
    import('../../../src/sweep.ts'),
  ]);
});

afterAll(disposeJobs);
