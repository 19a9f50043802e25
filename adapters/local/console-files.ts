import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode } from './file-errors.ts';

const BESIDE = fileURLToPath(new URL('../../service/', import.meta.url));

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** The files that the console's pages name, with their types. */
const FILES = {
  'console/assets/style.css': STYLE,
  'console/assets/reports.css': STYLE,
  'console/assets/script.js': SCRIPT,
  'console/assets/sql-editor.js': SCRIPT,
  'console/assets/api.js': SCRIPT,
  'console/assets/icon.svg': 'image/svg+xml',
  'graphql/page/graphiql-page.css': STYLE,
  'graphql/page/graphiql-page.js': SCRIPT,
} as const;

/** Those of the service's own, below its folder. */
export const CONSOLE_FILES = Object.keys(FILES);

/** Those of packages: by the name that pages give them, the package's file and its type. */
export const PACKAGE_FILES = {
  'react.js': { from: 'react', file: 'umd/react.production.min.js', type: SCRIPT },
  'react-dom.js': { from: 'react-dom', file: 'umd/react-dom.production.min.js', type: SCRIPT },
  'graphiql.js': { from: 'graphiql', file: 'graphiql.min.js', type: SCRIPT },
  'graphiql.css': { from: 'graphiql', file: 'graphiql.min.css', type: STYLE },
} as const;

/** Where a package's file lies; throws where the package is not installed. */
export function packageFile({ from, file }: { readonly from: string; readonly file: string }): string {
  return path.join(path.dirname(createRequire(import.meta.url).resolve(`${from}/package.json`)), file);
}

/** Fonts that a style sheet brings within itself: pages load none, and the system's are as good. */
const FONTS = /@font-face\s*\{[^}]*\}/g;

type Files = Map<string, { readonly type: string; readonly body: string }>;

/** Reads the console's files: from the service's folder, which lies beside the code unless said, or from the packages that they are of. */
export async function readConsoleFiles(folder: string = BESIDE): Promise<Files> {
  const files: Files = new Map();
  for (const [file, type] of Object.entries(FILES))
    files.set(path.basename(file), { type, body: await readFile(path.join(folder, file), 'utf8') });
  for (const [name, one] of Object.entries(PACKAGE_FILES)) {
    const body = await readOne(path.join(folder, 'graphql/page', name), one);
    if (body !== undefined) files.set(name, { type: one.type, body: body.replaceAll(FONTS, '') });
  }
  return files;
}

/** A package's file as it was built in, else as it is installed; undefined where it is neither. */
async function readOne(
  built: string,
  one: { readonly from: string; readonly file: string },
): Promise<string | undefined> {
  try {
    return await readFile(built, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  try {
    return await readFile(packageFile(one), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'MODULE_NOT_FOUND')) return undefined;
    throw error;
  }
}
