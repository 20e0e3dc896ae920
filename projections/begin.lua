-- Sees to it that every view has a generation to be worked on in a segment: of this log, by a fold no older than ours.
--
-- KEYS: goals, serving, checkpoints, folds.
-- ARGV: the log's epoch, '1' to make the views anew that nobody is making yet, then view and fold version by turns.
-- Returns the generations that were begun.
local goals, serving, checkpoints, folds = unpack(KEYS)
local epoch, anew = ARGV[1], ARGV[2] == '1'

local function newest(view)
  local highest = 0
  for _, name in ipairs(redis.call('HKEYS', checkpoints)) do
    local of, number = string.match(name, '^(.*)%.(%d+)$')
    if of == view then highest = math.max(highest, tonumber(number)) end
  end
  return highest
end

local function is_right(view, goal, version)
  local name = view .. '.' .. goal
  local fold = tonumber(redis.call('HGET', folds, name) or '0')
  local checkpoint = redis.call('HGET', checkpoints, name) or ''
  return fold > version or (fold == version and string.sub(checkpoint, 1, #epoch + 1) == epoch .. ' ')
end

local begun = {}
for at = 3, #ARGV, 2 do
  local view, version = ARGV[at], ARGV[at + 1]
  local goal = redis.call('HGET', goals, view)
  local settled = goal and goal == redis.call('HGET', serving, view)
  if not goal or (anew and settled) or (not anew and not is_right(view, goal, tonumber(version))) then
    local number = string.format('%.0f', newest(view) + 1)
    local name = view .. '.' .. number
    redis.call('HSET', checkpoints, name, epoch .. ' 0 -')
    redis.call('HSET', folds, name, version)
    redis.call('HSET', goals, view, number)
    begun[#begun + 1] = name
  end
end
return begun
