// SPDX-License-Identifier: MIT
// Messages for an app: order, bounds, deadlines, and a worker that answers what it was not asked.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/app/app.h"
#include "daemon/app/messages.h"
#include "tests/unit/app-fixture.h"

#define SECOND 1000000u

static struct app app;

static struct answer {
    int n_answers;
    enum message_outcome outcome;
    char text[64];
} answers[MESSAGES_MAX + 1];

static int setup(void **state) {
    memset(answers, 0, sizeof(answers));
    return app_fixture_init(&app);
}

static int teardown(void **state) {
    app_done(&app);
    return 0;
}

static void on_answer(void *context, enum message_outcome outcome, const char *text) {
    struct answer *answer = context;

    answer->n_answers++;
    answer->outcome = outcome;
    assert_true(strlen(text) < sizeof(answer->text));
    (void)snprintf(answer->text, sizeof(answer->text), "%s", text);
}

static int post(size_t i, const char *name, const char *argument) {
    return messages_post(&app, name, argument, SECOND, on_answer, &answers[i]);
}

// Takes the next message; returns its number, or 0 if there is none, and its bytes.
static uint32_t take(const char *expected) {
    static uint8_t data[WIRE_MESSAGE_MAX];
    struct wire_message head;
    size_t size = 0;

    assert_int_equal(messages_take(app.messages, data, sizeof(data), &size), 0);
    if (size == 0) {
        return 0;
    }
    memcpy(&head, data, sizeof(head));
    assert_int_equal(size - sizeof(head), strlen(expected));
    assert_memory_equal(data + sizeof(head), expected, strlen(expected));
    return head.number;
}

static void test_message_is_taken_once_and_answered_once(void **state) {
    uint32_t number = 0;

    assert_int_equal(post(0, "get", "level"), 0);
    number = take("getlevel");
    assert_int_not_equal(number, 0);
    assert_int_equal(take(""), 0);
    assert_int_equal(messages_reply(app.messages, number, MESSAGES_REPLIED, "7"), 0);
    assert_int_equal(messages_reply(app.messages, number, MESSAGES_REPLIED, "8"), ENOENT);
    assert_int_equal(answers[0].n_answers, 1);
    assert_int_equal(answers[0].outcome, MESSAGES_REPLIED);
    assert_string_equal(answers[0].text, "7");
}

static void test_messages_are_taken_in_order_and_answered_in_any(void **state) {
    uint32_t first = 0, second = 0;

    assert_int_equal(post(0, "a", "1"), 0);
    assert_int_equal(post(1, "b", ""), 0);
    first = take("a1");
    second = take("b");
    assert_int_equal(messages_reply(app.messages, second, MESSAGES_FAILED, "x"), 0);
    assert_int_equal(answers[0].n_answers, 0);
    assert_int_equal(messages_reply(app.messages, first, MESSAGES_NO_SUCH, ""), 0);
    assert_int_equal(answers[0].outcome, MESSAGES_NO_SUCH);
    assert_int_equal(answers[1].outcome, MESSAGES_FAILED);
}

static void test_reply_to_what_was_not_taken_is_refused(void **state) {
    assert_int_equal(post(0, "a", ""), 0);
    for (uint32_t number = 0; number < 4; number++) {
        assert_int_equal(messages_reply(app.messages, number, MESSAGES_REPLIED, ""), ENOENT);
    }
    assert_int_equal(answers[0].n_answers, 0);
    assert_int_not_equal(take("a"), 0);
}

static void test_message_is_told_of_by_an_upcall_that_ends_a_wait(void **state) {
    uint32_t tail = app.channel.completion_tail;

    assert_int_equal(post(0, "a", ""), 0);
    assert_int_equal(app.channel.completion_tail, tail + 1);
    assert_int_equal(app.channel.completions[tail % WIRE_COMPLETIONS].kind, WIRE_UPCALL_MESSAGE);
}

static void test_more_than_the_most_are_refused(void **state) {
    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        assert_int_equal(post(i, "a", ""), 0);
    }
    assert_int_equal(post(MESSAGES_MAX, "a", ""), -EBUSY);
    assert_int_equal(messages_reply(app.messages, take("a"), MESSAGES_REPLIED, ""), 0);
    assert_int_equal(post(MESSAGES_MAX, "a", ""), 0);
}

static void test_lengths_and_texts_are_checked(void **state) {
    static char longest[WIRE_MESSAGE_TEXT_MAX + 2];
    char name[WIRE_MESSAGE_NAME_MAX + 2];

    memset(longest, 'x', sizeof(longest) - 1);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(post(0, "", "x"), -EMSGSIZE);
    assert_int_equal(post(0, name, ""), -EMSGSIZE);
    assert_int_equal(post(0, name + 1, ""), 0);
    assert_int_equal(post(0, "a", longest), -EMSGSIZE);
    assert_int_equal(post(0, "a", longest + 1), 0);
    assert_int_equal(post(0, "\xff", ""), -EILSEQ);
    assert_int_equal(post(0, "a", "\xc0\x80"), -EILSEQ);
    assert_int_equal(answers[0].n_answers, 0);
}

static void test_take_without_room_leaves_the_message(void **state) {
    uint8_t data[sizeof(struct wire_message) + 2];
    size_t size = 0;

    assert_int_equal(post(0, "abc", ""), 0);
    assert_int_equal(messages_take(app.messages, data, sizeof(data), &size), EMSGSIZE);
    assert_int_not_equal(take("abc"), 0);
}

static void test_no_worker_no_message(void **state) {
    app.worker.started = false;
    assert_int_equal(post(0, "a", ""), -ENOTCONN);
    app.worker.started = true;
    app.worker.exiting = true;
    assert_int_equal(post(0, "a", ""), -ENOTCONN);
    app.worker.exiting = false;
    app.worker.running = false;
    assert_int_equal(post(0, "a", ""), -ENOTCONN);
}

static void test_end_of_the_worker_answers_all(void **state) {
    uint32_t number = 0;

    assert_int_equal(post(0, "a", ""), 0);
    assert_int_equal(post(1, "b", ""), 0);
    number = take("a");
    app_reap(&app);
    assert_int_equal(answers[0].outcome, MESSAGES_GONE);
    assert_int_equal(answers[1].outcome, MESSAGES_GONE);
    assert_int_equal(answers[0].n_answers + answers[1].n_answers, 2);
    assert_int_equal(messages_reply(app.messages, number, MESSAGES_REPLIED, ""), ENOENT);
}

static void test_cancelled_message_is_answered_to_nobody(void **state) {
    uint32_t number = 0;

    assert_int_equal(post(0, "a", ""), 0);
    assert_int_equal(post(1, "b", ""), 0);
    number = take("a");
    messages_cancel(&app, &answers[0]);
    assert_int_equal(messages_reply(app.messages, number, MESSAGES_REPLIED, ""), ENOENT);
    assert_int_equal(answers[0].n_answers, 0);
    assert_int_not_equal(take("b"), 0);
}

// Ends the loop with the answer, so that the test waits for nothing but that.
static void on_last_answer(void *context, enum message_outcome outcome, const char *text) {
    on_answer(context, outcome, text);
    loop_exit(app.loop, 0);
}

static void test_message_whose_time_is_over_is_answered_so(void **state) {
    assert_int_equal(messages_post(&app, "a", "", 1000, on_answer, &answers[0]), 0);
    assert_int_equal(messages_post(&app, "b", "", 2000, on_last_answer, &answers[1]), 0);
    assert_int_equal(messages_post(&app, "c", "", UINT64_MAX, on_answer, &answers[2]), 0);
    assert_int_equal(loop_run(app.loop), 0);
    assert_int_equal(answers[0].outcome, MESSAGES_TIMEOUT);
    assert_int_equal(answers[1].outcome, MESSAGES_TIMEOUT);
    assert_int_equal(answers[2].n_answers, 0);
    assert_int_not_equal(take("c"), 0);
}

static void post_again(void *context, enum message_outcome outcome, const char *text) {
    on_answer(context, outcome, text);
    assert_int_equal(post(1, "again", ""), 0);
    messages_cancel(&app, &answers[2]);
}

static void test_answer_may_post_and_cancel(void **state) {
    uint32_t number = 0;

    assert_int_equal(messages_post(&app, "a", "", SECOND, post_again, &answers[0]), 0);
    assert_int_equal(post(2, "c", ""), 0);
    number = take("a");
    assert_int_equal(messages_reply(app.messages, number, MESSAGES_REPLIED, ""), 0);
    assert_int_equal(answers[0].n_answers, 1);
    assert_int_not_equal(take("again"), 0);
    assert_int_equal(take(""), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_message_is_taken_once_and_answered_once),
        TEST(test_messages_are_taken_in_order_and_answered_in_any),
        TEST(test_reply_to_what_was_not_taken_is_refused),
        TEST(test_message_is_told_of_by_an_upcall_that_ends_a_wait),
        TEST(test_more_than_the_most_are_refused),
        TEST(test_lengths_and_texts_are_checked),
        TEST(test_take_without_room_leaves_the_message),
        TEST(test_no_worker_no_message),
        TEST(test_end_of_the_worker_answers_all),
        TEST(test_cancelled_message_is_answered_to_nobody),
        TEST(test_message_whose_time_is_over_is_answered_so),
        TEST(test_answer_may_post_and_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
