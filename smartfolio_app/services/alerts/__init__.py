"""Alerts: rules that are judged, what they found, and how it reaches its owner.

``rules`` and ``channels`` are what a person sets up, ``judging`` finds what there is to tell, ``inbox`` is what they
see of it, ``delivery`` carries it out of the house, ``words`` says it.
"""
