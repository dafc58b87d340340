"""How fast MicDots is, as a ratio to something simple that is measured in the same call: ``make bench``.

One module a row of the table. Each starts what it needs in a temporary folder on free ports, and cleans up. Ratios stay
comparable from one machine to the next, seconds do not; so the bars are ratios, and no test depends on a time.
"""
