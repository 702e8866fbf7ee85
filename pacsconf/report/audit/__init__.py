"""An audit as others read it: as a page, on the terminal, as a comment, and for machines.

summary      what it comes to: counts, words, what to mend first; the same in every form
html         one page that needs nothing else: page.html.j2, page.css and page.js; `parts` is what the template sees
text         the screen of `pacsconf audit`
markdown     a comment on a pull request
csv_text, junit, sarif, oscal
             for spreadsheets, CI servers, code hosts and GRC tools; `machine` is what they share
forms        all of them as files
drift_text, list_text, pack_text
             screens of `audit diff`, `audit list` and `audit pack|verify`

A statement that nothing fails never stands without what was looked at: `summary.verdict` says both or nothing.
"""
