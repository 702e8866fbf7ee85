"""Policies as code: rules in YAML packs, judged on what is declared, configured and observed. Pure.

vocabulary/  what rules may say of each kind of resource: field by field, with its type
rule         a rule as a pack states it
packs        from files to rules, with every mistake at its place: on reading (YAML), scalars (places in them),
             scan (CEL's words), bounds (what an expression may not do), memory (what was found right before)
overrides    what a site changes of rules; profiles: many of these under a name; controls: what they are called
cases        tests of rules; schema: what editors know of a file of policies
evidence     what was looked at; facts/: from it to subjects in that vocabulary
engine/      CEL, and its owner: the type check when a pack is loaded, the evaluation
results      what each rule comes to on each subject: pass, fail, unknown, waived, not applicable, error
waiver       a failure that is accepted until a day, by two people; waivers: read and applied, scopes: what they
             are about, waiver_remarks: what is to be said about them
rulebook     rules, gate and waivers together: what is judged by
findings     results as findings; unknowns: why something is not known, in words
audit        all of it at one moment: assemble makes it, audit_json keeps it, coverage says what was looked at,
             drift and drift_causes compare two, evidence_pack is one for others
"""
