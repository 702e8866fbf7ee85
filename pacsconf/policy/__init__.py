"""Policies as code: rules in YAML packs, judged on what is declared, configured and observed. Pure.

vocabulary/  what rules may say of each kind of resource: field by field, with its type
rule         a rule as a pack states it
packs        from files to rules, with every mistake at its place; what a site changes of them
engine       CEL, and its owner: the type check when a pack is loaded, the evaluation
facts/       from inventory, systems and observers to subjects in that vocabulary
results      what each rule comes to on each subject: pass, fail, unknown, waived, not applicable, error
waivers      findings that are accepted until a day, by two people
audit        all of it at one moment, as it is recorded, compared and reported
"""
