/** What a payload is by its schema. */
export type ReadBySchema =
  /** JSON that says the same, numbers exact. */
  | { readonly kind: 'valid'; readonly json: string }
  /** Reasons as evidence names them: `SCHEMA_INVALID:/customer_id`, never with a value. */
  | { readonly kind: 'invalid'; readonly reasons: readonly string[] };

/** A schema, ready to read payloads. */
export interface SchemaReader {
  /** Never throws. `isFramed` says that Confluent's header was there, behind which Protobuf names its message. */
  read(body: Uint8Array, framing: { readonly isFramed: boolean }): ReadBySchema;
}

/** That a payload is not of the schema's format at all. */
export const UNDECODABLE: ReadBySchema = { kind: 'invalid', reasons: ['SCHEMA_UNDECODABLE'] };
