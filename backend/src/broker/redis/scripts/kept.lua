-- Which of the positions is the first that the room's chain still has: its number from 1, or 0.
-- KEYS: 1 stream  2 head   ARGV: 1 lowest id that counts  2… positions

for i = 2, #ARGV do
  local wanted = ARGV[i]
  if wanted == '0' then
    local first = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', 1)[1]
    if first then
      if string.match(first[2][1], '^%S+ %d+ (%S+)') == '0' then return i - 1 end
    elseif not redis.call('HGET', KEYS[2], 'l') then
      return i - 1
    end
  else
    local id = string.match(wanted, '^(%d+%-%d+)%.')
    local entry = id and redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry and id .. string.match(entry[2][1], '^%S+') == wanted and not skipped(id) then return i - 1 end
  end
end
return 0
