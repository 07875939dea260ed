import { type Script, script } from './script.ts'
import { applying, generationLength, head, noGeneration } from './session-layout.ts'

/*
 * The directory of a store's namespaces is in one hash slot. A namespace's record is "generation revision createdAt
 * ttl"; revisions increase with every change of any namespace, and the generation is the revision with which the
 * namespace was created. Each bucket of a namespace has a copy of the record or, once the namespace is deleted, a
 * tombstone of generation 0; of two records, the one with the higher revision counts.
 */

/** The version of the layout that this package reads and writes. */
export const layoutVersion = '2'

/** How long a tombstone is kept, in milliseconds: longer than any call may take. */
const tombstoneLife = 3_600_000

/** A generation of sixteen digits. */
const generationForm = `%0${generationLength}.0f`

/**
 * A revision is higher than all earlier ones, even after the server has evicted the counter: it is at least the time in
 * microseconds. No two scripts run in the same microsecond, so the counter is never ahead of the clock, unless the clock
 * was set back.
 */
const revising = `${applying}
local call = redis.call
local function nextRevision(passed)
  local time = call('TIME')
  return math.max(tonumber(call('GET', KEYS[2]) or 0), time[1] * 1000000 + time[2], passed) + 1
end
`

/**
 * KEYS: layout, revision, accounts, the account's names, its records, the deletions in progress.
 * ARGV: account, namespace, the namespace's key part, 'find' or 'create', the stated time to live or '', now
 * or '', the revision that the returned one must exceed.
 * Returns the record, an array with the deletion in progress, or nothing.
 */
export const namespaceScript: Script = script(`${revising}
local layout = call('GET', KEYS[1])
if layout and layout ~= '${layoutVersion}' then
  return redis.error_reply('CORRUPT the store has layout ' .. layout .. ', but this version of the package reads only ${layoutVersion}')
end
local ending = call('HGET', KEYS[6], ARGV[3])
if ending then return {ending} end
local record = call('HGET', KEYS[5], ARGV[2])
local passed = tonumber(ARGV[7])
if not record and ARGV[4] == 'find' then return false end
local generation, revision, created, ttl
if record then generation, revision, created, ttl = string.match(record, '^(%d+) (%d+) (%S+) (%d+)$') end
if record and ARGV[5] == '' and tonumber(revision) > passed then return record end
local next = nextRevision(passed)
revision = string.format('%.0f', next)
local writes = {{'SET', KEYS[2], revision}}
if not record then
  if not layout then writes[#writes + 1] = {'SET', KEYS[1], '${layoutVersion}'} end
  local now = ARGV[6]
  if now == '' then
    local time = call('TIME')
    now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  end
  generation, created, ttl = string.format('${generationForm}', next), now, '0'
  -- Fails if one of them is a key of another type.
  call('ZCARD', KEYS[4])
  call('ZCARD', KEYS[3])
  writes[#writes + 1] = {'ZADD', KEYS[4], '0', ARGV[2]}
  writes[#writes + 1] = {'ZADD', KEYS[3], '0', ARGV[1]}
end
if ARGV[5] ~= '' then
  ttl = ARGV[5]
  -- Each bucket will have to adopt it.
  checkAllowed({{'EVAL', '', '0'}, {'GET', KEYS[1]}, {'DEL', KEYS[1]}, {'SET', KEYS[1], ''}}, 1)
end
record = generation .. ' ' .. revision .. ' ' .. created .. ' ' .. ttl
writes[#writes + 1] = {'HSET', KEYS[5], ARGV[2], record}
apply(writes)
return record
`)

/**
 * Removes a namespace from the directory; its deletion is in progress until each of its buckets has a tombstone.
 * KEYS: as above. ARGV: account, namespace, the namespace's key part, the revision to exceed, and '1' if a bucket knows
 * the namespace, which the directory may not, because the server has evicted it.
 * Returns "generation revision" of the deletion in progress, or nothing.
 */
export const endNamespaceScript: Script = script(`${revising}
local record = call('HGET', KEYS[5], ARGV[2])
local ending = call('HGET', KEYS[6], ARGV[3])
if not record and (ending or ARGV[5] ~= '1') then return ending end
local revision = nextRevision(tonumber(ARGV[4]))
local generation = record and string.match(record, '^%d+') or string.format('${generationForm}', revision)
ending = generation .. ' ' .. string.format('%.0f', revision)
local isLast = record and call('ZCARD', KEYS[4]) <= 1
call('ZCARD', KEYS[3])
-- The commands of the scripts that end the buckets and remove the sessions.
local any = KEYS[1]
checkAllowed({{'EVAL', '', '0'}, {'GET', any}, {'DEL', any}, {'SET', any, ''}, {'EXISTS', any}, {'RENAME', any, any}, {'ZRANGE', any, '0', '1'},
  {'GETRANGE', any, '0', '0'}, {'UNLINK', any}, {'ZREM', any, ''}, {'HSET', any, '', ''}, {'HDEL', any, ''}}, 1)
-- Writes that free memory come first: a server that is out of memory lets a script continue that has written.
local writes = {{'HDEL', KEYS[5], ARGV[2]}, {'ZREM', KEYS[4], ARGV[2]}}
if isLast then writes[3] = {'ZREM', KEYS[3], ARGV[1]} end
writes[#writes + 1] = {'SET', KEYS[2], string.format('%.0f', revision)}
writes[#writes + 1] = {'HSET', KEYS[6], ARGV[3], ending}
apply(writes)
return ending
`)

/** KEYS: the deletions in progress, the generations to sweep. ARGV: the namespace's key part, "generation revision". */
export const endedScript: Script = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], string.match(ARGV[2], '^%d+'), ARGV[1])
return 1
`)

/** KEYS: the account's names, its records. ARGV: the name to start after, how many. Returns names and records. */
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

/**
 * KEYS: the bucket's record. ARGV: a record, which replaces the bucket's if it is newer. The bucket keeps its generation:
 * it differs from that of the record only if the server has evicted the directory.
 */
export const adoptScript: Script = script(`${applying}
local record, adopted = redis.call('GET', KEYS[1]), ARGV[1]
local function revision(text) return tonumber(string.match(text, '^%d+ (%d+)')) end
if record then
  if revision(adopted) <= revision(record) then return 0 end
  local generation = string.sub(record, ${head.generation})
  if generation ~= '${noGeneration}' then adopted = generation .. string.sub(adopted, ${generationLength + 1}) end
end
-- A server that is out of memory lets a script continue that has freed some: the directory has already changed.
apply({{'DEL', KEYS[1]}, {'SET', KEYS[1], adopted}})
return 1
`)

/**
 * Ends a namespace in one bucket: from then on its sessions do not exist, and their keys are to be swept. KEYS: the
 * bucket's record, its index, its index of sessions to sweep. ARGV: the revision.
 */
export const endBucketScript: Script = script(`${applying}
local record = redis.call('GET', KEYS[1])
local revision = record and tonumber(string.match(record, '^%d+ (%d+)')) or -1
if revision >= tonumber(ARGV[1]) then return 0 end
local writes = {{'DEL', KEYS[1]}, {'SET', KEYS[1], '${noGeneration} ' .. ARGV[1], 'PX', '${tombstoneLife}'}}
if redis.call('EXISTS', KEYS[2]) == 1 then writes[3] = {'RENAME', KEYS[2], KEYS[3]} end
apply(writes)
return 1
`)

/**
 * Removes some sessions of a deleted namespace. KEYS: the index of sessions to sweep, the sessions. ARGV: the generation.
 * A session that was created again has a later generation.
 */
export const sweepScript: Script = script(`${applying}
local unlink, remove = {'UNLINK'}, {'ZREM', KEYS[1]}
for i = 2, #KEYS do
  local generation = redis.call('GETRANGE', KEYS[i], 0, ${generationLength - 1})
  if generation ~= '' and generation <= ARGV[1] then unlink[#unlink + 1] = KEYS[i] end
  -- The key of the index ends with the generation where the keys of the sessions end with their ids.
  remove[#remove + 1] = string.sub(KEYS[i], #KEYS[1] - ${generationLength - 1})
end
if #unlink > 1 then apply({unlink, remove}) else apply({remove}) end
return 1
`)
