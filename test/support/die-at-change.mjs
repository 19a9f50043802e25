import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

/**
 * Loaded ahead of a command by NODE_OPTIONS: kills its process, as `kill -9` does, before the DIE_AT_CHANGE-th change that
 * it makes of the files below `lake/` in its working folder.
 */
const [lake, dieAt] = [path.resolve('lake') + path.sep, Number(process.env.DIE_AT_CHANGE)];
let changes = 0;

const PLACE_OF_PATH = {
  appendFile: 0,
  link: 1,
  mkdir: 0,
  open: 0,
  rename: 1,
  rm: 0,
  unlink: 0,
  writeFile: 0,
};
for (const [name, place] of Object.entries(PLACE_OF_PATH)) {
  const own = fs.promises[name];
  fs.promises[name] = (...args) => {
    const isChange = name !== 'open' || (args[1] ?? 'r') !== 'r';
    if (isChange && path.resolve(String(args[place])).startsWith(lake) && ++changes === dieAt)
      process.kill(process.pid, 'SIGKILL');
    return own.apply(fs.promises, args);
  };
}
syncBuiltinESMExports();
