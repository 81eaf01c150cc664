// SPDX-License-Identifier: MIT
#include "ctl/suggest.h"

#include <stddef.h>
#include <string.h>

#define WORD_MAX 31u
#define SLIPS_MAX 2u

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

// The table of "optimal string alignment": rows[i][j] is the distance of the first i letters of the
// one word from the first j of the other.
uint32_t suggest_distance(const char *written, const char *word) {
    uint32_t rows[WORD_MAX + 1][WORD_MAX + 1];
    size_t m = strlen(written), n = strlen(word);

    if (m > WORD_MAX || n > WORD_MAX) {
        return UINT32_MAX;
    }
    for (uint32_t i = 0; i <= m; i++) {
        for (uint32_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            rows[i][j] = least(least(rows[i - 1][j], rows[i][j - 1]) + 1,
                               rows[i - 1][j - 1] + (written[i - 1] != word[j - 1]));
            if (i > 1 && j > 1 && written[i - 1] == word[j - 2] && written[i - 2] == word[j - 1]) {
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }
    }
    return rows[m][n] <= SLIPS_MAX && 2 * (size_t)rows[m][n] < n ? rows[m][n] : UINT32_MAX;
}
