import type { BaseOptions } from '@platformatic/kafka';
import { ConfigError } from '../../etl/errors.ts';

/** How a cluster is reached. */
export interface KafkaSettings {
  /** `host:port`, one or more. */
  readonly bootstrap: readonly string[];
  /** By which name the brokers' logs know this client. */
  readonly clientId: string;
  /** Present where connections are encrypted: PEM texts; the system's certificate authorities unless `ca` is given. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: Sasl;
}

/** How the client says who it is. A token is asked for again at each connection and before it expires. */
export type Sasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: () => Promise<string> };

/** The settings as the client library has them. Throws ConfigError where an address isn't `host:port`. */
export function clientOptions(settings: KafkaSettings, requestTimeoutMs: number): BaseOptions {
  return {
    clientId: settings.clientId,
    bootstrapBrokers: bootstrapBrokers(settings),
    connectTimeout: 5_000,
    requestTimeout: requestTimeoutMs,
    retries: 0,
    ...(settings.tls === undefined ? {} : { tls: { ...settings.tls }, tlsServerName: true }),
    ...(settings.sasl === undefined ? {} : { sasl: { ...settings.sasl } }),
  };
}

/** The brokers that are asked first. */
export function bootstrapBrokers({ bootstrap }: KafkaSettings): { host: string; port: number }[] {
  return bootstrap.map((address) => {
    const [, host, port] = /^\[?([^\s\]]+?)\]?:(\d{1,5})$/.exec(address) ?? [];
    if (host === undefined || port === undefined || Number(port) > 65_535)
      throw new ConfigError('KAFKA_ADDRESS', `${address} is no address of a broker: write host:port.`);
    return { host, port: Number(port) };
  });
}
