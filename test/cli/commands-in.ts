import { expect } from '@jest/globals';
import { runMainJson } from './run-main.ts';

/** Commands in a place that is there once a test runs: with `--json`, and such as must end with 0. */
export function commandsIn(place: () => { readonly cwd: string }) {
  const json = async (...args: string[]) => {
    const { code, json: printed } = await runMainJson(args, place());
    return { code, json: printed };
  };
  const ok = async (...args: string[]) => {
    const { code, json: printed } = await json(...args);
    expect({ args, code, printed }).toMatchObject({ args, code: 0 });
    return printed;
  };
  return { json, ok };
}
