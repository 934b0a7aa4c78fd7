"""Sends rebuilt requests to the app again: to look, to reproduce, to see whether it works now."""

from scimdoctor.replay.many import Batch, Bounds, in_order, newest_per_shape, replay_many
from scimdoctor.replay.one import Replayer, replay_event, writes_needed
from scimdoctor.replay.subject import Subject, subject_of_event, subjects_of_har

__all__ = [
    "Batch",
    "Bounds",
    "Replayer",
    "Subject",
    "in_order",
    "newest_per_shape",
    "replay_event",
    "replay_many",
    "subject_of_event",
    "subjects_of_har",
    "writes_needed",
]
