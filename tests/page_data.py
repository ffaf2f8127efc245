"""The data of a web page, as its script reads them."""

import json
import re
from typing import Any

from geo.publish.packed import unpacked


def data_of(page: str) -> dict[str, Any]:
    """The payload of a page, its planes with it."""
    data, planes = (
        re.search(rf'id="lodemap-{name}">(.*?)</script>', page, re.DOTALL)
        for name in ("data", "planes")
    )
    assert data is not None
    assert planes is not None
    return json.loads(unpacked(json.loads(data.group(1)))) | {"planes": json.loads(planes.group(1))}
