import * as duckDb from '@duckdb/node-api';
import type { Plugin } from 'esbuild';

const PACKAGE = '@duckdb/node-api';
/** All that it exports: what was left out would be undefined on Lambda, and there alone. */
const NAMES = JSON.stringify(Object.keys(duckDb).filter((name) => /^[a-z]\w*$/i.test(name)));

/**
 * Leaves DuckDB out of a bundle and loads it from the layer when it is first used: 70 MB that a stage which only
 * moves documents never reads. By `require`, because that looks where NODE_PATH says that layers are, and a module's
 * import does not everywhere.
 */
export const lazyDuckDb: Plugin = {
  name: 'lazy-duckdb',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${PACKAGE}$`) }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace: 'lazy-duckdb' },
    );
    build.onLoad({ filter: /.*/, namespace: 'lazy-duckdb' }, () => ({
      contents: `for (const name of ${NAMES}) Object.defineProperty(exports, name, { enumerable: true, get: () => require('${PACKAGE}')[name] });`,
      loader: 'js',
    }));
  },
};
