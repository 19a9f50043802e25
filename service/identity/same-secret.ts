import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Text that nobody guesses: 256 random bits. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** SHA-256 of a text. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether two secrets are the same; takes as long wherever they differ. */
export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(hashOf(a), hashOf(b));
