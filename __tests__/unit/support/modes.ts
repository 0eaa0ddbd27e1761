/** The mode of a file that only its owner may read; Windows keeps that in access lists, and knows no modes. */
export const ownerOnly = process.platform === 'win32' ? 0o666 : 0o600;
