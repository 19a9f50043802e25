import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const exists = (file: string): boolean => existsSync(new URL(`../${file}`, import.meta.url));

/** What stands between backquotes and begins in a folder or is a file of this repository. */
function namedFiles(page: string): string[] {
  const spans = [...page.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return spans.filter((span) =>
    /^(?:[.]?(?:adapters|bench|bin|ci|cli|contracts|docs|etl|examples|lambdas|library|lib|sql|state-machines|test)\/|[.]?[\w-]+[.](?:ts|mjs|json|md)$)[\w./-]*$/.test(
      span,
    ),
  );
}

describe.each(['CONTRIBUTING.md', 'docs/architecture.md', 'SECURITY.md'])('%s', (page) => {
  const text = read(page);

  test('names only files that there are', () => {
    // The pointer lies in a lake, and two files are told by their name alone below the folder that was named.
    const elsewhere = ['_LATEST.json', 'compile-record.ts', 'compile-column.ts', 'table-columns.ts'];
    const missing = namedFiles(text).filter((file) => !exists(file) && !elsewhere.includes(file));
    expect(missing).toEqual([]);
  });

  test('links only to pages and headings that there are', () => {
    const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/') + 1) : '';
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, file = '', heading]) => {
      const target = new URL(`../${folder}${file || page}`, import.meta.url);
      if (!existsSync(target)) return true;
      if (heading === undefined) return false;
      const slugs = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      return !slugs.includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

test('CONTRIBUTING.md says which files take part in each kind of change', () => {
  const sections = read('CONTRIBUTING.md').split(/^### /m).slice(1);
  for (const kind of ['column type', 'check', 'stage', 'command']) {
    const section = sections.find((one) => one.split('\n')[0]?.includes(kind)) ?? '';
    expect([kind, namedFiles(section).length >= 4]).toEqual([kind, true]);
  }
});

test('docs/architecture.md tells every rule of who may import whom', () => {
  const page = read('docs/architecture.md');
  const rules = [...read('.dependency-cruiser.mjs').matchAll(/rule\(\s*'([\w-]+)'/g)].map(([, name]) => name);
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('the licence that package.json names is there, and the oldest Node that it allows is tested', () => {
  const { license, engines } = JSON.parse(read('package.json')) as {
    license: string;
    engines: { node: string };
  };
  expect([license, engines.node]).toEqual(['Apache-2.0', '>=20.11']);
  expect(read('LICENSE')).toMatch(/^\s*Apache License\n\s*Version 2\.0, January 2004/);
  expect(read('test/nodes/main.ts')).toMatch(/'20\.11\.\d+'/);
  expect(Number(read('.nvmrc'))).toBeGreaterThanOrEqual(20);
});
