import type { SentFile } from '../http/read-files.ts';

/** A file that came into Bronze; `existed` where these bytes were there under this name already. */
export interface BroughtFile {
  readonly key: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly existed: boolean;
}

/** Brings files into Bronze as `assay ingest` does. */
export interface Intake {
  /** What one file may have at most. */
  readonly mostBytes: number;
  /** Copies a file into a dataset's Bronze, whole or not at all. Throws ConfigError for a name or a file that may not. */
  add(dataset: string, file: SentFile): Promise<BroughtFile>;
}
