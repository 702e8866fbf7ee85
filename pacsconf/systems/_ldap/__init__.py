"""The one way to a directory: everything LDAP goes through here, and ldap3 is known nowhere else.

`Directory` is the transport, `names` are distinguished names, `schema` is what the server says it can hold.
"""

from pacsconf.systems._ldap.answers import Answer, Lost, Missing
from pacsconf.systems._ldap.directory import Directory
from pacsconf.systems._ldap.entry import Entry
from pacsconf.systems._ldap.requests import Add, Delete, Modification, Modify, Request

__all__ = [
    "Add",
    "Answer",
    "Delete",
    "Directory",
    "Entry",
    "Lost",
    "Missing",
    "Modification",
    "Modify",
    "Request",
]
