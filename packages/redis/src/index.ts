export type {
  RedisAbortSignal,
  RedisClient,
  RedisClientLife,
  RedisClusterClient,
  RedisCommandOptions,
  RedisNodeClient,
  RedisSentinelClient,
  RedisSentinelLease,
} from './redis-client.ts'
export { type RedisStoreOptions, redisStore } from './redis-store.ts'
