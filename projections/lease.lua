-- Takes, renews or gives back a worker's leases in a segment. The one clock is this server's.
--
-- A lease is `<number> <owner> <until, ms>`; an owner is `<name>#<process>`. A lease that ran out is free, and so is that of an
-- earlier process of the same name. Each new owner has the next number, and with it a fence that no other ever had.
--
-- KEYS: leases. ARGV: owner, for how many ms, 'take' or 'keep' or 'drop', then the generations.
-- Returns generation and fence by turns, of those that the worker holds now.
local owner, length, mode = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local name = string.match(owner, '^(.*)#')

local held = {}
for at = 4, #ARGV do
  local number, holder, till = '0', '', '0'
  local found = redis.call('HGET', KEYS[1], ARGV[at])
  if found then number, holder, till = string.match(found, '^(%d+) (%S+) (%d+)$') end
  local mine = holder == owner
  local free = tonumber(till) < now or string.match(holder, '^(.*)#') == name
  if mode == 'drop' then
    if mine then redis.call('HSET', KEYS[1], ARGV[at], number .. ' ' .. owner .. ' 0') end
  elseif mine or (free and mode == 'take') then
    if not mine then number = string.format('%.0f', tonumber(number) + 1) end
    redis.call('HSET', KEYS[1], ARGV[at], string.format('%s %s %.0f', number, owner, now + length))
    held[#held + 1] = ARGV[at]
    held[#held + 1] = number .. ' ' .. owner .. ' '
  end
end
return held
