import { createHash } from 'node:crypto';

/** The lower-case hexadecimal MD5 of a text in UTF-8, the form in which passwords are sent. */
export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}
