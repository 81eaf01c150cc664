// SPDX-License-Identifier: MIT
#include "sandbox/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"

int bounding_set_apply(struct confinement *c, const struct layer *layer) {
    // Up to the last the running kernel knows, which may be more than the headers do.
    for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
        if (cap_get_bound(cap) > 0 && cap_drop_bound(cap) < 0) {
            return layer_fail(c, errno == EPERM ? "only root may; no-new-privs stands in for it"
                                                : "PR_CAPBSET_DROP");
        }
    }
    return 0;
}

int bounding_set_verify(struct confinement *c, const struct layer *layer) {
    for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
        if (cap_get_bound(cap) > 0) {
            return -ESTALE;
        }
    }
    return 0;
}

int ids_apply(struct confinement *c, const struct layer *layer) {
    if (!c->root) {
        (void)snprintf(c->why, sizeof(c->why), "not started as root: no other id to take");
        return LAYER_SKIP;
    }
    if (setgroups(0, NULL) < 0) {
        return layer_fail(c, "setgroups");
    }
    if (setresgid(c->gid, c->gid, c->gid) < 0) {
        return layer_fail(c, "setresgid");
    }
    return setresuid(c->uid, c->uid, c->uid) < 0 ? layer_fail(c, "setresuid") : 0;
}

int ids_verify(struct confinement *c, const struct layer *layer) {
    uid_t real_uid = 0, effective_uid = 0, saved_uid = 0;
    gid_t real_gid = 0, effective_gid = 0, saved_gid = 0;
    int n_groups = 0;

    if (getresuid(&real_uid, &effective_uid, &saved_uid) < 0 ||
        getresgid(&real_gid, &effective_gid, &saved_gid) < 0) {
        return -errno;
    }
    n_groups = getgroups(0, NULL);
    if (n_groups < 0) {
        return -errno;
    }
    if (real_uid != c->uid || effective_uid != c->uid || saved_uid != c->uid ||
        real_gid != c->gid || effective_gid != c->gid || saved_gid != c->gid || c->uid == 0 ||
        n_groups != 0) {
        return -ESTALE;
    }
    return 0;
}

int ambient_set_apply(struct confinement *c, const struct layer *layer) {
    return cap_reset_ambient() < 0 ? layer_fail(c, "PR_CAP_AMBIENT_CLEAR_ALL") : 0;
}

int ambient_set_verify(struct confinement *c, const struct layer *layer) {
    for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
        if (cap_get_ambient(cap) > 0) {
            return -ESTALE;
        }
    }
    return 0;
}

static void free_caps(cap_t *caps) {
    if (*caps) {
        (void)cap_free(*caps);
    }
}

int capabilities_apply(struct confinement *c, const struct layer *layer) {
    CLEANUP(free_caps) cap_t none = cap_init();

    if (!none || cap_set_proc(none) < 0) {
        return layer_fail(c, "capset");
    }
    return 0;
}

int capabilities_verify(struct confinement *c, const struct layer *layer) {
    CLEANUP(free_caps) cap_t none = cap_init();
    CLEANUP(free_caps) cap_t have = cap_get_proc();

    if (!none || !have) {
        return -errno;
    }
    int difference = cap_compare(have, none);

    return difference == 0 ? 0 : difference < 0 ? -errno : -ESTALE;
}

int no_new_privs_apply(struct confinement *c, const struct layer *layer) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? layer_fail(c, "PR_SET_NO_NEW_PRIVS") : 0;
}

int no_new_privs_verify(struct confinement *c, const struct layer *layer) {
    int set = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

    return set == 1 ? 0 : set < 0 ? -errno : -ESTALE;
}

int not_dumpable_apply(struct confinement *c, const struct layer *layer) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? layer_fail(c, "PR_SET_DUMPABLE") : 0;
}

int not_dumpable_verify(struct confinement *c, const struct layer *layer) {
    int set = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);

    return set == 0 ? 0 : set < 0 ? -errno : -ESTALE;
}

static const unsigned long speculations[] = {PR_SPEC_STORE_BYPASS, PR_SPEC_INDIRECT_BRANCH};

// Off, or harmless on this processor. See the kernel's userspace-api/spec_ctrl.
static int is_speculation_off(unsigned long which) {
    int state = prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0);

    return state == PR_SPEC_NOT_AFFECTED ||
           (state > 0 && (state & (PR_SPEC_DISABLE | PR_SPEC_FORCE_DISABLE)));
}

// ENODEV: Linux has no such control on this kind of machine (arm64 none of branches), so that there
// is nothing to ask for. The others are applied all the same.
int speculation_apply(struct confinement *c, const struct layer *layer) {
    int r = 0;

    for (size_t i = 0; i < sizeof(speculations) / sizeof(speculations[0]); i++) {
        const char *name = i == 0 ? "store bypass" : "indirect branch";

        if (is_speculation_off(speculations[i]) ||
            prctl(PR_SET_SPECULATION_CTRL, speculations[i], PR_SPEC_FORCE_DISABLE, 0, 0) == 0) {
            continue;
        }
        r = errno == ENODEV ? LAYER_SKIP : -errno;
        (void)snprintf(c->why, sizeof(c->why), "%s: no control offered%s", name,
                       r > 0 ? " by machines of this kind" : "");
        if (r < 0) {
            return r;
        }
    }
    return r;
}

int speculation_verify(struct confinement *c, const struct layer *layer) {
    for (size_t i = 0; i < sizeof(speculations) / sizeof(speculations[0]); i++) {
        if (!is_speculation_off(speculations[i])) {
            return -ESTALE;
        }
    }
    return 0;
}
