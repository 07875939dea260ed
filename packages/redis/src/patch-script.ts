import type { StoreRules } from '@context-store/core/adapter'
import { type Script, script } from './script.ts'
import { headLength, shared } from './session-layout.ts'

/** By how much more than double a session may grow before it is rewritten, in bytes. */
const slack = 64

/** With the option `now`: how long after a session's end the engine removes its string, in milliseconds. */
const backstop = 86_400_000

/**
 * Makes patches one after the other; each succeeds or fails alone.
 *
 * KEYS: for each bucket its record of the namespace, its index, then a session for each patch.
 * ARGV: for each bucket the number of patches, then for each patch '' or "arguments behind the next|now|stated time to
 * live|removals|conditions|record"; the lines to append; the names to remove; names and the texts that are expected
 * ('': no such property, '+': any value).
 * Answers for each patch 1: done, 2: done and the session will expire, an array: what is there instead of what is
 * expected, a string: too large, 0 or less: the namespace is unknown here (up to that revision), or an error.
 */
export function patchScript(rules: StoreRules): Script {
  const { documentLength, properties } = rules.limits
  // A line has at least six bytes: up to this length no limit is passed, and nothing needs to be counted.
  const surelyGood = Math.min(documentLength, 6 * properties)
  return script(`
local call, sub = redis.call, string.sub
local bucket, index, record, generation, lasting
local unusual, compact

-- Sets the bucket's record of the namespace.
local function learn(text)
  record = text
  generation = text and sub(text, 1, 10) or '0000000000'
  lasting = text and sub(text, -2) == ' 0'
end

-- What only some patches need, created for the first of them.
local function makeUnusual()
${shared}
-- Rewrites a session without the lines that those appended since its last rewrite have outdated.
function compact(key, head, base)
  local body = call('GETRANGE', key, ${headLength}, -1)
  local old = sub(body, 1, base)
  if sub(old, 1, 1) ~= '{' then return corrupt() end
  local lines, names = linesOf(sub(body, base + 1), {}, {})
  local fresh = {}
  for _, name in ipairs(names) do
    local line = '\\n' .. name .. lines[name]
    local from = find(old, '\\n' .. name .. ':', 1, true)
    if from then
      local next = find(old, '\\n', from + 1, true)
      old = sub(old, 1, from - 1) .. line .. (next and sub(old, next) or '')
    else
      fresh[#fresh + 1] = line
    end
  end
  body = old .. table.concat(fresh)
  call('SET', key, sub(head, 1, 11) .. format('%09d', #body) .. sub(head, 21) .. body)
  return 1
end

function unusual(key, at, head)
local record, generation = record, generation
local now, stated, removals, conditions, given = '', '', 0, 0, ''
local known = generationOf(record)
if ARGV[at] ~= '' then
  now, stated, removals, conditions, given = match(ARGV[at], '^%d+|([^|]*)|([^|]*)|([^|]*)|([^|]*)|(.*)$')
  removals, conditions = tonumber(removals), tonumber(conditions)
  if given ~= '' and (not record or tonumber(match(given, '^%d+ (%d+)')) > tonumber(match(record, '^%d+ (%d+)'))) then
    record, generation, known = given, sub(given, 1, 10), true
  else
    given = ''
  end
end
local appended = ARGV[at + 1]
local removed = at + 2
local expected = removed + removals
local unknown = record and -tonumber(match(record, '^%d+ (%d+)')) or 0
${rules.explicitNamespaces ? 'if not known then return unknown end' : ''}

local base, created, expires, ttl, own = living(head, generation, now)
local alive = base ~= nil

local body, lines, names
local function take()
  if alive then lines, names = storedLines(key) else lines, names = {}, {} end
end
if conditions > 0 then
  take()
  local refused = refusal(lines, expected, expected + 2 * conditions - 1)
  if refused then return refused end
end

local length = alive and call('STRLEN', key) - ${headLength} or 1
local after = length + #appended
local rewritten = false
if not alive and removals == 0 and after <= ${surelyGood} then
  body = '{' .. appended
  rewritten = true
elseif removals > 0 or after > ${surelyGood} or after > 2 * tonumber(base) + ${slack} then
  if not lines then take() end
  for i = removed, expected - 1 do
    if lines[ARGV[i]] then lines[ARGV[i]] = false end
  end
  linesOf(appended, lines, names)
  local count
  body, count = joined(lines, names)
  after = #body
  rewritten = true
  if after > ${surelyGood} then
    -- UTF-16 units: one for each code point, and one more for each of four bytes.
    local units = select(2, string.gsub(body, '[^\\128-\\191]', '')) + select(2, string.gsub(body, '[\\240-\\247]', ''))
    units = units - count
    if count > ${properties} or units > ${documentLength} then return units .. ' ' .. count end
  end
end
if not known then return unknown end

local nextTtl, nextOwn = ttl, own
if stated ~= '' then
  nextTtl, nextOwn = format('%011.0f', tonumber(stated)), 'o'
elseif not alive or own == 'n' then
  nextTtl, nextOwn = format('%011.0f', tonumber(match(record, '(%d+)$'))), 'n'
end
local seconds = tonumber(nextTtl)
if given ~= '' then
  call('SET', bucket, given)
  learn(given)
end
if after == 1 and (nextOwn == 'n' or seconds == 0 or (stated == '' and not (alive and length == 1))) then
  if head ~= '' then
    call('ZREM', index, sub(key, #index + 1))
    call('UNLINK', key)
  end
  return 1
end
local nextCreated, nextExpires = created, never
if not alive or seconds > 0 then
  local time = timeOf(now)
  if not alive then nextCreated = format('%017.0f', time) end
  if seconds > 0 then nextExpires = format('%017.0f', time + seconds * 1000) end
end
if rewritten then
  local nextBase = format('%09d', after)
  call('SET', key, generation .. ' ' .. nextBase .. ' ' .. nextCreated .. ' ' .. nextExpires .. ' ' .. nextTtl .. nextOwn .. body)
else
  local tail = nextCreated .. ' ' .. nextExpires .. ' ' .. nextTtl .. nextOwn
  if sub(head, 22) ~= tail then call('SETRANGE', key, 21, tail) end
  if appended ~= '' then call('APPEND', key, appended) end
end
if not alive then call('ZADD', index, 0, sub(key, #index + 1)) end
if nextExpires == never then
  if alive and not rewritten and expires ~= never then call('PERSIST', key) end
  return 1
end
if now == '' then
  call('PEXPIREAT', key, format('%.0f', tonumber(nextExpires) - 1))
else
  call('PEXPIRE', key, format('%.0f', seconds * 1000 + ${backstop}))
end
return 2
end
end

local function patch(key, at)
  if record == nil then learn(call('GET', bucket)) end
  local head = call('GETRANGE', key, 0, ${headLength - 1})
  local lines = ARGV[at + 1]
  -- Most patches: of a session that exists and never expires, with nothing but values.
  if lasting and ARGV[at] == '' and lines ~= '' and sub(head, 1, 10) == generation
    and sub(head, 40, ${headLength}) == '----------------- 00000000000n' then
    local base = tonumber(sub(head, 12, 20))
    local most = 2 * base + ${slack}
    if most + #lines <= ${surelyGood} then
      if call('APPEND', key, lines) - ${headLength} <= most then return 1 end
      if not compact then makeUnusual() end
      return compact(key, head, base)
    end
  end
  if not unusual then makeUnusual() end
  return unusual(key, at, head)
end

local replies, at, first, count = {}, 1, 1, #KEYS
while first < count do
  bucket, index, record = KEYS[first], KEYS[first + 1], nil
  local last = first + 1 + tonumber(ARGV[at])
  at = at + 1
  for i = first + 2, last do
    local ok, reply = pcall(patch, KEYS[i], at)
    if not ok and type(reply) ~= 'table' then reply = redis.error_reply(tostring(reply)) end
    replies[#replies + 1] = reply
    local options = ARGV[at]
    at = at + 2
    if options ~= '' then at = at + tonumber(string.match(options, '^%d+')) end
  end
  first = last + 1
end
return replies
`)
}
