"""The private parts of a directory of people.

`kinds` are the resources; `declare` makes them from an inventory, with `policies` for passwords and `floors` for
administrators. `tree` reads accounts, groups and policies, with names for entries that have none of their own
(`disguise`); `live` makes resources of them. `check` looks at changes, `write` and `write_groups` carry them out,
`asking` hands over what is an identity team's, `evident` tells what all of it means for rules. `flavour` is what
differs between servers: `openldap` and `active_directory`. `survey` and `rights` are for who does not know a server
yet.
"""
