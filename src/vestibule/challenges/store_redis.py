"""The challenge store in Redis: one hash for each record; every verb is one Lua script over one key, so that it works
in a cluster. The TTL of a key only removes expired records."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge, State
from vestibule.kernel.errors import Unavailable
from vestibule.storage import redis_client
from vestibule.storage.redis_client import Encodable

if TYPE_CHECKING:
    from redis import Redis

P = ParamSpec("P")
R = TypeVar("R")
Method = Callable[Concatenate["RedisStore", P], R]

MAX_INDEXED = 128  # records of a subject; an older one is still found by its handle
MIN_READ = 20  # records read at least, because a resent record is newer than its place in the index says
KEPT_AFTER_EXPIRY = timedelta(hours=1)  # so that "expired" and "used" can be distinguished from "unknown"

# Times are whole microseconds since the epoch, which a Lua number (a double) holds exactly until the year 2255.
_FREE = """
local function free(now)
  local state = redis.call('HGET', KEYS[1], 'state')
  if state == 'waiting' then return true end
  return state == 'claimed' and tonumber(redis.call('HGET', KEYS[1], 'leased_until')) <= tonumber(now)
end
"""
_ADD = """
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
_ADD_TO_INDEX = f"""
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -{MAX_INDEXED} - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
_COUNT_ATTEMPT = """
local found = redis.call('HMGET', KEYS[1], 'state', 'attempts', 'expires_at')
if not found[1] or found[1] == 'settled' then return 0 end
if tonumber(found[2]) >= tonumber(ARGV[1]) or tonumber(found[3]) <= tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
return 1
"""
_RETURN_ATTEMPT = """
local attempts = tonumber(redis.call('HGET', KEYS[1], 'attempts') or '0')
if attempts > 0 then redis.call('HINCRBY', KEYS[1], 'attempts', -1) end
"""
_COUNT_SEND = (
    _FREE
    + """
local found = redis.call('HMGET', KEYS[1], 'sends', 'digests')
if not found[1] or not free(ARGV[4]) or found[1] ~= ARGV[1] or found[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'digests', ARGV[3], 'sent_at', ARGV[4], 'expires_at', ARGV[5], 'state', 'waiting',
           'lease', '', 'leased_until', '0')
redis.call('HINCRBY', KEYS[1], 'sends', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
"""
)
_UNDO_SEND = """
if redis.call('HGET', KEYS[1], 'digests') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'digests', ARGV[2], 'sends', ARGV[3], 'sent_at', ARGV[4], 'expires_at', ARGV[5])
return 1
"""
_CLAIM = (
    _FREE
    + """
local found = redis.call('HMGET', KEYS[1], 'digests', 'attempts')
if not found[1] or found[1] ~= ARGV[1] or tonumber(found[2]) < 1 or not free(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'state', 'claimed', 'lease', ARGV[2], 'leased_until', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'attempts', -1)
return 1
"""
)
_REPLACE_PAYLOAD = (
    _FREE
    + """
local found = redis.call('HMGET', KEYS[1], 'sealed_payload', 'expires_at')
if not found[1] or found[1] ~= ARGV[1] or tonumber(found[2]) <= tonumber(ARGV[3]) or not free(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'sealed_payload', ARGV[2])
return 1
"""
)
_SETTLE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'state', 'settled', 'lease', '', 'leased_until', '0')
end
"""
_RELEASE = """
local found = redis.call('HMGET', KEYS[1], 'state', 'lease')
if found[1] == 'claimed' and found[2] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'state', 'waiting', 'lease', '', 'leased_until', '0')
end
"""


def _to_microseconds(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def _from_microseconds(number: bytes) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(number))


def _expiry_milliseconds(lifetime: timedelta) -> int:
    """Return the TTL in milliseconds. It is relative, because an absolute time of ours would be wrong on a Redis whose
    clock differs."""
    return (lifetime + KEPT_AFTER_EXPIRY) // timedelta(milliseconds=1)


def _raises_unavailable(verb: Method[P, R]) -> Method[P, R]:
    """Make a verb raise Unavailable if Redis cannot be reached or refuses."""

    @wraps(verb)
    def call_verb(self: "RedisStore", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(self, *args, **kwargs)
        except redis_client.unreachable_errors() as error:
            raise Unavailable from error

    return call_verb


class RedisStore:
    """`store.Store` over one Redis or a cluster. `prefix` separates deployments that share one."""

    def __init__(self, connection: "Redis", *, prefix: str = "vestibule") -> None:
        self._redis = connection
        self._prefix = prefix
        script = partial(redis_client.Script, connection)
        self._add = script(_ADD)
        self._add_to_index = script(_ADD_TO_INDEX)
        self._count_attempt = script(_COUNT_ATTEMPT)
        self._return_attempt = script(_RETURN_ATTEMPT)
        self._count_send = script(_COUNT_SEND)
        self._undo_send = script(_UNDO_SEND)
        self._claim = script(_CLAIM)
        self._replace_payload = script(_REPLACE_PAYLOAD)
        self._settle = script(_SETTLE)
        self._release = script(_RELEASE)

    @_raises_unavailable
    def add(self, challenge: Challenge) -> None:
        record: Mapping[Encodable, Encodable] = {
            "purpose": challenge.purpose.value,
            "subject": challenge.subject,
            "digests": challenge.digests,
            "sealed_payload": challenge.sealed_payload,
            "sent_at": _to_microseconds(challenge.sent_at),
            "expires_at": _to_microseconds(challenge.expires_at),
            "attempts": challenge.attempts,
            "sends": challenge.sends,
            "state": challenge.state.value,
            "lease": "",
            "leased_until": 0,
        }
        key, index = self._record_key(challenge.id), self._index_key(challenge.purpose, challenge.subject)
        kept = _expiry_milliseconds(challenge.expires_at - challenge.sent_at)
        # Two statements, because the keys lie in two slots of a cluster. A record without its index entry is still
        # found by its handle.
        self._add(key, kept, *(each for pair in record.items() for each in pair))
        self._add_to_index(index, kept, _to_microseconds(challenge.sent_at), str(challenge.id))

    @_raises_unavailable
    def get(self, id: UUID) -> Challenge | None:
        return _challenge_from_hash(id, self._redis.hgetall(self._record_key(id)))  # type: ignore[arg-type]  # the sync client

    @_raises_unavailable
    def list_newest(self, purpose: Purpose, subjects: Sequence[bytes], *, limit: int) -> list[Challenge]:
        ids: set[bytes] = set()
        for subject in subjects:
            ids.update(self._redis.zrevrange(self._index_key(purpose, subject), 0, max(limit, MIN_READ) - 1))  # type: ignore[arg-type]  # the sync client
        # One round trip for any number of records, also for none: time must not tell whether a sign-up waits.
        wanted = [UUID(id.decode()) for id in ids] or [UUID(int=0)]
        pipe = self._redis.pipeline(transaction=False)
        for id in wanted:
            pipe.hgetall(self._record_key(id))
        records = zip(wanted, pipe.execute(), strict=True)
        found = [challenge for id, record in records if (challenge := _challenge_from_hash(id, record))]
        return sorted(found, key=lambda challenge: challenge.sent_at, reverse=True)[:limit]

    @_raises_unavailable
    def count_attempt(self, id: UUID, *, limit: int, now: datetime) -> bool:
        return bool(self._count_attempt(self._record_key(id), limit, _to_microseconds(now)))

    @_raises_unavailable
    def return_attempt(self, id: UUID) -> None:
        self._return_attempt(self._record_key(id))

    @_raises_unavailable
    def count_send(self, challenge: Challenge, *, digests: bytes, now: datetime, expires_at: datetime) -> bool:
        args: list[Encodable] = [
            challenge.sends,
            challenge.digests,
            digests,
            _to_microseconds(now),
            _to_microseconds(expires_at),
            _expiry_milliseconds(expires_at - now),
        ]
        return bool(self._count_send(self._record_key(challenge.id), *args))

    @_raises_unavailable
    def undo_send(self, challenge: Challenge, *, digests: bytes) -> None:
        args: list[Encodable] = [
            digests,
            challenge.digests,
            challenge.sends,
            _to_microseconds(challenge.sent_at),
            _to_microseconds(challenge.expires_at),
        ]
        self._undo_send(self._record_key(challenge.id), *args)

    @_raises_unavailable
    def claim(self, challenge: Challenge, *, lease: UUID, now: datetime, until: datetime) -> bool:
        args: list[Encodable] = [challenge.digests, str(lease), _to_microseconds(now), _to_microseconds(until)]
        return bool(self._claim(self._record_key(challenge.id), *args))

    @_raises_unavailable
    def replace_payload(self, challenge: Challenge, *, sealed_payload: bytes, now: datetime) -> bool:
        args: list[Encodable] = [challenge.sealed_payload, sealed_payload, _to_microseconds(now)]
        return bool(self._replace_payload(self._record_key(challenge.id), *args))

    @_raises_unavailable
    def settle(self, id: UUID) -> None:
        self._settle(self._record_key(id))

    @_raises_unavailable
    def release(self, id: UUID, *, lease: UUID) -> None:
        self._release(self._record_key(id), str(lease))

    def count_expired(self, *, before: datetime) -> int:
        return 0

    def delete_expired(self, *, before: datetime, limit: int) -> int:
        """Do nothing: Redis deletes expired keys by itself."""
        return 0

    def _record_key(self, id: UUID) -> str:
        return f"{self._prefix}:challenge:{{{id}}}"

    def _index_key(self, purpose: Purpose, subject: bytes) -> str:
        return f"{self._prefix}:challenges:{{{subject.hex()}}}:{purpose}"


def _challenge_from_hash(id: UUID, found: dict[bytes, bytes]) -> Challenge | None:
    """Return the record that a hash holds, or None for an empty hash."""
    if not found:
        return None
    lease = found[b"lease"].decode()
    return Challenge(
        id=id,
        purpose=Purpose(found[b"purpose"].decode()),
        subject=found[b"subject"],
        digests=found[b"digests"],
        sealed_payload=found[b"sealed_payload"],
        sent_at=_from_microseconds(found[b"sent_at"]),
        expires_at=_from_microseconds(found[b"expires_at"]),
        attempts=int(found[b"attempts"]),
        sends=int(found[b"sends"]),
        state=State(found[b"state"].decode()),
        lease=UUID(lease) if lease else None,
        leased_until=_from_microseconds(found[b"leased_until"]) if lease else None,
    )
