"""The real server of Refstack, run by a Python that has it: ``refstack_server.py FOLDER OPENID PUBLIC-KEY``.

It keeps its results in SQLite in the folder, knows one user with one key, and prints its port when it answers.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace
from wsgiref.simple_server import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main(folder: Path, openid: str, key: str) -> None:
    conf = folder / "refstack.conf"
    conf.write_text(f"[DEFAULT]\nui_url = http://ui\n[database]\nconnection = sqlite:///{folder / 'results.sqlite'}\n")
    os.environ["REFSTACK_OSLO_CONFIG"] = str(conf)
    os.chdir(folder)
    import refstack.api.app
    import refstack.api.config
    from refstack import db
    from refstack.db.sqlalchemy import api, models
    from sqlalchemy import event

    # What is kept beside results is the body of a request: MariaDB takes bytes for text, SQLite does not.
    sqlite3.register_adapter(bytes, bytes.decode)
    served = refstack.api.app.setup_app(SimpleNamespace(app=refstack.api.config.app))
    engine = api.get_engine()
    event.listen(engine, "connect", lambda connection, _: connection.create_collation(
        "latin1_swedish_ci", lambda one, other: (one > other) - (one < other)))  # fmt: skip
    models.BASE.metadata.create_all(engine)
    db.user_save({"openid": openid, "email": "me@example", "fullname": "me"})
    form, data = key.split()[:2]
    digest = hashlib.md5(base64.b64decode(data), usedforsecurity=False).hexdigest()
    db.store_pubkey({"openid": openid, "format": form, "pubkey": data, "comment": "", "md5_hash": digest})
    with make_server("127.0.0.1", 0, served, handler_class=_Quiet) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
