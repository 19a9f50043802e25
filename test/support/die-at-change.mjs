import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

/**
 * Loaded ahead of a command by NODE_OPTIONS: kills its process, as `kill -9` does, at a change that it makes of the files
 * below `lake/` in its working folder: before the DIE_AT_CHANGE-th, or before or after a file gets the name DIE_BEFORE_NAME
 * or DIE_AFTER_NAME.
 */
const { DIE_AT_CHANGE, DIE_BEFORE_NAME, DIE_AFTER_NAME } = process.env;
const lake = path.resolve('lake') + path.sep;
let changes = 0;

const die = () => process.kill(process.pid, 'SIGKILL');

/** Whether a file is opened to be read only, which changes nothing. */
const isReading = (flags) =>
  typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === 0
    : (flags ?? 'r') === 'r';

/** Which argument says what is changed. */
const PLACES = { appendFile: 0, link: 1, mkdir: 0, open: 0, rename: 1, rm: 0, unlink: 0, writeFile: 0 };
for (const [does, place] of Object.entries(PLACES)) {
  const own = fs.promises[does];
  fs.promises[does] = async (...args) => {
    const file = path.resolve(String(args[place]));
    if (!file.startsWith(lake) || (does === 'open' && isReading(args[1])))
      return await own.apply(fs.promises, args);
    const name = place === 1 ? path.basename(file) : undefined;
    if (++changes === Number(DIE_AT_CHANGE) || (name !== undefined && name === DIE_BEFORE_NAME)) die();
    const result = await own.apply(fs.promises, args);
    if (name !== undefined && name === DIE_AFTER_NAME) die();
    return result;
  };
}
syncBuiltinESMExports();
