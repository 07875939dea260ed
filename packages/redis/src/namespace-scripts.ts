import { type Script, script } from './script.ts'

/*
 * The directory, one hash slot for a store: which namespaces there are. A namespace's record is
 * "generation revision createdAt ttl"; revisions rise with every change of any namespace, and the generation is
 * the revision that the namespace began with. Each bucket of a namespace has a copy of the record, or, once the
 * namespace is deleted, a tombstone of generation 0; of two, the higher revision counts.
 */

/** The version of the layout that this package reads and writes. */
export const layoutVersion = '1'

/** How long a tombstone stays, in milliseconds: longer than any call may take. */
const tombstoneLife = 3_600_000

/**
 * KEYS: layout, revision, accounts, the account's names, its records, what is ending.
 * ARGV: account, namespace, the namespace's key part, 'find' or 'create', the stated time to live or '', now
 * or '', the revision that the answer has to pass.
 * Answers the record, an array with what is ending, or nothing.
 */
export const namespaceScript: Script = script(`
local call = redis.call
local layout = call('GET', KEYS[1])
if layout and layout ~= '${layoutVersion}' then
  return redis.error_reply('CORRUPT the store has layout ' .. layout .. ', this version reads ${layoutVersion}')
end
local ending = call('HGET', KEYS[6], ARGV[3])
if ending then return {ending} end
local record = call('HGET', KEYS[5], ARGV[2])
local passed = tonumber(ARGV[7])
if not record and ARGV[4] == 'find' then return false end
local generation, revision, created, ttl
if record then generation, revision, created, ttl = string.match(record, '^(%d+) (%d+) (%S+) (%d+)$') end
if record and ARGV[5] == '' and tonumber(revision) > passed then return record end
revision = call('INCR', KEYS[2])
if revision <= passed then
  revision = passed + 1
  call('SET', KEYS[2], string.format('%.0f', revision))
end
if not record then
  if not layout then call('SET', KEYS[1], '${layoutVersion}') end
  local now = ARGV[6]
  if now == '' then
    local time = call('TIME')
    now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  end
  generation, created, ttl = string.format('%010.0f', revision), now, '0'
  call('ZADD', KEYS[4], 0, ARGV[2])
  call('ZADD', KEYS[3], 0, ARGV[1])
end
if ARGV[5] ~= '' then ttl = ARGV[5] end
record = generation .. ' ' .. string.format('%.0f', revision) .. ' ' .. created .. ' ' .. ttl
call('HSET', KEYS[5], ARGV[2], record)
return record
`)

/**
 * Takes a namespace out of the directory; it is ending until each of its buckets has its tombstone.
 * KEYS: as above. ARGV: account, namespace, the namespace's key part.
 * Answers "generation revision" of what is ending, or nothing.
 */
export const endNamespaceScript: Script = script(`
local call = redis.call
local record = call('HGET', KEYS[5], ARGV[2])
if not record then return call('HGET', KEYS[6], ARGV[3]) end
-- What frees memory comes first: a server without any lets a script go on that has written.
call('HDEL', KEYS[5], ARGV[2])
call('ZREM', KEYS[4], ARGV[2])
local ending = string.match(record, '^%d+') .. ' ' .. string.format('%.0f', call('INCR', KEYS[2]))
if call('ZCARD', KEYS[4]) == 0 then call('ZREM', KEYS[3], ARGV[1]) end
call('HSET', KEYS[6], ARGV[3], ending)
return ending
`)

/** KEYS: what is ending, what is to be swept. ARGV: the namespace's key part, "generation revision". */
export const endedScript: Script = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], string.match(ARGV[2], '^%d+'), ARGV[1])
return 1
`)

/** KEYS: the account's names, its records. ARGV: where to go on, how many. Answers names and records. */
export const listNamespacesScript: Script = script(`
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local names = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, tonumber(ARGV[2]))
local answer = {}
for _, name in ipairs(names) do
  answer[#answer + 1] = name
  answer[#answer + 1] = redis.call('HGET', KEYS[2], name)
end
return answer
`)

/** KEYS: the bucket's record. ARGV: a record, which is kept where it is newer. */
export const adoptScript: Script = script(`
local record = redis.call('GET', KEYS[1])
local function revision(text) return tonumber(string.match(text, '^%d+ (%d+)')) end
if not record or revision(ARGV[1]) > revision(record) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
`)

/**
 * Ends a namespace in one bucket: from here on its sessions are not there, and what is left of them is to be
 * swept. KEYS: the bucket's record, its index, its index of what is to be swept. ARGV: the revision.
 */
export const endBucketScript: Script = script(`
local record = redis.call('GET', KEYS[1])
local revision = record and tonumber(string.match(record, '^%d+ (%d+)')) or -1
if revision >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], '0000000000 ' .. ARGV[1], 'PX', ${tombstoneLife})
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], KEYS[3]) end
return 1
`)

/**
 * Removes some sessions of a namespace that has ended. KEYS: the index of what is to be swept. ARGV: the
 * sessions' key prefix, the generation, how many. A session that has begun anew is of another generation.
 */
export const sweepScript: Script = script(`
local ids = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[3]) - 1)
for _, id in ipairs(ids) do
  local key = ARGV[1] .. id
  if redis.call('GETRANGE', key, 0, 9) == ARGV[2] then redis.call('UNLINK', key) end
end
if #ids > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, #ids - 1) end
return #ids
`)
