import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { KafkaSettings, Sasl } from '../../adapters/kafka/settings.ts';
import type { Args, Option } from '../command.ts';
import type { Io } from '../io.ts';
import { usageError } from '../usage-error.ts';

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'aws-msk-iam'] as const;
type MechanismName = (typeof MECHANISMS)[number];

/** How `--sasl` names stand for Kafka's. */
const WITH_PASSWORD = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** The options that say how a cluster is reached. */
export const KAFKA_OPTIONS: Readonly<Record<string, Option>> = {
  bootstrap: {
    type: 'string',
    value: 'HOST:PORT',
    multiple: true,
    help: 'a broker of the cluster to ask first; several by commas, or the option again',
  },
  tls: { type: 'boolean', help: 'encrypt connections to the brokers' },
  'tls-ca': {
    type: 'string',
    value: 'FILE',
    help: "certificates (PEM) that the brokers' are signed by, instead of the system's; implies --tls",
  },
  'tls-cert': { type: 'string', value: 'FILE', help: "the client's own certificate (PEM), with --tls-key" },
  'tls-key': { type: 'string', value: 'FILE', help: 'the key of --tls-cert (PEM)' },
  sasl: {
    type: 'string',
    value: 'MECHANISM',
    choices: MECHANISMS,
    help: 'how to sign in at the brokers: by $ASSAY_KAFKA_USERNAME and $ASSAY_KAFKA_PASSWORD, or with AWS credentials',
  },
};

/** How the cluster is reached, as the options and the environment say. Throws ConfigError `USAGE` where something is missing. */
export async function kafkaSettings(args: Args, io: Io): Promise<KafkaSettings> {
  const bootstrap = args.texts('bootstrap').flatMap((text) => text.split(',').map((one) => one.trim()));
  const [tls, sasl] = [await tlsOf(args, io), await saslOf(args, io)];
  if (
    sasl !== undefined &&
    tls === undefined &&
    args.text('sasl') !== 'scram-sha-256' &&
    args.text('sasl') !== 'scram-sha-512'
  )
    throw usageError(`--sasl ${args.text('sasl')} would send a secret in the clear: add --tls.`);
  return {
    bootstrap,
    clientId: 'assay-enforcer',
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

async function tlsOf(args: Args, io: Io): Promise<KafkaSettings['tls'] | undefined> {
  const names = { ca: 'tls-ca', cert: 'tls-cert', key: 'tls-key' } as const;
  const given = Object.entries(names).filter(([, option]) => args.text(option) !== undefined);
  if (!args.has('tls') && given.length === 0) return undefined;
  if ((args.text('tls-cert') === undefined) !== (args.text('tls-key') === undefined))
    throw usageError('--tls-cert and --tls-key belong together: give both, or neither.');
  const texts = await Promise.all(
    given.map(async ([name, option]) => [
      name,
      await textOf(option, path.resolve(io.cwd, args.text(option) ?? '')),
    ]),
  );
  return Object.fromEntries(texts);
}

async function textOf(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usageError(`--${option} ${file} can't be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

async function saslOf(args: Args, io: Io): Promise<Sasl | undefined> {
  const name = args.text('sasl') as MechanismName | undefined;
  if (name === undefined) return undefined;
  if (name === 'aws-msk-iam') {
    const { mskToken } = await import('../../adapters/aws/msk-token.ts');
    return { mechanism: 'OAUTHBEARER', token: mskToken(io.env.AWS_REGION ?? io.env.AWS_DEFAULT_REGION) };
  }
  const { ASSAY_KAFKA_USERNAME: username, ASSAY_KAFKA_PASSWORD: password } = io.env;
  if (!username || !password)
    throw usageError(`--sasl ${name} needs $ASSAY_KAFKA_USERNAME and $ASSAY_KAFKA_PASSWORD.`);
  return { mechanism: WITH_PASSWORD[name], username, password };
}
