# SPDX-License-Identifier: MIT
raise ValueError("no device")
