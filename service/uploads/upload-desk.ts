import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { Clock, Tickets } from '../../etl/ports.ts';
import type { BroughtFile, Intake } from './intake.ts';

/** Where a program sends a file by itself, past the service. */
export interface UploadAddress {
  readonly url: string;
  /** Fields of the form that has the file as its last, `file`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Where files are sent that don't fit through the service, until they are brought into Bronze. */
export interface UploadSite {
  /** An address that takes one file of at most so many bytes under an id, until a time. */
  address(
    id: string,
    limits: { readonly mostBytes: number; readonly seconds: number },
  ): Promise<UploadAddress>;
  /** What was sent under an id; undefined where nothing was. */
  read(id: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Hands on what was sent under an id to whatever protects files of its dataset; false where nothing was sent. */
  handOver(id: string, file: { readonly dataset: string; readonly name: string }): Promise<boolean>;
  remove(id: string): Promise<void>;
}

/** What became of a file that was sent: it is in Bronze, or is being protected, and comes there then. */
export type CompletedUpload = { readonly name: string; readonly dataset: string } & (
  | ({ readonly state: 'in-bronze' } & BroughtFile)
  | { readonly state: 'protecting' }
);

/** A file that is to be sent. */
export interface BegunUpload extends UploadAddress {
  readonly id: string;
  readonly endsAt: Date;
}

/** Files that are sent past the service: it says where to, and brings them in when they are there. */
export interface UploadDesk {
  readonly mostBytes: number;
  begin(file: { readonly dataset: string; readonly name: string }, by: string): Promise<BegunUpload>;
  /** Brings the file in, once. Throws ConfigError `NO_UPLOAD` where this person began none of that id, `NOT_SENT` where it isn't there. */
  complete(id: string, by: string): Promise<CompletedUpload>;
}

/** What an upload desk stands on. */
export interface UploadDeskOptions {
  readonly site: UploadSite;
  readonly intake: Intake;
  /** Whether a dataset's files are handed on to be protected, rather than brought in here. */
  readonly isProtected: (dataset: string) => Promise<boolean>;
  readonly tickets: Tickets;
  readonly clock: Clock;
}

/** How long a file may take to begin to be sent. */
const SECONDS = 900;
/** How long it is known what it is. */
const KEPT_MS = 24 * 3_600_000;

const Kept = z.object({ dataset: z.string(), name: z.string(), by: z.string() });
type Kept = z.infer<typeof Kept>;

/** Opens a desk. */
export function openUploadDesk({ site, intake, isProtected, tickets, clock }: UploadDeskOptions): UploadDesk {
  const { mostBytes } = intake;
  const keyOf = (id: string): string => `upload ${id}`;
  async function bringIn(id: string, { dataset, name }: Kept): Promise<CompletedUpload> {
    if (await isProtected(dataset)) {
      if (!(await site.handOver(id, { dataset, name }))) throw notSent(id);
      return { state: 'protecting', name, dataset };
    }
    const bytes = await site.read(id);
    if (bytes === undefined) throw notSent(id);
    const brought = await intake.add(dataset, { name, bytes });
    return { state: 'in-bronze', ...brought, name, dataset };
  }
  return {
    mostBytes,
    async begin({ dataset, name }, by) {
      const id = randomUUID();
      const nowMs = clock.now().getTime();
      const address = await site.address(id, { mostBytes, seconds: SECONDS });
      await tickets.put(keyOf(id), JSON.stringify({ dataset, name, by }), new Date(nowMs + KEPT_MS));
      return { ...address, id, endsAt: new Date(nowMs + SECONDS * 1000) };
    },
    async complete(id, by) {
      const text = await tickets.get(keyOf(id));
      const kept = text === undefined ? undefined : Kept.parse(JSON.parse(text));
      if (kept?.by !== by)
        throw new ConfigError(
          'NO_UPLOAD',
          `You began no upload ${id}, or it was brought in already: begin another by POST /v1/uploads.`,
        );
      const completed = await bringIn(id, kept);
      await tickets.take(keyOf(id));
      await site.remove(id);
      return completed;
    },
  };
}

const notSent = (id: string): ConfigError =>
  new ConfigError('NOT_SENT', `Nothing was sent for upload ${id} yet: send the file, then complete it.`);
