// SPDX-License-Identifier: MIT
#include "ctl/image-file.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/verb.h"

int image_file_load(const char *path, struct image_file *ret_image) {
    CLEANUP(image_file_done) struct image_file found = IMAGE_FILE_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = file_read(path, "the image", IMAGE_SIZE_MAX, &found.file);

    if (r < 0) {
        return CTL_IMAGE;
    }
    r = image_parse(found.file.data, found.file.size, &found.image, why);
    if (r < 0) {
        (void)log_errno(r, "cannot read the image %s", path);
        return CTL_INTERNAL;
    }
    if (r > 0) {
        log_error("%s: %s", path, why);
        return CTL_IMAGE;
    }
    *ret_image = found;
    found = (struct image_file)IMAGE_FILE_INIT;
    return CTL_DONE;
}

void image_file_done(struct image_file *image) {
    file_done(&image->file);
    image_done(&image->image);
}
