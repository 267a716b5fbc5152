-- Stores entries of one room and hands them to the bus, in one atomic step. Needs Redis 7.
-- KEYS: 1 stream  2 head  3 channel  4 rights  5… the nonce key of each draft
-- ARGV: 1 how many entries to keep  2 nonce window (s)  3 greatest age (ms)
--       then for each draft: sender, nonce, rights version it was decided under, 1 if it counts, record
-- Returns for each draft {0, position, n} stored, {1, position} was there already, {2, version} the rights changed.
--
-- An entry's one field is '<.tag> <n> <prev> <sender> <nonce>', its value the record. A position is the id that Redis
-- assigned and the tag, the end of the nonce: ids are handed out again when Redis comes back without its tail and with
-- a slower clock, and the tag tells such an entry from the lost one.
local stream, head, channel = KEYS[1], KEYS[2], KEYS[3]
local keep, window, age = ARGV[1], ARGV[2], tonumber(ARGV[3])
local rights = redis.call('HGET', KEYS[4], 'r') or '0'
local number = function(n) return string.format('%.0f', n) end
local answers, sent, prev, n, refresh = {}, {}, nil, nil, false

for i = 1, #KEYS - 4 do
  local at = 3 + (i - 1) * 5
  local nonce_key, sender, nonce, record = KEYS[4 + i], ARGV[at + 1], ARGV[at + 2], ARGV[at + 5]
  local first = redis.call('GET', nonce_key)
  if first then
    answers[i] = {1, first}
  elseif ARGV[at + 3] ~= rights then
    answers[i] = {2, rights}
  else
    if not prev then
      local h = redis.call('HMGET', head, 'l', 'n')
      prev, n = h[1], tonumber(h[2] or '')
      if not (prev and n) then -- it never was, or is gone: the newest entry says the same
        local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
        if last then
          local tag, count = string.match(last[2][1], '^(%S+) (%d+) ')
          prev, n = last[1] .. tag, tonumber(count)
        else
          prev, n = '0', 0
        end
      end
    end
    n = n + tonumber(ARGV[at + 4])
    local tag = '.' .. string.sub(nonce, -4)
    local meta = table.concat({tag, number(n), prev, sender, nonce}, ' ')
    local id = redis.call('XADD', stream, 'MAXLEN', '~', keep, '*', meta, record)
    local position = id .. tag
    redis.call('SET', nonce_key, position, 'EX', window)
    sent[#sent + 1] = table.concat({position, prev, number(n), #record}, ' ') .. '\n' .. record
    local now, before = tonumber(string.match(id, '^%d+')), tonumber(string.match(prev, '^%d+'))
    -- Only now and then, because each costs as much as half of the rest.
    if n % 256 == 0 or now - before > 3600000 then refresh = now end
    answers[i] = {0, position, n}
    prev = position
  end
end

if #sent > 0 then
  redis.call('HSET', head, 'l', prev, 'n', number(n))
  if refresh then
    redis.call('XTRIM', stream, 'MINID', '~', number(math.max(refresh - age, 0)))
    redis.call('PEXPIRE', stream, number(age))
    redis.call('PEXPIRE', head, number(age + 604800000))
  end
  redis.call('PUBLISH', channel, '1e' .. table.concat(sent))
end
return answers
