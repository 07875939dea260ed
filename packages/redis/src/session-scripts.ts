import { type Script, script } from './script.ts'
import { headLength, shared } from './session-layout.ts'

/** KEYS: as for a patch. ARGV: now, the names to remove. The session's time to live runs on. */
export const deleteScript: Script = script(`${shared}
local record = call('GET', KEYS[1])
local head = call('GETRANGE', KEYS[2], 0, ${headLength - 1})
if not record or head == '' or sub(head, 1, 10) ~= sub(record, 1, 10) then return 0 end
local base, created, expires = parseHead(head)
if not base then return corrupt() end
if expires ~= never and tonumber(expires) <= timeOf(ARGV[1]) then return 0 end
local lines, names = {}, {}
if not linesOf(call('GETRANGE', KEYS[2], ${headLength + 1}, -1), lines, names) then return corrupt() end
local found = false
for i = 2, #ARGV do
  if lines[ARGV[i]] then lines[ARGV[i]] = false found = true end
end
if not found then return 0 end
local body, count = joined(lines, names)
if count == 0 then
  call('UNLINK', KEYS[2])
  call('ZREM', KEYS[3], sub(KEYS[2], #KEYS[3] + 1))
else
  -- A server without memory lets a script write that has freed some first.
  local left = call('PTTL', KEYS[2])
  call('UNLINK', KEYS[2])
  call('SET', KEYS[2], sub(head, 1, 11) .. format('%09d', #body) .. sub(head, 21) .. body)
  if left > 0 then call('PEXPIRE', KEYS[2], left) end
end
return 1
`)

/** KEYS: as for a patch. */
export const clearScript: Script = script(`
redis.call('UNLINK', KEYS[2])
redis.call('ZREM', KEYS[3], string.sub(KEYS[2], #KEYS[3] + 1))
return 1
`)

/**
 * KEYS: the bucket's record, its index. ARGV: now, the sessions' key prefix, where to go on, how many.
 * Answers whether the namespace is known here, whether there is more, the last id looked at, then ids and heads.
 */
export const listScript: Script = script(`${shared}
local record = call('GET', KEYS[1])
if damagedRecord(record) then return corrupt() end
if not record or sub(record, 1, 10) == '0000000000' then return {0, 0, ''} end
local wanted = tonumber(ARGV[4])
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local time
local ids = call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, wanted)
local answer = {1, #ids == wanted and 1 or 0, ids[#ids] or ''}
for _, id in ipairs(ids) do
  local head = call('GETRANGE', ARGV[2] .. id, 0, ${headLength - 1})
  if sub(head, 1, 10) == sub(record, 1, 10) then
    local base, created, expires = parseHead(head)
    if not base then return corrupt() end
    time = time or timeOf(ARGV[1])
    if expires == never or tonumber(expires) > time then
      answer[#answer + 1] = id
      answer[#answer + 1] = head
    end
  elseif head ~= '' and not parseHead(head) then
    return corrupt()
  end
end
return answer
`)

/**
 * Takes expired sessions out of the index, and their strings where the engine has not done so.
 * KEYS: the bucket's record, its index. ARGV: now, the sessions' key prefix, where to go on, how many.
 * Answers where to go on next ('': from the start), and whether any session here will expire.
 */
export const reclaimScript: Script = script(`${shared}
local record = call('GET', KEYS[1])
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local ids = call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, tonumber(ARGV[4]))
local time = timeOf(ARGV[1])
local expiring = 0
for _, id in ipairs(ids) do
  local key = ARGV[2] .. id
  local head = call('GETRANGE', key, 0, ${headLength - 1})
  if head == '' then
    call('ZREM', KEYS[2], id)
  elseif record and sub(head, 1, 10) == sub(record, 1, 10) then
    local base, created, expires = parseHead(head)
    if base and expires ~= never then
      if tonumber(expires) <= time then
        call('UNLINK', key)
        call('ZREM', KEYS[2], id)
      else
        expiring = 1
      end
    end
  end
end
return {#ids == tonumber(ARGV[4]) and ids[#ids] or '', expiring}
`)
