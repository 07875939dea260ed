/*
 * A session is one string: a head of fixed width, then its properties as lines,
 *
 *   0000000007 000000102 00001732451000000 ----------------- 00000000000n{
 *   "step":1,
 *   "name":"x",
 *
 * A patch appends its lines, and of two lines of one name the later one counts, as for JSON.parse: the cost of a patch
 * does not grow with the session. When the outdated lines outweigh the rest, the patch that notices rewrites the
 * string. Scripts never parse a value; compact JSON has no raw line feed.
 *
 * The head: the namespace's generation, the length at the last rewrite, when the session was created, when it expires
 * (dashes: never), its time to live and whose that is (o: its own, n: the namespace's).
 */

/** The length of a session's head. */
export const headLength = 69

/** Expected in place of a value: the property exists, whatever its value. No JSON text starts so. */
export const anyValue = '+'

/** What the scripts on sessions have in common. */
export const shared: string = `
local call, find, sub, match, format = redis.call, string.find, string.sub, string.match, string.format
local never = '-----------------'

local function corrupt()
  return redis.error_reply('CORRUPT the stored session is damaged, or a newer version wrote it; it has been left as it is')
end

-- The generation in a bucket's record of its namespace; nothing if the namespace does not exist there.
local function generationOf(record)
  if not record then return end
  local generation = match(record, '^(%d%d%d%d%d%d%d%d%d%d) %d+')
  if not generation then error(corrupt()) end
  if generation ~= '0000000000' then return generation end
end

local function timeOf(now)
  if now ~= '' then return tonumber(now) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function parseHead(head)
  return match(head, '^%d%d%d%d%d%d%d%d%d%d (%d+) ([%d-]+) ([%d-]+) (%d+)([on])$')
end

-- The parts of the head of a session that exists at that time; nothing if it does not.
local function living(head, generation, now)
  if head == '' then return end
  local base, created, expires, ttl, own = parseHead(head)
  if not base then error(corrupt()) end
  if sub(head, 1, 10) ~= generation then return end
  if expires ~= never and tonumber(expires) <= timeOf(now) then return end
  return base, created, expires, ttl, own
end

-- The end of the name at the start of a line with an escape in it.
local function nameEnd(line)
  local at = 2
  repeat
    at = find(line, '["\\\\]', at)
    if not at or sub(line, at, at) == '"' then return at end
    at = at + 2
  until false
end

-- Adds what follows each name in its last line, and the names in the order of their first lines.
local function linesOf(text, lines, names)
  local count, length = #names, 0
  for name, rest in string.gmatch(text, '\\n("[^"\\n]*")([^\\n]*)') do
    length = length + #name + #rest + 1
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

-- The lines of a stored session.
local function storedLines(key)
  local body = call('GETRANGE', key, ${headLength}, -1)
  if sub(body, 1, 1) ~= '{' then error(corrupt()) end
  return linesOf(sub(body, 2), {}, {})
end

-- Where the names and texts from an argument on are not as expected: the text of each, '' if there is none.
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
