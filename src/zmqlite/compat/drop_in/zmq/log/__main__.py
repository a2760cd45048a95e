"""`python -m zmq.log`: zmqlite.log's command."""

from zmqlite.log.__main__ import main as main

if __name__ == "__main__":
    main()
