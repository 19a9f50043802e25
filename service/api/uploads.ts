import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Service } from '../service.ts';
import type { UploadDesk } from '../uploads/upload-desk.ts';
import { route } from './route.ts';

/** POST /v1/uploads. */
export const beginUpload = route({
  method: 'post',
  path: '/v1/uploads',
  permission: 'files.upload',
  tag: 'Datasets',
  summary: 'Says where a large file is sent on AWS: to a bucket, as a form; then it is completed',
  body: z.strictObject({
    dataset: z.string().max(200),
    name: z.string().min(1).max(1000).meta({ description: "the file's name" }),
  }),
  answer: z.object({
    id: z.uuid(),
    url: z.string().meta({ description: 'POST a form here (multipart/form-data)' }),
    fields: z
      .record(z.string(), z.string())
      .meta({ description: 'fields of the form; the file is its last field, called file' }),
    mostBytes: z.int(),
    endsAt: z.iso.datetime().meta({ description: 'until when the form is taken' }),
  }),
  async handle({ body, identity }, service) {
    const desk = requireDesk(service);
    requireSourceContract(await loadContracts(service.lake.effects.contracts), body.dataset);
    const { id, url, fields, endsAt } = await desk.begin(body, identity.name);
    return { id, url, fields: { ...fields }, mostBytes: desk.mostBytes, endsAt: endsAt.toISOString() };
  },
});

/** POST /v1/uploads/{uploadId}/complete. */
export const completeUpload = route({
  method: 'post',
  path: '/v1/uploads/{uploadId}/complete',
  permission: 'files.upload',
  tag: 'Datasets',
  summary: 'Brings a file in that was sent, with the checks of `assay ingest`',
  params: z.strictObject({ uploadId: z.uuid() }),
  answer: z.object({
    dataset: z.string(),
    name: z.string(),
    state: z.enum(['in-bronze', 'protecting']).meta({
      description: 'protecting: of a protected dataset; it is sealed first, and a run begins then',
    }),
    key: z.string().nullable().meta({ description: 'where it lies in the lake; null until it is protected' }),
    sizeBytes: z.int().nullable(),
    digest: z.string().nullable().meta({ description: 'SHA-256 of its bytes' }),
    existed: z.boolean().meta({ description: 'whether these bytes were there under this name already' }),
  }),
  async handle({ params, identity }, service) {
    const done = await requireDesk(service).complete(params.uploadId, identity.name);
    const { dataset, name, state } = done;
    if (state === 'protecting')
      return { dataset, name, state, key: null, sizeBytes: null, digest: null, existed: false };
    const { key, sizeBytes, digest, existed } = done;
    return { dataset, name, state, key, sizeBytes, digest, existed };
  },
});

function requireDesk({ uploads }: Pick<Service, 'uploads'>): UploadDesk {
  if (uploads !== undefined) return uploads;
  throw new ConfigError(
    'NO_UPLOADS',
    'Files are sent to the service itself here, however large: POST /v1/datasets/{dataset}/files.',
  );
}
