#!/usr/bin/env node
// The launcher. In a clone, tsx runs the TypeScript as it stands; the npm package has it compiled, in dist/.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

if (existsSync(new URL('main.ts', import.meta.url))) {
  const { register } = await import('tsx/esm/api');
  // Which JSX the pages are written in stands in the clone's own tsconfig.json, wherever the command is typed.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
  const { runProcess } = await import('./main.ts');
  await runProcess();
} else {
  const { runProcess } = await import('../dist/cli/main.js');
  await runProcess();
}
