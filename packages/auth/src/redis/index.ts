export type { RedisOptions } from './redis-client.ts';
export { openRedisJournal, readRedisJournal } from './redis-journal.ts';
export { openRevocationBus, type RevocationBus } from './revocation-bus.ts';
