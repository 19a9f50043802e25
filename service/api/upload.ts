import { z } from 'zod';
import { bringFiles } from '../uploads/bring-files.ts';
import { DATASET } from './datasets.ts';
import { uploadRoute } from './upload-route.ts';

/** POST /v1/datasets/{dataset}/files. */
export const uploadFiles = uploadRoute({
  path: '/v1/datasets/{dataset}/files',
  permission: 'files.upload',
  tag: 'Datasets',
  summary: 'Brings source files, as `assay ingest` does: the body is one, or a form has several',
  params: DATASET,
  query: z.strictObject({
    name: z
      .string()
      .max(1000)
      .exactOptional()
      .meta({ description: "the file's name, where the body is the file" }),
  }),
  answer: z.object({
    files: z.array(
      z.object({
        name: z.string(),
        key: z.string().meta({ description: 'where it lies in the lake' }),
        sizeBytes: z.int(),
        digest: z.string().meta({ description: 'SHA-256 of its bytes' }),
        existed: z.boolean().meta({ description: 'whether these bytes were there under this name already' }),
      }),
    ),
  }),
  handle: async ({ params }, files, service) => ({
    files: await bringFiles(service, params.dataset, files),
  }),
});
