"""The endpoint, running: the only room with sockets and a database. Needs the extra `server`."""
