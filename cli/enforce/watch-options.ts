import type { Args, Option } from '../command.ts';
import { usageError } from '../usage-error.ts';

const HOST = '127.0.0.1';

/** The options that say how an enforcer can be watched. */
export const WATCH_OPTIONS: Readonly<Record<string, Option>> = {
  'metrics-port': {
    type: 'string',
    value: 'N',
    help: 'serve /metrics (Prometheus), /healthz and /readyz on this port; nothing is served unless given',
  },
  'metrics-host': {
    type: 'string',
    value: 'H',
    help: `on this address; whoever reaches it may read them (default: ${HOST})`,
  },
  log: {
    type: 'string',
    value: 'FORM',
    choices: ['text', 'json'],
    help: 'how stderr is written: for people, or as JSON Lines that name the events which failed (default: text)',
  },
};

/** Where metrics are served; undefined where they aren't. Throws ConfigError `USAGE`. */
export function metricsPlace(args: Args): { readonly host: string; readonly port: number } | undefined {
  const [port, host] = [args.text('metrics-port'), args.text('metrics-host')];
  if (port === undefined && host !== undefined)
    throw usageError('--metrics-host says where metrics are served: add --metrics-port.');
  if (port === undefined) return undefined;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw usageError(`--metrics-port is '${port}': write a port, 0 to 65535; 0 is one that is free.`);
  return { host: host ?? HOST, port: Number(port) };
}

/** Whether stderr is written as JSON Lines. Throws ConfigError `USAGE`. */
export function isLogJson(args: Args): boolean {
  const form = args.text('log') ?? 'text';
  if (form !== 'text' && form !== 'json') throw usageError(`--log is '${form}': write text or json.`);
  return form === 'json';
}
