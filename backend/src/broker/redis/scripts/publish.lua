-- Stores entries of one room and hands them to the bus, in one atomic step. Needs Redis 7.
-- KEYS: 1 stream  2 head  3 channel  4 rights  5 what amended entries say  6 the room's record
--       7… the nonce key of each draft
-- ARGV: 1 how many entries to keep  2 nonce window (s)  3 greatest age (ms)
--       4 1 if nobody has looked since the connection was opened whether the head of the room is right
--       5 age below which entries stay beyond that count (ms)  6 how many of them at most
--       then for each draft: sender, nonce, rights version it was decided under, 1 if it counts, record, the node's mark
--       of the draft; if it amends, '<position> <cut>' instead of the 1, and behind the first <cut> bytes of the record
--       what that entry says now
-- Returns for each draft {0, position, n} stored, {1, position} was there already, {2, version} the rights changed,
-- {3, position} the entry to be amended is not there.
--
-- An entry's one field is '<.tag> <n> <prev> <sender> <nonce> <mark>', its value the record. A position is the id that
-- Redis assigned and the tag, the end of the nonce: ids are handed out again when Redis comes back without its tail and
-- with a slower clock, and the tag tells such an entry from the lost one. The mark is the same on every try of one node,
-- so a node that tries again is answered as if it had heard the answer to its first try.
--
-- An entry is added and the stream is trimmed by separate commands: an append-only file that is cut in between may bring
-- one of them back at a later start (see reading/chain.rs), and then no entry must go because another one came.
--
-- A room that keeps nothing has its entries without their records, and those only for a moment: for the id.
local stream, head, channel, amended = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
local window, age, hour = ARGV[2], tonumber(ARGV[3]), 3600000
local keep, exactly = redis.call('HGET', KEYS[6], 'm'), true
if not keep then keep, exactly = ARGV[1], false end
local passing = keep == '0'
local rights = redis.call('HGET', KEYS[4], 'r') or '0'
local number = function(n) return string.format('%.0f', n) end
local answers, sent, prev, n, refresh, changed = {}, {}, nil, nil, false, false

-- The id of the entry at a position, if it is there and no amendment itself.
local find = function(position)
  local id, tag = string.match(position, '^(%d+%-%d+)(%..*)$')
  local entry = id and redis.pcall('XRANGE', stream, id, id)[1]
  if entry and string.match(entry[2][1], '^%S+') == tag and string.sub(entry[2][2], 1, 1) ~= 'a' then return id end
end

-- What is answered for a nonce that was stored at a position; nothing if that entry does not count.
local again = function(position, mark)
  local id, tag = string.match(position, '^(%d+%-%d+)(%..*)$')
  local entry = id and redis.call('XRANGE', stream, id, id)[1]
  -- An entry that was trimmed was there once.
  if not entry then return {1, position} end
  local its_tag, its_n, its_mark = string.match(entry[2][1], '^(%S+) (%d+) %S+ %S+ %S+ ?(%S*)$')
  if its_tag ~= tag then return {1, position} end
  if skipped(id) then return nil end
  if its_mark == mark then return {0, position, tonumber(its_n)} end
  return {1, position}
end

-- What amended entries say goes when they are trimmed.
local tidy = function()
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local ms, seq = string.match(first and first[1] or '', '^(%d+)%-(%d+)$')
  for _, id in ipairs(redis.call('HKEYS', amended)) do
    local m, s = string.match(id, '^(%d+)%-(%d+)$')
    m, s = tonumber(m), tonumber(s)
    if not ms or m < tonumber(ms) or (m == tonumber(ms) and s < tonumber(seq)) then redis.call('HDEL', amended, id) end
  end
end

-- Where the room stands. The stream is the truth. The head says the same, unless it never was or is gone, or the
-- beginning of a publish was carried out when Redis started: then its entries are there, and the rest is done now.
local stand = redis.call('HMGET', head, 'l', 'n')
prev, n = stand[1], tonumber(stand[2] or '')
local stand_id = prev and string.match(prev, '^%d+%-%d+')
local late = stand_id and ARGV[4] == '1' and redis.call('XRANGE', stream, '(' .. stand_id, '+', 'COUNT', 65) or {}
for _, entry in ipairs(late) do
  local tag, sender, nonce = string.match(entry[2][1], '^(%S+) %d+ %S+ (%S+) (%S+)')
  local nonces = string.sub(KEYS[7], 1, #KEYS[7] - #ARGV[7] - #ARGV[8] - 1)
  redis.call('SET', nonces .. sender .. ':' .. nonce, entry[1] .. tag, 'EX', window, 'NX')
end
if late[1] or not (stand_id and n) then
  local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if last then
    local tag, count = string.match(last[2][1], '^(%S+) (%d+) ')
    prev, n = last[1] .. tag, math.max(n or 0, tonumber(count))
  elseif not (prev and n) then
    prev, n = '0', 0
  end
end

local before = n

for i = 1, #KEYS - 6 do
  local at = 6 + (i - 1) * 6
  local nonce_key, sender, nonce, record = KEYS[6 + i], ARGV[at + 1], ARGV[at + 2], ARGV[at + 5]
  local target, cut = string.match(ARGV[at + 4], '^(%S+) (%d+)$')
  local changes = target and find(target)
  local mark = ARGV[at + 6]
  local first = redis.call('GET', nonce_key)
  first = first and again(first, mark)
  if first then
    answers[i] = first
  elseif ARGV[at + 3] ~= rights then
    answers[i] = {2, rights}
  elseif target and not changes then
    answers[i] = {3, target}
  else
    n = n + (tonumber(ARGV[at + 4]) or 0)
    local tag = '.' .. string.sub(nonce, -4)
    local meta = table.concat({tag, number(n), prev, sender, nonce, mark}, ' ')
    local says, words = record, {#record}
    if changes then
      says, words = string.sub(record, 1, cut), {#record, cut}
      changed = true
      redis.call('HSET', amended, changes, string.sub(record, cut + 1))
    end
    if passing then says, words = '', {#record, '-', 'p'} end
    local id = redis.call('XADD', stream, '*', meta, says)
    if passing then redis.call('XTRIM', stream, 'MAXLEN', '=', 0) end
    local position = id .. tag
    redis.call('SET', nonce_key, position, 'EX', window)
    sent[#sent + 1] = table.concat({position, prev, number(n), unpack(words)}, ' ') .. '\n' .. record
    local now, last = tonumber(string.match(id, '^%d+')), tonumber(string.match(prev, '^%d+'))
    -- Only now and then, because each costs as much as half of the rest: with the first entry of every hour of the
    -- clock, so that no entry is an hour younger than the last refresh, and in a busy room also in between.
    if n % 256 == 0 or math.floor(now / hour) ~= math.floor(last / hour) then refresh = now end
    if changes and redis.call('HLEN', amended) % 64 == 0 then refresh = now end
    answers[i] = {0, position, n}
    prev = position
  end
end

if #sent > 0 then
  redis.call('HSET', head, 'l', prev, 'n', number(n))
  if exactly then
    redis.call('XTRIM', stream, 'MAXLEN', '=', keep)
  elseif n == before or math.floor(n / 16) ~= math.floor(before / 16) then -- now and then
    local young, surplus = tonumber(ARGV[5]), redis.call('XLEN', stream) - tonumber(keep)
    if young == 0 then
      redis.call('XTRIM', stream, 'MAXLEN', '~', keep)
    elseif surplus > 0 then
      local now = tonumber(string.match(prev, '^%d+'))
      redis.call('XTRIM', stream, 'MINID', '~', number(math.max(now - young, 0)), 'LIMIT', surplus)
      redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[6])
    end
  end
  if refresh then
    redis.call('XTRIM', stream, 'MINID', '~', number(math.max(refresh - age, 0)))
    -- The newest entry lives as long as it may be read, whenever the next refresh would have been.
    redis.call('PEXPIRE', stream, number(age + hour))
    redis.call('PEXPIRE', head, number(age + hour + 604800000))
    tidy()
  end
  if changed then redis.call('PEXPIRE', amended, number(age)) end
  redis.call('PUBLISH', channel, '1e' .. table.concat(sent))
end
return answers
