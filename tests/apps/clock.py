# SPDX-License-Identifier: MIT
# Clocks agree, sleeps last as long as they say, timeouts are kept.
import select
import time
import calls

start = time.ticks_ms()
time.sleep(0.05)
print("sleep", 50 <= time.ticks_diff(time.ticks_ms(), start) < 500)

start = time.ticks_us()
time.sleep_ms(20)
print("sleep_ms", 20000 <= time.ticks_diff(time.ticks_us(), start) < 400000)

start = time.ticks_us()
time.sleep_us(300)
print("sleep_us", 300 <= time.ticks_diff(time.ticks_us(), start) < 200000)

start = time.ticks_ms()
select.poll().poll(30)
print("poll", 30 <= time.ticks_diff(time.ticks_ms(), start) < 500)

for seconds in (-1, float("nan")):
    try:
        time.sleep(seconds)
    except ValueError as e:
        print(e)
time.sleep(0)

print("realtime", abs(time.time() - calls.clock_read(0) / 1e9) < 1)
print("time_ns", abs(time.time_ns() / 1e9 - time.time()) < 1)
monotonic = calls.clock_read(1)
print("monotonic", abs(monotonic / 1e6 - time.ticks_ms()) < 1000)
print(time.gmtime(86400 * 365), time.localtime(1700000000))
print(time.gmtime()[0] >= 2024, time.mktime(time.gmtime(1234567890)))
print(time.gmtime(time.time()) == time.localtime(), time.gmtime(1.9)[5], time.gmtime(-1))
for moment in ((1969, 12, 31, 23, 59, 59, 0, 0), (1900, 1, 1, 0, 0, 0, 0, 0), (2100, 3, 1, 12, 0, 0, 0, 0)):
    print(time.mktime(moment), time.gmtime(time.mktime(moment)))
print(time.gmtime(time.mktime((2024, 14, 30, 25, 61, 61, 0, 0))))
for wrong in (1e20, float("nan"), -(10**18)):
    try:
        print(time.gmtime(wrong))
    except OverflowError as e:
        print(e)
print(time.ticks_add(10, -20), time.ticks_diff(time.ticks_add(5, 100), 5))
