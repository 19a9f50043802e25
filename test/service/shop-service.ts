import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, type Opening, openService } from './open-service.ts';

/** A shop's lake with its service. */
export interface ShopService {
  readonly shop: Shop;
  readonly service: AskedService;
  /** Brings a file of sales into Bronze, by the command. */
  ingest(name: string, text: string): Promise<void>;
  dispose(): Promise<void>;
}

/** Opens a shop whose lake is empty, and its service. */
export async function openShopService(opening: Opening = {}): Promise<ShopService> {
  const shop = await openShop();
  const service = await openService(shop.cwd, opening);
  return {
    shop,
    service,
    async ingest(name, text) {
      await shop.write(name, text);
      const { code, err } = await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
      if (code !== 0) throw new Error(err);
    },
    async dispose() {
      await service.close();
      await shop.dispose();
    },
  };
}
