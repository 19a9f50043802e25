import { eraseAdopted } from '../adapters/aws/erase-adopted.ts';
import { readEnvironment } from './environment.ts';
import { lakeHandler } from './stage-handler.ts';

/** Removes for good what a dataset that was adopted has in the clear, with every version: the one function that removes from Bronze. */
export const handler = lakeHandler('erase', ['ASSAY_ANSWERS_BUCKET'], async (event, lake) => {
  const { ASSAY_ANSWERS_BUCKET: results } = readEnvironment(process.env, ['ASSAY_ANSWERS_BUCKET']);
  return await eraseAdopted(event, lake, results);
});
