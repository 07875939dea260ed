/*
 * A session is one string: a head of fixed width, then its properties as lines,
 *
 *   0000000007 000000102 00001732451000000 ----------------- 00000000000n{
 *   "step":1,
 *   "name":"x",
 *
 * A patch appends its lines, and of two lines of one name the later one counts, as it does for JSON.parse: what
 * a patch costs does not grow with the session. When the outdated lines weigh more than the rest, the patch
 * that notices rewrites the string. Scripts never look into a value; a compact JSON text has no raw line feed.
 *
 * The head: the generation of the namespace that the session belongs to, the length at the last rewrite, when
 * the session began, when it ends (dashes: never), its time to live and whose that is (own or the namespace's).
 */

/** The width of a session's head. */
export const headLength = 69

/** What the scripts on sessions have in common. */
export const shared = `
local call, find, sub, match, format = redis.call, string.find, string.sub, string.match, string.format
local never = '-----------------'

local function corrupt()
  return redis.error_reply('CORRUPT a session is damaged or was written by a newer version')
end

local function damagedRecord(record)
  return record and not match(record, '^%d%d%d%d%d%d%d%d%d%d %d+')
end

local function timeOf(now)
  if now ~= '' then return tonumber(now) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function parseHead(head)
  return match(head, '^%d%d%d%d%d%d%d%d%d%d (%d+) ([%d-]+) ([%d-]+) (%d+)([on])$')
end

-- The end of the name that a line begins with, where an escape is in it.
local function nameEnd(line)
  local at = 2
  repeat
    at = find(line, '["\\\\]', at)
    if not at or sub(line, at, at) == '"' then return at end
    at = at + 2
  until false
end

-- What stands behind each name, of its last line, and the names in the order of their first lines.
local function linesOf(text, lines, names)
  local count, length = #names, 0
  for name, rest in string.gmatch(text, '\\n("[^"\\n]*")([^\\n]*)') do
    length = length + #name + #rest + 1
    if find(name, '\\\\', 1, true) then
      local line = name .. rest
      local at = nameEnd(line)
      if not at then return false end
      name, rest = sub(line, 1, at), sub(line, at + 1)
    end
    if lines[name] == nil then
      count = count + 1
      names[count] = name
    end
    lines[name] = rest
  end
  return length == #text
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
