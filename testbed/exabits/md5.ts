import { createHash } from 'node:crypto';

/** The lower-case hexadecimal MD5 of a text in UTF-8, which is how passwords are sent. */
export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}
