import { bodyLimit } from 'hono/body-limit';
import { ConfigError } from '../../etl/errors.ts';

/** What a request may send: decisions and questions are small. */
const MOST_BYTES = 1024 * 1024;

/** Where files are sent, which have a limit of their own. */
export const UPLOADS = ['/v1/datasets/:dataset/files', '/datasets/:dataset/files'];

/** Refuses requests that send more than the service reads at once. */
export const sizeLimit = bodyLimit({
  maxSize: MOST_BYTES,
  onError: () => {
    throw new ConfigError('TOO_LARGE', `A request may have ${MOST_BYTES} bytes at most.`);
  },
});
