"""Peers: other ways to fill the same table, each in a process of its own.

A module here that is named after a peer runs in the peers' own environment, where nothing of
seedbed is installed; it imports its peer, `loader` and `drawn`, and nothing else of ours.
"""
