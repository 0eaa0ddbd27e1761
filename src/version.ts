/** The version in the User-Agent. A test makes sure that it matches package.json. */
export const version = '1.0.0';
