"""Our own scripts made to break: after a number of writes, or at a key that was not declared. They run on a real Redis."""

_AFTER = """
local real, left, redis = redis, %d, nil
local reads = {HGET = 1, HKEYS = 1, XRANGE = 1, XREVRANGE = 1, TIME = 1}
redis = {call = function(command, ...)
  if not reads[command] then
    if left == 0 then error('broke') end
    left = left - 1
  end
  return real.call(command, ...)
end}
"""
_AT_AN_UNDECLARED_KEY = """
local real, declared, redis = redis, {}, nil
for _, key in ipairs(KEYS) do declared[key] = true end
redis = {call = function(command, ...)
  local key = ...
  if key and not declared[key] then error('undeclared key ' .. key) end
  return real.call(command, ...)
end}
"""


def after(writes, script, redis):
    """The script, broken after so many writes."""
    return redis.register_script(_AFTER % writes + script.script)


def at_an_undeclared_key(script, redis):
    """The script, broken where it asks for a key that it was not given."""
    return redis.register_script(_AT_AN_UNDECLARED_KEY + script.script)
