import { readFileSync } from 'node:fs';

/** Clock ticks a second, as Linux counts them for processes. */
const TICKS = 100;

/** Processor time of this process with all of its threads, and on Linux of its children that have ended, in seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + childrenSeconds();
}

function childrenSeconds(): number {
  if (process.platform !== 'linux') return 0;
  // The name of the program, in brackets, may hold blanks. Behind it the 14th and 15th field are cutime and cstime (proc(5)).
  const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync('/proc/self/stat', 'utf8')) ?? [];
  const fields = rest.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}
