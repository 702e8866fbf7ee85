"""The one way to a directory: everything LDAP goes through here, and ldap3 is known nowhere else.

`Directory` is the transport, `names` are distinguished names, `schema` is what the server says it can hold.
"""

from pacsconf.systems._ldap.answers import Answer, Lost, Missing
from pacsconf.systems._ldap.directory import Directory, Entry, Modification

__all__ = ["Answer", "Directory", "Entry", "Lost", "Missing", "Modification"]
