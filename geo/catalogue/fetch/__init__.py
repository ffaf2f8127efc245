"""Bringing open layers from their publishers, by records that say where from and how large.

``remote`` reads the records, ``addresses`` says which addresses may be asked, ``transfer``
brings the bytes, ``cache`` keeps them for several processes, ``contents`` looks whether they are
what was asked for, ``unpack`` and ``tiles`` make one layer file of them, and ``bring`` ties it
together and writes the layer's record.
"""

from geo.catalogue.fetch.bring import Fetched, fetch
from geo.catalogue.fetch.cache import default_cache
from geo.catalogue.fetch.remote import RemoteRecord, load_remote, remote_records
from geo.catalogue.fetch.transfer import Limits

__all__ = [
    "Fetched",
    "Limits",
    "RemoteRecord",
    "default_cache",
    "fetch",
    "load_remote",
    "remote_records",
]
