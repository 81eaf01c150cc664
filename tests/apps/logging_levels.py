# SPDX-License-Identifier: MIT
# state: new
# manifest: [grants]
# manifest: storage = "64K"
# debug: yes
# daemon: log\.write\(level=warning
# daemon: log\.write\(level=crit
# daemon: log\.write\(level=debug
# daemon: log\.write\(level=info
# daemon: log\.write\(level=err
# What a library says by logging gets to the log with its level.
import io
import logging
import sys

log = logging.getLogger("lib")
logging.info("not shown")
logging.warning("by the root, %d of %s", 1, "many")
log.critical("%(a)s by name", {"a": "fields"})
log.debug("not shown either")
logging.getLogger().setLevel("DEBUG")
log.debug("shown")
log.info("100%")
try:
    {}["key"]
except KeyError:
    log.exception("it failed")
log.error("x" * 5000 + "\nsecond line")
print(log.isEnabledFor(logging.DEBUG), logging.getLogger("lib") is log, logging.getLevelName(30))

text = io.StringIO()
handler = logging.StreamHandler(text)
handler.setFormatter(logging.Formatter("{levelname}:{name}:{message}", style="{"))
handler.setLevel(logging.ERROR)
log.addHandler(handler)
log.warning("too little for it")
log.error("to a handler of its own")
print(text.getvalue(), end="")
log.removeHandler(handler)

logging.basicConfig(filename="app.log", format="%(asctime)s %(levelname)s %(message)s", force=True)
log.warning("to a file")
logging.getLogger().handlers[0].close()
with open("app.log") as file:
    line = file.read()
print(len(line.split()), line[20:], end="")
logging.basicConfig(format="%(name)s|%(message)s", stream=sys.stdout, force=True, level=logging.INFO)
log.info("to a stream")
log.debug("not shown")
try:
    log.setLevel("LOUD")
except ValueError as error:
    print(error)
