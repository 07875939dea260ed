/*
 * A session is one string: a head of fixed width, then its properties as lines,
 *
 *   1764179267123456 000000102 00001764179267123 ----------------- 00000000000n 000042{
 *   "step":1,
 *   "name":"x",
 *
 * A patch appends its lines, and of two lines with the same name the later one counts, as for JSON.parse: the cost of a
 * patch does not grow with the session. When the string has doubled in size, the patch that notices rewrites it without
 * the outdated lines. Scripts never parse a value; compact JSON has no raw line feed.
 *
 * The head: the namespace's generation, the length at the last rewrite, when the session was created, when it expires
 * (dashes: never), its time to live and where that is from (o: its own, n: the namespace's), and a number that starts
 * with the microseconds of the server's clock and increases with every rewrite. As long as head and length are the same,
 * so is the rest.
 */

/** How many digits a namespace's generation has. */
export const generationLength = 16

/** Instead of a generation: the namespace does not exist. */
export const noGeneration: string = '0'.repeat(generationLength)

/** The parts of a head. Positions start at 1, as in Lua. */
const base = { first: generationLength + 2, last: generationLength + 10 }
const life = { first: base.last + 2, last: base.last + 49 }
const endOfLife = { first: life.first + 18, last: life.last }
const rewrite = { first: life.last + 2, last: life.last + 7 }

/** The parts of a head: where each begins and ends, as arguments of Lua's `string.sub`. */
export const head: Record<'generation' | 'base' | 'life' | 'endOfLife' | 'rewrite', string> = {
  generation: `1, ${generationLength}`,
  /** The length at the last rewrite. */
  base: `${base.first}, ${base.last}`,
  /** When the session was created, when it expires, its time to live and where that is from. */
  life: `${life.first}, ${life.last}`,
  /** When the session expires, its time to live and where that is from. */
  endOfLife: `${endOfLife.first}, ${endOfLife.last}`,
  /** The number of the rewrite. */
  rewrite: `${rewrite.first}, ${rewrite.last}`,
}

/** How many characters of a head come before each part. */
export const offsets: Record<'base' | 'life' | 'endOfLife', number> = {
  base: base.first - 1,
  life: life.first - 1,
  endOfLife: endOfLife.first - 1,
}

/** The length of a session's head. */
export const headLength: number = rewrite.last

/** Expected instead of a value: the property exists, whatever its value. No JSON text starts with it. */
export const anyValue = '+'

/** With this instead of a stamp, or as `how` of a patch, a script does its work however long it takes. */
export const forced = 'force'

/**
 * Instead of a session's stamp: there is no such session. A stamp is the session's head, its length in bytes, a space, and
 * how many bytes may have been appended since without affecting the client's decision.
 */
export const noSession = '-'

/**
 * How much text and how many lines one call of a script parses at most; this blocks the server for a few milliseconds. A
 * call that needs more changes nothing and returns the error LARGE. The client then reads the session, decides, and sends
 * what to write with the stamp of what it read; the script checks that the session still matches the stamp, and parses
 * only what was appended since.
 */
const budget = { bytes: 400_000, lines: 6000 }

/** From this many bytes on, a session's properties are stored with a separate command. */
const longBody = 50_000

/** Makes several writes or none: no write after the first one of a script may be refused. */
export const applying: string = `
-- Fails unless the user may run these commands, from number "first" on.
local function checkAllowed(writes, first)
  for i = first, #writes do
    -- Without a long text, which would be copied once more; no key is that long.
    local write, text = writes[i], writes[i][3]
    if text and #text >= ${longBody} then write[3] = '' end
    local isAllowed = redis.acl_check_cmd(unpack(write))
    write[3] = text
    if not isAllowed then
      error(redis.error_reply('NOPERM this user may not run ' .. writes[i][1] .. ' on the keys of this store'))
    end
  end
end

-- If the first write is refused, for whatever reason, nothing has changed. The server checks its memory only then.
local function apply(writes)
  checkAllowed(writes, 2)
  for _, write in ipairs(writes) do redis.call(unpack(write)) end
end
`

/** The functions that the scripts on sessions share. */
export const shared: string = `${applying}
local bytesLeft, linesLeft = ${budget.bytes}, ${budget.lines}
local call, find, sub, match, format = redis.call, string.find, string.sub, string.match, string.format
local never = '-----------------'

local function corrupt()
  return redis.error_reply('CORRUPT the stored session is damaged, or a newer version wrote it; it has been left as it is')
end

local function tooMuch()
  return redis.error_reply('LARGE the session is too large for a script, or has changed since it was read')
end

local function setNoBounds()
  bytesLeft, linesLeft = math.huge, math.huge
end

local function spend(bytes)
  bytesLeft = bytesLeft - bytes
  if bytesLeft < 0 then error(tooMuch()) end
end

-- The head of a session whose properties are rewritten.
local function rewrittenHead(head, length)
  return sub(head, ${head.generation}) .. format(' %09d ', length) .. sub(head, ${head.life}) .. format(' %06d', (sub(head, ${head.rewrite}) + 1) % 1000000)
end

-- The writes that store a string; the last arguments are options of SET. A long body is appended: if Lua joined it with
-- its head, it would be copied twice more, which takes milliseconds for megabytes.
local function storing(key, head, body, ...)
  if #body < ${longBody} then return {'SET', key, head .. body, ...} end
  return {'SET', key, head, ...}, {'APPEND', key, body}
end

-- The generation in a bucket's record of its namespace; nil if the namespace does not exist there.
local function generationOf(record)
  if not record then return end
  local generation = match(record, '^(${'%d'.repeat(generationLength)}) %d+')
  if not generation then error(corrupt()) end
  if generation ~= '${noGeneration}' then return generation end
end

local function timeOf(now)
  if now ~= '' then return tonumber(now) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function parseHead(head)
  return match(head, '^${'%d'.repeat(generationLength)} (%d+) ([%d-]+) ([%d-]+) (%d+)([on]) %d%d%d%d%d%d$')
end

-- The parts of the head of a session that exists at that time; nil if it does not.
local function living(head, generation, now)
  if head == '' then return end
  local base, created, expires, ttl, own = parseHead(head)
  if not base then error(corrupt()) end
  if sub(head, ${head.generation}) ~= generation then return end
  if expires ~= never and tonumber(expires) <= timeOf(now) then return end
  return base, created, expires, ttl, own
end

-- The end of the name at the start of a line, if the name contains an escape.
local function nameEnd(line)
  local at = 2
  repeat
    at = find(line, '["\\\\]', at)
    if not at or sub(line, at, at) == '"' then return at end
    at = at + 2
  until false
end

-- Adds to lines what follows each name in its last line, and to names the names in the order of their first lines.
local function linesOf(text, lines, names)
  local count, length = #names, 0
  spend(#text)
  for name, rest in string.gmatch(text, '\\n("[^"\\n]*")([^\\n]*)') do
    length = length + #name + #rest + 1
    linesLeft = linesLeft - 1
    if linesLeft < 0 then error(tooMuch()) end
    if find(name, '\\\\', 1, true) then
      local line = name .. rest
      local at = nameEnd(line)
      if not at then error(corrupt()) end
      name, rest = sub(line, 1, at), sub(line, at + 1)
    end
    if lines[name] == nil then
      count = count + 1
      names[count] = name
    end
    lines[name] = rest
  end
  if length ~= #text then error(corrupt()) end
  return lines, names
end

-- Fails if a session is not the one that the client read and decided about. Its life may have changed. Lines may have
-- been appended as far as the stamp allows, but none with one of the names in the arguments from first to last.
local function checkStamp(key, head, alive, stamp, first, last)
  if not alive or stamp == '${noSession}' then
    if alive or stamp ~= '${noSession}' then error(tooMuch()) end
    return
  end
  local length, room = match(stamp, '^(%d+) (%d+)$', ${headLength + 1})
  local grown = call('STRLEN', key) - length
  if sub(head, 1, ${offsets.endOfLife}) ~= sub(stamp, 1, ${offsets.endOfLife})
    or sub(head, ${head.rewrite}) ~= sub(stamp, ${head.rewrite}) or grown < 0 or grown > tonumber(room) then
    error(tooMuch())
  end
  if grown == 0 then return end
  local lines = linesOf(call('GETRANGE', key, -grown, -1), {}, {})
  for i = first, last, 2 do
    if lines[ARGV[i]] ~= nil then error(tooMuch()) end
  end
end

-- The lines of a stored session.
local function storedLines(key)
  if call('STRLEN', key) > bytesLeft then error(tooMuch()) end
  local body = call('GETRANGE', key, ${headLength}, -1)
  if sub(body, 1, 1) ~= '{' then error(corrupt()) end
  return linesOf(sub(body, 2), {}, {})
end

-- If the properties are not as the arguments from first to last expect: the text of each, '' if it does not exist.
local function refusal(lines, first, last)
  local holds, current = true, {}
  for i = first, last, 2 do
    local rest = lines[ARGV[i]]
    local text = rest and sub(rest, 2, -2) or ''
    current[#current + 1] = text
    local expected = ARGV[i + 1]
    if text ~= expected and (expected ~= '${anyValue}' or text == '') then holds = false end
  end
  return not holds and current
end

local function joined(lines, names)
  local kept, count = {'{'}, 0
  for _, name in ipairs(names) do
    local rest = lines[name]
    if rest then
      kept[3 * count + 2], kept[3 * count + 3], kept[3 * count + 4] = '\\n', name, rest
      count = count + 1
    end
  end
  return table.concat(kept), count
end
`
