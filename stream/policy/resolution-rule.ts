import { z } from 'zod';
import { DatasetUrn } from './dataset-urn.ts';

/** What chooses among the events of one source. */
export type Extraction =
  | { readonly kind: 'event_type'; readonly value: string }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'pointer'; readonly pointer: string; readonly value: string };

/** What an extraction rule says; undefined where it is none. */
export function readExtraction(text: string): Extraction | undefined {
  const [, left = '', value = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (left === 'event_type') return { kind: 'event_type', value };
  if (left.startsWith('header:') && left.length > 'header:'.length)
    return { kind: 'header', name: left.slice('header:'.length), value };
  return /^(\/([^/~]|~[01])*)+$/.test(left) ? { kind: 'pointer', pointer: left, value } : undefined;
}

/** One line of the map from sources to datasets. */
export const ResolutionRule = z.strictObject({
  source_type: z.enum(['TOPIC', 'SCHEMA_ID', 'EVENT_TYPE', 'HEADER']),
  source_value: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: 'the topic, schema id or event type; of a header NAME=VALUE' }),
  dataset_urn: DatasetUrn,
  resolution_confidence: z.enum(['HIGH', 'MEDIUM', 'LOW']),
  extraction_rule: z
    .string()
    .max(500)
    .refine((text) => readExtraction(text) !== undefined, {
      message: 'is no rule: write event_type=VALUE, header:NAME=VALUE or /pointer=VALUE',
    })
    .exactOptional()
    .meta({ description: 'tells events of one source apart, e.g. event_type=orders.created' }),
});
export type ResolutionRule = z.infer<typeof ResolutionRule>;

/** Every rule that leads to one dataset, as the control plane takes and gives them. */
export const Resolution = z.strictObject({ rules: z.array(ResolutionRule).max(1000) });
export type Resolution = z.infer<typeof Resolution>;
