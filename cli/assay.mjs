#!/usr/bin/env node
// The launcher. In a clone, tsx runs the TypeScript as it stands; the npm package has it compiled, in dist/.
import { existsSync } from 'node:fs';

if (existsSync(new URL('main.ts', import.meta.url))) {
  const { register } = await import('tsx/esm/api');
  register();
  const { runProcess } = await import('./main.ts');
  await runProcess();
} else {
  const { runProcess } = await import('../dist/cli/main.js');
  await runProcess();
}
