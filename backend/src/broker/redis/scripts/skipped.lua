-- Whether an entry of the stream KEYS[1] is not in the chain, because one that comes later follows an older one: see
-- reading/chain.rs. Stands before the scripts that ask it.
local skipped = function(id)
  local time, seq = string.match(id, '^(%d+)%-(%d+)$')
  time, seq = tonumber(time), tonumber(seq)
  for _, later in ipairs(redis.call('XRANGE', KEYS[1], '(' .. id, '+', 'COUNT', 65)) do
    local t, s = string.match(later[2][1], '^%S+ %d+ (%d+)%-?(%d*)')
    t, s = tonumber(t), tonumber(s) or 0
    if t and (t < time or (t == time and s < seq)) then return true end
  end
  return false
end

