/** The tokens of a login. */
export const pairVariables = [
  'EXABITS_ACCESS_TOKEN',
  'EXABITS_REFRESH_TOKEN',
  'EXABITS_ACCESS_TOKEN_EXPIRES_AT',
];

/** An API token. The official client prefers it to the tokens of a login. */
export const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];

/** Where a credential is for: of no use without it, and of use to whatever replaced it. */
export const addressVariables = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];
