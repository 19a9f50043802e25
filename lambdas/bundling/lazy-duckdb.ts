import type { Plugin } from 'esbuild';

const PACKAGE = '@duckdb/node-api';

/**
 * Leaves DuckDB out of a bundle and loads it from the layer when it is first used: 70 MB that a stage which only
 * moves documents never reads. By `require`, because that looks where NODE_PATH says that layers are, and a module's
 * import does not everywhere.
 */
export const lazyDuckDb: Plugin = {
  name: 'lazy-duckdb',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${PACKAGE}$`) }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'lazy-duckdb' } : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: 'lazy-duckdb' }, () => ({
      contents: `Object.defineProperty(exports, 'DuckDBInstance', { enumerable: true, get: () => require('${PACKAGE}').DuckDBInstance });`,
      loader: 'js',
    }));
  },
};
