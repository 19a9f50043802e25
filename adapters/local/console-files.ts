import { readFile } from 'node:fs/promises';

/** The files that the console's pages name, with their types. */
const FILES = {
  'style.css': 'text/css; charset=utf-8',
  'script.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

/** Reads the console's files from where they lie beside the code. */
export async function readConsoleFiles(): Promise<
  Map<string, { readonly type: string; readonly body: string }>
> {
  const files = new Map<string, { readonly type: string; readonly body: string }>();
  for (const [name, type] of Object.entries(FILES)) {
    const body = await readFile(new URL(`../../service/console/assets/${name}`, import.meta.url), 'utf8');
    files.set(name, { type, body });
  }
  return files;
}
