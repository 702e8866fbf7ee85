"""The record: what pacsconf applied, kept as commits of the branch `pacsconf/ENV`, and the lock that the branch is.

with Record.open(root, "lab", clock=clock) as record:
    state = record.state()                       # fetches; says what is owned, or why that is unknown
    with record.begin(changeset, state) as lock:   # the open change set: pushed, so nobody else may write
        for layer in layers:
            lock.renew()                           # still ours? Overtaken if not
            lock.intend(layer)                     # on disk before the first byte leaves
            lock.result(outcomes)
        lock.close(outcomes=outcomes, owned=owned)
"""
