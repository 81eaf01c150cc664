// SPDX-License-Identifier: MIT
#pragma once

// An app's storage: the files below "data" in its state directory, which the app sees as /data.
//
// It is counted in units: a file takes one for every 4 KiB begun, and at least one; a directory
// takes one. So the quota limits bytes and the number of files alike, and is charged before
// anything is written. What others put there (links, pipes, devices, other file systems) is not
// there for the app.

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "daemon/storage/volume.h"

#define STORAGE_UNIT 4096u    /* bytes */
#define STORAGE_DEPTH_MAX 32u /* directories below each other */
#define STORAGE_NAME_MAX 255u /* bytes of one name */
#define STORAGE_QUOTA_MAX (1ull << 40)

struct loop;
struct storage_sync;

// A file that the app has open, once however often it is.
struct storage_file {
    struct storage *storage;
    dev_t device;
    ino_t inode;
    uint32_t n_open;
    bool is_removed; /* it has no name any more; its units come back when it is closed */
    LIST_ENTRY(storage_file) all;
};

struct storage {
    int state_fd, data_fd; /* data_fd is -1 before storage_open() */
    dev_t device;          /* of data: what is on another is not the app's */
    uint64_t quota, used;  /* units */
    uint64_t n_full;       /* calls refused for want of room */
    uint64_t n_foreign;    /* entries found at the start that are neither files nor directories */
    struct storage_sync *sync;
    LIST_HEAD(, storage_file) open;
};

enum {
    STORAGE_LAID_OUT = 1, /* first run */
    STORAGE_CORRUPT = 2,  /* damaged: nothing was changed, and nothing is to be */
    STORAGE_FOREIGN = 3,  /* of another app, or a newer mpyd */
};

// Makes the storage in the directory STATE_FD, which it closes. Returns 0 or -ENOMEM.
int storage_new(int state_fd, struct loop *loop, struct storage **ret_storage);
struct storage *storage_free(struct storage *storage);

// Looks at what is there and lays out what is not, for APP; counts what is in use. Returns 0; one
// of the above, the last two with the reason in WHY; or -errno: it cannot be told.
int storage_open(struct storage *storage, const char *app, char why[VOLUME_WHY_SIZE]);

// Grants SIZE bytes from now on, rounded down to units; 0: no storage. What is in use stays, also
// if that is more.
void storage_set_quota(struct storage *storage, uint64_t size);

// Units of a file of SIZE bytes.
uint64_t storage_units(uint64_t size);

// Takes UNITS, or returns ENOSPC. Gives them back.
int storage_charge(struct storage *storage, uint64_t units);
void storage_refund(struct storage *storage, uint64_t units);
