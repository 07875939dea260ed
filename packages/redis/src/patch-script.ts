import type { StoreRules } from '@context-store/core/adapter'
import { type Script, script } from './script.ts'
import { forced, head, headLength, noGeneration, offsets, shared } from './session-layout.ts'

/** By how much more than double a session may grow before it is rewritten, in bytes. */
export const slack = 64

/** How many characters a rewrite searches at most, for all names together. */
const mostSearched = 20_000

/** The lines of a patch replace all lines of the session, instead of being appended. */
export const wholeSession = 'whole'

/** With the option `now`: how long after a session's expiry the engine removes its string, in milliseconds. */
const backstop = 86_400_000

/**
 * Makes patches one after the other; each succeeds or fails on its own.
 *
 * KEYS: for each bucket its record of the namespace, its index, then a session for each patch.
 * ARGV: for each bucket the number of patches, then for each patch '' or "number of arguments after the next one|now|stated
 * time to live|removals|conditions|stamp|how|record"; the lines to append; the names to remove; names and expected texts
 * ('': no such property, '+': any value). With a stamp, the client has decided about that session, and the conditions hold
 * unless lines with their names have been appended since. `how` is '', 'whole' (the lines replace all of the session's) or
 * 'force'.
 * Returns for each patch 1: done, 2: done and the session will expire, 3: done and the client is to rewrite it, an array:
 * the current texts, which are not as expected, a string: too large, 0 or less: the namespace is unknown here (up to the
 * revision with that number negated), or an error.
 */
export function patchScript(rules: StoreRules): Script {
  const { documentLength, properties } = rules.limits
  // A line has at least six bytes: up to this length no limit is exceeded, and nothing needs to be counted.
  const surelyGood = Math.min(documentLength, 6 * properties)
  return script(`
local call, sub = redis.call, string.sub
local bucket, index, record, generation, lasting
local unusual, compact

-- Sets the bucket's record of the namespace.
local function learn(text)
  record = text
  generation = text and sub(text, ${head.generation}) or '${noGeneration}'
  lasting = text and sub(text, -2) == ' 0'
end

-- Functions that only some patches need; created for the first of them.
local function makeUnusual()
${shared}
-- Rewrites a session that never expires without its outdated lines. The patch has already been made.
local function rewritten(key, base)
  if call('STRLEN', key) > bytesLeft then error(tooMuch()) end
  local body = call('GETRANGE', key, ${headLength}, -1)
  local old = sub(body, 1, base)
  if sub(old, 1, 1) ~= '{' then error(corrupt()) end
  local lines, names = linesOf(sub(body, base + 1), {}, {})
  -- For a few names in a small session, looking for each is faster than parsing all lines.
  if #names * base > ${mostSearched} then return (joined(storedLines(key))) end
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
  return old .. table.concat(fresh)
end

function compact(key, head, base)
  local ok, body = pcall(rewritten, key, base)
  if not ok then return 3 end
  redis.pcall('SET', key, rewrittenHead(head, #body) .. body)
  return 1
end

function unusual(key, at, head)
local record, generation = record, generation
local now, stated, removals, conditions, stamp, how, given = '', '', 0, 0, '', '', ''
local known = generationOf(record)
if ARGV[at] ~= '' then
  now, stated, removals, conditions, stamp, how, given =
    match(ARGV[at], '^%d+|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|(.*)$')
  removals, conditions = tonumber(removals), tonumber(conditions)
  if given ~= '' and (not record or tonumber(match(given, '^%d+ (%d+)')) > tonumber(match(record, '^%d+ (%d+)'))) then
    record, generation, known = given, sub(given, ${head.generation}), true
  else
    given = ''
  end
end
if how == '${forced}' then setNoBounds() end
local appended = ARGV[at + 1]
local removed = at + 2
local expected = removed + removals
local unknown = record and -tonumber(match(record, '^%d+ (%d+)')) or 0
${rules.explicitNamespaces ? 'if not known then return unknown end' : ''}

local base, created, expires, ttl, own = living(head, generation, now)
local alive = base ~= nil
if stamp ~= '' then checkStamp(key, head, alive, stamp, expected, expected + 2 * conditions - 1) end

local opening, body, lines, names, count = ''
local function take()
  if alive then lines, names = storedLines(key) else lines, names = {}, {} end
end
if conditions > 0 and stamp == '' then
  take()
  local refused = refusal(lines, expected, expected + 2 * conditions - 1)
  if refused then return refused end
end

local length = alive and call('STRLEN', key) - ${headLength} or 1
local after = length + #appended
if how == '${wholeSession}' or not alive then
  -- Kept apart, so that it is copied only once, into the session's string.
  opening, body = '{', appended
  after = 1 + #body
elseif stamp == '' and (removals > 0 or after > ${surelyGood} or after > 2 * tonumber(base) + ${slack}) then
  if not lines then take() end
  for i = removed, expected - 1 do
    if lines[ARGV[i]] then lines[ARGV[i]] = false end
  end
  linesOf(appended, lines, names)
  body, count = joined(lines, names)
  after = #body
end
-- If the client has decided, it has also measured.
if stamp == '' and after > ${surelyGood} then
  spend(3 * after)
  count = count or select(2, string.gsub(body, '\\n', ''))
  -- UTF-16 units: one for each code point, and one more for each of four bytes.
  local units = select(2, string.gsub(body, '[^\\128-\\191]', '')) + select(2, string.gsub(body, '[\\240-\\247]', ''))
  units = units - count
  if count > ${properties} or units > ${documentLength} then return units .. ' ' .. count end
end
if not known then
  -- Checked now, so that no namespace is created for a patch that would be refused.
  checkAllowed({{'SET', bucket, ''}, {'ZADD', index, '0', ''}, {'SET', key, ''}}, 1)
  return unknown
end

local nextTtl, nextOwn = ttl, own
if stated ~= '' then
  nextTtl, nextOwn = format('%011.0f', tonumber(stated)), 'o'
elseif not alive or own == 'n' then
  nextTtl, nextOwn = format('%011.0f', tonumber(match(record, '(%d+)$'))), 'n'
end
local seconds = tonumber(nextTtl)
local nextCreated, nextExpires = created, never
if not alive or seconds > 0 then
  local time = timeOf(now)
  if not alive then nextCreated = format('%017.0f', time) end
  if seconds > 0 then nextExpires = format('%017.0f', time + seconds * 1000) end
end

local writes = {}
local function plan(...) writes[#writes + 1] = {...} end
local id = sub(key, #index + 1)
local reply = 1
if after == 1 and (nextOwn == 'n' or seconds == 0 or (stated == '' and not (alive and length == 1))) then
  if head ~= '' then
    plan('ZREM', index, id)
    plan('UNLINK', key)
  end
else
  if not alive then plan('ZADD', index, '0', id) end
  local tail = nextCreated .. ' ' .. nextExpires .. ' ' .. nextTtl .. nextOwn
  local instant
  if nextExpires ~= never then
    reply = 2
    instant = format('%.0f', now == '' and tonumber(nextExpires) - 1 or timeOf('') + seconds * 1000 + ${backstop})
  end
  if body then
    local number = alive and (sub(head, ${head.rewrite}) + 1) % 1000000 or call('TIME')[2]
    local start = generation .. ' ' .. format('%09d', after) .. ' ' .. tail .. format(' %06d', number) .. opening
    local set, append = storing(key, start, body, unpack(instant and {'PXAT', instant} or {}))
    writes[#writes + 1] = set
    writes[#writes + 1] = append
  else
    if sub(head, ${head.life}) ~= tail then plan('SETRANGE', key, '${offsets.life}', tail) end
    if appended ~= '' then plan('APPEND', key, appended) end
    if instant then plan('PEXPIREAT', key, instant)
    elseif expires ~= never then plan('PERSIST', key) end
  end
end
if given ~= '' then plan('SET', bucket, given) end
apply(writes)
if given ~= '' then learn(given) end
return reply
end
end

local function patch(key, at)
  if record == nil then learn(call('GET', bucket)) end
  local head = call('GETRANGE', key, 0, ${headLength - 1})
  local lines = ARGV[at + 1]
  -- The common case: a patch with only values, of a session that exists and never expires.
  if lasting and ARGV[at] == '' and lines ~= '' and sub(head, ${head.generation}) == generation
    and sub(head, ${head.endOfLife}) == '----------------- 00000000000n' then
    local base = tonumber(sub(head, ${head.base}))
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
