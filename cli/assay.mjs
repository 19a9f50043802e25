#!/usr/bin/env node
// The launcher: registers tsx, which runs TypeScript as it stands, and hands over to main.ts.
import { register } from 'tsx/esm/api';

register();
const { runProcess } = await import('./main.ts');
await runProcess();
