# SPDX-License-Identifier: MIT
# Every kind of call that storage is served by, each on its own: one that fails is told and the rest
# goes on.
import os

from attempts import attempt


def write():
    with open("new", "w") as file:
        file.write("kept")
        file.flush()


def read():
    with open("kept") as file:
        file.seek(1)
        print(file.read())


def cut():
    with open("kept", "r+") as file:
        file.truncate(2)


attempt("write", write)
attempt("rename", os.rename, "new", "kept")
attempt("read", read)
attempt("cut", cut)
attempt("mkdir", os.mkdir, "folder")
attempt("stat", os.stat, "kept")
attempt("list", lambda: print(sorted(os.listdir())))
attempt("space", os.statvfs, "/data")
attempt("sync", os.sync)
attempt("rmdir", os.rmdir, "folder")
attempt("remove", os.remove, "kept")
