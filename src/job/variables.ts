/** The tokens of a login. */
export const pairVariables = [
  'EXABITS_ACCESS_TOKEN',
  'EXABITS_REFRESH_TOKEN',
  'EXABITS_ACCESS_TOKEN_EXPIRES_AT',
];

/** An API token. The official client prefers it to the tokens of a login. */
export const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];

/** The host of a credential: useless without one, but still needed by a credential that has replaced ours. */
export const addressVariables = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];
