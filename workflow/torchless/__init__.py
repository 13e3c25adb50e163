"""Planning without torch, whose import takes as long as the rest of a plan.

A plan asks components for their fields and for what they say of themselves, and has them calculate nothing. But the
file of a component imports torch to derive from its classes and to decorate with its functions. Here names of torch
are placeholders, which can do that, and stand in annotations and as keys. Whoever wants more of one (a number, a truth,
a text, what a function gives) has a right to it: then this process starts over with torch itself, as if it had been
here from the start. Only the jobs find out if a module of torch lacks a name that is imported from it.
"""
