// SPDX-License-Identifier: MIT
#include "image/envelope.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "image/why.h"

#define MAGIC "MPYDENC" /* and its NUL */
#define FORMAT 1u
#define KEY_PURPOSE "mpyd image key id"
#define TAG_SIZE crypto_secretstream_xchacha20poly1305_ABYTES
#define AUTHENTICATED_SIZE offsetof(struct envelope_header, stream)

#define LLU(value) ((unsigned long long)(value))
#define REFUSE(why, ...) why_refuse(why, IMAGE_WHY_SIZE, __VA_ARGS__)

_Static_assert(sizeof(struct envelope_header) == 48, "as mpyfreeze writes it");
_Static_assert(sizeof(((struct envelope_header *)0)->stream) ==
                   crypto_secretstream_xchacha20poly1305_HEADERBYTES,
               "libsodium's");
_Static_assert(ENVELOPE_KEY_SIZE == crypto_secretstream_xchacha20poly1305_KEYBYTES, "libsodium's");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they are");

bool envelope_parse_key(const char *text, size_t size, struct envelope_key *ret_key) {
    const size_t start = strlen(ENVELOPE_KEY_START);
    uint8_t hash[crypto_generichash_BYTES_MIN];
    size_t n = 0;

    if (size > 0 && text[size - 1] == '\n') {
        size--;
    }
    if (size < start || memcmp(text, ENVELOPE_KEY_START, start) != 0 ||
        sodium_base642bin(ret_key->secret, sizeof(ret_key->secret), text + start, size - start,
                          NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n != sizeof(ret_key->secret)) {
        envelope_wipe(ret_key);
        return false;
    }
    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)KEY_PURPOSE, strlen(KEY_PURPOSE),
                             ret_key->secret, sizeof(ret_key->secret));
    memcpy(&ret_key->id, hash, sizeof(ret_key->id));
    return true;
}

int envelope_read_key(const char *path, struct envelope_key *ret_key, char why[GUARDED_WHY_SIZE]) {
    char text[ENVELOPE_KEY_FILE_SIZE_MAX + 1], reason[GUARDED_WHY_SIZE];
    size_t size = 0;
    mode_t mode = 0;
    int r = guarded_read(AT_FDCWD, path, text, sizeof(text), &size, &mode, reason);
    bool is_key = r == 0 && envelope_parse_key(text, size, ret_key);

    sodium_memzero(text, sizeof(text));
    if (is_key) {
        if (mode & S_IROTH) {
            log_warning("%s: a secret key that everybody can read (mode %04o)", path,
                        (unsigned)mode & 07777);
        }
        return 0;
    }
    why_write(why, GUARDED_WHY_SIZE, "%.100s: %.140s", path,
              r == 0                ? "not a key of mpyfreeze keygen"
              : r == GUARDED_ABSENT ? "no such file"
                                    : reason);
    return ENVELOPE_LOCKED;
}

void envelope_wipe(struct envelope_key *key) {
    sodium_memzero(key, sizeof(*key));
}

bool envelope_is(const uint8_t *data, size_t size) {
    return size >= sizeof(MAGIC) && memcmp(data, MAGIC, sizeof(MAGIC)) == 0;
}

static int check_key(const struct envelope_header *header, const struct envelope_key *key,
                     char *why) {
    if (!key) {
        why_write(why, IMAGE_WHY_SIZE, "encrypted with key " ENVELOPE_ID_FORMAT, LLU(header->key));
        return ENVELOPE_LOCKED;
    }
    if (key->id != header->key) {
        why_write(why, IMAGE_WHY_SIZE,
                  "encrypted with key " ENVELOPE_ID_FORMAT
                  ", and the key that is there is " ENVELOPE_ID_FORMAT,
                  LLU(header->key), LLU(key->id));
        return ENVELOPE_LOCKED;
    }
    return 0;
}

static int read_header(const struct sealed *sealed, struct envelope_header *ret_header, char *why) {
    if (sealed->size < sizeof(*ret_header)) {
        return REFUSE(why,
                      "truncated: the header of its encryption ends at byte %zu, the file at "
                      "%zu",
                      sizeof(*ret_header), sealed->size);
    }
    memcpy(ret_header, sealed->data, sizeof(*ret_header));
    if (ret_header->format != FORMAT || ret_header->chunk_size != ENVELOPE_CHUNK_SIZE) {
        return REFUSE(why,
                      "encrypted in format %u with chunks of %u bytes, this mpyd reads %u with "
                      "%u",
                      ret_header->format, ret_header->chunk_size, FORMAT, ENVELOPE_CHUNK_SIZE);
    }
    return 0;
}

// Decrypts the chunks from byte AT of SEALED on, to the file's end, into MEMORY.
static int decrypt(const struct sealed *sealed, size_t at,
                   crypto_secretstream_xchacha20poly1305_state *state, int memory, size_t *ret_size,
                   char *why) {
    CLEANUP_FREE uint8_t *plain = malloc(ENVELOPE_CHUNK_SIZE);
    uint8_t tag = 0;

    if (!plain) {
        return -ENOMEM;
    }
    *ret_size = 0;
    for (size_t i = 0; at < sealed->size; i++) {
        size_t left = sealed->size - at, most = ENVELOPE_CHUNK_SIZE + TAG_SIZE;
        size_t size = left < most ? left : most;
        unsigned long long n = 0;
        int r;

        if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
            return REFUSE(why, "%zu bytes follow what was encrypted", left);
        }
        if (crypto_secretstream_xchacha20poly1305_pull(state, plain, &n, &tag, sealed->data + at,
                                                       size, sealed->data,
                                                       AUTHENTICATED_SIZE) != 0) {
            return REFUSE(why,
                          "chunk %zu of its encryption is damaged: the file was changed, or "
                          "the key is another one",
                          i);
        }
        r = fd_write_all(memory, plain, n);
        if (r < 0) {
            return r;
        }
        *ret_size += n;
        at += size;
    }
    return tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL
               ? 0
               : REFUSE(why, "truncated: the last chunk of its encryption is missing");
}

int envelope_open(const struct sealed *sealed, const struct envelope_key *key,
                  struct sealed *ret_image, char why[IMAGE_WHY_SIZE]) {
    crypto_secretstream_xchacha20poly1305_state state;
    struct envelope_header header;
    CLEANUP_FD int memory = -1;
    size_t size = 0;
    int r = read_header(sealed, &header, why);

    if (r == 0) {
        r = check_key(&header, key, why);
    }
    if (r != 0) {
        return r;
    }
    memory = fd_new_memory("image", 0, true);
    if (memory < 0) {
        return memory;
    }
    (void)crypto_secretstream_xchacha20poly1305_init_pull(&state, header.stream, key->secret);
    r = decrypt(sealed, sizeof(header), &state, memory, &size, why);
    sodium_memzero(&state, sizeof(state));
    if (r == 0 && (size == 0 || size > IMAGE_SIZE_MAX)) {
        return REFUSE(why, "what is encrypted has %zu bytes; 1 to %u are allowed", size,
                      IMAGE_SIZE_MAX);
    }
    return r == 0 ? sealed_take(&memory, size, ret_image) : r;
}
