# SPDX-License-Identifier: MIT
"""From nothing to the app's first line, against a Python that does nothing and ends."""

import stats

APP = 'print("here I am")\nimport time\nwhile True:\n    time.sleep(60)\n'
PYTHON = ["/usr/bin/python3", "-I", "-S", "-c", "pass"]
UNTIL_ENDED = ""


def measure(env):
    image = env.freeze("cold", APP)

    def time(text, command):
        return float(env.output([env.bench / "stopwatch", text, *command]))

    times = stats.interleave(
        {
            "ours": lambda: time("here I am", [env.mpyd, "run", "--unsigned", "--control=none", image]),
            "python": lambda: time(UNTIL_ENDED, PYTHON),
        },
        env.rounds(100, 10),
    )
    return {"cold_start_ratio": stats.ratio(times["ours"], times["python"], "ms", 1e-3)}
