import { type Script, script } from './script.ts'
import { forced, head, headLength, shared } from './session-layout.ts'

/**
 * Removes properties; the session's time to live is unchanged.
 * KEYS: the bucket's record, the session, the bucket's index. ARGV: now; then '' or 'force' and the names to remove, or
 * the stamp of the session that the client has decided about and its remaining properties.
 */
export const deleteScript: Script = script(`${shared}
local key, stamp = KEYS[2], ARGV[2]
local generation = generationOf(call('GET', KEYS[1]))
local head = call('GETRANGE', key, 0, ${headLength - 1})
local alive = living(head, generation, ARGV[1])
local body = ARGV[3]
if stamp == '${forced}' then setNoBounds() end
if stamp == '' or stamp == '${forced}' then
  if not alive then return 0 end
  local lines, names = storedLines(key)
  local found = false
  for i = 3, #ARGV do
    if lines[ARGV[i]] then lines[ARGV[i]] = false found = true end
  end
  if not found then return 0 end
  body = joined(lines, names)
else
  checkStamp(key, head, alive, stamp, 1, 0)
end
if body == '{' then
  apply({{'ZREM', KEYS[3], sub(key, #KEYS[3] + 1)}, {'UNLINK', key}})
  return 1
end
-- The instant of the expiry, not the remaining time, which is 0 in the last millisecond.
local expiresAt = call('PEXPIRETIME', key)
local options = expiresAt > 0 and {'PXAT', format('%.0f', expiresAt)} or {}
-- A server that is out of memory lets a script write after it has freed some.
apply({{'UNLINK', key}, storing(key, rewrittenHead(head, #body), body, unpack(options))})
return 1
`)

/**
 * Ends a session. Without a condition nothing is read, so that a damaged session can be removed too.
 * KEYS: as above. ARGV: now; '', 'force', or the stamp of the session that the client has decided about; names and
 * expected texts, as for a patch. Returns 1, or the current texts if they are not as expected.
 */
export const clearScript: Script = script(`${shared}
local key, stamp = KEYS[2], ARGV[2]
if stamp == '${forced}' then setNoBounds() end
if #ARGV > 2 or stamp ~= '' then
  local generation = generationOf(call('GET', KEYS[1]))
  local head = call('GETRANGE', key, 0, ${headLength - 1})
  local alive = living(head, generation, ARGV[1])
  if stamp ~= '' and stamp ~= '${forced}' then
    checkStamp(key, head, alive, stamp, 3, #ARGV)
  else
    local refused = refusal(alive and storedLines(key) or {}, 3, #ARGV)
    if refused then return refused end
  end
end
apply({{'ZREM', KEYS[3], sub(key, #KEYS[3] + 1)}, {'UNLINK', key}})
return 1
`)

/**
 * Rewrites a session without its outdated lines, if nothing has changed since it was read. KEYS: the session. ARGV: its
 * stamp, the properties.
 */
export const compactScript: Script = script(`${shared}
local head = call('GETRANGE', KEYS[1], 0, ${headLength - 1})
if head == '' then return 0 end
checkStamp(KEYS[1], head, true, ARGV[1], 1, 0)
apply({storing(KEYS[1], rewrittenHead(head, #ARGV[2]), ARGV[2], 'KEEPTTL')})
return 1
`)

/**
 * The sessions of some entries of an index. Each session is a key of the call, so that while a slot moves, one that is
 * on the other node is not considered missing.
 * KEYS: the bucket's record, the sessions. ARGV: now, and 'length' if the lengths are wanted.
 * Returns for each session its head, '' if it does not exist, and its length.
 */
export const headsScript: Script = script(`${shared}
local generation = generationOf(call('GET', KEYS[1]))
local now = ARGV[1] == '' and format('%.0f', timeOf('')) or ARGV[1]
local answer = {}
for i = 2, #KEYS do
  local head = generation and call('GETRANGE', KEYS[i], 0, ${headLength - 1}) or ''
  if not living(head, generation, now) then head = '' end
  answer[#answer + 1] = head
  answer[#answer + 1] = ARGV[2] == 'length' and head ~= '' and call('STRLEN', KEYS[i]) or 0
end
return answer
`)

/**
 * Removes expired sessions from the index, and their strings if the engine has not done so. Each string is a key of the
 * call, so that while a slot moves, one that is on the other node is not considered missing.
 * KEYS: the bucket's record, its index, the sessions. ARGV: now.
 * Returns how many it removed, and whether any of the others will expire.
 */
export const reclaimScript: Script = script(`${shared}
local generation = generationOf(call('GET', KEYS[1]))
local now = timeOf(ARGV[1])
local removed, expiring = 0, 0
for i = 3, #KEYS do
  local head = call('GETRANGE', KEYS[i], 0, ${headLength - 1})
  local base, created, expires
  if sub(head, ${head.generation}) == generation then base, created, expires = parseHead(head) end
  local expiresAt = expires and expires ~= never and tonumber(expires)
  if head == '' or expiresAt and expiresAt <= now then
    local writes = {{'ZREM', KEYS[2], sub(KEYS[i], #KEYS[2] + 1)}}
    if head ~= '' then writes[2] = {'UNLINK', KEYS[i]} end
    apply(writes)
    removed = removed + 1
  elseif expiresAt then
    expiring = 1
  end
end
return {removed, expiring}
`)
