"""The services outside the database, a port each, with a local adapter and remote ones.

storage   files by path: a folder or S3 (`files.py`), the Supabase storage server (`bucket.py`)
video     assets by passthrough: a local provider (`studio.py`), Mux (`mux.py`)
auth      accounts by id: rows of the database, or the Supabase auth server (`accounts.py`)

`port.py` says what an adapter does, `http.py` how it asks, `adapters.py` which one is meant.
"""
