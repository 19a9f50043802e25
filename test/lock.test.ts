import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

/** Words in a package's name that say that it is a binary for one platform. */
const PLATFORM =
  /(^|[-/.])(darwin|linux|linuxmusl|win32|windows|freebsd|openbsd|netbsd|sunos|android|aix)([-.]|$)/;

/** The folders in which Node would look for `name` from `from`, nearest first. */
function places(from: string, name: string): string[] {
  const at = [`${from === '' ? '' : `${from}/`}node_modules/${name}`];
  const parent = from.lastIndexOf('node_modules/');
  return parent < 0 ? at : [...at, ...places(from.slice(0, parent).replace(/\/$/, ''), name)];
}

/** Every optional dependency of every package, with what the lock has of it. */
const optional = Object.entries(lock.packages).flatMap(([from, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies).map(([name, wanted]) => {
    const found = places(from, name).find((place) => lock.packages[place] !== undefined);
    return { name, wanted, locked: found === undefined ? undefined : lock.packages[found] };
  }),
);

const binaries = optional.filter(({ name }) => PLATFORM.test(name));

describe('package-lock.json', () => {
  test('has every optional package that any of its packages names', () => {
    expect(optional.filter(({ locked }) => locked === undefined).map(({ name }) => name)).toEqual([]);
  });

  test('says of every platform package its version, its digest, its system and its processor', () => {
    expect(binaries.length).toBeGreaterThan(50);
    const wrong = binaries.filter(
      ({ wanted, locked }) =>
        !/^\d/.test(locked?.version ?? '') ||
        (/^\d/.test(wanted) && locked?.version !== wanted) ||
        !locked?.integrity?.startsWith('sha512-') ||
        (locked.os ?? []).length === 0 ||
        ((locked.cpu ?? []).length === 0 && !/universal/.test(wanted)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'x64'],
    ['darwin', 'arm64'],
    ['win32', 'x64'],
  ])("has DuckDB's, Biome's, swc's and esbuild's binaries for %s on %s", (os, cpu) => {
    for (const family of ['@duckdb/', '@biomejs/', '@swc/', '@esbuild/']) {
      const fitting = binaries.filter(
        ({ name, locked }) =>
          name.startsWith(family) && locked?.os?.includes(os) === true && locked.cpu?.includes(cpu) === true,
      );
      expect([family, fitting.length > 0]).toEqual([family, true]);
    }
  });

  test('names no host, so that every registry and mirror will do', () => {
    const hosts = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(hosts.map(([place]) => place)).toEqual([]);
  });
});
