"""The list of embedded layers that were looked through: ``python -m layers.build.sound``.

Run it whenever a vector layer has changed: a layer that is not on the list is looked through
at each first reading, which costs time and nothing else.
"""

from geo.catalogue import Catalogue, Record, read_vector, soundness
from layers.build.common import LAYERS

__all__ = ["build", "looked_through"]


def looked_through(record: Record) -> bool:
    """Whether a layer that nothing is known of is read without any mending."""
    with soundness.forgetting():
        read_vector(record)
        return soundness.is_sound(record.sha256, record.layer)


def build() -> None:
    """Look through every embedded vector layer and list those without a fault."""
    catalogue = Catalogue.open(LAYERS)
    vectors = [catalogue[name] for name in catalogue if catalogue[name].kind == "vector"]
    lines = [f"{one.sha256} {one.layer or ''}\n" for one in vectors if looked_through(one)]
    (LAYERS / soundness.LIST).write_text("".join(sorted(lines)), "utf-8")


if __name__ == "__main__":
    build()
