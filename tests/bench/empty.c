// SPDX-License-Identifier: MIT

// The least a program can be, and one that says that it has come up: "empty", "empty FD".

#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static const char word[8] = "\1";

    return argc > 1 && write(atoi(argv[1]), word, sizeof(word)) != sizeof(word);
}
