import type { Base, Connection } from '@platformatic/kafka';
import { closeInTime } from './in-time.ts';

/**
 * Returns what closes a client with every connection that it ever opened. The library's pool forgets one when another to
 * the same broker ends a moment later: that one stays open, and keeps the process alive until the broker ends it.
 */
export function trackConnections(client: Base): () => Promise<void> {
  const open = new Set<Connection>();
  client.connections.on('connecting', ({ connection }) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    // An error that comes twice is nobody's to hear by then, and would end the process.
    connection.on('error', () => undefined);
  });
  return async () => {
    await closeInTime(client);
    for (const { socket } of open) socket?.destroy();
    open.clear();
  };
}
