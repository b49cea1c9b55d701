"""Legal holds: until it is released, neither a person nor a lifecycle rule can delete what is held."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from dialtone.domain.errors import DialtoneError
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import Recording
from infra.operations.custody.objects import Objects, Version


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds on one bucket's recordings. Every method raises botocore's errors."""

    objects: Objects
    bucket: str

    def check_possible(self) -> None:
        """Raise DialtoneError where the bucket has no object lock, with the remedy."""
        if not self.objects.has_lock():
            raise DialtoneError(
                f"the bucket {self.bucket} has no object lock, so nothing in it can be held: turn it on with "
                f"`aws s3api put-object-lock-configuration --bucket {self.bucket} "
                "--object-lock-configuration ObjectLockEnabled=Enabled`"
            )

    def set(self, recording: Recording, *, on: bool) -> int:
        """Hold every version of audio, metadata and transcript, or release them; returns how many there are."""
        versions = list(self._versions(recording))
        for version in versions:
            self.objects.hold(version, on=on)
        return len(versions)

    def is_held(self, recording: Recording) -> bool:
        """Whether any object of a recording is held; checked only if the bucket has object lock."""
        return any(map(self.objects.is_held, self._versions(recording)))

    def held_in(self, folders: Iterable[str]) -> tuple[str, ...]:
        """The recordings of which something under these folders is held, by name."""
        versions = (each for folder in folders for each in self.objects.versions(folder) if not each.is_marker)
        return tuple(sorted({_name(each.key) for each in versions if self.objects.is_held(each)}))

    def _versions(self, recording: Recording) -> Iterator[Version]:
        return (each for each in self.objects.versions(object_key(recording, "")) if not each.is_marker)


def _name(key: str) -> str:
    """A recording's name, of one of its keys: what stands before the first ending."""
    return PurePosixPath(key).name.partition(".")[0]
