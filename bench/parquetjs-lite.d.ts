/** The part of parquetjs-lite that the benchmark uses; the package has no types of its own. */
declare module 'parquetjs-lite' {
  namespace parquet {
    interface FieldDefinition {
      readonly type: 'UTF8' | 'INT64' | 'TIMESTAMP_MILLIS';
      readonly compression?: 'UNCOMPRESSED' | 'GZIP' | 'SNAPPY';
      /** Off: no minimum, maximum or distinct count is kept. */
      readonly statistics?: boolean;
    }

    class ParquetSchema {
      constructor(fields: Readonly<Record<string, FieldDefinition>>);
    }

    class ParquetWriter<Row extends object> {
      static openFile<Row extends object>(
        schema: ParquetSchema,
        path: string,
        options?: { readonly rowGroupSize?: number; readonly useDataPageV2?: boolean },
      ): Promise<ParquetWriter<Row>>;
      appendRow(row: Row): Promise<void>;
      close(): Promise<void>;
    }
  }
  export = parquet;
}
