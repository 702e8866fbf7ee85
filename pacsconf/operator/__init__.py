"""What this person or runner allows: the operator file, and secrets resolved at the moment of use.

The inventory is reviewed by people, but anybody who can open a pull request may propose a change of it. What
it asks for is held against the operator file, which never comes from the repository.
"""
