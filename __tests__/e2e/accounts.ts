import type { Account } from '../../testbed/exabits/server.ts';

/**
 * The made-up accounts of the end-to-end jobs. The first one's password has characters that trip up masks and encodings,
 * but no `::` and no `%0A`: act, unlike GitHub's runner, misreads a mask that contains those.
 */
export const ACCOUNTS: { readonly first: Account; readonly second: Account } = {
  first: {
    username: 'größe+ci@exabits.example',
    email: 'größe+ci@exabits.example',
    password: 'fake "pass\' wörd 100%/&<b>=\\ $HOME 日本',
  },
  second: {
    username: 'second-user',
    email: 'second-user@exabits.example',
    password: 'another-not-real-password',
  },
};
