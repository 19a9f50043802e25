/** Why a schema can't read what another wrote; empty where it can read everything. */
export type Obstacles = readonly string[];
