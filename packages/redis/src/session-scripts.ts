import { type Script, script } from './script.ts'
import { headLength, shared } from './session-layout.ts'

/**
 * Removes properties; the session's time to live runs on.
 * KEYS: the bucket's record, the session, the bucket's index. ARGV: now, the names to remove.
 */
export const deleteScript: Script = script(`${shared}
local generation = generationOf(call('GET', KEYS[1]))
local head = call('GETRANGE', KEYS[2], 0, ${headLength - 1})
if not living(head, generation, ARGV[1]) then return 0 end
local lines, names = storedLines(KEYS[2])
local found = false
for i = 2, #ARGV do
  if lines[ARGV[i]] then lines[ARGV[i]] = false found = true end
end
if not found then return 0 end
local body, count = joined(lines, names)
if count == 0 then
  call('ZREM', KEYS[3], sub(KEYS[2], #KEYS[3] + 1))
  call('UNLINK', KEYS[2])
else
  -- The instant and not what is left until then: that is 0 in the last millisecond.
  local expiresAt = call('PEXPIRETIME', KEYS[2])
  -- A server that is out of memory lets a script write that has freed some first.
  call('UNLINK', KEYS[2])
  call('SET', KEYS[2], sub(head, 1, 11) .. format('%09d', #body) .. sub(head, 21) .. body)
  if expiresAt > 0 then call('PEXPIREAT', KEYS[2], format('%.0f', expiresAt)) end
end
return 1
`)

/**
 * Ends a session. Without a condition nothing is read, so that a damaged session can be removed too.
 * KEYS: as above. ARGV: now, then names and texts that are expected, as for a patch.
 * Answers 1, or what is there instead of what is expected.
 */
export const clearScript: Script = script(`${shared}
if #ARGV > 1 then
  local generation = generationOf(call('GET', KEYS[1]))
  local head = call('GETRANGE', KEYS[2], 0, ${headLength - 1})
  local lines = living(head, generation, ARGV[1]) and storedLines(KEYS[2]) or {}
  local refused = refusal(lines, 2, #ARGV)
  if refused then return refused end
end
call('ZREM', KEYS[3], sub(KEYS[2], #KEYS[3] + 1))
call('UNLINK', KEYS[2])
return 1
`)

/** How many index entries a listing's script looks at, at least: those of expired sessions are skipped. */
const lookedAt = 128

/**
 * KEYS: the bucket's record, its index. ARGV: now, the sessions' key prefix, where to continue, how many, and
 * 'length' if the lengths are asked for.
 * Answers whether there is more, the last id looked at, then ids, heads and lengths.
 */
export const listScript: Script = script(`${shared}
local generation = generationOf(call('GET', KEYS[1]))
if not generation then return {0, ''} end
local wanted = tonumber(ARGV[4])
local most = math.max(wanted, ${lookedAt})
local now = ARGV[1] == '' and format('%.0f', timeOf('')) or ARGV[1]
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local ids = call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, most)
local answer, last = {#ids == most and 1 or 0, ids[#ids] or ''}, 2 + 3 * wanted
for _, id in ipairs(ids) do
  if #answer == last then
    answer[1] = 1
    break
  end
  local key = ARGV[2] .. id
  local head = call('GETRANGE', key, 0, ${headLength - 1})
  if living(head, generation, now) then
    answer[#answer + 1] = id
    answer[#answer + 1] = head
    answer[#answer + 1] = ARGV[5] == 'length' and call('STRLEN', key) or 0
  end
  answer[2] = id
end
return answer
`)

/**
 * Removes sessions that have expired from the index, and their strings where the engine has not done so. Each string
 * is a key of the call: while a slot moves, one that is on the other node is not taken for missing.
 * KEYS: the bucket's record, its index, the sessions. ARGV: now.
 * Answers how many it removed, and whether any of the others will expire.
 */
export const reclaimScript: Script = script(`${shared}
local generation = generationOf(call('GET', KEYS[1]))
local now = timeOf(ARGV[1])
local removed, expiring = 0, 0
for i = 3, #KEYS do
  local head = call('GETRANGE', KEYS[i], 0, ${headLength - 1})
  local base, created, expires
  if sub(head, 1, 10) == generation then base, created, expires = parseHead(head) end
  local expiresAt = expires and expires ~= never and tonumber(expires)
  if head == '' or expiresAt and expiresAt <= now then
    removed = removed + call('ZREM', KEYS[2], sub(KEYS[i], #KEYS[2] + 1))
    if head ~= '' then call('UNLINK', KEYS[i]) end
  elseif expiresAt then
    expiring = 1
  end
end
return {removed, expiring}
`)
