import { isIP } from 'node:net';
import type { Args, Option } from '../command.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_PORT = '4180';
const DEFAULT_HOST = '127.0.0.1';

/** The options that say where the service listens, and how it is reached. */
export const LISTENING_OPTIONS: Readonly<Record<string, Option>> = {
  port: {
    type: 'string',
    value: 'N',
    help: `the port to listen on (default: ${DEFAULT_PORT}); 0 for any that is free`,
  },
  host: {
    type: 'string',
    value: 'H',
    help: `an address of this machine to listen on (default: ${DEFAULT_HOST}); another than loopback needs --oidc-issuer and --public-url`,
  },
  'public-url': {
    type: 'string',
    value: 'URL',
    help: 'the address by which browsers reach it, where a proxy stands before it: https://assay.example.org',
  },
};

/** Where the service listens, and the address by which it is asked, where that is another. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: URL | undefined;
}

/** What the options say; throws ConfigError `USAGE` where others than this machine would be answered and anybody could ask. */
export function listeningOf(args: Args, { hasIssuer }: { readonly hasIssuer: boolean }): Listening {
  const text = args.text('port') ?? DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw usageError(`--port ${text} is no port: write a number from 1 to 65535, or 0 for one that is free.`);
  const host = args.text('host') ?? DEFAULT_HOST;
  const publicUrl = publicUrlOf(args.text('public-url'));
  if (publicUrl !== undefined && !hasIssuer)
    throw usageError(
      `--public-url ${publicUrl.origin} is for others than you, and the token is for one person at this machine: add --oidc-issuer and --oidc-audience, or leave it out.`,
    );
  if (isLoopbackName(host)) return { host, port: Number(text), publicUrl };
  if (!hasIssuer)
    throw usageError(
      `--host ${host} would answer other machines, and the token is for one person at this one: leave --host out, or have people sign in by --oidc-issuer and --oidc-audience. To look from elsewhere, forward the port: ssh -L ${text}:127.0.0.1:${text} HOST.`,
    );
  if (publicUrl === undefined)
    throw usageError(
      `--host ${host} answers other machines, which must find it by https: put a proxy with a certificate before it, and name its address by --public-url https://….`,
    );
  return { host, port: Number(text), publicUrl };
}

function publicUrlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = webUrl('--public-url', text);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw usageError(
      `--public-url ${text} says more than a host: the service has one of its own, e.g. https://assay.example.org.`,
    );
  if (url.protocol !== 'https:' && !isLoopbackName(url.hostname))
    throw usageError(
      `--public-url ${text} has no TLS: what people read and decide would pass in the clear. Write an https address.`,
    );
  return url;
}

/** An http or https address; throws ConfigError `USAGE` for anything else. */
export function webUrl(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw usageError(`${option} ${text} is no address: write https://….`);
}

/** Whether a name is this machine's for itself, `[::1]` included. */
export const isLoopbackName = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

/** A host as addresses write it. */
export const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);
