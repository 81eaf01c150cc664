# SPDX-License-Identifier: MIT
#
# logging, as CPython's, without its trees of loggers and its configuration by files: what libraries
# use. A message goes to the app's log with its level as a field of the entry, so that the text needs
# none; handlers of an app's own are used in place of that. An app that brings a module of this name
# has that one.

import calls
import io
import sys
import time

CRITICAL = FATAL = 50
ERROR = 40
WARNING = WARN = 30
INFO = 20
DEBUG = 10
NOTSET = 0

lastResort = None  # there is always the app's log
raiseExceptions = True

_NAMES = {CRITICAL: "CRITICAL", ERROR: "ERROR", WARNING: "WARNING", INFO: "INFO", DEBUG: "DEBUG",
          NOTSET: "NOTSET"}
_SYSLOG = ((CRITICAL, 2), (ERROR, 3), (WARNING, 4), (INFO, 6), (-1000000, 7))  # syslog(3)
_MOST = 4096  # bytes that a call of log.write takes
_PIECE = _MOST // 4  # characters of which that is true, whatever they are

_loggers = {}


def addLevelName(level, name):
    _NAMES[level] = name


def getLevelName(level):
    return _NAMES.get(level, "Level %s" % level)


def _level(level):
    if isinstance(level, int):
        return level
    for number, name in _NAMES.items():
        if name == level:
            return number
    raise ValueError("Unknown level: %r" % level)


class LogRecord:
    def __init__(self, name, level, message, error):
        self.name = name
        self.levelno = level
        self.levelname = getLevelName(level)
        self.message = message
        self.exc_info = error
        self.created = time.time()
        self.asctime = None

    def getMessage(self):
        return self.message


class Formatter:
    def __init__(self, fmt=None, datefmt=None, style="%", **unused):
        if style not in ("%", "{"):
            raise ValueError("style must be %% or {, not %r" % style)
        self._format = fmt or ("{message}" if style == "{" else "%(message)s")
        self._style = style

    def usesTime(self):
        return "asctime" in self._format

    def formatTime(self, record, datefmt=None):
        return "%04d-%02d-%02d %02d:%02d:%02d" % time.gmtime(record.created)[:6]

    def formatException(self, error):
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue().rstrip("\n")

    def format(self, record):
        if self.usesTime():
            record.asctime = self.formatTime(record)
        fields = {"name": record.name, "message": record.message, "levelname": record.levelname,
                  "levelno": record.levelno, "asctime": record.asctime, "created": record.created}
        text = self._format.format(**fields) if self._style == "{" else self._format % fields
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


_plain = Formatter()


class Handler:
    def __init__(self, level=NOTSET):
        self.level = _level(level)
        self.formatter = None

    def setLevel(self, level):
        self.level = _level(level)

    def setFormatter(self, formatter):
        self.formatter = formatter

    def format(self, record):
        return (self.formatter or _plain).format(record)

    def handle(self, record):
        if record.levelno >= self.level:
            self.emit(record)

    def emit(self, record):
        raise NotImplementedError

    def flush(self):
        pass

    def close(self):
        pass


class StreamHandler(Handler):
    terminator = "\n"

    def __init__(self, stream=None):
        super().__init__()
        self.stream = stream or sys.stderr

    def emit(self, record):
        self.stream.write(self.format(record) + self.terminator)


class FileHandler(StreamHandler):
    def __init__(self, filename, mode="a", encoding=None):
        super().__init__(open(filename, mode))

    def close(self):
        self.stream.close()


class ServiceHandler(Handler):
    """Writes to the app's log, with the level that syslog(3) has for the record's."""

    def format(self, record):
        if self.formatter or record.name == "root":
            return super().format(record)
        return record.name + ": " + super().format(record)

    def emit(self, record):
        text = self.format(record).replace("\0", "?")
        level = next(number for least, number in _SYSLOG if record.levelno >= least)
        piece = _PIECE if len(text.encode()) > _MOST else _MOST
        for begin in range(0, len(text) or 1, piece):
            calls.log_write(level, text[begin : begin + piece])


class NullHandler(Handler):
    def emit(self, record):
        pass


_service = ServiceHandler()


class Logger:
    def __init__(self, name, level=NOTSET):
        self.name = name
        self.level = _level(level)
        self.handlers = []
        self.propagate = True
        self.disabled = False

    def setLevel(self, level):
        self.level = _level(level)

    def getEffectiveLevel(self):
        return self.level or root.level or WARNING

    def isEnabledFor(self, level):
        return not self.disabled and level >= self.getEffectiveLevel()

    def addHandler(self, handler):
        if handler not in self.handlers:
            self.handlers.append(handler)

    def removeHandler(self, handler):
        if handler in self.handlers:
            self.handlers.remove(handler)

    def hasHandlers(self):
        return bool(self.handlers or root.handlers)

    def handle(self, record):
        handlers = list(self.handlers)
        if self.propagate and self is not root:
            handlers += root.handlers
        for handler in handlers or (_service,):
            handler.handle(record)

    def log(self, level, msg, *args, exc_info=None, **unused):
        if not self.isEnabledFor(level):
            return
        if exc_info and not isinstance(exc_info, BaseException):
            exc_info = sys.exc_info()[1]
        if args:
            msg = msg % (args[0] if len(args) == 1 and isinstance(args[0], dict) else args)
        self.handle(LogRecord(self.name, level, str(msg), exc_info))

    def debug(self, msg, *args, **more):
        self.log(DEBUG, msg, *args, **more)

    def info(self, msg, *args, **more):
        self.log(INFO, msg, *args, **more)

    def warning(self, msg, *args, **more):
        self.log(WARNING, msg, *args, **more)

    warn = warning

    def error(self, msg, *args, **more):
        self.log(ERROR, msg, *args, **more)

    def critical(self, msg, *args, **more):
        self.log(CRITICAL, msg, *args, **more)

    fatal = critical

    def exception(self, msg, *args, exc_info=True, **more):
        self.log(ERROR, msg, *args, exc_info=exc_info, **more)


root = Logger("root", WARNING)


def getLogger(name=None):
    if not name or name == "root":
        return root
    if name not in _loggers:
        _loggers[name] = Logger(name)
    return _loggers[name]


def basicConfig(*, filename=None, filemode="a", format=None, datefmt=None, style="%", level=None,
                stream=None, handlers=None, force=False, **unused):
    if root.handlers and not force:
        return
    for handler in root.handlers:
        handler.close()
    if handlers is None:
        handlers = [FileHandler(filename, filemode) if filename
                    else StreamHandler(stream) if stream else ServiceHandler()]
    for handler in handlers:
        if format and not handler.formatter:
            handler.setFormatter(Formatter(format, datefmt, style))
    root.handlers = list(handlers)
    if level is not None:
        root.setLevel(level)


def log(level, msg, *args, **more):
    root.log(level, msg, *args, **more)


debug = root.debug
info = root.info
warning = warn = root.warning
error = root.error
critical = fatal = root.critical
exception = root.exception


def shutdown():
    for logger in [root] + list(_loggers.values()):
        for handler in logger.handlers:
            handler.flush()
