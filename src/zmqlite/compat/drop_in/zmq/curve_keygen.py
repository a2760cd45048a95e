"""`python -m zmq.curve_keygen`: zmqlite.curve_keygen's command."""

from zmqlite.curve_keygen import _main as _main

if __name__ == "__main__":
    _main()
