"""Encrypting what an event tells of a person (AES-256-GCM): bytes in, bytes out. Whose key it is, others know."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12  # bytes: random for each event, and no key seals anything near the 2^32 that this is good for


class KeyLostError(Exception):
    """A key that is needed is not in the keyring, and was not destroyed by us: the keyring is older than the database."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"key {key_id} is not in the keyring, and was never destroyed: put the newest backup of the keyring back, or say "
            "`tradewind keys lost`, and what is sealed with lost keys is taken as erased"
        )


def encrypted(told: bytes, secret: bytes, stream: str, stream_version: int) -> bytes:
    """Encrypt the personal part of the event that stands there; it cannot be moved to another event."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, told, _place(stream, stream_version))


def decrypted(part: bytes, secret: bytes, stream: str, stream_version: int) -> bytes:
    """Decrypt it again. Another key, or another event's part, is a ValueError."""
    try:
        return AESGCM(secret).decrypt(part[:_NONCE], part[_NONCE:], _place(stream, stream_version))
    except InvalidTag:
        raise ValueError(f"the personal part of {stream} at version {stream_version} does not fit its key") from None


def _place(stream: str, stream_version: int) -> bytes:
    return f"{stream}:{stream_version}".encode()
