/** The version that goes into the User-Agent; a test holds it to package.json. */
export const version = '1.0.0';
