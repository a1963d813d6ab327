"""Messages in one piece: Flower stores, fetches and checks every record and array of a message by a request of its own.

What a message holds is packed into one record of bytes while it travels. The bytes are protobuf, so unpacking them runs
nothing.
"""

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.proto.recorddict_pb2 import RecordDict as Packed

PACKED = "packed"
MOST_BYTES = 4 * 2**20
"""Larger ones travel in Flower's pieces of five megabytes."""


def packed(content: RecordDict) -> RecordDict:
    """What a message holds as one record, where it is not too large."""
    whole = recorddict_to_proto(content).SerializeToString(deterministic=True)
    return content if len(whole) > MOST_BYTES else RecordDict({PACKED: ConfigRecord({PACKED: whole})})


def unpacked(content: RecordDict) -> RecordDict:
    """What a message holds, however it travelled.

    Raises:
        ValueError: the bytes are no records.
    """
    records = content.config_records
    if list(content) != [PACKED] or PACKED not in records:
        return content
    inside = Packed()
    try:
        inside.ParseFromString(bytes(records[PACKED][PACKED]))
    except Exception as error:  # protobuf's own errors have no common base that is public
        raise ValueError("a packed message that cannot be read") from error
    return recorddict_from_proto(inside)


def pack(message: Message) -> Message:
    """A message ready to travel."""
    if message.has_content():
        message.content = packed(message.content)
    return message


def unpack(message: Message) -> Message:
    """A message that has travelled.

    Raises:
        ValueError: its bytes are no records.
    """
    if message.has_content():
        message.content = unpacked(message.content)
    return message
